"""The teams that the maturity model's source describes, by what they do and by what their systems show.

A a trial in notebooks, B good at DevOps, C tracks and trains by pipeline, D deploys automatically,
E retrains on drift; the others vary one thing. Nothing here is taken from the levels themselves.
"""

from datetime import UTC, datetime

import pytest

from assessments.evidence_rules import Fact, weigh
from assessments.framework import history, shipped
from assessments.migration import plan
from assessments.scoring import Answer, Review, score

NOW = datetime(2026, 6, 1, tzinfo=UTC)
MATURITY = shipped()["mlops-maturity"]

# -- what a team does, criterion by criterion ------------------------------------------------------

PLATFORM = {"training.shared-platform", "training.code-hosted", "training.data-platform-started"}
TESTS = {"integration.code-tests-ruled", "integration.code-tests-automated", "integration.basic-tests"}
ENGINEERS_RELEASE = {"release.engineer-performed"}
TRACKING = {
    "training.experiments-recorded",
    "training.artifacts-linked",
    "training.assets-reproducible",
    "training.experiment-rerunnable",
}
PIPELINE = {"training.pipeline-built"}
REGISTRY = {"release.models-registered", "release.experiment-linked", "integration.endpoint-linked"}
RELEASE_RECORD = {"release.managed"}
DEPLOY_PIPELINE = {
    "release.cicd-pipeline",
    "release.versioned",
    "release.online-deploy-pipeline",
    "integration.mostly-automated",
    "integration.tests-introduced",
}
BATCH = {"release.batch-deploy-pipeline"}
MODEL_CHECKS = {"release.qa-standardised", "release.gold-data-verified", "release.fairness-checked"}
EXPLANATIONS = {"release.explainability-checked"}
MONITORING = {
    "training.performance-metrics-chosen",
    "training.data-drift-detected",
    "integration.monitoring-regime",
    "integration.inference-logs",
    "integration.anomaly-notification",
    "integration.routine-automated",
    "release.new-version-auto-monitored",
}
HOURLY = {"integration.metrics-near-real-time"}
RETRAINING = {
    "training.retraining-thresholds",
    "training.retraining-trigger",
    "training.metric-driven-retraining",
    "release.redeploy-trigger",
    "release.train-to-deploy-unbroken",
}
NO_HANDS = {"integration.minimal-manual", "integration.tests-run"}
CANARY = {"release.blue-green"}
COMPARISON = {"release.ab-tests"}

DEVOPS = PLATFORM | TESTS | ENGINEERS_RELEASE
TRAINS = DEVOPS | TRACKING | PIPELINE | REGISTRY | RELEASE_RECORD
DEPLOYS = TRAINS | DEPLOY_PIPELINE | BATCH | MODEL_CHECKS | EXPLANATIONS
RETRAINS = DEPLOYS | MONITORING | RETRAINING | NO_HANDS | CANARY

TEAMS = {  # what they do, what does not apply, levels of training, release, integration
    "A": (set(), set(), (0, 0, 0)),
    "A2": (PLATFORM | TESTS, {"release.engineer-performed", "integration.basic-tests"}, (1, 1, 1)),
    "B": (DEVOPS, set(), (1, 1, 1)),
    "C": (TRAINS, set(), (3, 2, 2)),  # training 3 asks for nothing new
    "C2": (TRAINS - ENGINEERS_RELEASE, set(), (3, 0, 2)),
    "D": (DEPLOYS, set(), (3, 3, 3)),
    "D2": (DEPLOYS - EXPLANATIONS, set(), (3, 2, 3)),
    "D3": (DEPLOYS - BATCH, BATCH, (3, 3, 3)),
    "E": (RETRAINS, set(), (4, 3, 3)),
    "E2": (RETRAINS | HOURLY | COMPARISON, set(), (4, 4, 4)),
}


def answers_of(team):
    does, not_applicable, _ = TEAMS[team]
    values = {c.id: "yes" if c.id in does else "no" for c in MATURITY.criteria if c.required}
    return {key: Answer("na" if key in not_applicable else value) for key, value in values.items()}


def dimensions(result, kind):
    return tuple(levels.level(kind) for levels in result.dimensions.values())


@pytest.mark.parametrize("name", TEAMS)
def test_what_a_team_does_gives_the_level_that_the_source_describes(name):
    result = score(MATURITY, answers_of(name))
    assert dimensions(result, "claimed") == TEAMS[name][2]
    assert result.overall.claimed == min(TEAMS[name][2])


def test_every_required_criterion_is_something_a_team_does():
    assert TEAMS["E2"][0] == {c.id for c in MATURITY.criteria if c.required}


def test_with_nothing_live_a_team_reaches_level_one_and_no_claim_carries_it_further():
    assert dimensions(score(MATURITY, answers_of("A2"), live_models=0), "claimed") == (1, 1, 1)
    everything = score(MATURITY, answers_of("E2"), live_models=0)
    assert dimensions(everything, "claimed") == (1, 1, 1)
    assert everything.overall.at_most == 4


