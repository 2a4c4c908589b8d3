"""The MLOps architecture: what its source asks for, and the teams that it describes."""

from datetime import UTC, datetime

import pytest

from assessments.evidence_rules import Fact, weigh
from assessments.framework import shipped
from assessments.scoring import Answer, score

NOW = datetime(2026, 6, 1, tzinfo=UTC)
ARCHITECTURE = shipped()["mlops-architecture"]
REQUIRED = {c.id for c in ARCHITECTURE.criteria if c.required}
WORKSPACES = ("environments.own-workspace", "environments.shared-justified")


def test_it_is_a_checklist_of_six_parts_with_what_surrounds_them():
    assert ARCHITECTURE.is_checklist
    assert [d.key for d in ARCHITECTURE.dimensions] == [
        *("operationalise", "environments", "access", "roles"),
        *("setup", "inner", "ci", "outer", "cd", "monitor"),
        "design",
    ]
    assert (len(ARCHITECTURE.criteria), len(REQUIRED)) == (27, 17)
    assert {key.partition(".")[0] for key in REQUIRED} == {d.key for d in ARCHITECTURE.dimensions} - {"roles"}


def test_what_the_source_calls_possible_or_optional_is_recommended():
    assert {c.id for c in ARCHITECTURE.criteria} - REQUIRED == {
        "operationalise.retrain-with-new-data",
        "environments.staging",
        "environments.users-served",
        *WORKSPACES,
        "access.scientist-in-dev",
        "access.non-production-data",
        "roles.data-engineer",
        "roles.infrastructure",
        "roles.scientist",
    }
    assert ARCHITECTURE.by_id["environments.users-served"].ours


@pytest.mark.parametrize("language", ["en", "ja"])
def test_environment_is_told_apart_from_a_list_of_packages(language):
    for text in (ARCHITECTURE.description, ARCHITECTURE.dimension("environments").text):
        words = text.in_(language)
        assert "DevOps" in words
        assert ("packages" if language == "en" else "パッケージ") in words


@pytest.mark.parametrize(
    ("key", "home"),
    [
        ("operationalise.robust-pipeline", "mlops-maturity/training.pipeline-built"),
        ("operationalise.deployed", "cd4ml/principle.out-of-poc"),
        ("operationalise.end-to-end", "mlops-maturity/release.train-to-deploy-unbroken"),
        ("environments.two", "cd4ml/environments.separate"),
        ("access.engineer-deploys", "mlops-maturity/release.engineer-performed"),
        ("monitor.model", "cd4ml/observe.live-performance"),
        ("monitor.endpoint", "mlops-maturity/integration.serving-health"),
    ],
)
def test_what_another_framework_asks_too_is_answered_once(key, home):
    here = ARCHITECTURE.by_id[key]
    framework, _, name = home.partition("/")
    there = shipped()[framework].by_id[name]
    assert here.same_as == home
    assert (here.practice, here.statement, here.supports, here.contradicts, here.live, here.effort) == (
        *(there.practice, there.statement, there.supports, there.contradicts, there.live, there.effort),
    )


def test_every_other_practice_is_its_own():
    own = {c.practice for c in ARCHITECTURE.criteria if not c.same_as}
    others = {c.practice for key in ("mlops-maturity", "cd4ml") for c in shipped()[key].criteria}
    assert not own & others
    assert len({c.practice for c in ARCHITECTURE.criteria}) == 27


# -- teams: what they do ---------------------------------------------------------------------------

INNER_LOOP = {"inner.explore-train-evaluate"}
OPERATED = {key for key in REQUIRED if key.startswith(("operationalise.", "setup.", "ci.", "outer.", "cd."))}
WATCHED = {"monitor.model", "monitor.endpoint", "design.monitoring-retraining"}
SEPARATED = {"environments.two", "environments.flow"}
BY_ROLE = {"access.by-role", "access.least", "access.engineer-deploys"}
THE_SOURCES_TEAM = {c.id for c in ARCHITECTURE.criteria} - {"environments.shared-justified"}

TEAMS = {  # what they do, and how many of the 17 are met
    "a data scientist with a notebook": (INNER_LOOP, 1),
    "the team of the source: three environments, roles, six parts": (THE_SOURCES_TEAM, 17),
    "two environments, none in between, everybody does everything": (
        INNER_LOOP | OPERATED | WATCHED | SEPARATED | {"access.by-role"},
        15,
    ),
    "all is automated, but in one set of resources": (INNER_LOOP | OPERATED | WATCHED, 12),
    "good until it is live, then unwatched": (INNER_LOOP | OPERATED | SEPARATED | BY_ROLE, 14),
}


def answered(does, **changes):
    answers = {c.id: Answer("yes" if c.id in does else "no") for c in ARCHITECTURE.criteria}
    return answers | changes


def met(result, kind="claimed"):
    return {key for key in REQUIRED if result.standing(kind)[key] == "met"}


@pytest.mark.parametrize("name", TEAMS)
def test_a_team_meets_what_it_does(name):
    does, number = TEAMS[name]
    result = score(ARCHITECTURE, answered(does))
    assert met(result) == does & REQUIRED
    assert len(met(result)) == number
    assert result.overall.claimed == (number == 17)


def test_staging_is_wanted_and_never_demanded():
    without = score(ARCHITECTURE, answered(REQUIRED))
    assert without.claimed["environments.staging"] == "unmet"
    assert without.overall.claimed == 1


