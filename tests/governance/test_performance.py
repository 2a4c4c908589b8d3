"""The performance audit of a version, from the job to the page, beside the version that is live."""

from __future__ import annotations

import csv
import json

import numpy as np
import pandas as pd
import pytest
from django.urls import reverse
from django.utils import timezone

from governance.actions.audits import request_audits
from governance.audit_kinds import kinds_for
from governance.auditing import performance
from governance.auditing.live import live_version
from governance.auditing.sources import EvaluationTable
from governance.models import AuditKind, Kind, Placement, Policy, Profile, Promotion
from governance.views.performance_figures import performance_view
from portal.jobs.models import Job
from portal.message import Message
from portal.web.errors import Unavailable
from tests.governance import factories as make
from tests.governance.models_made import write_model

SCRIPT = '<script>alert("x")</script>'
SIMPLE = {"prediction_column": "said", "metric": "recall", "sensitive_columns": ["sex"]}


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """Two logged models: one sees the income, the other only sees what is above 70."""
    import pickle

    from sklearn.tree import DecisionTreeClassifier

    folder = tmp_path_factory.mktemp("models")
    income = pd.DataFrame({"income": [float(i) for i in range(100)]})
    for name, least in (("sees", 50), ("misses", 70)):
        model = DecisionTreeClassifier(max_depth=1).fit(income, (income["income"] > least).astype(int))
        write_model(folder / name, stored=pickle.dumps(model))
    return folder


def table_of(rows: int = 400) -> pd.DataFrame:
    rng = np.random.default_rng(4)
    income = rng.uniform(0, 100, rows)
    label = (income + rng.normal(scale=5, size=rows) > 50).astype(int)
    said = np.where(rng.random(rows) < 0.9, label, 1 - label)
    return pd.DataFrame({"label": label, "said": said, "income": income, "sex": rng.choice(["f", "m"], rows)})


def audited(version, monkeypatch, folder, models=None, table=None):
    """Run the job on folders in place of a registry's files, and on a table in place of the profile's."""

    def fetch_model(asked, place):
        if models is None or asked.number not in models:
            raise Unavailable("audit.version_gone")
        return models[asked.number], make.FILES

    def fetch_table(version, profile, place):
        path = folder / "evaluation.parquet"
        (table_of() if table is None else table).to_parquet(path)
        return EvaluationTable(path, "sha256:" + "d" * 64)

    monkeypatch.setattr(performance, "fetch_model", fetch_model)
    monkeypatch.setattr(performance, "fetch_table", fetch_table)
    (job,) = request_audits(version=version, by=None, kinds=["performance"])
    performance.run(Job.objects.get(pk=job.pk), lambda *args: None)
    return version.audits.filter(kind=AuditKind.PERFORMANCE).first()


def page_of(browser, version, **query) -> str:
    response = browser.get(reverse("version-performance", args=[version.model_id, version.number]), query)
    assert response.status_code == 200
    return response.content.decode()


# The job


def test_labels_that_are_all_missing_are_no_evidence(cast, monkeypatch, tmp_path):
    version = make.make_version(make.make_model(cast.team, profile=SIMPLE))
    audit = audited(version, monkeypatch, tmp_path, table=table_of().assign(label=None))
    assert audit.outcome == "not_evaluated"
    assert "label" in str(Message.from_json(audit.message))
    assert audit.result == {}


@pytest.mark.sandbox
def test_both_versions_are_run_on_the_same_rows(cast, as_user, monkeypatch, tmp_path, files):
    model = make.make_model(
        cast.team,
        aliases={"champion": 1},
        profile=SIMPLE | {"prediction_column": "", "slice_columns": ["income"], "bins": {"income": [50]}},
    )
    make.make_version(model, 1)
    version = make.make_version(model, 2)
    audit = audited(version, monkeypatch, tmp_path, {1: files / "sees", 2: files / "misses"})
    assert (audit.outcome, audit.label) == ("fail", "replayed")
    assert audit.inputs["live"] == make.FILES
    assert audit.inputs["live_version"] == "1"
    assert audit.inputs["artifact"] == make.FILES
    result = audit.result
    assert str(Message.from_json(result["message"])).startswith("It is worse than the live version 1 on the same")
    table = table_of()
    for number, threshold in ((1, 50.5), (2, 70.5)):
        chosen = table["income"] > threshold
        recall = (chosen & (table["label"] == 1)).sum() / table["label"].sum()
        side = "live" if number == 1 else "own"
        assert result["comparison"]["differences"]["recall"][side] == pytest.approx(recall)
    assert {item["name"] for item in result["metrics"]} >= {"auc", "brier"}  # the sandbox gives scores too
    assert {level["column"] for item in result["slices"] for level in item["where"]} == {"income", "sex"}
    shown = page_of(as_user(cast.member), version)
    for words in (
        "All rows, beside the live version 1",
        "Where the two disagree",
        "we ran the model",
        "Confusion matrix",
    ):
        assert words in shown


