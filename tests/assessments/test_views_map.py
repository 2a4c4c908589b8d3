"""The map's page, and choosing tools."""

from __future__ import annotations

import json

import pytest

from assessments.framework import shipped
from assessments.models import TeamTool
from portal.ledger.models import Event

pytestmark = pytest.mark.django_db
FRAMEWORK = shipped()["pipeline-coverage"]
MAP = "/teams/credit-risk/map/?framework=pipeline-coverage"
TOOLS = "/teams/credit-risk/tools/?framework=pipeline-coverage"


def page(response) -> str:
    assert response.status_code == 200
    return response.content.decode()


def test_without_tools_it_asks_for_them(as_user, cast):
    html = page(as_user(cast.member).get(MAP))
    assert "No tool is known yet." in html
    assert "/teams/credit-risk/tools/" in html


def test_gaps_come_first_and_tools_are_columns(as_user, cast, observe):
    TeamTool.objects.create(team=cast.team, tool="dvc")
    observe("mlf.runs", 12)
    html = page(as_user(cast.member).get(MAP))
    lacking = [c for c in FRAMEWORK.criteria if not {"dvc", "mlflow"} & set(c.covered_by)]
    assert f"<b>Gaps: {len(lacking)} of {len(FRAMEWORK.criteria)}.</b>" in html
    assert lacking[0].title.en in html[: html.index("<table")]
    head = html[html.index("<thead>") : html.index("</thead>")]
    assert head.index("MLflow") < head.index("DVC")
    assert "Kubeflow" not in head
    assert "Suits training that has settled." in html
    assert html.count('<tr class="gap">') == len(lacking)


def test_choosing_tools_is_recorded_and_kept(as_user, cast):
    client = as_user(cast.member)
    assert client.post(TOOLS, {"tools": ["dvc", "mlflow"]}).status_code == 302
    assert set(TeamTool.objects.values_list("tool", flat=True)) == {"dvc", "mlflow"}
    assert client.post(TOOLS, {"tools": ["mlflow"]}).status_code == 302
    assert list(TeamTool.objects.values_list("tool", flat=True)) == ["mlflow"]
    body = json.loads(Event.objects.filter(action="tools.choose").latest("id").body)
    assert body["before"] == {"tools": ["mlflow", "dvc"]}
    assert body["after"] == {"tools": ["mlflow"]}
    before = Event.objects.count()
    client.post(TOOLS, {"tools": ["mlflow"]})
    assert Event.objects.count() == before  # nothing changed, nothing to record


def test_an_unknown_tool_is_refused_in_place(as_user, cast):
    assert as_user(cast.member).post(TOOLS, {"tools": ["abacus"]}).status_code == 422
    assert not TeamTool.objects.exists()


def test_only_the_team_chooses(as_user, cast):
    assert as_user(cast.auditor).get(MAP).status_code == 200
    assert "tools/" not in page(as_user(cast.auditor).get(MAP))
    assert as_user(cast.auditor).post(TOOLS, {"tools": ["dvc"]}).status_code == 404
    assert as_user(cast.stranger).get(MAP).status_code == 404
    assert not TeamTool.objects.exists()


def test_a_framework_without_tools_has_no_map(as_user, cast):
    client = as_user(cast.member)
    assert client.get("/teams/credit-risk/map/?framework=mlops-maturity").status_code == 404
    assert client.get("/teams/credit-risk/tools/").status_code == 404
    assert client.get("/teams/credit-risk/map/").url == MAP
    assert MAP in page(client.get("/teams/credit-risk/?framework=pipeline-coverage"))
    assert MAP not in page(client.get("/teams/credit-risk/"))


def test_it_is_read_in_japanese(as_user, cast):
    TeamTool.objects.create(team=cast.team, tool="dvc")
    html = page(as_user(cast.japanese).get(MAP))
    assert FRAMEWORK.by_id["build.train"].title.ja in html
    assert "手順の固まった学習に向きます。" in html
