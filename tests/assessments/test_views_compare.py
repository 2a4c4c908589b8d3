"""Compare: teams beside each other, within what one may see."""

from __future__ import annotations

import csv
import io
import json

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from openpyxl import load_workbook

from assessments import actions, catalogue, standings
from assessments.framework import shipped
from portal.accounts.models import Membership, Team

pytestmark = pytest.mark.django_db
FRAMEWORK = shipped()["mlops-maturity"]
LEVEL_1 = [c.id for c in FRAMEWORK.criteria if c.required and c.level == 1]
LACKING = "training.code-hosted"


def page(response) -> str:
    assert response.status_code == 200
    return response.content.decode()


@pytest.fixture
def claim(cast):
    """`claim(team, but=(), framework=…)` submits an assessment that claims level 1 but for these."""

    def submit(team, but=(), framework=FRAMEWORK):
        Membership.objects.get_or_create(team=team, user=cast.manager, defaults={"role": "manager"})
        by = type(cast.manager).objects.get(pk=cast.manager.pk)
        draft = actions.start_assessment(team=team, framework=framework, by=by)
        for criterion in framework.criteria:
            if criterion.required and criterion.level == 1:
                row = draft.answers.get(criterion=criterion.id)
                value = "no" if criterion.id in but else "yes"
                actions.save_answer(assessment=draft, criterion=criterion.id, value=value, note="", rev=row.rev, by=by)
        return actions.submit(assessment=draft, by=by)

    return submit


def test_official_leads_and_each_kind_has_its_address(as_user, cast, claim):
    claim(cast.team)
    client = as_user(cast.auditor)
    official, claimed = page(client.get("/teams/")), page(client.get("/teams/?kind=claimed"))
    assert '<td class="lv0 sum" data-l="Overall">0 <small aria-hidden="true">≤4</small>' in official
    assert '<td class="lv1 sum" data-l="Overall">1 <small aria-hidden="true">≤4</small>' in claimed
    assert 'href="/teams/" aria-current="true">Official' in official
    assert 'href="/teams/?kind=claimed" aria-current="true">Claimed' in claimed


def test_who_manages_several_teams_is_led_across_them(as_user, cast):
    link = 'href="/assessments/together/?framework=cd4ml">Across my teams'
    assert link not in page(as_user(cast.manager).get("/teams/?framework=cd4ml"))
    Membership.objects.create(team=cast.other_team, user=cast.manager, role="manager")
    manager = as_user(type(cast.manager).objects.get(pk=cast.manager.pk))
    assert link in page(manager.get("/teams/?framework=cd4ml"))
    assert manager.get("/assessments/together/?framework=cd4ml").status_code == 200


def test_what_is_not_assessed_is_hatched_and_never_a_nought(as_user, cast, claim):
    claim(cast.team)
    html = page(as_user(cast.auditor).get("/teams/?q=Imaging"))
    assert html.count('<td class="hatch ') == 1 + len(FRAMEWORK.dimensions)
    assert "Not assessed yet: 1 of 1." in html


def test_a_checklist_shows_met_of_required_and_never_a_level(as_user, cast, claim):
    checklist = shipped()["pipeline-coverage"]
    claim(cast.team, framework=checklist, but=["build.train"])
    html = page(as_user(cast.auditor).get("/teams/?framework=pipeline-coverage&kind=claimed&q=Credit"))
    required = sum(len(ladder) for ladder in checklist.ladders.values())
    assert f"{required - 1}/{required}" in html
    assert "How a share is made" in html
    assert "Level 1" not in html


def test_every_framework_is_shown(as_user, cast):
    client = as_user(cast.auditor)
    for key, framework in catalogue.currents().items():
        html = page(client.get(f"/teams/?framework={key}&open=credit-risk"))
        assert framework.title.en in html
        assert html.count('<th scope="col"') >= len(framework.dimensions)
    assert client.get("/teams/?framework=no-such").status_code == 404


def test_a_team_opens_to_themes_and_a_theme_to_criteria(as_user, cast, claim):
    claim(cast.team, but=[LACKING])
    client = as_user(cast.auditor)
    theme = FRAMEWORK.by_id[LACKING].theme
    title = FRAMEWORK.by_id[LACKING].title.en
    opened = page(client.get("/teams/?kind=claimed&open=credit-risk&q=Credit"))
    assert FRAMEWORK.themes[theme].en in opened
    assert f"/teams/credit-risk/assessment/{LACKING}/" not in opened
    html = page(client.get(f"/teams/?kind=claimed&open=credit-risk&theme=training.{theme}&q=Credit"))
    row = html[html.index(f"/teams/credit-risk/assessment/{LACKING}/") - 120 :]
    assert "unmet" in row[:200]
    assert title in row
    assert html.count('<ul class="crit">') == 1


