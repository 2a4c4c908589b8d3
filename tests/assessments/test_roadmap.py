import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assessments.framework import shipped
from assessments.roadmap import steps
from assessments.scoring import Answer, score
from portal.message import render
from tests.assessments.test_scoring import MATURITY, REQUIRED, upto


def standing(answers):
    return score(MATURITY, answers).claimed


def test_from_nothing_the_way_leads_to_level_one():
    way = steps(MATURITY, {})
    assert {step.criterion for step in way} == {c.id for c in MATURITY.criteria if c.required and c.level == 1}
    assert {(step.from_level, step.to_level) for step in way} == {(0, 1)}
    assert not any(step.known for step in way)
    assert all(step.raises_overall for step in way)


def test_the_least_effort_comes_first_and_nothing_before_what_it_needs():
    way = steps(MATURITY, {})
    names = [step.criterion for step in way]
    assert names[0] == "training.code-hosted"  # a few days' work, and others wait for it
    assert names.index("integration.code-tests-ruled") < names.index("integration.code-tests-automated")
    assert names[-2:] == ["training.shared-platform", "training.data-platform-started"]


def test_by_default_only_what_holds_the_whole_goes_up():
    way = steps(MATURITY, standing(upto(training=2, release=2, integration=2)))
    by_dimension = {(step.dimension, step.from_level, step.to_level) for step in way}
    assert by_dimension == {("release", 2, 3), ("integration", 2, 3)}  # training is at 3 already
    assert all(step.raises_overall for step in way)


def test_each_dimension_can_be_given_its_own_target():
    way = steps(
        MATURITY, standing(upto(training=2, release=2, integration=2)), {"training": 4, "release": 3, "integration": 3}
    )
    by_dimension = {(step.dimension, step.from_level, step.to_level) for step in way}
    assert by_dimension == {("training", 3, 4), ("release", 2, 3), ("integration", 2, 3)}
    assert {step.dimension for step in way if step.raises_overall} == {"release", "integration"}


def test_a_prerequisite_from_another_dimension_comes_along_and_says_why():
    way = steps(MATURITY, standing(upto(training=2, release=2, integration=2)), {"training": 4})
    logs = next(step for step in way if step.criterion == "integration.inference-logs")
    drift = next(step for step in way if step.criterion == "training.data-drift-detected")
    assert (logs.dimension, logs.from_level, logs.to_level) == ("training", 3, 4)
    assert logs.why.params == {"id": "training.data-drift-detected"}
    assert drift.after == ("integration.inference-logs",)
    assert way.index(logs) < way.index(drift)


def test_at_the_top_there_is_nothing_left():
    assert steps(MATURITY, standing(upto(training=4, release=4, integration=4))) == ()
    assert steps(MATURITY, standing(upto(training=4, release=4, integration=4)), 4) == ()


def test_a_target_below_the_level_asks_for_nothing():
    assert steps(MATURITY, standing(upto(training=2, release=2, integration=2)), 1) == ()


def test_reasons_tell_unmet_from_unknown():
    answers = upto(training=4, release=4, integration=4)
    answers |= {"release.versioned": Answer("partly"), "release.qa-standardised": Answer(None)}
    said = {step.criterion: render(step.why) for step in steps(MATURITY, standing(answers))}
    assert said == {
        "release.versioned": "Level 3 requires it, and it is not met.",
        "release.qa-standardised": "Level 3 requires it, and nobody has answered it yet.",
    }


@settings(max_examples=50, deadline=None)
@given(
    st.dictionaries(st.sampled_from(REQUIRED), st.sampled_from(["yes", "no", None]).map(Answer)),
    st.one_of(st.none(), st.integers(1, 4)),
)
def test_walking_the_way_reaches_the_target(answers, target):
    found = score(MATURITY, answers)
    way = steps(MATURITY, found.claimed, target)
    done = set()
    for step in way:
        assert set(step.after) <= done
        assert found.claimed[step.criterion] != "met"
        assert MATURITY.by_id[step.criterion].required
        done.add(step.criterion)
    assert len(done) == len(way)
    after = score(MATURITY, answers | {key: Answer("yes") for key in done})
    for key, levels in after.dimensions.items():
        before, lowest = found.dimensions[key].claimed, found.overall.claimed
        goal = max(before, min(lowest + 1, 4) if target is None else target)
        assert levels.claimed >= goal


@pytest.mark.parametrize("left_out", ["release.cicd-pipeline", "training.pipeline-built"])
def test_no_step_is_superfluous(left_out):
    answers = upto(training=1, release=2, integration=4)
    way = [step.criterion for step in steps(MATURITY, standing(answers), {"training": 2, "release": 3})]
    assert left_out in way
    kept = {key: Answer("yes") for key in way if key != left_out}
    dimension = shipped()["mlops-maturity"].by_id[left_out].dimension
    with_all = score(MATURITY, answers | {key: Answer("yes") for key in way}).dimensions[dimension].claimed
    assert score(MATURITY, answers | kept).dimensions[dimension].claimed < with_all
