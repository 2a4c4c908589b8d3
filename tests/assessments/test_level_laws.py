"""What must hold of levels in any framework, whatever is answered, found and reviewed."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assessments.evidence_rules import Weighed
from assessments.framework import Criterion, Dimension, Framework, Level, Text
from assessments.scoring import KINDS, Answer, Review, score
from portal.message import Message

RULES = settings(max_examples=100, deadline=None)
WORDS = Text("Words", "言葉")
# From worse to better; a yes and an N/A are different things, neither better than the other.
ANSWERS = ("no", "partly", None, "yes", "na")
VERDICTS = ("contradicts", "unknown", "supports")
REVIEWS = ("refused", None, "confirmed")


@st.composite
def frameworks(draw) -> Framework:
    top = draw(st.integers(1, 4))
    dimensions = [f"d{n}" for n in range(draw(st.integers(1, 3)))]
    ids = [f"{draw(st.sampled_from(dimensions))}.c{n}" for n in range(draw(st.integers(1, 8)))]
    criteria = []
    for place, key in enumerate(ids):
        others = [other for other in ids if other != key]
        criteria.append(
            Criterion(
                id=key,
                level=draw(st.integers(1, top)),
                required=draw(st.booleans()) or place == 0,
                practice=f"p{place}",
                theme="all",
                effort=1,
                auto=draw(st.sampled_from("YEPN")),
                title=WORDS,
                statement=WORDS,
                challenge=WORDS,
                how=WORDS,
                na_reason=WORDS if draw(st.booleans()) else None,
                live=draw(st.booleans()),
                any_of=tuple(draw(st.lists(st.sampled_from(others), max_size=2, unique=True))) if others else (),
            )
        )
    return Framework(
        key="random",
        version=1,
        title=WORDS,
        description=WORDS,
        themes={"all": WORDS},
        levels=tuple(Level(number, WORDS, WORDS) for number in range(top + 1)),
        dimensions=tuple(Dimension(key, WORDS, WORDS) for key in dimensions),
        criteria=tuple(criteria),
    )


class Case:
    """Everything that a score is computed from; `draw` fills it, and tests change one thing of it."""

    def __init__(self, framework, answers, verdicts, reviews, denied, live_models):
        self.framework, self.answers, self.verdicts = framework, answers, verdicts
        self.reviews, self.denied, self.live_models = reviews, denied, live_models

    def with_(self, **changes) -> Case:
        return Case(**(vars(self) | changes))

    def score(self):
        persons = {c.id: c.auto in "PN" for c in self.framework.criteria}
        weighed = {
            key: Weighed(verdict, (), Message("maturity.evidence.between"), "A", persons[key])
            for key, verdict in self.verdicts.items()
        }
        return score(
            self.framework,
            {key: Answer(value) for key, value in self.answers.items()},
            weighed,
            # a reviewer looks at an answer
            reviews={key: Review(verdict) for key, verdict in self.reviews.items() if verdict and self.answers[key]},
            denied=self.denied,
            live_models=self.live_models,
        )


def allowed(criterion: Criterion) -> tuple:
    return ANSWERS if criterion.na_allowed else tuple(value for value in ANSWERS if value != "na")


def facts_of(criterion: Criterion) -> tuple[str, ...]:
    """Of what only a person can tell, nothing can be collected."""
    return ("unknown",) if criterion.auto == "N" else VERDICTS


@st.composite
def cases(draw) -> Case:
    framework = draw(frameworks())
    good = draw(st.booleans())  # most random teams fail at level 1: half of them start from good ones

    def one(values, best):
        chosen = draw(st.sampled_from(values))
        return best if good and best in values and draw(st.integers(0, 3)) else chosen

    return Case(
        framework,
        {c.id: one(allowed(c), "yes") for c in framework.criteria},
        {c.id: one(facts_of(c), "supports") for c in framework.criteria},
        {c.id: one(REVIEWS, "confirmed") for c in framework.criteria},
        frozenset(c.id for c in framework.criteria if draw(st.integers(0, 4)) == 0),
        draw(st.sampled_from([None, 0, 2])),
    )


def all_levels(found):
    return (found.overall, *found.dimensions.values())


def assert_no_lower(low, high, kinds=KINDS):
    for before, after in zip(all_levels(low), all_levels(high), strict=True):
        for kind in kinds:
            assert before.level(kind) <= after.level(kind)


@RULES
@given(cases(), st.data())
def test_a_better_answer_lowers_no_level(case, data):
    criterion = data.draw(st.sampled_from(case.framework.criteria))
    best = data.draw(st.sampled_from([value for value in ("yes", "na") if value in allowed(criterion)]))
    order = ["no", "partly", None, best]
    worse, better = sorted(data.draw(st.tuples(st.sampled_from(order), st.sampled_from(order))), key=order.index)
    assert_no_lower(
        case.with_(answers=case.answers | {criterion.id: worse}).score(),
        case.with_(answers=case.answers | {criterion.id: better}).score(),
    )


@RULES
@given(cases(), st.data())
def test_better_evidence_lowers_no_level(case, data):
    key = data.draw(st.sampled_from(case.framework.criteria)).id
    worse, better = sorted(data.draw(st.lists(st.sampled_from(VERDICTS), min_size=2, max_size=2)), key=VERDICTS.index)
    assert_no_lower(
        case.with_(verdicts=case.verdicts | {key: worse}).score(),
        case.with_(verdicts=case.verdicts | {key: better}).score(),
    )


@RULES
@given(cases(), st.data())
def test_a_kinder_review_lowers_no_level(case, data):
    key = data.draw(st.sampled_from(case.framework.criteria)).id
    low, middle, high = (case.with_(reviews=case.reviews | {key: verdict}).score() for verdict in REVIEWS)
    assert_no_lower(low, middle)
    assert_no_lower(middle, high)


@RULES
@given(cases())
def test_an_open_contradiction_raises_nothing_and_touches_the_official_level_alone(case):
    without, every = (case.with_(denied=denied).score() for denied in (frozenset(), frozenset(case.answers)))
    found = case.score()
    assert_no_lower(found, without)
    assert_no_lower(every, found)
    for kind in ("claimed", "evidenced", "reviewed"):
        assert without.standing(kind) == found.standing(kind)
    assert every.overall.official < min(c.level for c in case.framework.criteria if c.required)


@RULES
@given(cases())
def test_the_official_level_is_what_evidence_and_review_jointly_allow(case):
    found = case.score()
    for criterion in case.framework.criteria:
        key = criterion.id
        if found.official[key] == "met":
            assert "met" in (found.evidenced[key], found.reviewed[key])
        if key in case.denied and not criterion.any_of:
            assert found.official[key] == "unmet"
        if case.answers[key] == "na" and case.reviews[key] != "confirmed" and not criterion.any_of:
            assert found.official[key] != "met" or case.verdicts[key] == "supports"
    joint = {
        "unmet" if "met" not in (found.evidenced[c.id], found.reviewed[c.id]) else "met": c.level
        for c in sorted(case.framework.criteria, key=lambda c: -c.level)
        if c.required
    }
    assert found.overall.official <= joint.get("unmet", case.framework.top + 1) - 1


def resolved(case, random, keys):
    """The case with the unknowns of some criteria turned out one way or another."""
    by_id = case.framework.by_id
    answers, verdicts, reviews = dict(case.answers), dict(case.verdicts), dict(case.reviews)
    for key in keys:
        if verdicts[key] == "unknown":
            verdicts[key] = random.choice(facts_of(by_id[key]))
        if answers[key] is None:
            answers[key], reviews[key] = random.choice(allowed(by_id[key])), None
        if reviews[key] is None:
            reviews[key] = random.choice(REVIEWS)
    return case.with_(answers=answers, verdicts=verdicts, reviews=reviews)


@RULES
@given(cases(), st.sampled_from(KINDS), st.randoms(use_true_random=False))
def test_the_level_lies_in_its_range_whatever_the_unknown_criteria_turn_out_to_be(case, kind, random):
    start = case.score()
    unknown = [key for key, state in start.standing(kind).items() if state == "unknown"]
    turned = resolved(case, random, unknown).score()
    for before, after in zip(all_levels(start), all_levels(turned), strict=True):
        assert before.level(kind) <= after.level(kind) <= before.highest(kind)


@RULES
@given(cases(), st.randoms(use_true_random=False))
def test_no_level_but_the_official_one_leaves_its_range_upwards_whatever_comes_to_light(case, random):
    """Facts that overrule the team's own no are news: they lift the official level beyond what was foreseen."""
    start, turned = case.score(), resolved(case, random, case.answers).score()
    for before, after in zip(all_levels(start), all_levels(turned), strict=True):
        for kind in ("claimed", "evidenced", "reviewed"):
            assert after.level(kind) <= before.highest(kind)