@pytest.mark.parametrize("chosen", WORKSPACES)
def test_separate_workspaces_and_one_with_a_reason_are_two_answers_to_one_question(chosen):
    result = score(ARCHITECTURE, answered({chosen}))
    assert {result.claimed[key] for key in WORKSPACES} == {"met"}
    neither = score(ARCHITECTURE, answered(set()))
    assert {neither.claimed[key] for key in WORKSPACES} == {"unmet"}


def test_with_nothing_live_nothing_is_claimed_of_live_models():
    result = score(ARCHITECTURE, answered(THE_SOURCES_TEAM), live_models=0)
    unknown = {key for key in REQUIRED if result.claimed[key] == "unknown"}
    assert unknown == {"environments.flow", "outer.deploy", "cd.test-promote", *WATCHED}
    assert result.overall.claimed == 0
    assert result.overall.at_most == 1


# -- teams: what their systems show ----------------------------------------------------------------

SHOWN = {
    "team.members": 6,
    "live.models": 2,
    "pipe.def": True,
    "pipe.stages.training": True,
    "pipe.runs": 8,
    "ci.tests_on_push": (1.0, 2),
    "ci.deploy": True,
    "git.model_tests": (1.0, 2),
    "gov.gates.development": (1.0, 6),
    "gov.gates": (1.0, 6),
    "gov.gates.before": (1.0, 6),
    "gov.moves_recorded": (1.0, 6),
    "gov.unbroken": (1.0, 6),
    "gov.by_pipeline": (1.0, 6),
    "gov.endpoint": (1.0, 2),
    "gov.env_roles": True,
    "gov.env_roles.staging": True,
    "gov.env_roles.owners": 2,
    "gov.env_separated": True,
    "gov.role_split": (0.0, 6),
    "gov.mover": (1.0, 6),
    "iac.present": True,
    "iac.present.complete": True,
    "mlf.runs": 80,
    "mlf.run_dataset": (0.9, 80),
    "mlf.run_params_metrics": (0.9, 80),
    "mlf.run_service.versions": (1.0, 6),
    "mlf.version_env": (1.0, 6),
    "mlf.version_signature": (1.0, 6),
    "k8s.health": (1.0, 2),
    "k8s.alerts": (1.0, 2),
    "gov.profile.before": (1.0, 2),
}


def seen(facts):
    found = []
    for name, value in facts.items():
        value, items = value if isinstance(value, tuple) else (value, None)
        found.append(Fact(name, value, items, "A", NOW))
    return {c.id: weigh(c, found, NOW) for c in ARCHITECTURE.criteria}


HERE = {c.id for c in ARCHITECTURE.criteria if c.required and not (c.same_as or "").startswith("cd4ml/")}


def test_the_systems_of_the_sources_team_show_what_it_does():
    verdicts = {key: found.verdict for key, found in seen(SHOWN).items()}
    assert {key for key in HERE if verdicts[key] != "supports"} == set()
    assert "contradicts" not in verdicts.values()


@pytest.mark.parametrize(
    ("key", "facts"),
    [
        ("operationalise.tested-in-dev", {"gov.gates.unproven": 2}),
        ("environments.staging", {"push.deploys.unstaged": 3}),
        ("environments.flow", {"gov.moves_recorded.first_seen": 1}),
        ("environments.users-served", {"gov.endpoint.development": 1}),
        ("environments.own-workspace", {"gov.env_separated": False, "cloud.workspaces.environments": 1}),
        ("environments.shared-justified", {"gov.env_separated": False, "gov.role_split": (0.8, 5)}),
        ("access.by-role", {"mlf.anonymous_read": True}),
        ("access.least", {"gov.env_roles.open": True, "team.members": 4}),
        ("access.scientist-in-dev", {"gov.env_roles.authors_writing": 1}),
        ("access.non-production-data", {"mlf.run_dataset.production": 5}),
        ("access.engineer-deploys", {"gov.mover": (0.2, 5)}),
        ("roles.data-engineer", {"iac.datastore.by_authors": (0.7, 10)}),
        ("roles.infrastructure", {"iac.present.unfiled": (0.4, 20)}),
        ("roles.scientist", {"git.file_owners.by_authors": (0.9, 10)}),
        ("inner.explore-train-evaluate", {"mlf.run_eval_dataset.missing": 1}),
        ("ci.package-register", {"mlf.run_service.versions": (0.2, 5), "mlf.run_notebook": (1.0, 2)}),
        ("outer.deploy", {"k8s.workload.unregistered": 1}),
        ("cd.test-promote", {"gov.gates.skipped": 1}),
        ("design.monitoring-retraining", {"gov.profile.metric": (0.0, 2)}),
    ],
)
def test_a_plausible_false_claim_is_contradicted(key, facts):
    assert seen(SHOWN | facts)[key].verdict == "contradicts"


def test_people_must_say_what_no_file_shows():
    found = seen(SHOWN | {"gov.endpoint.development": 0, "gov.predictions": (1.0, 2)})
    served = found["environments.users-served"]
    assert (served.verdict, served.person) == ("supports", True)
    alone = score(ARCHITECTURE, {}, found)
    assert alone.evidenced["environments.users-served"] == "unknown"
    with_yes = score(ARCHITECTURE, {"environments.users-served": Answer("yes")}, found)
    assert with_yes.evidenced["environments.users-served"] == "met"