def test_supplied_predictions_are_computed_and_an_unreachable_live_version_is_said(cast, monkeypatch, tmp_path):
    model = make.make_model(cast.team, aliases={"champion": 1}, profile=SIMPLE)
    make.make_version(model, 1)
    audit = audited(make.make_version(model, 2), monkeypatch, tmp_path)
    assert (audit.outcome, audit.label) == ("pass", "computed")
    assert audit.result["comparison"]["outcome"] == "not_evaluated"
    assert "could not be compared with the live version 1: The version does not exist" in str(
        Message.from_json(audit.message)
    )
    assert "live" not in audit.inputs


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"label_column": ""}, "audit.no_label"),
        ({"label_column": "lable"}, "data.no_column"),
        ({"score_column": "sex"}, "performance.not_numeric"),
    ],
)
def test_what_cannot_be_measured_is_kept_as_not_evaluated(cast, monkeypatch, tmp_path, changed, code):
    version = make.make_version(make.make_model(cast.team, profile=SIMPLE | changed))
    audit = audited(version, monkeypatch, tmp_path)
    assert (audit.outcome, audit.message["code"], audit.result) == ("not_evaluated", code, {})


@pytest.mark.django_db
def test_every_kind_of_model_is_measured():
    for kind in Kind.values:
        assert AuditKind.PERFORMANCE in kinds_for(Profile(kind=kind))


# The live version


def test_live_is_what_was_placed_in_production_then_its_alias(cast):
    model = make.make_model(cast.team, aliases={"champion": 1})
    first, second, third = (make.make_version(model, number) for number in (1, 2, 3))
    assert live_version(second) == first
    assert live_version(first) is None
    promotion = Promotion.objects.create(version=third, environment="production", policy=Policy.objects.get())
    Placement.objects.create(
        model=model, environment="production", version=third, promotion=promotion, since=timezone.now()
    )
    assert live_version(second) == third
    assert live_version(third) is None
    third.deleted_at = timezone.now()
    third.save()
    assert live_version(second) is None


# The page


@pytest.fixture
def version(cast):
    return make.make_version(make.make_model(cast.team), 2)


def test_the_page_answers_how_good_and_where_it_is_worst(cast, as_user, version):
    make.audit_performance(version, metric="recall")
    shown = page_of(as_user(cast.member), version)
    for words in (
        "Worst where age ≥ 60: recall",
        "All rows",
        "Calibration: does the score keep what it promises?",
        "Not judged, n below 30",
        "Worse than the rest",
        "What this does not say",
    ):
        assert words in shown
    assert "Live right" not in shown


def test_slices_of_one_column_have_their_address(cast, as_user, version):
    make.audit_performance(version, metric="recall")
    browser = as_user(cast.member)
    assert "region is Kanto" in page_of(browser, version)
    assert "region is Kanto" not in page_of(browser, version, column="age")
    for query in ({"column": SCRIPT}, {"all": "x"}, {"column": "age", "all": "1"}):
        assert "<script>alert" not in page_of(browser, version, **query)


def test_numbers_of_a_regression_beside_the_live_version(cast, as_user, version):
    make.audit_performance(version, task="regression", metric="mae", live=1)
    shown = page_of(as_user(cast.member), version)
    assert "verdict-fail" in shown
    assert "In the label" in shown
    assert "Worse than the rest and live" in shown
    assert "Confusion matrix" not in shown


def test_an_unknown_metric_is_no_pass_and_still_shows_the_others(cast, as_user, version):
    make.audit_performance(version, metric="profit")
    shown = page_of(as_user(cast.member), version)
    assert "profit, is none that can be measured here" in shown
    assert "verdict-pass" not in shown
    assert "Balanced accuracy" in shown


def test_marks_and_scales():
    view = performance_view(make.performance_result("binary", 1, (("metric", "recall"),)))
    assert [group.key for group in view.groups] == ["share", "brier", "log_loss"]
    assert all(group.scale.low >= 0 or group.key != "share" for group in view.groups)
    marks = {row.item["name"][0]["params"].get("level"): row.outcome for row in view.slices}
    assert marks["Hokkaido"] == "not_evaluated"
    assert view.slices[0].outcome == "fail"
    assert [facet.key for facet in view.facets] == ["", "age", "region"]


def test_names_of_columns_are_text(cast, as_user, version):
    made = make.performance_result(column=SCRIPT)
    make.keep(version, "performance", made["verdict"], Message.from_json(made["message"]), made, "computed")
    browser = as_user(cast.member)
    shown = page_of(browser, version)
    assert "<script>alert" not in shown
    assert "&lt;script&gt;" in shown
    assert json.loads(page_of(browser, version, format="json"))["result"]["schema"] == "sekisho.performance/1"


def test_the_numbers_as_a_file(cast, as_user, version):
    make.audit_performance(version, metric="recall", live=1)
    rows = page_of(as_user(cast.member), version, format="csv").lstrip("\ufeff").splitlines()
    assert rows[0].startswith("slice,metric,value,low,high,n,interval,live,difference")
    assert any(row.startswith(",recall,0.8") and ",wilson,0.7" in row for row in rows)
    slices = [row for row in csv.DictReader(rows) if row["slice"] == "age ≥ 60"]
    assert [(row["metric"], row["worse"], row["value"][:3]) for row in slices] == [("recall", "True", "0.7")]


def test_the_page_in_japanese(cast, as_user, version):
    make.audit_performance(version, metric="recall", live=1)
    assert "読み方" in page_of(as_user(cast.japanese), version)