@RULES
@given(cases())
def test_levels_are_never_above_their_range_and_overall_is_the_lowest(case):
    found = case.score()
    for each in all_levels(found):
        for kind in KINDS:
            assert 0 <= each.level(kind) <= each.highest(kind) <= case.framework.top
            assert bool(each.held_by(kind)) == (each.level(kind) < case.framework.top)
    for kind in KINDS:
        assert found.overall.level(kind) == min(part.level(kind) for part in found.dimensions.values())
        assert found.overall.highest(kind) == min(part.highest(kind) for part in found.dimensions.values())


@RULES
@given(cases(), st.data())
def test_the_order_of_criteria_changes_nothing(case, data):
    shuffled = tuple(data.draw(st.permutations(case.framework.criteria)))
    turned = case.with_(framework=replace(case.framework, criteria=shuffled)).score()
    found = case.score()
    for kind in KINDS:
        assert found.standing(kind) == turned.standing(kind)
        for before, after in zip(all_levels(found), all_levels(turned), strict=True):
            assert (before.level(kind), before.highest(kind)) == (after.level(kind), after.highest(kind))
            assert set(before.held_by(kind)) == set(after.held_by(kind))


@RULES
@given(cases())
def test_with_no_live_model_nothing_said_of_each_of_them_is_met(case):
    found = case.with_(live_models=0).score()
    for criterion in case.framework.criteria:
        if criterion.live and not criterion.any_of and case.answers[criterion.id] != "na":
            assert "met" not in {found.standing(kind)[criterion.id] for kind in KINDS}


