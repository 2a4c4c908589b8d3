"""Pages of evaluation sets and of a model's data: who sees rows, and what the columns come to mean."""

from __future__ import annotations

from html import unescape

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from governance.actions.data_connections import save_connection
from governance.actions.evaluation_sets import create_set
from governance.models import EvaluationSet, EvaluationSetUse, Profile
from portal.jobs.models import Job
from portal.jobs.runner import run_job
from tests.governance import factories as make
from tests.governance.agreed import agree_to, use_set
from tests.governance.evaluation_made import CASES, PEOPLE, uploaded, work

pytestmark = pytest.mark.django_db


@pytest.fixture
def model(cast):
    return make.make_model(cast.team, profile={"sensitive_columns": ["region"], "label_column": ""})


def page(answer) -> str:
    return answer.content.decode()


def test_an_upload_from_its_form_to_its_page(cast, as_user, settings):
    browser = as_user(cast.member)
    given = {"team": cast.team.pk, "name": "Held out", "consent": "By contract", "keep_until": "2030-01-01"}
    file = SimpleUploadedFile("cases.csv", CASES.encode())
    made = browser.post("/evaluation-sets/new/?source=upload", given | {"upload": file}, follow=True)
    assert "Not measured yet" in page(made)
    work("evaluation.measure")
    shown = page(browser.get(made.redirect_chain[-1][0]))
    assert "its digest is pinned" in shown
    assert "<td>590</td>" not in shown  # first rows only
    assert "<td>90</td>" in shown
    settings.UPLOAD_LIMIT = 100
    refused = browser.post(
        "/evaluation-sets/new/?source=upload",
        given | {"name": "Large", "upload": SimpleUploadedFile("cases.csv", CASES.encode())},
    )
    assert refused.status_code == 422
    assert "larger than" in page(refused)
    assert EvaluationSet.objects.count() == 1


def test_rows_are_seen_by_the_owner_and_by_reviewers_if_it_allows(cast, as_user):
    one = uploaded(cast.team, cast.member)
    address = f"/evaluation-sets/{one.pk}/"
    for who, sees in ((cast.member, True), (cast.reviewer, False), (cast.admin, False), (cast.auditor, False)):
        assert ("<td>north</td>" in page(as_user(who).get(address))) is sees
    as_user(cast.manager).post(address + "change/", {"rev": one.rev, "rows_for_reviewers": "on"})
    assert "<td>north</td>" in page(as_user(cast.reviewer).get(address))
    assert "<td>north</td>" not in page(as_user(cast.auditor).get(address))
    late = as_user(cast.manager).post(address + "change/", {"rev": one.rev, "consent": "Mine"})
    assert late.status_code == 422
    assert "Mine" in page(late)


def test_columns_are_chosen_with_the_size_of_each_group_in_sight(cast, as_user, model):
    one = uploaded(cast.team, cast.member)
    as_user(cast.member).post(f"/models/{model.pk}/data/", {"role": "gold", "set": one.pk})
    people = uploaded(cast.other_team, cast.stranger, text=PEOPLE, name="People", file="p.csv", shared=True)
    use_set(model=model, one=people, role="sensitive", key_columns=["id"], by=cast.member)
    address = f"/models/{model.pk}/data/columns/"
    shown = page(as_user(cast.member).get(address))
    assert "too small to be judged" in shown  # south has 20 cases
    assert "女" not in shown  # another team's rows
    profile = Profile.objects.get(model=model)
    given = {"rev": profile.rev, "meaning-0": "excluded", "meaning-1": "feature", "meaning-2": "label"}
    given |= {"meaning-3": "feature", "slice-3": "on", "sensitive-4": "on"}
    as_user(cast.member).post(address, given)
    agree_to(model)
    profile.refresh_from_db()
    assert (profile.label_column, profile.excluded_columns) == ("label", ["id"])
    assert (profile.sensitive_columns, profile.slice_columns) == (["sex"], ["region"])
    wrong = as_user(cast.member).post(address, given | {"rev": profile.rev, "meaning-1": "label"})
    assert wrong.status_code == 422
    assert "One column alone" in page(wrong)
    assert as_user(cast.stranger).get(address).status_code == 404


def test_a_challenger_is_added_and_taken_away_by_reviewers(cast, as_user, model):
    one = uploaded(cast.other_team, cast.stranger)
    address = f"/models/{model.pk}/data/"
    assert "Challenger set" not in page(as_user(cast.member).get(address)).split("Use it")[0]
    as_user(cast.reviewer).post(address, {"role": "challenger", "set": one.pk})
    use = EvaluationSetUse.objects.get(role="challenger")
    assert as_user(cast.manager).post(f"{address}{use.pk}/release/").status_code == 403
    as_user(cast.reviewer).post(f"{address}{use.pk}/release/")
    agree_to(model)  # another reviewer
    assert not EvaluationSetUse.objects.exists()


def test_the_api_tells_facts_and_no_rows(cast, as_user, model):
    one = uploaded(cast.team, cast.member)
    use_set(model=model, one=one, role="gold", by=cast.member)
    [found] = as_user(cast.auditor).get("/api/v1/evaluation-sets/").json()["results"]
    assert (found["digest"], found["models"]) == (one.digest, [{"model": "credit-limit", "role": "gold"}])
    assert "preview" not in found
    assert "north" not in page(as_user(cast.auditor).get(f"/api/v1/evaluation-sets/{one.pk}/"))
    assert as_user(cast.stranger).get(f"/api/v1/evaluation-sets/{one.pk}/").status_code == 404


def test_why_a_set_was_not_measured_is_said(cast, as_user, tmp_path):
    away = save_connection(name="W", kind="duckdb", address=str(tmp_path / "gone.duckdb"), by=cast.admin)
    one = create_set(team=cast.team, name="A", source="table", connection=away, place="t", by=cast.member)
    run_job(Job.objects.get(kind="evaluation.measure").pk)
    shown = page(as_user(cast.member).get(f"/evaluation-sets/{one.pk}/"))
    assert "The database W does not answer" in shown


@pytest.mark.parametrize("form", ["json", "page"])
def test_what_stands_in_an_explained_row_is_for_those_who_may_see_rows(cast, as_user, model, form):
    theirs = uploaded(cast.other_team, cast.stranger, shared=True)
    version = make.make_version(model)
    make.audit_explanation(version)
    address = f"/models/{model.pk}/versions/1/explanation/"

    def values() -> list:
        browser = as_user(cast.member)
        if form == "json":
            [row] = browser.get(address + "?format=json").json()["result"]["local"]
            return [part["value"] for part in row["contributions"]]
        return [step.value for step in browser.get(address).context["figures"].local.steps[1:5]]

    if form == "page":  # without a set of its own, the team's data are explained to the team
        assert None not in values()
    use_set(model=model, one=theirs, role="gold", by=cast.member)
    assert set(values()) == {None}


def test_who_is_in_no_team_is_told_what_to_do(cast, as_user):
    response = as_user(cast.reviewer).get("/evaluation-sets/new/")
    assert response.status_code == 403
    assert "Ask a team's manager to invite you" in unescape(response.content.decode())
