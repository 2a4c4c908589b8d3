"""The map of pipelines: 28 cells in four pipelines, and what each tool covers of them."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest

from assessments.evidence_rules import Fact, weigh
from assessments.facts import CATALOGUE
from assessments.framework import shipped
from assessments.framework_filling import TAKEN
from assessments.scoring import Answer, score

NOW = datetime(2026, 11, 20, tzinfo=UTC)
MAP = shipped()["pipeline-coverage"]

CELLS = {
    "build": "prepare train evaluate record version-files register pipeline",
    "score": "prepare runtime-online runtime-batch select-version record pipeline",
    "monitor": "prepare-feedback evaluate fairness drift record pipeline schedule notify person-judges",
    "refresh": "retrain record pipeline start notify replace",
}

# the capabilities of the grid, and the pipelines that each of them is asked for in
GRID = {
    "preparation": "build score monitor",
    "training": "build refresh",
    "evaluation": "build monitor",
    "run-record": "build score monitor refresh",
    "file-versions": "build",
    "model-registry": "build score",
    "pipeline": "build score monitor refresh",
    "runtime": "score",
    "fairness": "monitor",
    "drift": "monitor",
    "schedule": "monitor refresh",
    "notification": "monitor refresh",
    "judgement": "monitor",
    "replacement": "refresh",
}

SAME = {
    "build.record": "mlops-maturity/training.experiments-recorded",
    "build.register": "mlops-maturity/release.models-registered",
    "build.pipeline": "mlops-maturity/training.pipeline-built",
    "score.runtime-batch": "mlops-maturity/release.batch-deploy-pipeline",
    "score.record": "mlops-maturity/integration.inference-logs",
    "monitor.evaluate": "cd4ml/observe.live-performance",
    "monitor.fairness": "cd4ml/monitor.bias",
    "monitor.drift": "mlops-maturity/training.data-drift-detected",
    "monitor.notify": "mlops-maturity/integration.anomaly-notification",
}

# What the source says of its tools: F covers the cell, p partly or with code of one's own.
# Columns: MLflow, DVC, Watson, Orchestration Flow, Elyra, Kubeflow, Tekton, Airflow.
TOOLS = ["mlflow", "dvc", "watson", "orchestration-flow", "elyra", "kubeflow", "tekton", "airflow"]
SOURCE = {
    "build.prepare": "- p p p p - - -",
    "build.train": "- p p p p p - -",
    "build.evaluate": "- p p p p - - -",
    "build.record": "F - - - - - - -",
    "build.version-files": "p F p - - - - -",
    "build.register": "F - p - - - - -",
    "build.pipeline": "- p p F F F p p",
    "score.prepare": "- p p p p - - -",
    "score.runtime-online": "F - F - - p - -",
    "score.runtime-batch": "- p - p p p - p",
    "score.select-version": "F - p - - - - -",
    "score.record": "p - F - - - - -",
    "score.pipeline": "- F p F p p p p",
    "monitor.prepare-feedback": "- p p p p - - -",
    "monitor.evaluate": "- p F - - - - -",
    "monitor.fairness": "- - F - - - - -",
    "monitor.drift": "- - F - - - - -",
    "monitor.record": "F - p - - - - -",
    "monitor.pipeline": "- F p F p p p p",
    "monitor.schedule": "- - F ? - ? ? ?",
    "monitor.notify": "- - F - - - - -",
    "monitor.person-judges": "- - - - - - - -",
    "refresh.retrain": "- p p p p p - -",
    "refresh.record": "F p p - - - - -",
    "refresh.pipeline": "- F p F p p p p",
    "refresh.start": "- - F ? - ? ? ?",
    "refresh.notify": "- - - - - - - -",
    "refresh.replace": "p - p - - - - -",
}


def found(name, value, items=20):
    return Fact(name, value, items if CATALOGUE[name].minimum else None, "A", NOW - timedelta(days=1))


def verdict(key, *facts):
    return weigh(MAP.by_id[key], [found(*fact) for fact in facts], NOW).verdict


# -- the grid


def test_four_pipelines_hold_28_cells():
    cells = {row.key: " ".join(c.id.partition(".")[2] for c in MAP.of(row.key)) for row in MAP.dimensions}
    assert cells == CELLS
    assert len(MAP.criteria) == 28


def test_each_capability_is_asked_for_where_it_means_something():
    assert list(MAP.themes) == list(GRID)
    for theme, pipelines in GRID.items():
        assert {c.dimension for c in MAP.criteria if c.theme == theme} == set(pipelines.split()), theme


def test_it_is_a_map_in_which_cells_stand_for_themselves():
    assert MAP.is_checklist
    for criterion in MAP.criteria:
        assert criterion.required, criterion.id  # each cell counts, and none counts more
        assert criterion.prerequisites == (), criterion.id
        assert criterion.na_allowed, criterion.id  # what a team does not need is no gap


def test_what_is_shared_is_the_same_word_for_word():
    assert {criterion.id: criterion.same_as for criterion in MAP.criteria if criterion.same_as} == SAME
    for key, address in SAME.items():
        framework, _, name = address.partition("/")
        own, home = MAP.by_id[key], shipped()[framework].by_id[name]
        for field in set(TAKEN) - {"challenge", "how", "na_reason"}:
            assert getattr(own, field) == getattr(home, field), (key, field)


# -- the tools


@pytest.mark.parametrize("key", SOURCE)
def test_a_cell_names_the_tools_that_the_source_places_there(key):
    criterion = MAP.by_id[key]
    for tool, mark in zip(TOOLS, SOURCE[key].split(), strict=True):
        covered = criterion.covered_by.get(tool)
        if mark == "?":  # the source says nothing: never fully, and said so
            assert covered == "part"
            assert "source says nothing" in criterion.limits[tool].en
        else:
            assert covered == {"F": "full", "p": "part", "-": None}[mark], tool


def test_every_cell_of_the_map_is_compared_with_the_source():
    assert list(SOURCE) == [criterion.id for criterion in MAP.criteria]


def test_a_limit_is_told_of_tools_that_cover_the_cell():
    for criterion in MAP.criteria:
        assert criterion.limits.keys() <= criterion.covered_by.keys(), criterion.id


def test_judging_is_left_to_people_and_no_source_tool_announces_a_refresh():
    assert {c.id for c in MAP.criteria if not c.covered_by} == {"monitor.person-judges"}
    assert not {tool for tool in MAP.by_id["refresh.notify"].covered_by if tool in TOOLS}


def test_the_portal_claims_no_cell_for_itself_alone():
    own = {c.id: c for c in MAP.criteria if "sekisho" in c.covered_by}
    assert own
    for criterion in own.values():
        assert criterion.covered_by["sekisho"] == "part", criterion.id
        assert "sekisho" in criterion.limits, criterion.id


def test_starting_by_time_only_is_said_beside_it():
    assert MAP.by_id["refresh.start"].limits["watson"].en == "By time only."


# What the source says that a tool does, and what it does not
SAID = {
    "mlflow": ["Databricks", "Python and R", "tracking server", "registry", "Flask", "no pipelines"],
    "dvc": ["beside Git", "dvc.yaml", "dvc repro", "images", "parallel", "one repository", "Kubeflow", "your own code"],
    "watson": ["APIs", "SPSS", "TensorFlow", "REST", "fairness", "drift", "hardly any versioning", "set times"],
    "orchestration-flow": ["browser", "Data Refinery", "Modeler", "Kubeflow and Tekton", "IBM Cloud"],
    "elyra": ["JupyterLab", "IBM", "visual editor", "Airflow", "local"],
    "kubeflow": ["Kubernetes", "pipelines", "develop and deploy models"],
    "tekton": ["CI/CD", "Kubernetes"],
    "airflow": ["Elyra"],
    "sagemaker": ["Not placed by the source"],
    "azure-ml": ["Not placed by the source"],
    "sekisho": ["trains and serves nothing"],
}


@pytest.mark.parametrize("key", SAID)
def test_a_tool_tells_its_areas_and_its_limits(key):
    tool = next(tool for tool in MAP.tools if tool.key == key)
    assert not [words for words in SAID[key] if words not in tool.text.en]
    assert re.search(r"[ぁ-ん]", tool.text.ja)


def test_each_tool_is_told_of_and_is_seen_by_facts():
    assert {tool.key for tool in MAP.tools} == SAID.keys()
    seen = [tool.seen.facts() for tool in MAP.tools]
    assert all(seen)
    assert len(frozenset().union(*seen)) == sum(map(len, seen))  # no fact shows two tools


# -- how it reads


def test_every_cell_says_what_why_and_how_in_both_languages():
    for criterion in MAP.criteria:
        for text in (criterion.statement, criterion.challenge, criterion.how, *criterion.limits.values()):
            assert re.search(r"[ぁ-んァ-ヶ]", text.ja), criterion.id
            assert text.ja.endswith("。"), criterion.id
            assert text.en.isascii(), criterion.id
            assert text.en.endswith("."), criterion.id
        assert len(criterion.statement.en) <= 200, criterion.id
        assert len(criterion.title.ja) <= 35, criterion.id
        assert criterion.auto != "P" or criterion.person, criterion.id


@pytest.mark.parametrize("word", ["台帳", "版管理", "配備", "資源", "偏り", "作業領域"])
def test_japanese_keeps_the_products_words_for_their_meaning(word):
    texts = [tool.text.ja for tool in MAP.tools]
    for c in MAP.criteria:
        texts += [c.title.ja, c.statement.ja, c.challenge.ja, c.how.ja, *(limit.ja for limit in c.limits.values())]
    assert not [text for text in texts if word in text]


# -- facts

FACTS = {
    "build.prepare": ([("pipe.stages.prepare", True)], [("pipe.stages.prepare", False), ("git.notebook_share", 0.9)]),
    "build.train": ([("mlf.run_commit", 0.9)], [("pipe.stages.train", False), ("mlf.run_commit", 0.0)]),
    "build.evaluate": (
        [("pipe.stages.evaluate", True)],
        [("pipe.stages.evaluate", False), ("mlf.run_eval_dataset", 0.0), ("mlf.run_params_metrics", 0.1)],
    ),
    "build.version-files": (
        [("pipe.data_versioned", True), ("git.hosted", 1.0)],
        [("pipe.data_versioned", False), ("mlf.run_dataset.local", 0.9)],
    ),
    "score.prepare": ([("git.feature_reads.shared", 1.0)], [("git.feature_reads.copied", 1)]),
    "score.runtime-online": (
        [("cloud.endpoint", True), ("gov.endpoint", 1.0)],
        [("k8s.workload.unregistered", 1)],
    ),
    "score.select-version": ([("gov.endpoint", 1.0), ("mlf.models", 2)], [("gov.endpoint.unknown_version", 1)]),
    "score.pipeline": (
        [("pipe.batch", True)],
        [("pipe.stages.score", False), ("pipe.batch", False), ("gov.predictions.by_hand", 1)],
    ),
    "monitor.prepare-feedback": ([("gov.labels", 1.0)], [("gov.labels", 0.0), ("gov.perf_monitor.missing", 1)]),
    "monitor.record": ([("gov.trend", 1.0)], [("gov.trend", 0.0), ("gov.perf_monitor.missing", 1)]),
    "monitor.pipeline": (
        [("pipe.stages.monitor", True)],
        [("pipe.stages.monitor", False), ("gov.perf_monitor.missing", 1)],
    ),
    "monitor.schedule": ([("gov.perf_monitor.on_time", 1.0)], [("gov.drift_monitor.silent", 1)]),
    "monitor.person-judges": ([("gov.findings.decided", 0.95)], [("gov.findings.decided", 0.2)]),
    "refresh.retrain": (
        [("mlf.version_interval", 30), ("pipe.runs.refreshed", 0.5)],
        [("gov.trigger_chain.breaches", 3), ("gov.trigger_chain", 0)],
    ),
    "refresh.record": ([("mlf.version_run", 1.0)], [("mlf.version_run", 0.5)]),
    "refresh.pipeline": ([("pipe.def", True), ("pipe.runs.refreshed", 1.0)], [("pipe.runs.refreshed", 0.0)]),
    "refresh.start": (
        [("gov.action.retrain", 1.0)],
        [
            ("pipe.schedule.training", False),
            ("ci.schedule.training", False),
            ("pipe.trigger", 0.0),
            ("gov.action.retrain", 0.0),
        ],
    ),
    "refresh.notify": ([("gov.channel.retrained", 1.0)], [("gov.channel.retrained_missed", 1)]),
    "refresh.replace": ([("gov.moves_recorded", 1.0), ("gov.first_obs", 1.0)], [("gov.first_obs.missing", 1)]),
}


def test_facts_are_tried_on_every_cell_that_has_rules_of_its_own():
    assert FACTS.keys() == {criterion.id for criterion in MAP.criteria} - SAME.keys()


@pytest.mark.parametrize("key", FACTS)
def test_facts_fill_a_cell_or_show_its_gap(key):
    fill, gap = FACTS[key]
    assert verdict(key, *fill) == "supports"
    assert verdict(key, *gap) == "contradicts"
    assert verdict(key) == "unknown"
    if len(gap) > 1:
        assert verdict(key, *gap[:-1]) == "unknown"


@pytest.mark.parametrize(
    "start", ["pipe.schedule.training", "ci.schedule.training", "pipe.trigger", "gov.action.retrain"]
)
def test_a_calendar_or_a_trigger_alone_starts_a_refresh(start):
    assert verdict("refresh.start", (start, True if CATALOGUE[start].unit == "flag" else 1.0)) == "supports"


def test_a_model_that_was_never_refreshed_leaves_its_cells_open_not_empty():
    young = [("mlf.models", 1), ("live.models", 1), ("pipe.def", True), ("gov.trigger_chain.breaches", 0)]
    assert [verdict(f"refresh.{cell}", *young) for cell in CELLS["refresh"].split()] == ["unknown"] * 6


def test_doing_it_outside_the_portal_is_not_contradicted():
    """OpenScale watches, a server without Kubernetes answers, the training script evaluates."""
    assert verdict("monitor.pipeline", ("pipe.stages.monitor", False), ("gov.perf_monitor", 0.0)) == "unknown"
    assert verdict("monitor.prepare-feedback", ("gov.labels", 0.0)) == "unknown"
    elsewhere = [("k8s.workload", 0.0), ("cloud.endpoint", False), ("gov.endpoint", 1.0)]
    assert verdict("score.runtime-online", *elsewhere) == "unknown"
    scripted = [("pipe.stages.evaluate", False), ("mlf.run_eval_dataset", 0.0), ("mlf.run_params_metrics", 1.0)]
    assert verdict("build.evaluate", *scripted) == "unknown"


# -- a team of the source: MLflow in the middle, everything around it written by itself


def test_what_mlflow_covers_is_the_three_areas_that_the_source_draws():
    full = {c.id for c in MAP.criteria if c.covered_by.get("mlflow") == "full"}
    records = {"build.record", "monitor.record", "refresh.record"}
    assert full == records | {"build.register", "score.select-version"} | {"score.runtime-online"}
    answers = {key: Answer("yes") for key in full}
    result = score(MAP, answers, live_models=1)
    assert {key for key, standing in result.claimed.items() if standing == "met"} == full
    assert result.overall.claimed == 0
    assert {c.id for c in MAP.criteria if c.theme == "pipeline"} <= {
        key for key, standing in result.claimed.items() if standing == "unknown"
    }


def test_only_openscale_of_the_sources_tools_watches_fully():
    for cell in ("evaluate", "fairness", "drift", "notify", "schedule"):
        covered = MAP.by_id[f"monitor.{cell}"].covered_by
        assert [tool for tool in TOOLS if covered.get(tool) == "full"] == ["watson"], cell


def test_no_tool_of_the_source_covers_preparation_for_scoring():
    assert "full" not in MAP.by_id["score.prepare"].covered_by.values()


def test_a_team_without_live_models_has_covered_nothing_that_speaks_of_them():
    result = score(MAP, {c.id: Answer("yes") for c in MAP.criteria}, live_models=0)
    assert {key for key, standing in result.claimed.items() if standing == "unknown"} == {
        criterion.id for criterion in MAP.criteria if criterion.live
    }
    assert result.claimed["build.pipeline"] == "met"