@pytest.mark.parametrize("name", TEAMS)
def test_an_assessment_of_version_one_keeps_its_answers_and_level(name):
    first = history()["mlops-maturity", 1]
    assert first.digest == "e2144a043c5007086f302fd2b6e3afd7b269af4e335ce21b7013d3aa08630a24"  # as databases have it
    answers = answers_of(name)
    moved = plan(first, MATURITY, answers)
    assert moved.answers == answers
    assert not moved.dropped
    assert dimensions(score(MATURITY, moved.answers), "claimed") == dimensions(score(first, answers), "claimed")


# -- what its systems show: name: value, or (value, number of items) -------------------------------

NOTEBOOKS = {
    "team.members": 3,
    "live.models": 1,
    "mlf.runs": 30,
    "mlf.run_users": (1, 30),
    "mlf.run_params_metrics": (0.1, 30),
    "mlf.run_notebook": (1.0, 1),
    "pipe.def": False,
    "ci.tests_on_push": (0.0, 1),
    "git.tests": 0,
    "gov.mover": (0.0, 4),
}
GOOD_DEVOPS = {
    "team.members": 5,
    "live.models": 2,
    "cloud.training_job": 12,
    "git.hosted": (1.0, 2),
    "iac.datastore": True,
    "git.feature_reads": True,
    "git.test_rules": (1.0, 2),
    "git.tests": 40,
    "git.model_tests": (1.0, 2),
    "ci.tests_on_push": (1.0, 2),
    "gov.mover": (1.0, 3),
}
GOOD_TRAINING = GOOD_DEVOPS | {
    "mlf.runs": 120,
    "mlf.run_users": (4, 120),
    "mlf.run_params_metrics": (0.95, 120),
    "mlf.run_model": (0.9, 118),
    "mlf.models": 2,
    "mlf.version_lineage": (1.0, 2),
    "mlf.version_env": (1.0, 6),
    "mlf.version_run": (1.0, 6),
    "mlf.version_run.live": (1.0, 2),
    "pipe.def": True,
    "pipe.stages.training": True,
    "pipe.runs": 9,
    "gov.endpoint": (1.0, 2),
    "gov.moves_recorded": (1.0, 2),
    "ci.deploy": False,
    "gov.by_pipeline": (0.0, 3),
}
GOOD_DEPLOYMENT = GOOD_TRAINING | {
    "ci.deploy": True,
    "ci.image": True,
    "ci.build": (1.0, 2),
    "ci.steps": (0.75, 8),
    "gov.by_pipeline": (1.0, 5),
    "k8s.workload.by_flow": True,
    "k8s.pinned": (1.0, 2),
    "git.container": True,
    "git.release_tags": 4,
    "git.contract": True,
    "git.contract_tests": 3,
    "pipe.batch": True,
    "pipe.schedule": True,
    "gov.endpoint.batch": (1.0, 1),
    "gov.gates": (1.0, 5),
    "gov.perf_audit": (1.0, 2),
    "gov.expl_audit": (1.0, 2),
    "gov.fair_audit": (1.0, 2),
    "gov.perf_monitor.missing": 2,
}
GOOD_RETRAINING = GOOD_DEPLOYMENT | {
    "gov.perf_monitor.missing": 0,
    "gov.perf_monitor": (1.0, 2),
    "gov.monitor_owner": (1.0, 2),
    "gov.profile.metric": (1.0, 2),
    "gov.drift_monitor": (1.0, 2),
    "gov.thresholds.retraining": (1.0, 2),
    "gov.action.retrain": (1.0, 2),
    "gov.action.routine": (1.0, 2),
    "gov.action_done.routine": 2,
    "gov.trigger_chain": 2,
    "gov.trigger_chain.promoted": 1,
    "gov.findings": 0,
    "gov.predictions": (1.0, 2),
    "gov.channel": (1.0, 2),
    "gov.channel.delivered": 12,
    "gov.first_obs": (1.0, 4),
    "gov.unbroken": (1.0, 6),
    "gov.lag": 24,
    "k8s.bluegreen": True,
    "ci.steps": (0.875, 8),
    "ci.manual": 1,
    "ci.results": (1.0, 30),
}
SYSTEMS = {
    "A": (NOTEBOOKS, (0, 0, 0)),
    "B": (GOOD_DEVOPS, (1, 1, 1)),
    "C": (GOOD_TRAINING, (3, 2, 2)),
    "C2": (GOOD_TRAINING | {"gov.mover": (0.0, 6)}, (3, 0, 2)),
    "D": (GOOD_DEPLOYMENT, (3, 3, 3)),
    "D2": (GOOD_DEPLOYMENT | {"gov.expl_audit": (0.0, 2), "gov.expl_audit.missing": 2}, (3, 2, 3)),
    "E": (GOOD_RETRAINING, (4, 3, 3)),
    "E2": (GOOD_RETRAINING | {"gov.lag": 0.5, "gov.concurrent": 1}, (4, 4, 4)),
}
ON_DEVICES = GOOD_DEPLOYMENT | {"git.container": False, "cloud.endpoint": False, "ci.image": False}


