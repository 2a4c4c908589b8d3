"""The explanation audit of a version in the worker: beside the live version, and on its page."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace
from pathlib import Path

import cloudpickle
import numpy as np
import pandas as pd
import pytest
from django.urls import reverse

from governance.auditing import explanation
from governance.auditing.examination import Examination
from governance.auditing.sources import EvaluationTable, NotEvaluated
from governance.engine.explanation.results import Attributed
from portal.jobs.models import Job
from portal.message import Message
from portal.web.errors import DomainError
from tests.governance import factories as make

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    rng = np.random.default_rng(5)
    frame = pd.DataFrame(rng.normal(0, 1, (600, 3)), columns=["use", "late", "months"])
    frame["age"] = frame.months * 10 + 50 + rng.normal(0, 2, 600)
    frame["good"] = (frame["use"] + frame.months + rng.normal(0, 0.3, 600) > 0).astype(int)
    path = tmp_path_factory.mktemp("data") / "evaluation.parquet"
    frame.to_parquet(path)
    return path


@pytest.fixture(scope="module")
def models(table, tmp_path_factory):
    """Two linear models: the live one does not take `months`."""
    from sklearn.linear_model import LogisticRegression

    frame, found = pd.read_parquet(table), {}
    for number, columns in ((1, ["use", "late"]), (2, ["use", "late", "months"])):
        folder = tmp_path_factory.mktemp(f"model{number}")
        (folder / "model.pkl").write_bytes(cloudpickle.dumps(LogisticRegression().fit(frame[columns], frame.good)))
        inputs = json.dumps([{"name": name, "type": "double", "required": True} for name in columns])
        flavor = {"pickled_model": "model.pkl", "serialization_format": "cloudpickle"}
        (folder / "MLmodel").write_text(json.dumps({"flavors": {"sklearn": flavor}, "signature": {"inputs": inputs}}))
        found[number] = folder
    return found


@pytest.fixture
def version(cast, table, models, monkeypatch):
    model = make.make_model(cast.team)
    profile = model.profile
    profile.sensitive_columns, profile.proxy_columns = ["age"], ["months"]
    profile.label_column, profile.prediction_column, profile.positive = "good", "", "1"
    profile.save()
    live, version = make.make_version(model, 1), make.make_version(model, 2)
    monkeypatch.setattr(explanation, "fetch_table", lambda *a: EvaluationTable(table, "sha256:data"))
    monkeypatch.setattr(explanation, "fetch_model", lambda one, folder: (models[one.number], f"sha256:{one.number}"))
    monkeypatch.setattr(explanation, "live_version", lambda one: live)
    return version


def page_of(browser, version, **query):
    response = browser.get(reverse("version-explanation", args=[version.model_id, version.number]), query)
    assert response.status_code == 200
    return response.content.decode()


def test_a_version_is_explained_beside_the_live_one_and_its_page_says_what_changed(cast, as_user, version, tmp_path):
    found = explanation.examine(Examination(version), tmp_path, lambda *a: None)
    assert found.outcome == "pass"
    assert found.inputs["live"] == "sha256:1"
    assert "Python 3" in found.inputs["interpreter"]
    result = found.result
    changes = {change["feature"]: change["kind"] for change in result["comparison"]["changes"]}
    assert changes["months"] == "new"
    assert {item["feature"] for item in result["importance"]} == {"use", "late", "months"}, "not the label, not age"
    assert [item["used"] for item in result["sensitive"] + result["proxies"]] == [False, True]
    assert result["proxy_reliance"] > 0.3
    assert [(a["feature"], a["sensitive"]) for a in result["associations"] if a["likely"]] == [("months", "age")]

    make.keep(version, "explanation", found.outcome, found.message, result, "replayed")
    browser = as_user(cast.member)
    page = page_of(browser, version)
    for words in (
        "What changed against live version 1", "months is new", "newly relied on", "may stand in", "named proxy",
        "Agrees with shap", "How to read this", "Not causal.", "Does it hold when made again?", "highest output",
        "live version, by its share",
    ):  # fmt: skip
        assert words in page
    row = result["local"][-1]["row"]
    assert f"Row {row} of the evaluation data" in page_of(browser, version, row=row)
    response = browser.get(reverse("version-explanation", args=[version.model_id, 2]), {"format": "csv"})
    rows = {row["feature"]: row for row in csv.DictReader(io.StringIO(response.content.decode("utf-8-sig")))}
    assert rows["months"]["changed"] == "new"
    assert float(rows["use"]["share_low"]) <= float(rows["use"]["share"]) <= float(rows["use"]["share_high"])


def test_a_live_version_that_cannot_be_explained_leaves_the_audit_standing(version, models, tmp_path, monkeypatch):
    def fetch(one, folder: Path):
        if one.number == 1:
            raise NotEvaluated("audit.no_run")
        return models[2], "sha256:2"

    made = replace(make.explanation_result((), (), True), attributed=Attributed(["use"], np.ones((3, 1)), "margin"))
    monkeypatch.setattr(explanation, "fetch_model", fetch)
    monkeypatch.setattr(explanation, "explain", lambda *a, **k: made)
    found = explanation.examine(Examination(version), tmp_path, lambda *a: None)
    assert found.outcome == "pass"
    assert found.result["comparison"]["message"]["code"] == "explanation.compared.not"
    assert found.result["comparison"]["rows"] == 0


def test_the_live_version_is_explained_on_the_same_rows(version, tmp_path, monkeypatch):
    """Rows that are asked for leave the sample; if they left only one of the two, other rows would be compared."""
    made = make.explanation_result((), (), True)
    made, asked = replace(made, attributed=Attributed(["use"], np.ones((3, 1)), "margin"), rows_used=3), []
    monkeypatch.setattr(explanation, "explain", lambda *args, **given: asked.append(given) or made)
    explanation.examine(Examination(version), tmp_path, lambda *a: None, chosen=("7", "late=0.5"))
    now, live = asked
    assert now["chosen"] == live["chosen"] == ("7", "late=0.5")
    assert (live["rows"], live["precision"], live["seed"]) == (3, None, made.seed)


def test_a_sensitive_column_that_the_data_lacks_is_said_and_not_taken_for_unused(version, tmp_path):
    version.model.profile.sensitive_columns = ["Age"]
    with pytest.raises(NotEvaluated) as error:
        explanation.examine(Examination(version), tmp_path, lambda *a: None)
    assert error.value.message.code == "data.no_column"


def test_an_unstable_explanation_is_shown_and_called_no_evidence(cast, as_user, version):
    found = make.explanation_result((), ("sex",), True).to_json()
    message = {"code": "explanation.unstable", "params": {"feature": "use", "change": "20.0", "limit": "10.0"}}
    message["params"] |= {"correlation": "0.10", "least": "0.80", "repeats": 3, "rows": 30}
    make.keep(version, "explanation", "inconclusive", Message.from_json(message), found, "replayed")
    page = page_of(as_user(cast.member), version)
    assert "verdict-inc" in page
    assert "it is no evidence" in page
    assert "What drove the output" in page


def test_rows_that_are_asked_for_go_with_the_job(cast, as_user, version):
    make.audit_explanation(version)
    browser = as_user(cast.member)
    assert "Explain other rows too" in page_of(browser, version)
    place = reverse("version-audit", args=[version.model_id, version.number])
    browser.post(place, {"kind": "explanation", "rows": " 7, late=0.5,, "})
    browser.post(place, {"kind": "explanation"})
    asked = Job.objects.filter(kind="audit.explanation").order_by("pk")
    assert [job.params.get("rows") for job in asked] == [["7", "late=0.5"], None]


@pytest.mark.parametrize(
    ("row", "code"),
    [
        ("600", "explanation.no_such_row"),
        ("late=nobody", "explanation.not_one_row"),
        ("age=50", "explanation.row_hidden"),
    ],
)
def test_a_row_that_cannot_be_named_ends_the_job_and_keeps_no_audit(version, tmp_path, row, code):
    with pytest.raises(DomainError) as error:
        explanation.examine(Examination(version), tmp_path, lambda *a: None, chosen=[row])
    assert error.value.message.code == code
    assert not isinstance(error.value, NotEvaluated), "a slip of the pen is no evidence against the version"
