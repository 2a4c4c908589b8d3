"""DevOps and MLOps practices: each row with its two ends, shared where it should be, and the teams that stand there."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest

from assessments.evidence_rules import Fact, weigh
from assessments.facts import CATALOGUE
from assessments.framework import shipped
from assessments.framework_filling import TAKEN
from assessments.scoring import Answer, AnswerError, score

NOW = datetime(2026, 11, 20, tzinfo=UTC)
DEVOPS, MLOPS = shipped()["devops-practices"], shipped()["mlops-practices"]
BOTH = pytest.mark.parametrize("framework", [DEVOPS, MLOPS], ids=lambda framework: framework.key)

ROWS = {
    "devops-practices": {
        "version-control": ["git", "rollback", "branching"],
        "environment": ["containers", "as-code", "short-guide"],
        "test-build": ["tests-on-push", "build-on-push"],
        "deployment": ["staging", "rolling"],
        "team": ["full-cycle"],
        "culture": ["few-failures", "review-meetings"],
    },
    "mlops-practices": {
        "data": ["query"],
        "tuning": ["tracked", "optimised"],
        "process": ["automated", "fast"],
        "deployment": ["cicd", "managed-endpoint"],
        "continuous-training": ["scheduled"],
        "ci-cd": ["automatic-candidate"],
        "monitoring": ["statistics", "retrain"],
    },
}

RECOMMENDED = {
    "devops-practices": {"environment.short-guide", "culture.review-meetings"},
    "mlops-practices": {"process.fast", "deployment.managed-endpoint"},
}

SAME = {
    "devops-practices": {
        "version-control.git": "mlops-maturity/training.code-hosted",
        "test-build.tests-on-push": "mlops-maturity/integration.code-tests-automated",
    },
    "mlops-practices": {
        "tuning.tracked": "mlops-maturity/training.experiments-recorded",
        "process.automated": "mlops-maturity/training.pipeline-built",
        "deployment.cicd": "mlops-maturity/release.online-deploy-pipeline",
        "ci-cd.automatic-candidate": "mlops-maturity/release.train-to-deploy-unbroken",
        "monitoring.statistics": "cd4ml/observe.live-performance",
        "monitoring.retrain": "mlops-maturity/training.retraining-trigger",
    },
}

# What each end of a row speaks of, in the order of the source's cells
ENDS = {
    ("devops-practices", "version-control"): (
        ["folder", "dates", "clash"],
        ["git", "rolled back", "branches", "small and frequent", "rare"],
    ),
    ("devops-practices", "environment"): (
        ["straight on the server", "guide", "long"],
        ["microservices", "containers", "code", "short"],
    ),
    ("devops-practices", "test-build"): (["types the commands"], ["push", "ci tool"]),
    ("devops-practices", "deployment"): (
        ["closed to the public", "production server"],
        ["staging branch", "main branch", "step by step"],
    ),
    ("devops-practices", "team"): (["separate teams", "hand code over"], ["full-cycle"]),
    ("devops-practices", "culture"): (
        ["specifications", "outage", "blame"],
        ["automated tests", "staging", "very rare", "regular meetings", "improve"],
    ),
    ("mlops-practices", "data"): (["in-house servers", "disk", "posted"], ["cloud", "sql"]),
    ("mlops-practices", "tuning"): (["by hand", "combinations of data"], ["experiment tool", "optimisation"]),
    ("mlops-practices", "process"): (["jupyter", "in turn"], ["automated", "quick"]),
    ("mlops-practices", "deployment"): (
        ["requirements.txt", "scoring code", "flask"],
        ["ci/cd", "endpoint", "ai platform prediction", "keep to making models"],
    ),
    ("mlops-practices", "continuous-training"): (["months"], ["regularly", "newest data"]),
    ("mlops-practices", "ci-cd"): (["nobody thinks of ci or cd"], ["accuracy check", "test", "deployment"]),
    ("mlops-practices", "monitoring"): (["nothing watches"], ["live data", "retraining pipeline"]),
}


def found(name, value, items=20):
    return Fact(name, value, items if CATALOGUE[name].minimum else None, "A", NOW - timedelta(days=1))


def claimed(framework, values, **options):
    assert values.keys() <= framework.by_id.keys()
    return score(framework, {key: Answer(value) for key, value in values.items()}, **options)


def verdict(framework, key, *facts):
    return weigh(framework.by_id[key], [found(*fact) for fact in facts], NOW).verdict


def right_end(framework):
    return {criterion.id: "yes" for criterion in framework.criteria if criterion.required}


# -- what is there


@BOTH
def test_each_row_of_the_source_has_its_criteria(framework):
    assert framework.is_checklist
    rows = {
        row.key: [criterion.id.partition(".")[2] for criterion in framework.of(row.key)] for row in framework.dimensions
    }
    assert rows == ROWS[framework.key]
    assert {c.id for c in framework.criteria if not c.required} == RECOMMENDED[framework.key]


@BOTH
def test_no_row_is_at_its_right_end_for_nothing(framework):
    assert all(framework.of(row.key, required=True) for row in framework.dimensions)


@BOTH
def test_each_row_shows_both_of_its_ends(framework):
    for row in framework.dimensions:
        left, right = row.cells
        for end, words in zip((left, right), ENDS[framework.key, row.key], strict=True):
            assert not [word for word in words if word not in end.en.lower()], row.key
        assert left.ja != right.ja


def test_every_row_of_the_source_is_looked_at():
    assert set(ENDS) == {(f.key, row.key) for f in (DEVOPS, MLOPS) for row in f.dimensions}


@BOTH
def test_what_is_shared_is_the_same_word_for_word(framework):
    same = SAME[framework.key]
    assert {criterion.id: criterion.same_as for criterion in framework.criteria if criterion.same_as} == same
    for key, address in same.items():
        home_key, _, name = address.partition("/")
        own, home = framework.by_id[key], shipped()[home_key].by_id[name]
        for field in set(TAKEN) - {"challenge"}:
            assert getattr(own, field) == getattr(home, field), (key, field)


@BOTH
def test_what_is_its_own_is_asked_nowhere_else(framework):
    own = {criterion.practice for criterion in framework.criteria if not criterion.same_as}
    others = [f for f in shipped().values() if f.key != framework.key]
    assert not own & {c.practice for f in others for c in f.criteria if not c.same_as}


def test_retraining_on_figures_does_not_wait_for_the_calendar():
    assert MLOPS.by_id["monitoring.retrain"].prerequisites == ("monitoring.statistics",)


def test_members_are_asked_of_team_and_culture_only():
    asked = {c.id for f in (DEVOPS, MLOPS) for c in f.criteria if c.pulse}
    assert asked == {"team.full-cycle", "culture.few-failures", "culture.review-meetings"}


# -- how it reads


@BOTH
def test_every_criterion_says_what_why_and_how_in_both_languages(framework):
    for criterion in framework.criteria:
        for text in (criterion.statement, criterion.challenge, criterion.how):
            assert re.search(r"[ぁ-ん]", text.ja), criterion.id
            assert text.ja.endswith("。"), criterion.id
            assert text.en.isascii(), criterion.id
            assert text.en.endswith("."), criterion.id
        assert len(criterion.statement.en) <= 200, criterion.id
        assert len(criterion.title.ja) <= 35, criterion.id
        assert criterion.auto != "P" or criterion.person, criterion.id


@BOTH
@pytest.mark.parametrize("word", ["台帳", "版管理", "配備", "資源", "偏り", "作業領域", "検証環境"])
def test_japanese_keeps_the_products_words_for_their_meaning(framework, word):
    texts = [row.text.ja for row in framework.dimensions] + [
        cell.ja for row in framework.dimensions for cell in row.cells
    ]
    for c in framework.criteria:
        texts += [c.title.ja, c.statement.ja, c.challenge.ja, c.how.ja]
    assert not [text for text in texts if word in text]


# -- the two worlds of the source


@BOTH
def test_the_world_with_it_stands_at_every_right_end(framework):
    result = claimed(framework, right_end(framework), live_models=3)
    assert all(levels.claimed == 1 for levels in result.dimensions.values())
    assert result.overall.blocking == ()


@BOTH
def test_the_world_without_it_stands_at_every_left_end(framework):
    result = claimed(framework, {criterion.id: "no" for criterion in framework.criteria}, live_models=3)
    assert all(levels.claimed_at_most == 0 for levels in result.dimensions.values())


@BOTH
def test_one_answer_left_out_leaves_its_row_between(framework):
    yes = right_end(framework)
    for key in yes:
        rest = {name: value for name, value in yes.items() if name != key}
        row = claimed(framework, rest).dimensions[framework.by_id[key].dimension]
        assert (row.claimed, row.claimed_at_most) == (0, 1), key


LEFT = {
    "version-control.branching": [("git.pr_share", 0.1), ("git.authors", 3)],
    "version-control.rollback": [("push.incidents.by_hand", 1), ("gov.rollback", 0), ("git.rollbacks", 0)],
    "environment.containers": [("git.container", False), ("git.run_docs", 40)],
    "environment.as-code": [("iac.present.production", False), ("iac.present.unfiled", 0.6)],
    "environment.short-guide": [("git.run_docs", 40)],
    "test-build.build-on-push": [("ci.build", 0.0), ("git.container", True)],
    "deployment.staging": [("push.deploys.unstaged", 2)],
    "deployment.rolling": [("push.deploys.downtime", 1)],
    "team.full-cycle": [("git.authors.on_call", 0.0), ("gov.findings", 6)],
    "culture.few-failures": [("push.deploys.failed", 0.3)],
    "culture.review-meetings": [("git.reviews_kept", 0), ("gov.reassessed.closed", 0), ("gov.reassessed", 500)],
    "data.query": [("mlf.run_dataset.local", 0.9)],
    "tuning.optimised": [("mlf.sweeps.single", 1), ("mlf.sweeps", 0)],
    "process.fast": [("pipe.runs.idle_months", 2), ("pipe.runs.weekly", 0)],
    "deployment.managed-endpoint": [
        ("git.container.own_server", 3),
        ("cloud.endpoint.online", 0.0),
        ("k8s.workload.platform", 0.0),
    ],
    "continuous-training.scheduled": [("mlf.version_interval.newer_data", 0.0)],
}

RIGHT = {
    "version-control.branching": [
        ("git.pr_share", 0.95),
        ("git.branch_age", 2),
        ("git.change_size", 120),
        ("git.change_size.per_week", 3),
    ],
    "version-control.rollback": [("git.rollbacks", 1)],
    "environment.containers": [("git.container", True), ("k8s.workload", 1.0)],
    "environment.as-code": [("iac.present.production", True)],
    "environment.short-guide": [("git.run_docs", 4)],
    "test-build.build-on-push": [("ci.build", 1.0)],
    "deployment.staging": [("ci.staging_first", True), ("gov.env_roles.staging", True)],
    "deployment.rolling": [("ci.deploy", True), ("k8s.rolling", True)],
    "team.full-cycle": [("git.authors.on_call", 0.6)],
    "culture.few-failures": [("push.deploys.failed", 0.02), ("gov.rollback.promotions", 0.0)],
    "culture.review-meetings": [("git.reviews_kept", 4)],
    "data.query": [("git.feature_reads.share", 0.9), ("mlf.run_dataset", 0.9)],
    "tuning.optimised": [("mlf.sweeps.optimised", 1.0)],
    "process.fast": [("pipe.runs.weekly", 4), ("pipe.runs.in_time", 0.9)],
    "deployment.managed-endpoint": [("cloud.endpoint.online", 1.0)],
    "continuous-training.scheduled": [
        ("pipe.schedule.training", True),
        ("mlf.version_interval.within", 1.0),
        ("mlf.version_interval.newer_data", 1.0),
    ],
}


def test_facts_are_tried_on_every_criterion_that_has_rules_of_its_own():
    own = {c.id for f in (DEVOPS, MLOPS) for c in f.criteria if not c.same_as}
    assert own == LEFT.keys() == RIGHT.keys()


@pytest.mark.parametrize("key", LEFT)
def test_facts_of_the_left_end_deny_and_those_of_the_right_end_support(key):
    framework = DEVOPS if key in DEVOPS.by_id else MLOPS
    assert verdict(framework, key, *LEFT[key]) == "contradicts"
    assert verdict(framework, key, *RIGHT[key]) == "supports"
    assert verdict(framework, key) == "unknown"
    for facts in (LEFT[key], RIGHT[key]):
        if len(facts) > 1:  # one fact of several settles nothing
            assert verdict(framework, key, facts[0]) == "unknown"


def test_facts_alone_do_not_answer_for_people():
    for key in ("team.full-cycle", "culture.few-failures", "culture.review-meetings"):
        assert weigh(DEVOPS.by_id[key], [found(*fact) for fact in RIGHT[key]], NOW).person


def test_a_truthful_yes_is_not_contradicted():
    """An interface called v2, one incident mended by hand, a dated partition, a version trained once."""
    assert verdict(DEVOPS, "version-control.branching", ("git.version_names", 5), ("git.pr_share", 0.95)) == "unknown"
    assert verdict(DEVOPS, "version-control.rollback", ("push.incidents.by_hand", 1), ("gov.rollback", 2)) == "supports"
    assert verdict(MLOPS, "data.query", ("git.version_names.data", 9), ("git.feature_reads.share", 0.9)) == "unknown"
    assert verdict(MLOPS, "tuning.optimised", ("mlf.sweeps.single", 1), ("mlf.sweeps", 4)) == "unknown"


# -- not applicable


def test_what_never_applies_is_named_and_nothing_else_is_accepted():
    assert {c.id for c in DEVOPS.criteria if c.na_allowed} == {
        "environment.containers",
        "test-build.build-on-push",
        "deployment.rolling",
    }
    assert {c.id for c in MLOPS.criteria if c.na_allowed} == {
        "tuning.optimised",
        "deployment.cicd",
        "deployment.managed-endpoint",
        "continuous-training.scheduled",
    }
    with pytest.raises(AnswerError):
        claimed(DEVOPS, {"version-control.git": "na"})