def seen(facts):
    found = []
    for name, value in facts.items():
        value, items = value if isinstance(value, tuple) else (value, None)
        found.append(Fact(name, value, items, "A", NOW))
    return {c.id: weigh(c, found, NOW) for c in MATURITY.criteria}


@pytest.mark.parametrize("name", SYSTEMS)
def test_what_its_systems_show_gives_the_same_level(name):
    facts, levels = SYSTEMS[name]
    result = score(MATURITY, answers_of(name), seen(facts))
    assert dimensions(result, "evidenced") == levels == TEAMS[name][2]
    assert dimensions(result, "official") == levels


@pytest.mark.parametrize("name", SYSTEMS)
def test_no_fact_denies_what_a_team_truly_does(name):
    facts, _ = SYSTEMS[name]
    does = TEAMS[name][0]
    denied = {key for key, found in seen(facts).items() if found.verdict == "contradicts"}
    assert not denied & does
    if name in ("A", "C2", "D2"):
        assert denied  # and what it does not do is seen


def test_a_team_that_serves_on_devices_is_not_denied_and_reaches_three_by_review():
    found = seen({name: value for name, value in ON_DEVICES.items() if not name.startswith("k8s.workload")})
    online = "release.online-deploy-pipeline"
    assert found[online].verdict == "unknown"  # no collector sees a device
    answers = answers_of("D3")
    batch = "release.batch-deploy-pipeline"
    assert score(MATURITY, answers, found).dimensions["release"].official == 2
    reviews = {key: Review("confirmed") for key in (online, batch)}
    assert dimensions(score(MATURITY, answers, found, reviews=reviews), "official") == (3, 3, 3)


@pytest.mark.parametrize(
    ("key", "facts"),
    [
        # pipelines train under a service account, so no member's name is on the runs
        ("training.shared-platform", {"mlf.run_users": (0, 60), "mlf.runs": 60, "team.members": 4}),
        # a cluster pulls what the registry promotes; CI deploys nothing
        ("release.cicd-pipeline", {"ci.deploy": False, "gov.by_pipeline": (1.0, 5)}),
        # the cloud watches drift, and no policy wants a monitor in the portal
        (
            "training.data-drift-detected",
            {"gov.drift_monitor": (0.0, 2), "cloud.sm_monitor.data_quality": (1.0, 2)},
        ),
        # an event of the cloud starts the training pipeline
        ("training.retraining-trigger", {"gov.action.retrain": (0.0, 2), "pipe.trigger": (1.0, 2)}),
        # a managed endpoint needs no container file of the team
        ("release.online-deploy-pipeline", {"git.container": False, "cloud.endpoint": True}),
        # labels come late: they are watched by a proxy, at their own pace
        ("integration.monitoring-regime", {"gov.perf_monitor": (1.0, 1), "gov.labels.delay": 180}),
        # seven of eight steps run by themselves
        ("integration.minimal-manual", {"ci.steps": (0.875, 8), "ci.manual": 1}),
    ],
)
def test_a_truthful_yes_is_not_contradicted(key, facts):
    assert seen(facts)[key].verdict != "contradicts"


@pytest.mark.parametrize(
    ("key", "facts"),
    [
        ("training.experiments-recorded", {"mlf.run_params_metrics": (0.24, 310), "mlf.run_users": (1, 310)}),
        ("training.code-hosted", {"git.unhosted": 1}),
        ("training.pipeline-built", {"pipe.def": False, "mlf.run_notebook": (1.0, 1)}),
        ("release.cicd-pipeline", {"ci.deploy": True, "gov.by_pipeline": (0.1, 10)}),
        ("release.fairness-checked", {"gov.fair_audit": (0.5, 2), "gov.fair_audit.missing": 1}),
        ("release.gold-data-verified", {"gov.perf_audit": (1.0, 1), "gov.perf_audit.differs": 1}),
        ("integration.code-tests-automated", {"ci.tests_on_push": (0.0, 1), "git.tests": 12}),
        ("release.ab-tests", {"k8s.split.unused": True}),
        ("training.retraining-trigger", {"gov.trigger_chain.missed": 3, "pipe.trigger": (0.0, 1)}),
        ("training.data-drift-detected", {"gov.drift_monitor": (1.0, 1), "gov.drift_monitor.silent": 1}),
        ("training.platform-secured", {"mlf.anonymous_read": True}),
        ("release.versioned", {"k8s.pinned": (0.9, 10), "k8s.pinned.latest": 1}),
    ],
)
def test_a_plausible_false_claim_is_contradicted(key, facts):
    assert seen(facts)[key].verdict == "contradicts"
