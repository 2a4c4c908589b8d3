"""Every address that changes something × every reader × CSRF × objects of others, from the URL conf.

A new address without a row in `rows.py` fails here. Each request is undone, so that one world serves all.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client

from portal.accounts import actions
from portal.accounts.models import Scope
from portal.accounts.pipelines import PIPELINE_MAY
from tests import worlds
from tests.holding.asking import READERS, Answer, browser_of, sent, unsafe
from tests.holding.rows import ANYBODY, MAY, TOKENS
from tests.test_access import OPEN, SIGNED, patterns, with_object, world  # noqa: F401  (a fixture)

ROUTES = sorted((pattern.name, method) for pattern in patterns() for method in unsafe(pattern.callback))
INSIDE = [(name, method) for name, method in ROUTES if not OPEN.match(name) and name not in SIGNED]


@pytest.fixture(autouse=True)
def _without_pages(settings):
    settings.CSRF_FAILURE_VIEW = "tests.test_access.plainly_refused"


def test_every_unsafe_address_has_a_row():
    assert len(ROUTES) > 120
    names = {name for name, _method in INSIDE}
    assert names == set(MAY), sorted(names ^ set(MAY))
    assert {who for row in MAY.values() for who in row} <= {*READERS, ANYBODY}


def test_addresses_of_the_api_are_named_with_who_may_be_a_token():
    assert {name for name, _method in INSIDE if name.startswith("api-")} == set(TOKENS)
    assert {name for name, method in PIPELINE_MAY if method != "GET"} == {
        name for name, scopes in TOKENS.items() if "pipeline" in scopes
    }


@pytest.mark.django_db
def test_who_gets_in(cast, world):  # noqa: F811
    """With and without the CSRF token, for everybody."""
    wrong: list[tuple] = []
    for who in READERS:
        browser, headers = browser_of(cast, who)
        for name, method in INSIDE:
            without = sent(browser, method, name, world[name])
            if without.status not in (401, 403) or without.writes:
                wrong.append((who, name, method, "without a CSRF token", without))
            answer = sent(browser, method, name, world[name], **headers)
            if answer.status >= 500 or not _expected(who, name)(answer):
                wrong.append((who, name, method, answer))
            if answer.refused and answer.writes:
                wrong.append((who, name, method, "wrote", answer))
    assert not wrong, "\n".join(map(str, wrong))


def _expected(who: str, name: str) -> Callable[[Answer], bool]:
    """What a reader's empty request may come to."""
    if who == "nobody":
        return lambda answer: answer.status in (401, 403)
    if who in MAY[name] or ANYBODY in MAY[name]:
        return lambda answer: not answer.refused
    if who == "stranger" and with_object(name) and name not in worlds.named("ROLES") | ROLES:
        return lambda answer: answer.status == 404
    # Some get an empty form back before their role is asked; nothing is written.
    return lambda answer: answer.status in (403, 404) or not answer.writes


# Pages that need a role as a whole answer 403 to others, whatever they name.
ROLES = {
    name for name in MAY if name.startswith(("connection", "data-connection", "interpreter", "framework-", "api-fr"))
}


@pytest.mark.django_db
def test_open_addresses_ask_for_a_csrf_token_too(cast, world):  # noqa: F811
    wrong = []
    for who in ("nobody", "member"):
        browser, _headers = browser_of(cast, who)
        for name, method in ROUTES:
            if OPEN.match(name) and name not in SIGNED:
                answer = sent(browser, method, name, world[name])
                if answer.status not in (403, 405) or answer.writes:
                    wrong.append((who, name, method, answer))
    assert not wrong, wrong


@pytest.mark.django_db
@pytest.mark.parametrize("scope", Scope.values)
def test_no_token_reaches_a_page_or_more_than_its_addresses(cast, world, scope):  # noqa: F811
    """People decide on pages, signed in: to them a token is nobody. In the API each scope has its list."""
    people = {"pipeline": (cast.member, cast.manager)}.get(scope, (cast.admin, cast.reviewer, cast.manager))
    wrong = []
    for person in people:
        team = cast.team if scope == "pipeline" else None
        _token, key = actions.create_token(by=person, name="x", scope=scope, days=9, team=team)
        program = Client(raise_request_exception=False, headers={"Authorization": f"Bearer {key}"})
        for name, method in INSIDE:
            answer = sent(program, method, name, world[name])
            is_api = name.startswith("api-")
            if not is_api and not answer.refused:
                wrong.append((person, name, method, answer))
            if is_api and scope not in TOKENS[name] and answer.status != 403:
                wrong.append((person, name, method, answer))
            if answer.refused and answer.writes:
                wrong.append((person, name, method, "wrote", answer))
    assert not wrong, "\n".join(map(str, wrong))
