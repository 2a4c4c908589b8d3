"""Continuous delivery for ML: what its source names is there, shared where it should be, and weighed as described."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest

from assessments.evidence_rules import Fact, weigh
from assessments.facts import CATALOGUE
from assessments.framework import shipped
from assessments.framework_filling import TAKEN
from assessments.scoring import Answer, AnswerError, score

CD4ML = shipped()["cd4ml"]
NOW = datetime(2026, 11, 20, tzinfo=UTC)
REQUIRED = [criterion.id for criterion in CD4ML.criteria if criterion.required]

# required and recommended, by dimension: principles, six steps, six components, reference architecture
COUNTS = {
    "principle": (4, 1),
    "build": (3, 0),
    "evaluate": (3, 0),
    "productionize": (2, 0),
    "test": (5, 0),
    "deploy": (1, 5),
    "observe": (2, 0),
    "data": (2, 0),
    "versions": (3, 0),
    "orchestrate": (3, 0),
    "environments": (1, 4),
    "assess": (1, 0),
    "monitor": (5, 0),
    "ref": (0, 26),
}

SAME = {
    "principle.feedback-loop": "mlops-maturity/training.improvement-loop",
    "build.reproducible-pipeline": "mlops-maturity/training.pipeline-built",
    "evaluate.tracked": "mlops-maturity/training.experiments-recorded",
    "test.integration": "mlops-maturity/integration.tests-introduced",
    "test.accuracy": "mlops-maturity/release.gold-data-verified",
    "test.bias": "mlops-maturity/release.fairness-checked",
    "data.accessible": "mlops-maturity/training.data-self-service",
    "versions.code": "mlops-maturity/training.code-hosted",
    "versions.artifacts": "mlops-maturity/release.models-registered",
    "orchestrate.modelled": "mlops-maturity/training.dependencies-declared",
    "orchestrate.deploy-runs": "mlops-maturity/release.cicd-pipeline",
    "environments.scalable": "cd4ml/deploy.elastic",
    "assess.transparent": "mlops-maturity/training.experiments-recorded",
    "monitor.performance": "cd4ml/observe.live-performance",
    "monitor.inputs": "mlops-maturity/integration.inference-logs",
    "monitor.drift": "mlops-maturity/training.data-drift-detected",
    "ref.experiment-platform": "mlops-maturity/training.shared-platform",
    "ref.experiment-access": "mlops-maturity/training.platform-secured",
    "ref.experiment-elastic": "cd4ml/deploy.elastic",
    "ref.sharing": "mlops-maturity/training.code-hosted",
    "ref.prediction-bias": "mlops-maturity/release.fairness-checked",
    "ref.explainability": "mlops-maturity/release.explainability-checked",
    "ref.deployment": "mlops-maturity/release.serving-standardised",
    "ref.drift": "mlops-maturity/training.data-drift-detected",
    "ref.continuous-improvement": "mlops-maturity/training.improvement-loop",
}

WAYS = ("deploy.multi-model", "deploy.shadow", "deploy.segments", "deploy.online-learning")


def found(name, value, items=20):
    return Fact(name, value, items if CATALOGUE[name].minimum else None, "A", NOW - timedelta(days=1))


def answers(values):
    assert values.keys() <= CD4ML.by_id.keys()
    return {key: Answer(value) for key, value in values.items()}


def claimed(values, **options):
    return score(CD4ML, answers(values), **options)


ALL = dict.fromkeys(REQUIRED, "yes")


# -- what is there


def test_each_part_of_the_source_has_its_criteria():
    assert CD4ML.is_checklist
    counted = Counter((criterion.dimension, criterion.required) for criterion in CD4ML.criteria)
    assert {key: (counted[key, True], counted[key, False]) for key in COUNTS} == COUNTS
    assert [dimension.key for dimension in CD4ML.dimensions] == list(COUNTS)
    assert (len(CD4ML.criteria), len(REQUIRED)) == (71, 35)


def test_the_reference_architecture_is_grouped_by_what_it_can_do():
    themes = {criterion.theme for criterion in CD4ML.of("ref")}
    assert {"data", "labelling", "experiments", "pipelines", "fairness", "monitoring", "traceability"} <= themes
    assert {criterion.theme for criterion in CD4ML.criteria} == CD4ML.themes.keys()


def test_what_is_shared_is_the_same_word_for_word():
    assert {criterion.id: criterion.same_as for criterion in CD4ML.criteria if criterion.same_as} == SAME
    for key, address in SAME.items():
        framework, _, name = address.partition("/")
        own, home = CD4ML.by_id[key], shipped()[framework].by_id[name]
        for field in set(TAKEN) - {"challenge", "na_reason"}:
            assert getattr(own, field) == getattr(home, field), (key, field)
        assert own.ours or not home.ours, key


def test_a_practice_stands_twice_only_where_two_are_the_same():
    own = [criterion.practice for criterion in CD4ML.criteria if criterion.id not in SAME]
    assert len(own) == len(set(own))
    assert not set(own) & {criterion.practice for criterion in shipped()["mlops-maturity"].criteria}


def test_not_applicable_is_accepted_where_the_source_leaves_room():
    allowed = {criterion.id for criterion in CD4ML.criteria if criterion.na_allowed}
    assert {key for key in allowed if CD4ML.by_id[key].required} == {
        "test.bias",
        "observe.production-labelling",
        "monitor.bias",
    }
    assert not allowed & {"test.integration", "monitor.drift", "ref.drift", "ref.explainability"}
    with pytest.raises(AnswerError):
        claimed({"test.integration": "na"})


def test_members_are_asked_of_culture_only():
    asked = {criterion.id for criterion in CD4ML.criteria if criterion.pulse}
    assert {key for key in asked if key.startswith("principle.")} == {c.id for c in CD4ML.of("principle")}
    assert asked - {c.id for c in CD4ML.of("principle")} == {
        "data.discoverable",
        "data.accessible",
        "assess.transparent",
        "ref.journey",
    }


# -- how it reads


def _texts(value):
    if hasattr(value, "ja"):
        yield value
    elif hasattr(value, "__dataclass_fields__"):
        for name in value.__dataclass_fields__:
            yield from _texts(getattr(value, name))
    elif isinstance(value, tuple | list):
        for item in value:
            yield from _texts(item)
    elif isinstance(value, dict):
        yield from _texts(list(value.values()))


def test_every_text_is_there_in_both_languages():
    texts = list(_texts(CD4ML))
    assert len(texts) > 71 * 4
    for text in texts:
        assert any("\u3040" <= letter <= "\u9fff" for letter in text.ja), text
        assert text.en.isascii(), text


def test_titles_are_short_and_differ_and_statements_are_whole_sentences():
    for language in ("en", "ja"):
        titles = [criterion.title.in_(language) for criterion in CD4ML.criteria]
        assert len(titles) == len(set(titles))
    for criterion in CD4ML.criteria:
        assert len(criterion.title.ja) <= 35, criterion.id
        assert len(criterion.statement.en) <= 200, criterion.id
        for text in (criterion.statement, criterion.challenge, criterion.how):
            assert text.ja.endswith("。"), criterion.id
            assert text.en.endswith("."), criterion.id
        assert criterion.auto != "P" or criterion.person, criterion.id


@pytest.mark.parametrize("word", ["台帳", "版管理", "配備", "資源", "偏り", "作業領域"])
def test_japanese_keeps_the_products_words_for_their_meaning(word):
    assert not [text.ja for text in _texts(CD4ML) if word in text.ja]


# -- any one way to deploy with little risk


@pytest.mark.parametrize("way", WAYS)
def test_one_way_with_little_risk_is_enough(way):
    none = ALL | {"deploy.low-risk": "no"} | dict.fromkeys(WAYS, "no")
    without = claimed(none)
    assert without.claimed["deploy.low-risk"] == "unmet"
    assert without.overall.blocking == ("deploy.low-risk",)
    assert claimed({key: none[key] for key in none if key != way}).claimed["deploy.low-risk"] == "unknown"
    having = claimed(none | {way: "yes"})
    assert having.claimed["deploy.low-risk"] == "met"
    assert having.overall.claimed == 1


def test_a_way_that_does_not_apply_is_no_way():
    result = claimed(ALL | {"deploy.low-risk": "no"} | dict.fromkeys(WAYS, "na"))
    assert result.claimed["deploy.low-risk"] == "unmet"
    assert result.overall.claimed == 0


def test_no_other_criterion_has_alternatives():
    assert {criterion.id: criterion.any_of for criterion in CD4ML.criteria if criterion.any_of} == {
        "deploy.low-risk": WAYS
    }


# -- teams, as the source describes them


def test_a_team_that_follows_the_whole_process_meets_the_checklist_without_the_vendors_design():
    result = claimed(ALL, live_models=2)
    assert result.overall.claimed == 1
    assert result.overall.blocking == ()
    assert all(levels.claimed == 1 for levels in result.dimensions.values())


def test_unknown_is_never_yes():
    for key in REQUIRED:
        result = claimed({name: value for name, value in ALL.items() if name != key})
        assert (result.overall.claimed, result.overall.claimed_at_most) == (0, 1), key
        assert result.claimed[key] == "unknown"


def test_a_trial_that_never_left_its_notebook_stands_as_the_source_says():
    """Stuck in the proof of concept: a search for models, by a silo, with nothing live."""
    stuck = dict.fromkeys(REQUIRED, "no") | {
        "build.systematic-search": "yes",
        "data.accessible": "yes",
        "versions.code": "yes",
        "observe.live-performance": "yes",  # true of no model
        "principle.out-of-poc": "no",
    }
    result = claimed(stuck, live_models=0)
    met = {key for key in REQUIRED if result.claimed[key] == "met"}
    assert met == {"build.systematic-search", "data.accessible", "versions.code"}
    assert result.claimed["observe.live-performance"] == "unknown"
    assert result.overall.claimed == result.overall.claimed_at_most == 0
    facts = [found("mlf.models", 6), found("mlf.models.live", 0), found("live.models", 0)]
    assert weigh(CD4ML.by_id["principle.out-of-poc"], facts, NOW).verdict == "contradicts"


def test_a_team_that_releases_but_does_not_look_lacks_the_last_step_and_the_monitoring():
    blind = ALL | {c.id: "no" for key in ("observe", "monitor") for c in CD4ML.of(key)}
    blind["monitor.inputs"] = "yes"
    result = claimed(blind | {"principle.feedback-loop": "no"}, live_models=1)
    assert {key for key, levels in result.dimensions.items() if not levels.claimed} == {
        "principle",
        "observe",
        "monitor",
    }
    counts = result.levels("monitor").counts[0]
    assert (counts.met, counts.required) == (1, 5)


# -- the services that the source names are evidence, never required

SERVICES = {
    "Data Exchange": ([("cloud.ingest", 1)], ["ref.data-enrichment"]),
    "Ground Truth": ([("cloud.labelling", 3)], ["ref.labelling"]),
    "Feature Store": ([("cloud.feature_store", 1)], ["ref.feature-store"]),
    "Studio": ([("cloud.workspaces", True), ("cloud.training_job", 4)], ["ref.experiment-platform"]),
    "training job": (
        [("cloud.training_job", 4), ("cloud.training_job.distributed", 1), ("mlf.run_notebook", 0.1)],
        ["ref.workloads", "ref.scale-training", "ref.experiment-elastic"],
    ),
    "CodeCommit": ([("git.hosted", 1.0)], ["ref.sharing"]),
    "Pipelines": (
        [("cloud.sm_pipeline", 12), ("cloud.sm_lineage", 1.0)],
        ["ref.packaged-orchestrated", "ref.source-traced"],
    ),
    "Debugger": ([("cloud.debug", 2)], ["ref.training-debug"]),
    "Neo": ([("cloud.compile", 1), ("cloud.compile.checked", 1.0)], ["ref.model-optimised"]),
    "Clarify": (
        [("cloud.sm_clarify.data_bias", 1.0), ("cloud.sm_clarify.explained", 1.0)],
        ["ref.data-bias", "ref.shap", "ref.explainability"],
    ),
    "Model Monitor": ([("cloud.sm_monitor.data_quality", 1.0)], ["ref.drift"]),
    "Augmented AI": ([("cloud.human_loop", 40)], ["ref.human-review"]),
}


@pytest.mark.parametrize("service", SERVICES)
def test_each_service_of_the_source_supports_what_it_is_named_for(service):
    facts, names = SERVICES[service]
    for name in names:
        criterion = CD4ML.by_id[name]
        assert not criterion.required
        assert weigh(criterion, [found(*fact) for fact in facts], NOW).verdict == "supports", name
        assert weigh(criterion, [], NOW).verdict == "unknown", name


def test_evidence_of_one_way_makes_low_risk_official_and_old_evidence_does_not():
    shadow = CD4ML.by_id["deploy.shadow"]
    fresh = found("k8s.shadow", True)
    old = Fact("k8s.shadow", True, None, "A", NOW - timedelta(days=120))
    for fact, standing in ((fresh, "met"), (old, "unknown")):
        weighed = {shadow.id: weigh(shadow, [fact], NOW)}
        result = score(CD4ML, {}, weighed, live_models=1)
        assert result.official["deploy.low-risk"] == standing


def test_what_is_not_in_the_portal_denies_nothing_by_itself():
    """A team may write down, watch and label elsewhere."""
    for name, fact in (
        ("productionize.serving-decided", found("gov.profile", 0.0)),
        ("monitor.bias", found("gov.fair_monitor", 0.0)),
        ("ref.labelling", found("git.data_files.labels", 3)),
        ("ref.packaged-orchestrated", found("pipe.runs.versions", 0.0)),
    ):
        assert weigh(CD4ML.by_id[name], [fact], NOW).verdict == "unknown", name