def pair(**changes):
    """Two criteria of one dimension; the second is an alternative to the first."""
    first = Criterion(
        id="d.a",
        level=1,
        required=True,
        practice="a",
        theme="all",
        effort=1,
        auto="Y",
        title=WORDS,
        statement=WORDS,
        challenge=WORDS,
        how=WORDS,
        any_of=("d.b",),
    )
    second = replace(first, id="d.b", practice="b", required=False, any_of=(), na_reason=WORDS)
    base = Framework(
        key="pair",
        version=1,
        title=WORDS,
        description=WORDS,
        themes={"all": WORDS},
        levels=(Level(0, WORDS, WORDS), Level(1, WORDS, WORDS)),
        dimensions=(Dimension("d", WORDS, WORDS),),
        criteria=(first, second),
    )
    given = {"answers": {}, "verdicts": {}, "reviews": {}, "denied": frozenset(), "live_models": None}
    return Case(base, **(given | changes)).score()


@pytest.mark.parametrize(
    ("own", "other", "standing"),
    [("no", "yes", "met"), ("no", "no", "unmet"), ("no", None, "unknown"), ("no", "na", "unmet"), ("yes", "no", "met")],
)
def test_an_alternative_meets_a_criterion_but_its_absence_does_not(own, other, standing):
    assert pair(answers={"d.a": own, "d.b": other}).claimed["d.a"] == standing


def test_alternatives_are_one_step_only():
    found = pair(answers={"d.a": "yes", "d.b": "no"})
    assert found.claimed["d.b"] == "unmet"


def test_an_alternative_with_evidence_is_official():
    found = pair(answers={"d.a": "no", "d.b": "yes"}, verdicts={"d.b": "supports"})
    assert (found.official["d.a"], found.overall.official) == ("met", 1)


def test_a_refused_not_applicable_is_unmet():
    answers = {"d.a": "yes", "d.b": "na"}
    assert pair(answers=answers).claimed["d.b"] == "met"
    found = pair(answers=answers, reviews={"d.b": "refused"})
    assert [found.standing(kind)["d.b"] for kind in KINDS] == ["unmet", "unknown", "unmet", "unmet"]


def test_a_bare_not_applicable_is_not_official_and_a_confirmed_one_is():
    answers = {"d.a": "yes", "d.b": "na"}
    assert pair(answers=answers).official["d.b"] == "unknown"
    assert pair(answers=answers, reviews={"d.b": "confirmed"}).official["d.b"] == "met"