def test_it_tells_who_has_met_what_another_needs(as_user, cast, claim):
    claim(cast.team, but=[LACKING])
    claim(cast.other_team)
    client = as_user(cast.auditor)
    html = page(client.get("/teams/?kind=claimed"))
    row = html[html.index("Who can teach whom") :]
    assert FRAMEWORK.by_id[LACKING].title.en in row
    assert row.index("Credit Risk") < row.index('<a href="/teams/imaging/">Imaging</a>')
    theme = FRAMEWORK.by_id[LACKING].theme
    opened = page(client.get(f"/teams/?kind=claimed&open=credit-risk&theme=training.{theme}"))
    assert 'Met by: <a href="/teams/imaging/">Imaging</a>' in opened


def test_a_closed_team_neither_shows_nor_teaches(as_user, cast, claim):
    claim(cast.team, but=[LACKING])
    claim(cast.other_team)
    Membership.objects.filter(team=cast.other_team, user=cast.manager).delete()
    client = as_user(cast.member)
    for path in ("?kind=claimed", f"?kind=claimed&open=credit-risk&theme=training.{FRAMEWORK.by_id[LACKING].theme}"):
        assert "Imaging" not in page(client.get(f"/teams/{path}"))
    assert "Imaging" not in client.get("/teams/?format=csv").content.decode()
    assert "/teams/imaging/" not in page(client.get("/teams/?open=imaging"))


def test_units_and_levels_narrow_it(as_user, cast, claim):
    claim(cast.team)
    client = as_user(cast.auditor)
    assert "Imaging" in page(client.get("/teams/?unit=Retail"))
    assert "Imaging" not in page(client.get("/teams/?unit=Elsewhere"))
    level = page(client.get("/teams/?kind=claimed&level=1"))
    assert "Credit Risk" in level
    assert "Imaging" not in level
    assert "Imaging" in page(client.get("/teams/?kind=claimed&level=-"))


@pytest.mark.parametrize(
    "address", ["?level=9", "?level=x%00", "?page=999", "?open=%00", "?theme=a.b&open=credit-risk", "?kind=no"]
)
def test_no_address_breaks_it(as_user, cast, address):
    assert as_user(cast.auditor).get(f"/teams/{address}").status_code == 200


def test_csv_xlsx_and_json_hold_the_figures_of_the_page(as_user, cast, claim):
    claim(cast.team)
    client = as_user(cast.auditor)
    standing = standings.of([cast.team], [FRAMEWORK])[cast.team.pk, FRAMEWORK.key]
    read = csv.DictReader(io.StringIO(client.get("/teams/?kind=claimed&format=csv").content.decode("utf-8-sig")))
    lines = {line["Team"]: line for line in read}
    assert int(lines["Credit Risk"]["Overall: level"]) == standing.level("claimed") == 1
    assert lines["Imaging"]["Overall: level"] == ""
    found = json.loads(client.get("/teams/?kind=claimed&format=json").content)
    assert found["framework"] == FRAMEWORK.key
    assert found["digest"] == FRAMEWORK.digest
    by_team = {row["team"]: row for row in found["rows"]}
    assert by_team["Credit Risk"]["training.level"] == standing.level("claimed", "training")
    assert by_team["Imaging"]["overall.level"] is None
    book = load_workbook(io.BytesIO(client.get("/teams/?kind=claimed&format=xlsx").content)).active
    sheet = {row[0]: row for row in book.iter_rows(values_only=True)}
    assert sheet["Credit Risk"][2] == 1


def test_a_name_is_never_a_formula(as_user, cast):
    Team.objects.filter(pk=cast.team.pk).update(name="=1+1")
    client = as_user(cast.auditor)
    book = load_workbook(io.BytesIO(client.get("/teams/?format=xlsx").content)).active
    cell = next(row[0] for row in book.iter_rows() if row[0].value == "=1+1")
    assert cell.data_type == "s"
    assert "'=1+1" in client.get("/teams/?format=csv").content.decode()


def test_it_asks_as_often_for_thirty_teams_as_for_three(as_user, cast, claim):
    claim(cast.team)
    admin = as_user(cast.admin)
    address = f"/teams/?kind=claimed&open=credit-risk&theme=training.{FRAMEWORK.by_id[LACKING].theme}"

    def asked() -> int:
        for team in Team.objects.all():
            standings.refresh(team, FRAMEWORK)
        admin.get(address)
        with CaptureQueriesContext(connection) as queries:
            page(admin.get(address))
        return len(queries)

    Team.objects.create(unit=cast.unit, name="Third", slug="third")
    three = asked()
    for number in range(27):
        Team.objects.create(unit=cast.unit, name=f"Team {number}", slug=f"team-{number}")
    assert asked() == three <= 12


def test_it_is_read_in_japanese(as_user, cast, claim):
    claim(cast.team)
    html = page(as_user(cast.japanese).get("/teams/"))
    assert FRAMEWORK.title.ja in html
