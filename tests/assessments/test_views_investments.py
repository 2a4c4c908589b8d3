"""Shared investments, within what one may see."""

from __future__ import annotations

import csv
import io

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from assessments import actions
from assessments.framework import shipped
from portal.accounts.models import Membership, Team, Unit

pytestmark = pytest.mark.django_db
FRAMEWORK = shipped()["mlops-maturity"]
URL = "/investments/"


@pytest.fixture
def claim(cast):
    """`claim(team, all_but)` submits an assessment that claims level 1 but for these."""

    def submit(team, all_but=()):
        Membership.objects.get_or_create(team=team, user=cast.manager, defaults={"role": "manager"})
        by = type(cast.manager).objects.get(pk=cast.manager.pk)
        draft = actions.start_assessment(team=team, framework=FRAMEWORK, by=by)
        for criterion in FRAMEWORK.criteria:
            if criterion.required and criterion.level == 1:
                row = draft.answers.get(criterion=criterion.id)
                value = "no" if criterion.id in all_but else "yes"
                actions.save_answer(assessment=draft, criterion=criterion.id, value=value, note="", rev=row.rev, by=by)
        actions.submit(assessment=draft, by=by)

    return submit


def page(response) -> str:
    assert response.status_code == 200
    return response.content.decode()


def test_it_leads_with_what_lifts_most_and_names_whom(as_user, cast, claim):
    claim(cast.team, all_but=["training.code-hosted"])
    html = page(as_user(cast.admin).get(f"{URL}?framework=mlops-maturity"))
    title = FRAMEWORK.by_id["training.code-hosted"].title.en
    assert f"<b>{title}</b>: done once for all" in html
    assert "Teams that reach a next level at once: 1." in html
    assert "Lifts Credit Risk" in html
    assert "Not assessed, and so left out: 1." in html


def test_one_sees_only_ones_own_teams_and_members_none(as_user, cast, claim):
    claim(cast.team, all_but=["training.code-hosted"])
    claim(cast.other_team, all_but=["training.code-hosted"])
    Membership.objects.filter(team=cast.other_team, user=cast.manager).delete()
    html = page(as_user(type(cast.manager).objects.get(pk=cast.manager.pk)).get(f"{URL}?framework=mlops-maturity"))
    assert "Credit Risk" in html
    assert "Imaging" not in html
    assert as_user(cast.member).get(URL).status_code == 403


def test_it_is_narrowed_by_kind_unit_and_framework(as_user, cast, claim):
    claim(cast.team, all_but=["training.code-hosted", "integration.basic-tests"])
    client = as_user(cast.auditor)
    both = [FRAMEWORK.by_id[key].title.en for key in ("training.code-hosted", "integration.basic-tests")]
    together = f"“{both[0]}”, “{both[1]}”".replace("'", "&#x27;")
    assert together in page(client.get(f"{URL}?kind=package"))
    assert together not in page(client.get(f"{URL}?kind=practice"))
    assert "Continuous delivery for ML" in page(client.get(f"{URL}?framework=all&kind=theme"))
    assert "No team that you may see has been assessed yet." in page(client.get(f"{URL}?unit=Elsewhere"))
    page(client.get(f"{URL}?framework=none&kind=none&unit=%00"))


def test_the_csv_holds_all_of_it_and_runs_nothing(as_user, cast, claim):
    Team.objects.filter(pk=cast.team.pk).update(name="=1+1")
    cast.team.refresh_from_db()
    claim(cast.team, all_but=["training.code-hosted"])
    response = as_user(cast.admin).get(f"{URL}?format=csv&framework=mlops-maturity&kind=practice")
    assert response["Content-Type"].startswith("text/csv")
    rows = list(csv.reader(io.StringIO(response.content.decode().lstrip("\ufeff"))))
    first = dict(zip(rows[0], rows[1], strict=True))
    assert first["Investment"] == FRAMEWORK.by_id["training.code-hosted"].title.en
    assert first["Teams lifted"] == "1"
    assert first["Lifted"] == "'=1+1"


def test_more_teams_take_no_more_queries(as_user, cast, claim):
    claim(cast.team, all_but=["training.code-hosted"])
    client = as_user(cast.admin)

    def queries():
        with CaptureQueriesContext(connection) as caught:
            page(client.get(f"{URL}?framework=all"))
        return len(caught)

    queries()
    before = queries()
    unit = Unit.objects.create(name="Wholesale")
    for number in range(4):
        claim(Team.objects.create(unit=unit, name=f"Team {number}", slug=f"team-{number}"))
    assert queries() == before
