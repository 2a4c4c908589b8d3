"""Home and a team's page ask the database as often for thirty teams as for three."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from assessments import standings
from assessments.framework import shipped
from portal.accounts.models import Membership, Team

pytestmark = pytest.mark.django_db
FRAMEWORK = shipped()["mlops-maturity"]


@pytest.mark.parametrize("address", ["/", "/teams/credit-risk/", "/teams/credit-risk/?framework=cd4ml"])
def test_it_asks_as_often_for_thirty_teams_as_for_three(as_user, cast, submitted, address):
    client = as_user(cast.manager)

    def asked() -> int:
        for team in Team.objects.all():
            standings.refresh_all(team)
        assert client.get(address).status_code == 200
        with CaptureQueriesContext(connection) as queries:
            client.get(address)
        return len(queries)

    def more(number: int) -> None:
        for place in range(number):
            name = f"team-{Team.objects.count()}-{place}"
            team = Team.objects.create(unit=cast.unit, name=name, slug=name)
            Membership.objects.create(team=team, user=cast.manager, role="manager")

    more(1)
    three = asked()
    more(27)
    assert Team.objects.count() == 30
    assert asked() == three <= 45


def test_those_with_several_teams_are_led_to_the_portfolio(as_user, cast):
    assert "/portfolio/" not in as_user(cast.manager).get("/").content.decode()
    Membership.objects.create(team=cast.other_team, user=cast.manager, role="manager")
    assert "/portfolio/" in as_user(type(cast.manager).objects.get(pk=cast.manager.pk)).get("/").content.decode()
    assert "/portfolio/" not in as_user(cast.member).get("/").content.decode()
