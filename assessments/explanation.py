"""Why a level is what it is: "level 2, since …; not 3, since …".

Pure: no Django. Messages carry the titles of criteria and dimensions in both languages, so that they
can be stored and read in either, also when the framework has changed since.
"""

from __future__ import annotations

from typing import Any

from assessments import texts_levels  # noqa: F401  (registers the messages)
from assessments.framework import Framework
from assessments.position import Judged, Lapse
from assessments.standing import Kind
from portal.message import Message

NAMED = 2  # how many criteria a sentence gives reasons for before it counts the rest

_EVIDENCE = {
    "maturity.evidence.stale": "stale",
    "maturity.evidence.set-aside": "aside",
}


def explain(judged: Judged, kind: Kind = "official", dimension: str = "") -> tuple[Message, ...]:
    """Why a level is what it is, and why not the next.

    Parameters
    ----------
    judged : Judged
    kind : {"claimed", "evidenced", "reviewed", "official"}
    dimension : str
        "" is the whole.

    Returns
    -------
    tuple of Message
        Two sentences. Of a checklist they tell how much of what is required is met, and what lacks.
    """
    framework = judged.position.framework
    levels = judged.score.levels(dimension)
    level, lacking = levels.level(kind), levels.held_by(kind)
    if framework.is_checklist:
        met, required = count(judged, kind, dimension)
        said = Message("maturity.why.counted", {"met": met, "required": required})
        return (
            (said, Message("maturity.why.lacking", {"reasons": reasons(judged, lacking, kind)})) if lacking else (said,)
        )
    if level == 0:
        first = Message("maturity.why.zero")
    elif dimension or len(framework.dimensions) == 1:
        first = Message(f"maturity.why.reached.{kind}", {"level": level})
    else:
        parts = judged.score.dimensions.items()
        lowest = [dimension_title(framework, key) for key, part in parts if part.level(kind) == level]
        first = Message("maturity.why.lowest", {"level": level, "dimensions": lowest})
    if level == framework.top:
        return first, Message("maturity.why.top")
    return first, Message("maturity.why.not", {"level": level + 1, "reasons": reasons(judged, lacking, kind)})


def count(judged: Judged, kind: Kind = "official", dimension: str = "") -> tuple[int, int]:
    """How many of the required criteria are met, and how many there are."""
    ladders = judged.position.framework.ladders
    standing = judged.score.standing(kind)
    ids = [c.id for key, required in ladders.items() if dimension in ("", key) for c in required]
    return sum(standing[key] == "met" for key in ids), len(ids)


def reasons(judged: Judged, criteria: tuple[str, ...], kind: Kind) -> list[Message]:
    """Why those criteria do not count: the first few by name, the rest by number."""
    named = [reason(judged, key, kind) for key in criteria[:NAMED]]
    rest = len(criteria) - NAMED
    return [*named, Message("maturity.why.more", {"n": rest})] if rest > 0 else named


def clause(judged: Judged, criterion: str, kind: Kind = "official") -> Message:
    """As `reason`, where the criterion's title stands beside it."""
    found = reason(judged, criterion, kind)
    return Message(found.code.replace("maturity.why.", "maturity.blocks."), found.params)


def reason(judged: Judged, criterion: str, kind: Kind) -> Message:
    """Why a criterion is not met in a sense, as a clause."""
    find = {"claimed": _claimed, "evidenced": _evidenced, "reviewed": _reviewed, "official": _official}[kind]
    params: dict[str, Any] = {"criterion": criterion_title(judged.position.framework, criterion)}
    code = find(judged, criterion)
    if code == "lapsed":
        params["on"] = f"{judged.position.reviews[criterion].until:%Y-%m-%d}"
    return Message(f"maturity.why.{code}", params)


def _claimed(judged: Judged, key: str) -> str:
    answer = judged.position.answers.get(key)
    value = answer.value if answer else None
    if value == "yes":
        return "no-live"
    return {None: "unanswered", "no": "no", "partly": "partly", "na": "na-refused"}[value]


def _evidenced(judged: Judged, key: str) -> str:
    weighed = judged.weighed[key]
    if weighed.verdict == "contradicts":
        return "denied"
    if weighed.verdict == "supports":
        return "no-live" if _of_nothing(judged, key) else "person"
    return _EVIDENCE.get(weighed.message.code, "no-evidence")


def _reviewed(judged: Judged, key: str) -> str:
    if key in judged.reviews:
        return "refused" if judged.reviews[key].verdict == "refused" else _claimed(judged, key)
    if key in judged.position.reviews:
        return "lapsed"
    return "unreviewed" if judged.score.claimed[key] != "unmet" else _claimed(judged, key)


def _official(judged: Judged, key: str) -> str:
    if key in judged.denied:
        return "disputed"
    if judged.weighed[key].verdict == "contradicts":
        return "denied"
    if judged.score.claimed[key] == "unmet":
        return _claimed(judged, key)
    if key in judged.reviews and judged.reviews[key].verdict == "refused":
        return "refused"
    if _of_nothing(judged, key):
        return "no-live"
    evidence = _evidenced(judged, key)
    if evidence != "no-evidence":
        return evidence
    return "lapsed" if key in judged.position.reviews and key not in judged.reviews else "neither"


def _of_nothing(judged: Judged, key: str) -> bool:
    return judged.live_models == 0 and judged.position.framework.by_id[key].live


def holds(lapse: Lapse | None, framework: Framework) -> Message:
    """Until when a level holds."""
    if lapse is None:
        return Message("maturity.holds.open")
    code = "maturity.holds.more" if len(lapse.criteria) > 1 else "maturity.holds.until"
    named = criterion_title(framework, lapse.criteria[0])
    return Message(code, {"on": f"{lapse.at:%Y-%m-%d}", "criterion": named, "n": len(lapse.criteria)})


def criterion_title(framework: Framework, key: str) -> dict[str, str]:
    """The title of a criterion in both languages, so that a stored message can be read in either."""
    title = framework.by_id[key].title
    return {"en": title.en, "ja": title.ja}


def dimension_title(framework: Framework, key: str) -> dict[str, str]:
    title = framework.dimension(key).title
    return {"en": title.en, "ja": title.ja}
