"""The page of the drift audit: its answer, what counts, its files, and hostile names in it."""

from __future__ import annotations

import csv
import io

import pytest
from django.urls import reverse

from governance.views.drift_figures import drift_view
from portal.message import Message
from tests.governance import factories as make
from tests.governance.drift_made import audit_drift, drift_result

pytestmark = [
    pytest.mark.filterwarnings("ignore:fetch_arrow_table:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:The 'future.infer_string' option"),
]
SCRIPT = '<script>alert("x")</script>'


@pytest.fixture
def version(cast):
    return make.make_version(make.make_model(cast.team))


def page_of(browser, version, **query):
    return browser.get(reverse("version-drift", args=[version.model_id, version.number]), query)


def text(response) -> str:
    assert response.status_code == 200
    return response.content.decode()


def test_without_a_reference_the_page_says_what_to_do(cast, as_user, version):
    make.keep(version, "drift", "not_evaluated", Message("drift.no_reference"), {}, "computed")
    page = text(page_of(as_user(cast.member), version))
    assert "Name the data it was trained on" in page
    assert "verdict-pass" not in page


def test_drifted_columns_are_named_pictured_and_weighed(cast, as_user, version):
    make.audit_explanation(version)
    audit_drift(version)
    page = text(page_of(as_user(cast.member), version))
    assert "verdict-fail" in page
    assert "Drifted beyond 0.1: utilisation by" in page
    assert "Drifted, counts much" in page
    assert "of the newest explanation" in page
    assert page.count('<ul class="mult"><li>') == 1
    assert "new categories: 1" in page
    assert "Kyushu: 2" in page
    assert "1% → 20%" in page
    assert "F (sex) has changed by" in page
    assert "scipy" in page


def test_without_an_explanation_nothing_is_said_to_count(cast, as_user, version):
    audit_drift(version)
    page = text(page_of(as_user(cast.member), version))
    assert "Drifted, counts" not in page
    assert "Without an explanation audit it is not known" in page


def test_no_drift_passes(cast, as_user, version):
    audit_drift(version, shifted=False)
    page = text(page_of(as_user(cast.member), version))
    assert "verdict-pass" in page
    assert "No column has drifted beyond 0.1; the farthest is" in page
    assert "of the newest explanation" not in page


def test_what_drifted_and_counts_is_pictured_first():
    _, _, result = drift_result(4, True, ())
    importance = [{"feature": "region", "share": 0.7}, {"feature": "utilisation", "share": 0.01}]
    view = drift_view(result, importance)
    assert [row.item["column"] for row in view.pictured][:2] == ["region", "utilisation"]
    assert [row.weight.much for row in view.pictured[:2]] == [True, False]
    assert view.leaning == pytest.approx(0.71)
    assert view.rows[0].item["column"] == "utilisation"  # the table stays in the order of the distance
    assert view.rows[0].psi_band == "large"


def test_many_columns_are_folded_and_shown_when_asked_for(cast, as_user, version):
    audit_drift(version, columns=30)
    browser = as_user(cast.member)
    assert "Columns not shown, none farther: 16." in text(page_of(browser, version))
    assert "Columns not shown" not in text(page_of(browser, version, show="all"))


def test_hostile_names_stay_text_on_the_page_and_in_the_file(cast, as_user, version):
    audit_drift(version, names=(SCRIPT, "=cmd()"))
    browser = as_user(cast.member)
    assert "<script>alert" not in text(page_of(browser, version, show="all"))
    response = page_of(browser, version, format="csv")
    rows = list(csv.DictReader(io.StringIO(response.content.decode("utf-8-sig"))))
    by_name = {row["column"]: row for row in rows}
    assert "'=cmd()" in by_name
    assert float(by_name["utilisation"]["distance"]) > 0.1
    assert by_name["region"]["new_levels"] == "Tohoku"
    assert by_name["label"]["role"] == "label"


def test_the_json_file_holds_the_whole_result(cast, as_user, version):
    audit_drift(version)
    document = page_of(as_user(cast.member), version, format="json").json()
    assert document["result"]["schema"] == "sekisho.drift/1"
    assert document["sentence"].startswith("Drifted beyond 0.1")


def test_an_older_sentence_names_the_models_answer_as_what_it_is(cast, as_user, version):
    """Audits are never rewritten: the page says it in today's words."""
    audit = audit_drift(version)
    moved = {"column": "__sekisho_prediction", "value": 0.3, "low": 0.2, "high": 0.4}
    old = {"tolerance": 0.1, "compared": 3, "count": 1, "columns": [{"code": "drift.moved", "params": moved}]}
    type(audit).objects.filter(pk=audit.pk).update(message={"code": "drift.fail", "params": old})
    page = text(page_of(as_user(cast.member), version))
    assert "the model&#x27;s answer by 0.3" in page
    assert "__sekisho_prediction" not in page
