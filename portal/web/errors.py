"""Domain errors, and the one place where they become HTTP: a page for people, RFC 9457 problems for programs."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import wraps
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import DatabaseError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render

from portal.message import Message
from portal.web.say import say


class DomainError(Exception):
    """A rule of the product says no; the message says why and what to do."""

    status = 409

    def __init__(self, message: Message | str, **params: Any) -> None:
        self.message = Message(message, params) if isinstance(message, str) else message
        super().__init__(self.message.code)

    def __str__(self) -> str:
        return str(self.message)


class Invalid(DomainError):
    """Input that cannot be used; `fields` names where."""

    status = 422

    def __init__(self, message: Message | str, fields: dict[str, Message] | None = None, **params: Any) -> None:
        super().__init__(message, **params)
        self.fields = fields or {}


class Forbidden(DomainError):
    status = 403


class Conflict(DomainError):
    """Somebody else was faster, or the state moved on."""


class Missing(DomainError):
    """What was asked for does not exist, or is not for this reader: the two are told apart by nobody."""

    status = 404


class Unavailable(DomainError):
    """Something outside does not answer."""

    status = 503


def asking(check: Callable[..., None]) -> Callable[..., bool]:
    """The question that a check answers: whether it raises nothing that a rule says."""

    @wraps(check)
    def passes(*args, **kwargs) -> bool:
        try:
            check(*args, **kwargs)
        except DomainError:
            return False
        return True

    return passes


# SQLite: "database or disk is full", "attempt to write a readonly database"; PostgreSQL: disk_full
# and read_only_sql_transaction, whose words follow the server's language, so that their codes are asked.
UNWRITABLE = re.compile(r"is full|readonly database|no space left on device", re.IGNORECASE)
UNWRITABLE_CODES = {"53100", "25006"}


def unwritable(error: BaseException) -> Unavailable | None:
    """The sentence for a database that cannot write, since its disk is full or read-only; None for other errors."""
    if not isinstance(error, DatabaseError):
        return None
    code = getattr(error.__cause__, "sqlstate", None)
    if code in UNWRITABLE_CODES or (isinstance(error, OperationalError) and UNWRITABLE.search(str(error))):
        return Unavailable("ledger.unwritable")
    return None


def error_page(request: HttpRequest, error: DomainError) -> HttpResponse:
    """The page of a domain error that no view dealt with."""
    return render(request, "web/refused.html", {"error": error}, status=error.status)


def problem(error: DomainError) -> dict[str, Any]:
    """A domain error as an RFC 9457 problem."""
    body = {
        "type": f"urn:sekisho:problem:{error.message.code}",
        "title": say(error.message),
        "status": error.status,
        "code": error.message.code,
        "params": error.message.to_json()["params"],
    }
    if isinstance(error, Invalid) and error.fields:
        body["errors"] = {name: say(message) for name, message in error.fields.items()}
    return body


def problem_response(exception: Exception, context: dict[str, Any]):
    """Turn any exception of an API view into a problem document (DRF's EXCEPTION_HANDLER)."""
    from rest_framework import exceptions
    from rest_framework.response import Response
    from rest_framework.views import exception_handler

    exception = unwritable(exception) or exception
    if isinstance(exception, DomainError):
        return Response(problem(exception), status=exception.status, content_type="application/problem+json")
    if isinstance(exception, Http404):
        exception = exceptions.NotFound()
    elif isinstance(exception, PermissionDenied):
        exception = exceptions.PermissionDenied()
    response = exception_handler(exception, context)
    if response is None:
        return None
    detail = response.data
    body = {"type": "about:blank", "status": response.status_code, "code": getattr(exception, "default_code", "error")}
    if isinstance(detail, dict) and set(detail) == {"detail"}:
        body["title"] = str(detail["detail"])
    else:
        body["title"] = str(exceptions.ValidationError.default_detail)
        body["errors"] = detail
    response.data = body
    response.content_type = "application/problem+json"
    return response
