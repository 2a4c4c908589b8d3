"""How many models are live, and what follows from none."""

from __future__ import annotations

import pytest
from django.utils import timezone

from assessments.collectors import collect_for
from assessments.framework import shipped
from assessments.levels import current
from governance.facts import collect
from tests.governance import factories

pytestmark = pytest.mark.django_db


def fact(team):
    return {fact.name: fact.value for fact in collect(team, timezone.now())}.get("live.models")


def test_a_team_without_models_gives_no_fact(cast):
    assert fact(cast.team) is None


def test_a_registered_model_is_not_live(cast):
    factories.make_version(factories.make_model(cast.team))
    assert fact(cast.team) == 0


def test_the_alias_of_production_makes_it_live(cast):
    factories.make_version(factories.make_model(cast.team, aliases={"champion": 1}))
    assert fact(cast.team) == 1


def test_without_a_live_model_a_yes_about_each_live_model_is_unknown(cast):
    from assessments import actions

    framework = shipped()["mlops-maturity"]
    asked = next(c for c in framework.criteria if c.live and c.required)
    assessment = actions.start_assessment(team=cast.team, framework=framework, by=cast.manager)
    actions.save_answer(assessment=assessment, criterion=asked.id, value="yes", note="", rev=0, by=cast.member)
    assert current(cast.team, framework, assessment=assessment).score.claimed[asked.id] == "met"
    factories.make_version(factories.make_model(cast.team))
    collect_for(cast.team)
    assert current(cast.team, framework, assessment=assessment).score.claimed[asked.id] == "unknown"
