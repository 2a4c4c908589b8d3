"""A team's criteria as a table: the same standings as the page, notes only for the team."""

from __future__ import annotations

import csv
import io
import json

import pytest
from openpyxl import load_workbook

from assessments import catalogue
from assessments.levels import current
from portal.accounts.models import Team

pytestmark = pytest.mark.django_db
ADDRESS = "/teams/credit-risk/criteria/{}/"
NOTE = '=HYPERLINK("http://evil.example","ours")'


def rows(response) -> list[dict]:
    return list(csv.DictReader(io.StringIO(response.content.decode("utf-8-sig"))))


def test_each_criterion_stands_as_the_levels_were_computed(as_user, cast, submitted, framework):
    score = current(cast.team, framework).score
    found = json.loads(as_user(cast.member).get(ADDRESS.format("json")).content)
    assert {row["id"]: row["official"] for row in found["rows"]} == dict(score.official)
    assert {row["id"]: row["claimed"] for row in found["rows"]} == dict(score.claimed)
    assert found["levels"]["overall"]["official"] == score.overall.official
    assert found["levels"]["training"]["claimed"] == score.dimensions["training"].claimed == 1
    assert found["digest"] == framework.digest


def test_notes_are_the_teams_own_and_never_formulas(as_user, cast, draft, answer, framework):
    from assessments import actions

    answer(draft, "training.code-hosted", "yes", NOTE)
    actions.submit(assessment=draft, by=cast.manager)
    Team.objects.filter(pk=cast.team.pk).update(visibility="organisation")
    line = next(
        row
        for row in rows(as_user(cast.member).get(ADDRESS.format("csv")))
        if row["Criterion"] == "training.code-hosted"
    )
    assert line["Note"] == "'" + NOTE
    assert "Note" not in rows(as_user(cast.stranger).get(ADDRESS.format("csv")))[0]
    book = load_workbook(io.BytesIO(as_user(cast.member).get(ADDRESS.format("xlsx")).content)).active
    cell = next(cell for row in book.iter_rows() for cell in row if cell.value == NOTE)
    assert cell.data_type == "s"


def test_every_framework_has_its_table(as_user, cast):
    for key, model in catalogue.currents().items():
        found = rows(as_user(cast.member).get(ADDRESS.format("csv") + f"?framework={key}"))
        assert len(found) == len(model.criteria)
        assert ("Level" in found[0]) is not model.is_checklist


def test_a_foreign_team_or_form_is_not_there(as_user, cast):
    assert as_user(cast.stranger).get(ADDRESS.format("csv")).status_code == 404
    assert as_user(cast.member).get(ADDRESS.format("exe")).status_code == 404
