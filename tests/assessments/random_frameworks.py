"""Random frameworks, with answers, evidence and reviews to them, for property tests.

A framework is made as a file's content and read as one, so that what the tests try is what the loader
lets in: levels, recommended criteria, prerequisites, alternatives, N/A, and what is said of live models.
"""

from datetime import UTC, datetime

from hypothesis import strategies as st

from assessments.evidence_rules import Weighed
from assessments.framework import Framework, from_filled
from assessments.scoring import Answer, Review
from portal.message import Message

WORDS = {"en": "Text", "ja": "文"}
NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)


def content(dimensions, criteria, *, levels=2, key="random", version=1, **fields):
    """A framework's content: `dimensions` are keys, `criteria` mappings with at least an ``id``."""
    written = [_criterion(**one) for one in criteria]
    data = {
        "key": key,
        "version": version,
        "title": WORDS,
        "description": WORDS,
        "themes": {"other": WORDS, "further": WORDS},
        "dimensions": [_dimension(name, written, levels) for name in dimensions],
        "criteria": written,
        **fields,
    }
    if data.get("kind") == "checklist":
        for part in (*data["criteria"], *data["dimensions"]):
            part.pop("level", None)
            part.pop("adds_nothing", None)
    else:
        data["levels"] = [{"number": number, "title": WORDS, "text": WORDS} for number in range(levels + 1)]
    return data


def _criterion(id, **fields):
    written = {"id": id, "level": 1, "required": True, "practice": id.replace(".", "-"), "theme": "other"}
    written |= {"effort": 1, "auto": "N"} | dict.fromkeys(("title", "statement", "challenge", "how"), WORDS)
    return written | fields


def _dimension(name, criteria, levels):
    own = {c["level"] for c in criteria if c["id"].startswith(f"{name}.") and c["required"]}
    nothing = [level for level in range(1, levels + 1) if level not in own]
    return {"key": name, "title": WORDS, "text": WORDS, "adds_nothing": nothing}


@st.composite
def frameworks(draw, max_criteria=9, max_levels=4, kinds=("levelled", "levelled", "checklist")) -> Framework:
    """Any framework that the loader lets in, without rules: evidence is drawn as what it weighs."""
    return from_filled(draw(contents(max_criteria=max_criteria, max_levels=max_levels, kinds=kinds)))


@st.composite
def contents(draw, max_criteria=9, max_levels=4, kinds=("levelled", "levelled", "checklist")):
    kind = draw(st.sampled_from(kinds))
    levels = 1 if kind == "checklist" else draw(st.integers(1, max_levels))
    dimensions = ["alpha", "beta", "gamma"][: draw(st.integers(1, 3))]
    criteria = []
    for number in range(draw(st.integers(1, max_criteria))):
        level, required = draw(st.integers(1, levels)), draw(st.booleans()) or draw(st.booleans())
        before = [c["id"] for c in criteria if c["level"] <= level and (c["required"] or not required)]
        criteria.append(
            {
                "id": f"{draw(st.sampled_from(dimensions))}.c{number}",
                "level": level,
                "required": required,
                "practice": f"practice-{draw(st.integers(0, max_criteria))}",
                "theme": draw(st.sampled_from(["other", "further"])),
                "effort": draw(st.integers(1, 5)),
                "auto": draw(st.sampled_from("NP")),
                "live": draw(st.integers(0, 4)) == 0,
                "prerequisites": draw(st.lists(st.sampled_from(before), unique=True, max_size=2)) if before else [],
                **({"na_reason": WORDS} if draw(st.integers(0, 3)) == 0 else {}),
            }
        )
    for one in criteria:
        others = [c["id"] for c in criteria if c is not one]
        if others and draw(st.integers(0, 3)) == 0:
            one["any_of"] = draw(st.lists(st.sampled_from(others), unique=True, min_size=1, max_size=2))
    absent = [c["id"] for c in criteria if "na_reason" in c]
    fields = {"not_all_na": [absent[:2]]} if len(absent) > 1 and draw(st.booleans()) else {}
    return content(dimensions, criteria, levels=levels, kind=kind, **fields)


@st.composite
def answers_to(draw, framework: Framework) -> dict[str, Answer]:
    """Answers that the framework can score; some criteria have none."""
    found = {}
    for criterion in framework.criteria:
        values = ["yes", "yes", "partly", "no", None, *(["na"] if criterion.na_allowed else [])]
        if draw(st.integers(0, 5)):
            value = draw(st.sampled_from(values))
            found[criterion.id] = Answer(value, f"{criterion.id} is {value}")
    for group in framework.not_all_na:
        if all(key in found and found[key].value == "na" for key in group):
            found[group[0]] = Answer("no", found[group[0]].reason)
    return found


