"""The drift audit of a version: what it compares, what it runs, and what it says where there is no reference."""

from __future__ import annotations

import json
import pickle

import pandas as pd
import pytest

from governance.actions.audits import request_audits
from governance.audit_kinds import kinds_for
from governance.auditing import drift
from governance.models import Profile
from portal.jobs.kinds import KINDS
from portal.jobs.models import Job
from portal.message import Message
from tests.governance import factories as make
from tests.governance.agreed import use_set
from tests.governance.drift_made import applications
from tests.governance.evaluation_made import uploaded
from tests.governance.models_made import write_model

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.filterwarnings("ignore:fetch_arrow_table:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:The 'future.infer_string' option"),
]
CHOSEN = {"prediction_column": "chosen", "sensitive_columns": ["sex"], "excluded_columns": ["region"]}


@pytest.fixture
def version(cast):
    version = make.make_version(make.make_model(cast.team, profile=CHOSEN))
    version.lineage["files"]["signature"] = None
    version.save(update_fields=["lineage"])
    return version


def name_set(cast, version, role: str, table: pd.DataFrame) -> None:
    one = uploaded(cast.team, cast.member, text=table.to_csv(index=False), name=role, file=f"{role}.csv")
    use_set(model=version.model, one=one, role=role, by=cast.member)


def audited(version, by):
    request_audits(version=version, by=by, kinds=["drift"])
    KINDS["audit.drift"].run(Job.objects.filter(kind="audit.drift").latest("pk"), lambda *args: None)
    return version.audits.get(kind="drift")


def test_the_gold_set_is_compared_with_the_reference_before_the_training_data(cast, version):
    name_set(cast, version, "gold", applications(2, 1, shifted=True, rows=900))
    name_set(cast, version, "training", applications(3, 1, shifted=True, rows=900))
    name_set(cast, version, "reference", applications(1, 1, rows=900))
    audit = audited(version, cast.member)
    assert (audit.outcome, audit.label) == ("fail", "computed")
    assert "utilisation" in str(audit.result["message"]["params"])
    roles = {item["column"]: item["role"] for item in audit.result["columns"]}
    assert (roles["chosen"], roles["label"], roles["late_12m"]) == ("prediction", "label", "feature")
    assert "region" not in roles
    assert audit.result["fairness"]["verdict"] in ("fail", "inconclusive")
    assert audit.result["data"]["reference"]["set"] == "reference"
    assert audit.inputs["reference"].startswith("sha256:")
    assert audit.inputs["reference"] != audit.inputs["data"]


def test_without_a_reference_it_says_what_to_do(cast, version):
    name_set(cast, version, "gold", applications(2, 1, rows=300))
    audit = audited(version, cast.member)
    assert audit.outcome == "not_evaluated"
    assert audit.message["code"] == "drift.no_reference"


def test_a_set_is_not_compared_with_itself(cast, version):
    table = applications(2, 1, rows=300)
    name_set(cast, version, "gold", table)
    use_set(model=version.model, one=version.model.evaluation_uses.get().set, role="reference", by=cast.member)
    assert audited(version, cast.member).message["code"] == "drift.same_set"


def test_a_reference_of_other_bytes_is_refused(cast, version):
    name_set(cast, version, "gold", applications(2, 1, rows=300))
    name_set(cast, version, "reference", applications(1, 1, rows=300))
    version.model.evaluation_uses.get(role="reference").set.kept_file.write_text("income\n1\n")
    audit = audited(version, cast.member)
    assert (audit.outcome, audit.message["code"]) == ("not_evaluated", "drift.reference_unusable")


def test_it_is_asked_for_by_itself_once_a_reference_is_named(cast, version):
    profile = Profile.objects.get(model=version.model)
    assert "drift" not in kinds_for(profile)
    assert "drift" not in kinds_for(None)
    name_set(cast, version, "training", applications(1, 1, rows=120))
    assert "drift" in kinds_for(Profile.objects.get(model=version.model))


@pytest.mark.sandbox
def test_where_there_are_no_predictions_the_model_answers_on_both(cast, version, tmp_path, monkeypatch):
    from sklearn.tree import DecisionTreeClassifier

    taken = applications(1, 1, rows=900)[["utilisation"]]
    model = DecisionTreeClassifier(max_depth=1).fit(taken, (taken["utilisation"] > 0.4).astype(int))
    inputs = json.dumps([{"name": "utilisation", "type": "double", "required": True}])
    folder = write_model(tmp_path / "model", stored=pickle.dumps(model), inputs=inputs)
    monkeypatch.setattr(drift, "fetch_model", lambda *args: (folder, "sha256:1"))
    name_set(cast, version, "gold", applications(2, 1, shifted=True, rows=900).drop(columns="chosen"))
    name_set(cast, version, "reference", applications(1, 1, rows=900).drop(columns="chosen"))
    audit = audited(version, cast.member)
    assert (audit.outcome, audit.label) == ("fail", "replayed")
    made = next(item for item in audit.result["columns"] if item["role"] == "prediction")
    assert made["kind"] == "categorical"
    assert made["distance"] > 0.2
    assert audit.inputs["artifact"] == "sha256:1"


@pytest.mark.sandbox
def test_a_model_that_cannot_answer_leaves_the_columns_compared(cast, version, tmp_path, monkeypatch):
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "MLmodel").write_text("flavors: {}\n")
    monkeypatch.setattr(drift, "fetch_model", lambda *args: (tmp_path / "model", "sha256:1"))
    name_set(cast, version, "gold", applications(2, 1, rows=300).drop(columns="chosen"))
    name_set(cast, version, "reference", applications(1, 1, rows=300))
    audit = audited(version, cast.member)
    assert audit.label == "computed"
    assert audit.result["notes"][-1]["code"] == "drift.note.no_predictions"
    assert "answers were not compared" in str(Message.from_json(audit.message))
    assert "utilisation" in {item["column"] for item in audit.result["columns"]}
