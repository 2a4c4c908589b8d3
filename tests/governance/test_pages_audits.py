"""The pages of the three audits: their answers, their empty states, their files, and hostile names in them."""

from __future__ import annotations

import csv
import io
import re
from html import unescape

import pytest
from django.urls import reverse
from django.utils import timezone

from governance.models import Audit
from governance.views.audit_export import _cell
from governance.views.explanation_figures import explanation_view
from governance.views.fairness_figures import fairness_view
from governance.views.fairness_plain import plain_words
from portal.jobs.models import Job
from portal.message import Message
from tests.governance import factories as make

SCRIPT = '<script>alert("x")</script>'
KINDS = ("lineage", "fairness", "explanation")


@pytest.fixture
def version(cast):
    return make.make_version(make.make_model(cast.team))


def page_of(browser, version, kind, **query):
    return browser.get(reverse(f"version-{kind}", args=[version.model_id, version.number]), query)


def text(response) -> str:
    assert response.status_code == 200
    return response.content.decode()


@pytest.mark.parametrize("kind", KINDS)
def test_not_yet_audited_offers_the_audit(cast, as_user, version, kind):
    page = text(page_of(as_user(cast.member), version, kind))
    assert "Not audited yet" in page
    assert f'name="kind" value="{kind}"' in page
    assert "st-pass" not in page
    assert "Audit now" not in text(page_of(as_user(cast.auditor), version, kind))


@pytest.mark.parametrize("kind", KINDS)
def test_an_audit_under_way_shows_its_progress(cast, as_user, version, kind):
    as_user(cast.member).post(reverse("version-audit", args=[version.model_id, 1]), {"kind": kind})
    page = text(page_of(as_user(cast.member), version, kind))
    assert "data-poll" in page
    assert "Audit now" not in page


def test_a_failed_job_says_why_until_an_audit_is_newer(cast, as_user, version):
    browser = as_user(cast.member)
    browser.post(reverse("version-audit", args=[version.model_id, 1]), {"kind": "lineage"})
    error = Message("audit.version_gone").to_json()
    Job.objects.update(state="failed", ended_at=timezone.now(), error=error)
    assert "does not exist any more" in text(page_of(browser, version, "lineage"))
    make.audit_lineage(version)
    assert "does not exist any more" not in text(page_of(browser, version, "lineage"))


@pytest.mark.parametrize("kind", KINDS)
def test_not_evaluated_says_why_and_looks_like_no_pass(cast, as_user, version, kind):
    make.keep(version, kind, "not_evaluated", Message("audit.no_data"), {}, "computed")
    page = text(page_of(as_user(cast.member), version, kind))
    assert "names no evaluation data" in page
    assert "verdict-pass" not in page
    assert "Audit again" in page


def test_without_a_profile_the_page_leads_to_it(cast, as_user):
    version = make.make_version(make.make_model(cast.team, profile=False))
    assert reverse("model-profile", args=[version.model_id]) in text(page_of(as_user(cast.member), version, "fairness"))


# Lineage


def test_a_whole_lineage_is_drawn_and_told(cast, as_user, version):
    make.audit_lineage(version)
    page = text(page_of(as_user(cast.member), version, "lineage"))
    assert "run 8f21c0d1" in page
    assert "No gap in the picture." in page
    svg = re.search(r'<div class="graph".*?</svg>', page, re.S).group()
    assert svg.count("loans") >= 1
    assert "Production" in svg  # the alias, by the environment that it realises
    assert "How to close each gap" not in page


def test_gaps_are_dashed_named_and_have_a_remedy(cast, as_user, version):
    make.audit_lineage(version, careless=True)
    page = text(page_of(as_user(cast.member), version, "lineage"))
    assert "Gaps: 3." in page
    assert 'stroke-dasharray="5 4"' in page
    assert page.count('class="gapli"') == 3
    assert "mlflow.log_input(dataset, context=&quot;training&quot;)" in page
    assert page.index("Commit of the code") < page.index("Pinned environment")  # what is missing comes first


# Fairness


def test_a_certain_gap_fails_and_is_shown_by_its_measure(cast, as_user, version):
    make.audit_fairness(version, gap=0.2)
    page = text(page_of(as_user(cast.member), version, "fairness"))
    assert "verdict-fail" in page
    assert "Not judged, n below 30" in page
    assert "within 0.1 of the highest" in page
    one_by_one = text(page_of(as_user(cast.member), version, "fairness", groups="each", measure="selection_rate"))
    assert 'aria-current="true">Selection rate' in one_by_one


