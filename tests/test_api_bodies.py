"""Every address of the API that takes a body: a field that it does not know is refused by name, and nothing changes."""

from __future__ import annotations

import pytest

from governance.models import Promotion
from tests import worlds
from tests.test_access import NAMES, patterns, signed_in, state_of_things, world  # noqa: F401  (a fixture)

FORGED = {"state": "approved", "approved_by": 1, "outcome": "pass", "label": "attested"}
# The body of these is a file, or what MLflow signs.
NO_DOCUMENT = {"api-evaluation-files"} | worlds.named("SIGNED")


def writable() -> list[tuple[str, str]]:
    """Name and method of each address that takes a body, from the views themselves."""
    found = []
    for pattern in patterns():
        view = getattr(pattern.callback, "view_class", None) or getattr(pattern.callback, "cls", None)
        if pattern.name.startswith("api-") and view and pattern.name not in NO_DOCUMENT:
            found += [(pattern.name, one) for one in ("post", "put", "patch", "delete") if hasattr(view, one)]
    return found


WRITABLE = writable()


def test_there_are_some():
    assert ("api-promotions", "post") in WRITABLE
    assert ("api-assessment-answer", "put") in WRITABLE
    assert len(WRITABLE) >= 10


@pytest.mark.django_db
def test_state_and_approvers_cannot_be_set(cast, world):  # noqa: F811
    before, wrong = state_of_things(), []
    rows = list(Promotion.objects.order_by("pk").values())
    for name, method in WRITABLE:
        seen = []
        for who in ("admin", "reviewer", "manager", "member"):
            browser = signed_in(getattr(cast, who))
            answer = getattr(browser, method)(world[name], data=FORGED, content_type="application/json")
            seen.append(answer.status_code)
            if answer.status_code == 422:
                told = answer.json()
                if not (set(FORGED) & set(told["errors"]) and "approved_by" in told["title"]):
                    wrong.append((name, method, told))
        # Some may reach it and are told; whoever may not is not there, or has the wrong role. Nobody gets through.
        if 422 not in seen or set(seen) - {422, 404, 403}:
            wrong.append((name, method, seen))
    assert not wrong, wrong
    assert state_of_things() == before
    assert list(Promotion.objects.order_by("pk").values()) == rows


@pytest.mark.django_db
@pytest.mark.parametrize("address", ["promotions", "facts"])
@pytest.mark.parametrize("body", ["[" * 100_000, '{"a":' * 3_000, "1e999", "null", "[1]"], ids=lambda text: text[:5])
def test_a_body_that_is_no_document_is_refused(cast, as_user, address, body):
    answer = as_user(cast.member).post(f"/api/v1/{address}/", body, content_type="application/json")
    assert (answer.status_code, answer.json()["status"]) == (400, 400)


@pytest.mark.django_db
def test_a_reason_is_as_long_as_a_page_takes_it(cast, as_user):
    body = {"registry": "r", "model": "m", "version": 1, "environment": "production", "reason": "x" * 5001}
    answer = as_user(cast.member).post("/api/v1/promotions/", body, content_type="application/json")
    assert "reason" in answer.json()["errors"]
