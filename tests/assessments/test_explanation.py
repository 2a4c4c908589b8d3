"""Why a level is what it is, and until when."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assessments.evidence_rules import FRESH, Fact
from assessments.explanation import explain, holds, reason
from assessments.framework import shipped
from assessments.position import Denial, Position, holds_until, judge
from assessments.scoring import KINDS, Answer, Review
from portal.message import Message, render

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
MATURITY = shipped()["mlops-maturity"]
CODE = "training.code-hosted"


def position(upto=4, **changes):
    answers = {c.id: Answer("yes" if c.level <= upto else "no") for c in MATURITY.criteria}
    reviews = {key: Review("confirmed", NOW, NOW + timedelta(days=300)) for key in answers}
    given = {"answers": answers, "reviews": reviews} | changes
    return Position(MATURITY, NOW, **given)


def words(judged, kind="official", dimension=""):
    return " ".join(render(sentence) for sentence in explain(judged, kind, dimension))


def test_two_sentences_say_since_what_and_why_not_the_next():
    said = words(judge(position(upto=2)), dimension="release")
    assert said.startswith("Level 2, since fresh evidence or a current review meets every criterion required up to it")
    title = MATURITY.of("release", level=3, required=True)[0].title.en
    assert f"Not level 3, since the team answers “{title}” with no" in said


def test_the_whole_names_its_lowest_dimensions():
    judged = judge(position(upto=2))
    assert "Level 2, that of the lowest dimension: Release, Integration into the application." in words(judged)


def test_the_top_has_no_next():
    assert words(judge(position()), dimension="training").endswith("There is no higher level.")


def test_a_checklist_counts():
    framework = shipped()["devops-practices"]
    first = next(c for c in framework.criteria if c.required)
    said = words(judge(Position(framework, NOW, answers={first.id: Answer("yes")})), "claimed")
    required = sum(c.required for c in framework.criteria)
    assert said.startswith(f"Met: 1 of {required} required. Not all, since nobody has answered")


def code_of(kind="official", key=CODE, **changes):
    return reason(judge(position(**changes)), key, kind).code.removeprefix("maturity.why.")


def fact(name, value, days=0):
    return Fact(name, value, 20, "A", NOW - timedelta(days=days))


DENYING = (fact("git.unhosted", 2),)


@pytest.mark.parametrize(
    ("kind", "code", "changes"),
    [
        ("claimed", "no", {"answers": {CODE: Answer("no")}}),
        ("claimed", "partly", {"answers": {CODE: Answer("partly")}}),
        ("claimed", "unanswered", {"answers": {}}),
        ("evidenced", "denied", {"facts": DENYING}),
        ("evidenced", "no-evidence", {}),
        ("reviewed", "unreviewed", {"reviews": {}}),
        ("reviewed", "refused", {"reviews": {CODE: Review("refused", NOW)}}),
        ("reviewed", "lapsed", {"reviews": {CODE: Review("confirmed", NOW, NOW)}}),
        ("official", "neither", {"reviews": {}}),
        ("official", "denied", {"facts": DENYING}),
        ("official", "disputed", {"facts": DENYING, "denials": (Denial(CODE),)}),
        ("official", "lapsed", {"reviews": {CODE: Review("confirmed", NOW, NOW)}}),
        ("official", "refused", {"reviews": {CODE: Review("refused", NOW)}}),
        ("official", "no", {"answers": {CODE: Answer("no")}, "reviews": {}}),
    ],
)
def test_each_reason_is_told(kind, code, changes):
    assert code_of(kind, **changes) == code


def test_no_live_model_is_told():
    live = next(c for c in MATURITY.criteria if c.live and c.required)
    assert code_of("claimed", live.id, live_models=0) == "no-live"
    assert code_of("official", live.id, live_models=0) == "no-live"


def test_titles_go_in_both_languages():
    told = reason(judge(position(facts=DENYING)), CODE, "official")
    stored = Message.from_json(told.to_json())
    title = MATURITY.by_id[CODE].title
    assert title.en in render(stored)
    assert title.ja in render(stored, language="ja")


def test_a_level_holds_until_the_first_review_that_it_rests_on_lapses():
    early = NOW + timedelta(days=30)
    reviews = dict(position().reviews) | {CODE: Review("confirmed", NOW, early)}
    lapse = holds_until(judge(position(reviews=reviews)))
    assert (lapse.at, lapse.level, lapse.criteria) == (early, 0, (CODE,))
    assert holds_until(judge(position(reviews=reviews)), "release").at == NOW + timedelta(days=300)
    assert "2026-12-20" in render(holds(lapse, MATURITY))


def test_what_lapses_without_lowering_the_level_does_not_end_it():
    """Of two supports one is enough."""
    recommended = next(c.id for c in MATURITY.criteria if not c.required)
    reviews = dict(position().reviews) | {recommended: Review("confirmed", NOW, NOW + timedelta(days=1))}
    assert holds_until(judge(position(reviews=reviews))).at == NOW + timedelta(days=300)


def test_a_fact_is_fresh_to_the_last_moment():
    facts = tuple(fact(name, True) for name in ("git.hosted",))
    judged = judge(position(reviews={}, facts=facts))
    later = judge(judged.position.at(NOW + FRESH))
    assert later.weighed == judged.weighed
    assert judge(judged.position.at(NOW + FRESH + timedelta(seconds=1))).weighed[CODE].verdict == "unknown"


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.sampled_from([c.id for c in MATURITY.criteria]), st.integers(1, 400)), max_size=20))
def test_until_that_moment_the_level_holds_and_then_it_does_not(reviewed):
    reviews = dict(position().reviews) | {
        key: Review("confirmed", NOW, NOW + timedelta(days=days)) for key, days in reviewed
    }
    judged = judge(position(reviews=reviews))
    lapse = holds_until(judged)
    level = judged.score.overall.official
    assert lapse is not None
    just_before = judge(judged.position.at(lapse.at - timedelta(seconds=1))).score.overall.official
    assert just_before >= level > judge(judged.position.at(lapse.at)).score.overall.official == lapse.level


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_is_left_untold(kind):
    """Every kind of level of every dimension has its sentences, in every framework."""
    for framework in shipped().values():
        judged = judge(Position(framework, NOW))
        for key in ("", *(dimension.key for dimension in framework.dimensions)):
            for sentence in explain(judged, kind, key):
                assert "maturity." not in render(sentence)
