"""The portfolio: units, their distribution, their weakest link."""

from __future__ import annotations

import csv
import io
import json
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from assessments import standings
from assessments.framework import shipped
from assessments.models import LevelRecord
from portal.accounts.models import Team, Unit

pytestmark = pytest.mark.django_db
FRAMEWORK = shipped()["mlops-maturity"]


def page(response) -> str:
    assert response.status_code == 200
    return response.content.decode()


def refreshed():
    for team in Team.objects.all():
        standings.refresh(team, FRAMEWORK)


def test_only_those_who_look_over_teams_may_open_it(as_user, cast):
    for user in (cast.admin, cast.auditor, cast.reviewer, cast.manager):
        assert as_user(user).get("/portfolio/").status_code == 200
    assert as_user(cast.member).get("/portfolio/").status_code == 403


def test_it_leads_with_the_weakest_link_and_names_teams_only_when_opened(as_user, cast, submitted):
    refreshed()
    client = as_user(cast.auditor)
    html = page(client.get("/portfolio/"))
    assert "<b>The weakest link is Credit Risk, on level 0:</b>" in html
    assert "Not assessed yet: 1 of 2." in html
    assert "Imaging" not in html
    opened = page(client.get("/portfolio/?open=Retail"))
    assert '<a href="/teams/imaging/">Imaging</a>' in opened


def test_one_sees_units_only_through_teams_one_may_see(as_user, cast):
    Team.objects.create(unit=Unit.objects.create(name="Wholesale"), name="Credit Lines", slug="credit-lines")
    assert "Wholesale" in page(as_user(cast.auditor).get("/portfolio/"))
    html = page(as_user(cast.manager).get("/portfolio/?open=Wholesale"))
    assert "Wholesale" not in html.replace("open=Wholesale", "")
    assert "Credit Lines" not in html


def test_the_trend_shows_what_was_official_then(as_user, cast, submitted):
    refreshed()
    LevelRecord.objects.create(
        team=cast.team,
        framework=FRAMEWORK.key,
        at=timezone.now() - timedelta(days=200),
        score=LevelRecord.objects.last().score,
        step=3,
    )
    found = json.loads(as_user(cast.auditor).get("/portfolio/?format=json").content)
    spreads = {one["quarter"]: one for one in found["quarters"]}
    first, *_rest, last = spreads.values()
    assert first["counts"] == [0, 0, 0, 0, 0]
    assert any(one["counts"][3] == 1 for one in spreads.values())
    assert last["counts"][0] == 1
    assert "Quarter by quarter" in page(as_user(cast.auditor).get("/portfolio/"))


def test_tables_hold_the_figures_of_the_page(as_user, cast, submitted):
    refreshed()
    client = as_user(cast.auditor)
    rows = list(csv.DictReader(io.StringIO(client.get("/portfolio/?format=csv").content.decode("utf-8-sig"))))
    assert [row["Unit"] for row in rows] == ["Retail", "All units"]
    assert (rows[0]["Teams"], rows[0]["Teams on level 0"], rows[0]["not assessed"]) == ("2", "1", "1")
    assert rows[0]["Weakest link: team"] == "Credit Risk"
    assert client.get("/portfolio/?format=xlsx").status_code == 200


def test_a_checklist_is_spread_by_share(as_user, cast):
    html = page(as_user(cast.auditor).get("/portfolio/?framework=cd4ml"))
    assert "75–99%" in html
    assert "0–24%" in html


def test_it_asks_as_often_for_thirty_teams_as_for_three(as_user, cast, submitted):
    client = as_user(cast.admin)

    def asked() -> int:
        refreshed()
        client.get("/portfolio/?open=Retail")
        with CaptureQueriesContext(connection) as queries:
            page(client.get("/portfolio/?open=Retail"))
        return len(queries)

    Team.objects.create(unit=cast.unit, name="Third", slug="third")
    three = asked()
    for number in range(27):
        unit, _ = Unit.objects.get_or_create(name=f"Unit {number % 5}")
        Team.objects.create(unit=unit, name=f"Team {number}", slug=f"team-{number}")
    assert asked() == three <= 12


def test_it_is_read_in_japanese(as_user, cast):
    cast.japanese.is_auditor = True
    cast.japanese.save()
    assert FRAMEWORK.title.ja in page(as_user(cast.japanese).get("/portfolio/"))
