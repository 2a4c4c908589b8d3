"""What a program is told when there is nothing at an address."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.governance import factories as make


def test_an_unknown_address_of_the_api_is_a_problem_and_leads_on(cast, as_user):
    answer = as_user(cast.member).get("/api/v1/nonsense/")
    assert answer.status_code == 404
    assert answer["Content-Type"] == "application/problem+json"
    assert answer.json()["title"] == "The API has no address /api/v1/nonsense/. /api/v1/docs/ describes all of them."


def test_an_unknown_address_of_the_site_is_a_page(cast, as_user):
    answer = as_user(cast.member).get("/nonsense/")
    assert answer.status_code == 404
    assert answer["Content-Type"].startswith("text/html")


def test_a_version_that_is_not_there_and_one_of_others_are_the_same_problem(cast, as_user):
    version = make.make_version(make.make_model(cast.member.memberships.first().team))
    asked = {"registry": version.model.registry.slug, "model": version.model.name, "environment": "production"}
    unknown = as_user(cast.member).get("/api/v1/verdict/", {**asked, "version": version.number + 5})
    foreign = as_user(cast.stranger).get("/api/v1/verdict/", {**asked, "version": version.number})
    for answer in (unknown, foreign):
        assert answer.status_code == 404
        assert answer.json()["code"] == "api.no_version"
        assert version.model.name in answer.json()["title"]


@pytest.mark.parametrize("address", ["/teams/a%00b/", "/api/v1/teams/a%00b/levels/", "/frameworks/by-id/1%00/"])
def test_no_database_is_asked_for_a_nul_byte(cast, as_user, address):
    client = as_user(cast.member)
    client.get("/api/v1/nonsense/")
    with CaptureQueriesContext(connection) as asked:
        assert client.get(address).status_code == 404
    assert not [query for query in asked if "\x00" in query["sql"] or "slug" in query["sql"].partition("WHERE")[2]]
    assert client.get("/frameworks/?framework=%00").status_code == 200
    assert client.get("/teams/?framework=cd4ml%00").status_code == 200


@pytest.mark.parametrize("number", [10**9, 2**63 - 1, 2**63, 10**40])
@pytest.mark.parametrize("address", ["/models/{}/versions/1/", "/models/1/versions/{}/", "/api/v1/profiles/{}/"])
def test_a_number_that_no_database_holds_is_nowhere(cast, as_user, address, number):
    assert as_user(cast.member).get(address.format(number)).status_code == 404