@st.composite
def weighed_for(draw, framework: Framework) -> dict[str, Weighed]:
    """What facts may say of each criterion."""
    found = {}
    for criterion in framework.criteria:
        verdict = draw(st.sampled_from(["supports", "contradicts", "unknown", "unknown"]))
        if draw(st.booleans()):
            found[criterion.id] = Weighed(
                verdict, (), Message("maturity.evidence.missing"), person=criterion.auto == "P"
            )
    return found


@st.composite
def reviews_of(draw, framework: Framework) -> dict[str, Review]:
    """What a reviewer may have found of some criteria."""
    keys = draw(st.lists(st.sampled_from(list(framework.by_id)), unique=True))
    return {key: Review(draw(st.sampled_from(["confirmed", "refused"])), NOW) for key in keys}


def denied_in(framework: Framework):
    """Criteria with an open contradiction."""
    return st.frozensets(st.sampled_from(list(framework.by_id)), max_size=3)


live_counts = st.sampled_from([None, 0, 1, 5])


# -- newer versions


@st.composite
def upgrades(draw, max_criteria=7) -> tuple[Framework, Framework]:
    """A framework and its next version, with a map of everything that can become of a criterion."""
    data = draw(contents(max_criteria=max_criteria))
    return from_filled(data), from_filled(draw(next_version(data)))


@st.composite
def chains(draw, max_criteria=6) -> tuple[Framework, Framework, Framework]:
    """Three versions in a row."""
    first = draw(contents(max_criteria=max_criteria))
    second = draw(next_version(first))
    return from_filled(first), from_filled(second), from_filled(draw(next_version(second)))


@st.composite
def next_version(draw, data):
    """The content of a version after `data`: criteria renamed, split, merged, retired, tightened, kept and new."""
    version = data["version"] + 1
    levels = len(data["levels"]) - 1 if "levels" in data else 1
    left = draw(st.permutations([c["id"] for c in data["criteria"]]))
    changes, ids, named = [], [], 0

    def fresh(old):
        nonlocal named
        named += 1
        return f"{old.partition('.')[0]}.v{version}n{named}"

    while left:
        fate = draw(st.sampled_from(["kept", "kept", "renamed", "split", "merged", "retired", "tightened"]))
        taken = [left.pop() for _ in range(min(len(left), 2 if fate == "merged" else 1))]
        old = taken[0]
        to = {
            "kept": [old],
            "renamed": [fresh(old)],
            "split": [draw(st.sampled_from([old, fresh(old)])), fresh(old)],
            "merged": [draw(st.sampled_from([old, fresh(old)]))],
            "retired": [],
            "tightened": [old],
        }[fate]
        ids += to
        if fate != "kept":
            answers = "drop" if fate == "retired" else draw(st.sampled_from(["keep", "keep", "reconfirm", "drop"]))
            reviews = "drop" if answers == "drop" else draw(st.sampled_from(["keep", "drop"]))
            changes.append(
                {"kind": fate, "from": taken, "to": to, "answers": answers, "reviews": reviews, "why": WORDS}
            )
    ids += [fresh(name) for name in draw(st.lists(st.sampled_from(["alpha.x", "beta.x"]), max_size=2))]
    dimensions = list(dict.fromkeys([d["key"] for d in data["dimensions"]] + [key.partition(".")[0] for key in ids]))
    criteria = [
        {
            "id": key,
            "level": draw(st.integers(1, levels)),
            "required": draw(st.booleans()),
            "live": draw(st.integers(0, 4)) == 0,
            **({"na_reason": WORDS} if draw(st.booleans()) else {}),
        }
        for key in ids or ["alpha.last"]
    ]
    if not ids:
        dimensions = list(dict.fromkeys([*dimensions, "alpha"]))
    absent = [c["id"] for c in criteria if "na_reason" in c]
    fields = {"not_all_na": [absent[:2]]} if len(absent) > 1 and draw(st.booleans()) else {}
    fields["migrates"] = {"from": version - 1, "changes": changes}
    kind = data.get("kind", "levelled")
    return content(dimensions, criteria, levels=levels, kind=kind, version=version, **fields)