@pytest.mark.parametrize(
    ("gap", "found", "sure"),
    [
        (0.2, "of 100 such in", "Chance does not explain it: the true difference is at least"),
        (0.1, "of 100 such in", "The sample is too small to tell: the true difference may be as small as"),
        (0.0, "of 100 such in", "Even with bad luck in the sample the true difference is at most"),
    ],
)
def test_the_decisive_gap_in_plain_words(cast, as_user, version, gap, found, sure):
    make.audit_fairness(version, gap=gap)
    page = text(page_of(as_user(cast.member), version, "fairness"))
    assert found in page
    assert sure in page


def test_plain_words_are_never_surer_than_the_interval():
    gap = {
        "value": 0.3, "low": 0.119, "high": 0.401, "tolerance": 0.1, "rate": "selection_rate", "verdict": "fail",
        "metric": "demographic_parity_difference", "highest": {"value": 0.666}, "lowest": {"value": 0.366},
        "message": {"params": {"highest": "A", "lowest": "B"}},
    }  # fmt: skip
    plain = plain_words({"positive": "1"}, gap)
    assert (plain.of_highest, plain.of_lowest, plain.least, plain.most, plain.allowed) == (67, 37, 11, 41, "10")
    assert plain_words({}, gap | {"metric": "demographic_parity_ratio"}) is None
    assert plain_words({}, gap | {"value": None}) is None


def test_small_groups_are_hollow_and_never_the_highest(cast):
    _, _, result = make.fairness_result(0.0, ("F", "M"), "age")
    view = fairness_view(result, "selection_rate", "each")
    rows = {row.name[0]: row for grouping in view.groupings for row in grouping.rows}
    assert rows["old"].outcome == "not_evaluated"
    assert not rows["old"].judged
    assert not rows["old"].is_highest
    assert rows["F"].outcome == "pass"
    assert {grouping.title for grouping in view.groupings} == {"sex", "age"}
    for grouping in view.groupings:
        assert sum(row.is_highest for row in grouping.rows) == 1
        assert grouping.band[1] == grouping.reference
        assert grouping.band[0] == pytest.approx(max(0, grouping.reference - 0.1))


def test_what_is_undefined_is_said_to_be(cast, as_user, version):
    audit = make.audit_fairness(version)
    result = {**audit.result}
    group = next(g for g in result["groups"] if g["group"] == {"age": "old"})
    group["metrics"]["precision"] |= {"value": None, "low": None, "high": None, "n": 0, "judged": False}
    Audit.objects.filter(pk=audit.pk).update(result=result)
    page = text(page_of(as_user(cast.member), version, "fairness", measure="precision", groups="each"))
    assert ">undefined<" in page
    assert "the group has no case to count" in page


@pytest.mark.parametrize(
    "query", [{"measure": "nonsense"}, {"groups": SCRIPT}, {"measure": "f1", "groups": "together"}]
)
def test_unknown_facets_fall_back(cast, as_user, version, query):
    make.audit_fairness(version)
    assert "<script>alert" not in text(page_of(as_user(cast.member), version, "fairness", **query))


def test_names_of_groups_and_columns_are_text(cast, as_user, version):
    make.audit_fairness(version, gap=0.2, names=(SCRIPT, "=cmd|calc"), age="<b>age</b>")
    browser = as_user(cast.member)
    for groups in ("each", "together"):
        page = text(page_of(browser, version, "fairness", groups=groups))
        assert "<script>alert" not in page
        assert "<b>age</b>" not in page
        assert "&lt;script&gt;" in page


# Explanation


def test_ten_features_the_rest_and_ties(cast, as_user, version):
    make.audit_explanation(version)
    page = text(page_of(as_user(cast.member), version, "explanation"))
    assert "The most important feature is utilisation." in page
    assert "Other features: 3" in page
    assert "tied" in page
    assert "Not causal." in page
    assert "Used directly" in page
    assert "Row 20881 of the evaluation data" in page


def test_the_steps_of_a_row_lead_from_the_average_to_the_output():
    result = make.explanation_result((), ("sex",), True).to_json()
    local = explanation_view(result, "20881").local
    assert [step.kind for step in local.steps] == ["base", *["step"] * 9, "end"]
    for before, after in zip(local.steps, local.steps[1:-1], strict=False):
        assert after.start == pytest.approx(before.stop)
    assert local.steps[-2].stop == pytest.approx(local.steps[-1].stop)
    assert explanation_view(result, "7").unknown_row == "7"


