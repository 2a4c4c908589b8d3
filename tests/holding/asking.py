"""Sending an unsafe request to every address as everybody, without keeping what it did."""

from __future__ import annotations

from dataclasses import dataclass

from django.db import transaction
from django.middleware.csrf import _get_new_csrf_string
from django.test import Client

from tests.test_access import signed_in, writes

METHODS = ("post", "put", "patch", "delete")
READERS = ("nobody", "stranger", "member", "manager", "reviewer", "auditor", "admin")
LOGIN = "/account/login/"


class _Undone(Exception):
    pass


@dataclass(frozen=True)
class Answer:
    """What came of a request; a page that sends its caller to sign in counts as 401."""

    status: int
    writes: int

    @property
    def refused(self) -> bool:
        return self.status in (401, 403, 404)


def sent(browser: Client, method: str, name: str, address: str, **headers: str) -> Answer:
    """Send an empty request; whatever it did, to the database or to the browser's cookies, is undone."""
    cookies = {key: morsel.value for key, morsel in browser.cookies.items()}
    as_document = name.startswith("api-") or method != "post"
    given = {"data": "{}", "content_type": "application/json"} if as_document else {}
    try:
        with transaction.atomic(), writes() as written:
            answer = getattr(browser, method)(address, headers=headers, **given)
            raise _Undone
    except _Undone:
        pass
    browser.cookies.clear()
    for key, value in cookies.items():
        browser.cookies[key] = value
    to_sign_in = answer.status_code == 302 and answer["Location"].startswith(LOGIN)
    return Answer(401 if to_sign_in else answer.status_code, len(written))


def browser_of(cast, who: str) -> tuple[Client, dict[str, str]]:
    """A browser that checks CSRF, and the header that lets a request of its own pages through."""
    browser = signed_in(None if who == "nobody" else getattr(cast, who), enforce_csrf_checks=True)
    secret = _get_new_csrf_string()
    browser.cookies["csrftoken"] = secret
    return browser, {"X-CSRFToken": secret}


def unsafe(view) -> set[str]:
    """The unsafe methods that a view takes, by its class or its decorators; one that says nothing takes all."""
    of_class = getattr(view, "view_class", None) or getattr(view, "cls", None)
    if of_class:
        return {method for method in METHODS if hasattr(of_class, method)}
    listed = _listed(view, set())
    return {method.lower() for method in listed} & set(METHODS) if listed else set(METHODS)


def _listed(view, seen: set[int]) -> set[str]:
    """The methods that `require_http_methods` keeps in the closures of what it wraps."""
    found: set[str] = set()
    if id(view) in seen:
        return found
    seen.add(id(view))
    for cell in getattr(view, "__closure__", None) or ():
        content = cell.cell_contents
        if isinstance(content, list | tuple) and content and all(_is_method(one) for one in content):
            found.update(content)
        elif callable(content):
            found |= _listed(content, seen)
    return found


def _is_method(word) -> bool:
    return isinstance(word, str) and word in HTTP


HTTP = {"GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"}
