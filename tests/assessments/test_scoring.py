import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assessments.evidence_rules import Weighed
from assessments.framework import shipped
from assessments.scoring import Answer, AnswerError, problems, score
from portal.message import Message

MATURITY = shipped()["mlops-maturity"]
REQUIRED = [criterion.id for criterion in MATURITY.criteria if criterion.required]
GOODNESS = {"no": 0, "partly": 0, None: 1, "yes": 2, "na": 2}


def upto(**levels):
    """Answers of a team that does everything up to a level of each dimension, and nothing above."""
    return {c.id: Answer("yes" if c.level <= levels[c.dimension] else "no") for c in MATURITY.criteria if c.required}


def levels(answers, **options):
    result = score(MATURITY, answers, **options)
    return tuple(levels.claimed for levels in result.dimensions.values()), result.overall.claimed


def team(base, **changes):
    changed = {key.replace("__", ".", 1).replace("_", "-"): Answer(value) for key, value in changes.items()}
    assert changed.keys() <= MATURITY.by_id.keys()
    return base | changed


LEVEL_1 = upto(training=1, release=1, integration=1)
TEAMS = {
    # a trial in notebooks
    "A": (upto(training=0, release=0, integration=0), (0, 0, 0), 0),
    # the same people with a good platform, tests and data; nothing live yet
    "A2": (team(LEVEL_1, release__engineer_performed="na", integration__basic_tests="na"), (1, 1, 1), 1),
    # good at DevOps, no tracking
    "B": (LEVEL_1, (1, 1, 1), 1),
    # MLflow and pipelines; engineers deploy by hand
    "C": (upto(training=2, release=2, integration=2), (3, 2, 2), 2),
    # the same, but data scientists deploy
    "C2": (
        team(upto(training=2, release=2, integration=2), release__engineer_performed="no"),
        (3, 0, 2),
        0,
    ),
    # automated deployment, no monitoring
    "D": (upto(training=3, release=3, integration=3), (3, 3, 3), 3),
    # the same without a check of explanations
    "D2": (
        team(upto(training=3, release=3, integration=3), release__explainability_checked="partly"),
        (3, 2, 3),
        2,
    ),
    # serves on devices only
    "D3": (
        team(upto(training=3, release=3, integration=3), release__batch_deploy_pipeline="na"),
        (3, 3, 3),
        3,
    ),
    # drift starts retraining, drift computed daily, canary without a recorded comparison
    "E": (
        team(
            upto(training=4, release=4, integration=4),
            release__ab_tests="no",
            integration__metrics_near_real_time="no",
        ),
        (4, 3, 3),
        3,
    ),
    # with comparison and hourly figures
    "E2": (upto(training=4, release=4, integration=4), (4, 4, 4), 4),
}


@pytest.mark.parametrize("name", TEAMS)
def test_teams_get_the_level_that_the_source_describes(name):
    answers, dimensions, overall = TEAMS[name]
    assert levels(answers) == (dimensions, overall)


def test_an_unmet_criterion_of_level_one_means_level_zero_and_is_named():
    answers = team(upto(training=4, release=4, integration=4), training__code_hosted="partly")
    result = score(MATURITY, answers)
    assert result.dimensions["training"].claimed == 0
    assert result.dimensions["training"].blocking == ("training.code-hosted",)
    assert result.overall.claimed == 0
    assert result.overall.blocking == ("training.code-hosted",)
    assert result.dimensions["release"].blocking == ()


def test_nothing_answered_is_level_zero_and_could_be_four():
    overall = score(MATURITY, {}).overall
    assert (overall.claimed, overall.at_least, overall.at_most, overall.evidenced) == (0, 0, 4, 0)
    assert set(overall.blocking) == {c.id for c in MATURITY.criteria if c.required and c.level == 1}


def test_unknown_makes_a_range_and_partly_does_not():
    answers = upto(training=4, release=4, integration=4)
    unknown = score(MATURITY, answers | {"release.versioned": Answer(None)}).dimensions["release"]
    assert (unknown.claimed, unknown.at_least, unknown.at_most) == (2, 2, 4)
    partly = score(MATURITY, answers | {"release.versioned": Answer("partly")}).dimensions["release"]
    assert (partly.claimed, partly.at_least, partly.at_most) == (2, 2, 2)


def test_recommended_criteria_never_count():
    recommended = {c.id: Answer("no") for c in MATURITY.criteria if not c.required}
    answers = upto(training=4, release=4, integration=4)
    assert score(MATURITY, answers | recommended).overall.claimed == 4


def test_with_no_live_model_a_yes_about_each_of_them_is_unknown():
    answers = upto(training=2, release=2, integration=2)
    result = score(MATURITY, answers, live_models=0)
    assert result.claimed["training.assets-reproducible"] == "unknown"
    assert result.dimensions["training"].claimed == 1
    assert result.dimensions["training"].at_most == 3
    assert score(MATURITY, answers, live_models=1).dimensions["training"].claimed == 3


def test_counts_by_level_add_up():
    answers = {"training.code-hosted": Answer("yes"), "training.shared-platform": Answer("partly")}
    first = score(MATURITY, answers).dimensions["training"].counts[0]
    assert (first.level, first.required, first.met, first.unmet, first.unknown) == (1, 3, 1, 1, 1)