def test_direction_is_a_sign_and_no_direction_is_neither_way():
    items = {row.name: row for row in explanation_view(make.explanation_result((), (), True).to_json()).rows}
    assert items["utilisation"].value > 0 > items["late_12m"].value
    assert items["region"].item["direction"] is None


def test_what_does_not_add_up_is_not_drawn(cast, as_user, version):
    make.audit_explanation(version, adds_up=False)
    page = text(page_of(as_user(cast.member), version, "explanation"))
    assert "verdict-fail" in page
    assert "What drove the output" not in page


def test_names_of_features_are_text(cast, as_user, version):
    make.audit_explanation(version, columns=(SCRIPT, "=cmd|calc"), sensitive=(SCRIPT,))
    page = text(page_of(as_user(cast.member), version, "explanation", row=SCRIPT))
    assert "<script>alert" not in page
    assert "&lt;script&gt;" in page


# Files and older audits


def test_results_as_files(cast, as_user, version):
    make.audit_all(version)
    browser = as_user(cast.member)
    for kind in KINDS:
        as_json = page_of(browser, version, kind, format="json")
        assert as_json.json()["result"]["schema"] == f"sekisho.{kind}/1"
        as_csv = page_of(browser, version, kind, format="csv")
        assert as_csv["Content-Disposition"] == f'attachment; filename="{kind}-credit-limit-1.csv"'
        rows = list(csv.DictReader(io.StringIO(as_csv.content.decode("utf-8-sig"))))
        assert len(rows) > 4
    fairness = list(
        csv.DictReader(io.StringIO(page_of(browser, version, "fairness", format="csv").content.decode("utf-8-sig")))
    )
    female = next(row for row in fairness if row["group"] == "sex=F" and row["metric"] == "selection_rate")
    assert 0 < float(female["low"]) < float(female["value"]) < float(female["high"]) < 1
    assert page_of(as_user(cast.stranger), version, "fairness", format="csv").status_code == 404


@pytest.mark.parametrize("value", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1"])
def test_a_spreadsheet_runs_nothing(value):
    assert _cell(value) == "'" + value


def test_numbers_stay_numbers_in_files():
    assert _cell(-0.5) == -0.5
    assert _cell(None) == ""


def test_a_formula_as_a_feature_is_quoted_in_the_file(cast, as_user, version):
    make.audit_explanation(version, columns=("=cmd|' /C calc'!A0",))
    assert "'=cmd|" in page_of(as_user(cast.member), version, "explanation", format="csv").content.decode()


def test_an_older_audit_has_its_own_address(cast, as_user, version):
    older = make.audit_lineage(version, careless=True)
    make.audit_lineage(version, careless=False)
    browser = as_user(cast.member)
    assert "there is a newer one" in text(page_of(browser, version, "lineage", audit=older.pk))
    assert "there is a newer one" not in text(page_of(browser, version, "lineage"))
    for wrong in (10**6, "x", "²", older.pk * 10**30):
        assert page_of(browser, version, "lineage", audit=wrong).status_code == 404
    assert page_of(browser, version, "fairness", audit=older.pk).status_code == 404
    foreign = make.audit_lineage(make.make_version(make.make_model(cast.other_team, "theirs")))
    assert page_of(browser, version, "lineage", audit=foreign.pk).status_code == 404


def test_audits_in_japanese(cast, as_user, version):
    make.audit_all(version, gap=0.2)
    browser = as_user(cast.japanese)
    assert "読み方" in text(page_of(browser, version, "fairness"))
    assert "因果関係ではありません" in text(page_of(browser, version, "explanation"))
    assert "記録" in text(page_of(browser, version, "lineage"))


def test_the_headline_of_fairness_is_short_and_the_sentence_stands_below_it(cast, as_user):
    version = make.make_version(make.make_model(cast.team))
    audit = make.audit_fairness(version, gap=0.3)
    page = unescape(as_user(cast.member).get(f"/models/{version.model_id}/versions/1/fairness/").content.decode())
    head = page.partition('<h2 id="v">')[2].partition("</h2>")[0]
    assert head.startswith("Beyond the tolerance: ")
    assert len(head) < 70
    assert f"<p>{Message.from_json(audit.message)!s}</p>" in page
