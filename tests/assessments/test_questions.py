"""What is asked: bottom-up to the target and one beyond, and nothing that is settled."""

from __future__ import annotations

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from assessments import questions
from assessments.evidence_rules import Weighed
from assessments.framework import from_filled
from assessments.questions import Said, plan, presumed
from portal.message import Message
from tests.assessments.random_frameworks import content


def weighed(verdict, person=False):
    return Weighed(verdict, (), Message("maturity.evidence.person-only"), "A", person)


def framework(**fields):
    return from_filled(
        content(
            ["training"],
            [
                {"id": "training.one", "level": 1},
                {"id": "training.other", "level": 1, **fields},
                {"id": "training.nice", "level": 1, "required": False},
                {"id": "training.two", "level": 2},
                {"id": "training.three", "level": 3},
            ],
            levels=3,
        )
    )


def whys(model, said=None, found=None, level=0, **more):
    (part,) = plan(model, said or {}, found or {}, {"training": level}, **more)
    return {one.criterion.id.partition(".")[2]: one.why for one in part.questions}


def test_the_next_level_and_one_beyond_are_asked_and_the_recommended_come_after():
    assert whys(framework()) == {
        "one": "decides",
        "other": "decides",
        "nice": "recommended",
        "two": "decides",
        "three": "beyond",
    }
    (part,) = plan(framework(), {}, {}, {"training": 0})
    assert [one.criterion.id for one in part.questions][:3] == ["training.one", "training.other", "training.nice"]
    assert (part.target, part.reach) == (1, 2)


def test_a_target_moves_what_is_asked():
    assert whys(framework(), level=0, targets={"training": 2})["three"] == "decides"
    assert whys(framework(), level=2, targets={"": 1})["three"] == "beyond"
    assert whys(framework(), level=2)["three"] == "decides"


def test_fresh_evidence_is_shown_and_not_asked():
    found = {"training.one": weighed("supports"), "training.two": weighed("contradicts")}
    assert whys(framework(), found=found)["one"] == "evidence"
    assert whys(framework(), found=found)["two"] == "evidence"


def test_where_a_person_must_answer_too_evidence_settles_no_yes():
    assert whys(framework(), found={"training.one": weighed("supports", person=True)})["one"] == "decides"


def test_who_disputes_evidence_has_answered():
    found = {"training.one": weighed("supports")}
    assert whys(framework(), {"training.one": Said("no")}, found)["one"] == "decides"


def test_a_yes_of_last_time_that_evidence_denies_is_asked():
    found = {"training.one": weighed("contradicts")}
    assert whys(framework(), {"training.one": Said("yes", waiting=True)}, found)["one"] == "decides"
    assert whys(framework(), {"training.one": Said("no", waiting=True)}, found)["one"] == "evidence"


def test_a_no_of_last_time_gives_way_to_evidence_and_an_na_does_not():
    one = framework().by_id["training.one"]
    assert presumed(one, Said("no", waiting=True), weighed("supports")) == "yes"
    assert presumed(one, Said("partly", waiting=True), weighed("contradicts")) == "partly"
    assert presumed(one, Said("na", waiting=True), weighed("supports")) is None


def test_an_alternative_that_is_met_settles_it():
    model = framework(any_of=["training.one"])
    assert whys(model)["other"] == "decides"
    assert whys(model, {"training.one": Said("yes")})["other"] == "alternative"
    assert whys(model, found={"training.one": weighed("supports")})["other"] == "alternative"
    assert whys(model, {"training.one": Said("yes"), "training.other": Said("no")})["other"] == "decides"


def test_what_is_said_of_each_live_model_is_settled_by_nothing_where_none_is_live():
    model = from_filled(
        content(["training"], [{"id": "training.one", "level": 1, "live": True}, {"id": "training.two", "level": 2}])
    )
    one = model.by_id["training.one"]
    assert presumed(one, Said(), weighed("supports"), live_models=0) is None
    assert presumed(one, Said(), weighed("supports"), live_models=2) == "yes"


def test_a_checklist_asks_all_that_is_required():
    model = from_filled(
        content(
            ["rows"], [{"id": "rows.one"}, {"id": "rows.two"}, {"id": "rows.nice", "required": False}], kind="checklist"
        )
    )
    (part,) = plan(model, {}, {}, {"rows": 0})
    assert [one.why for one in part.questions] == ["decides", "decides", "recommended"]


VERDICTS = st.sampled_from(["supports", "contradicts", "unknown"])
SAID = st.builds(Said, st.sampled_from([None, "yes", "partly", "no", "na"]), st.booleans())


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(
    said=st.dictionaries(st.sampled_from(["training.one", "training.other", "training.two", "training.three"]), SAID),
    found=st.dictionaries(
        st.sampled_from(["training.one", "training.other", "training.two", "training.three"]),
        st.builds(weighed, VERDICTS, st.booleans()),
    ),
    level=st.integers(0, 3),
)
def test_every_criterion_has_one_reason_and_no_open_one_below_the_reach_is_passed_over(said, found, level):
    model = framework()
    (part,) = plan(model, said, found, {"training": level})
    assert sorted(one.criterion.id for one in part.questions) == sorted(model.by_id)
    for one in part.questions:
        key = one.criterion.id
        if one.why == "evidence":
            assert found[key].verdict != "unknown"
            assert questions.presumed(one.criterion, said.get(key, Said()), found[key]) is not None
        if one.criterion.required and one.criterion.level <= part.reach and key not in found:
            assert one.why == "decides"