@pytest.mark.parametrize(
    ("answers", "code"),
    [
        ({"training.code-hosted": Answer("na")}, "maturity.answer.na"),
        ({"training.nothing": Answer("yes")}, "maturity.answer.unknown-id"),
        ({"training.code-hosted": Answer("maybe")}, "maturity.answer.value"),
        (
            {"release.online-deploy-pipeline": Answer("na"), "release.batch-deploy-pipeline": Answer("na")},
            "maturity.answer.not-all-na",
        ),
    ],
)
def test_what_cannot_be_scored_is_refused_by_name(answers, code):
    with pytest.raises(AnswerError) as caught:
        score(MATURITY, answers)
    assert caught.value.message.code == code
    assert next(iter(answers)) in str(caught.value)
    assert [problem.code for problem in problems(MATURITY, answers)] == [code]


def weighed(verdict, person=False):
    return Weighed(verdict, (), Message("maturity.evidence.supports", {"facts": []}), "A", person)


def test_the_evidenced_level_stands_beside_the_claim():
    answers = upto(training=4, release=4, integration=4)
    seen = {c.id: weighed("supports") for c in MATURITY.criteria if c.level <= 2}
    result = score(MATURITY, answers, seen)
    assert [levels.evidenced for levels in result.dimensions.values()] == [3, 2, 2]
    assert (result.overall.claimed, result.overall.evidenced) == (4, 2)
    assert "release.cicd-pipeline" in result.overall.evidenced_blocking


def test_evidence_stands_without_a_claim_but_not_where_a_person_must_answer():
    seen = {c.id: weighed("supports", person=c.auto == "P") for c in MATURITY.criteria}
    assert score(MATURITY, {}, seen).dimensions["release"].evidenced == 4
    assert score(MATURITY, {}, seen).dimensions["integration"].evidenced == 0  # code-tests-ruled is for a person
    confirmed = {c.id: Answer("yes") for c in MATURITY.criteria if c.auto == "P"}
    assert score(MATURITY, confirmed, seen).overall.evidenced == 4


def test_a_contradiction_denies_the_evidence_of_a_yes_and_of_not_applicable():
    seen = {c.id: weighed("supports") for c in MATURITY.criteria}
    fair = "release.fairness-checked"
    answers = {fair: Answer("na")}
    assert score(MATURITY, answers, {k: v for k, v in seen.items() if k != fair}).evidenced[fair] == "met"
    assert score(MATURITY, answers, seen | {fair: weighed("contradicts")}).evidenced[fair] == "unmet"
    assert score(MATURITY, answers, seen | {fair: weighed("contradicts")}).dimensions["release"].evidenced == 2


def values_of(key):
    values = [None, "yes", "partly", "no"]
    return [*values, "na"] if MATURITY.by_id[key].na_allowed and "batch" not in key else values


ANSWERS = st.fixed_dictionaries({key: st.sampled_from(values_of(key)).map(Answer) for key in REQUIRED})
# Most random teams fail at level 1; start from good ones to reach the others too.
NEAR_GOOD = st.dictionaries(
    st.sampled_from(REQUIRED), st.sampled_from([None, "partly", "no"]).map(Answer), max_size=4
).map(lambda changes: upto(training=4, release=4, integration=4) | changes)
VERDICTS = st.dictionaries(
    st.sampled_from(REQUIRED), st.sampled_from(["supports", "contradicts", "unknown"]).map(weighed)
)


@settings(max_examples=60, deadline=None)
@given(st.one_of(ANSWERS, NEAR_GOOD), VERDICTS)
def test_the_range_holds_the_claim_and_the_lowest_dimension_rules(answers, seen):
    result = score(MATURITY, answers, seen)
    parts = result.dimensions.values()
    for found in (*parts, result.overall):
        assert 0 <= found.at_least <= found.claimed <= found.at_most <= 4
        assert bool(found.blocking) == (found.claimed < 4)
    for name in ("claimed", "evidenced", "at_least", "at_most"):
        assert getattr(result.overall, name) == min(getattr(part, name) for part in parts)
    for key, part in result.dimensions.items():
        for name in part.blocking:
            assert MATURITY.by_id[name].level == part.claimed + 1 or key == "training"


@settings(max_examples=60, deadline=None)
@given(st.one_of(ANSWERS, NEAR_GOOD), st.sampled_from(REQUIRED), st.sampled_from(["yes", None, "no"]))
def test_a_better_answer_never_lowers_a_level(answers, key, value):
    before, after = answers[key].value, value
    if GOODNESS[before] > GOODNESS[after]:
        before, after = after, before
    worse = score(MATURITY, answers | {key: Answer(before)})
    better = score(MATURITY, answers | {key: Answer(after)})
    for low, high in zip(worse.dimensions.values(), better.dimensions.values(), strict=True):
        assert low.claimed <= high.claimed
        assert low.at_least <= high.at_least
        assert low.at_most <= high.at_most


@settings(max_examples=60, deadline=None)
@given(VERDICTS, st.sampled_from(REQUIRED))
def test_better_evidence_never_lowers_the_evidenced_level(seen, key):
    order = [seen | {key: weighed(verdict)} for verdict in ("contradicts", "unknown", "supports")]
    found = [score(MATURITY, {}, each).overall.evidenced for each in order]
    assert found == sorted(found)


@settings(max_examples=40, deadline=None)
@given(ANSWERS, st.randoms(use_true_random=False))
def test_resolving_the_unknown_lands_in_the_range(answers, random):
    start = score(MATURITY, answers).overall
    resolved = {
        key: answer if answer.value else Answer(random.choice(["yes", "no", "partly"]))
        for key, answer in answers.items()
    }
    assert start.at_least <= score(MATURITY, resolved).overall.claimed <= start.at_most
