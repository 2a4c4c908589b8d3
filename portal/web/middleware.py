"""What happens around every request: content security policy, the user's language and time zone, domain errors."""

from __future__ import annotations

import re
import time
import uuid
import zoneinfo

import structlog
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone, translation

from portal.web.errors import DomainError, error_page, unwritable
from portal.web.names import read_once
from portal.web.say import say

POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "font-src 'self'",
        "connect-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)
LARGEST = 2**63 - 1
log = structlog.get_logger("sekisho.web")
# Who holds such a link may act with it, so it is not written to logs.
SECRET_IN_PATH = re.compile(r"^(/invitations/|/unsubscribe/|/account/password/reset/key/).+")


class ContentSecurityPolicy:
    """A strict policy on every answer: nothing inline, nothing from another host."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        response.headers.setdefault("Content-Security-Policy", POLICY)
        response.headers.setdefault("Permissions-Policy", "camera=(), microphone=(), geolocation=()")
        return response


class RequestLog:
    """One line a request, with an id that every log line of the request carries."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=uuid.uuid4().hex[:16])
        start = time.perf_counter()
        response = self.get_response(request)
        if not request.path.startswith((f"/{settings.STATIC_URL.strip('/')}/", "/health/")):
            log.info(
                "request",
                method=request.method,
                path=SECRET_IN_PATH.sub(r"\1…", request.path),
                status=response.status_code,
                ms=round((time.perf_counter() - start) * 1000, 1),
            )
        return response


def language_of(request: HttpRequest) -> str:
    """The user's own language, else the cookie of the switch, else what the browser asks for."""
    if request.user.is_authenticated:
        return request.user.language
    return translation.get_language_from_request(request)


class UserLocale:
    """Language and time zone of the signed-in user."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        language = language_of(request)
        zone = getattr(request.user, "timezone", "") or settings.TIME_ZONE
        request.LANGUAGE_CODE = language
        with translation.override(language), timezone.override(zoneinfo.ZoneInfo(zone)), read_once():
            response = self.get_response(request)
            # A page that is rendered late is rendered in the reader's language too.
            if hasattr(response, "render") and not response.is_rendered:
                response = response.render()
        response.headers.setdefault("Content-Language", language)
        return response


class NoSuchAddress:
    """No address of ours has a NUL byte or a number that no database holds in it, and databases refuse to look for
    one: such a page is not there."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view, args, kwargs) -> None:
        if "\x00" in request.path_info or any(isinstance(one, int) and one > LARGEST for one in kwargs.values()):
            raise Http404


class DomainErrors:
    """A domain error that no view dealt with becomes a page with its sentence, or JSON where a script asked."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        exception = unwritable(exception) or exception
        if not isinstance(exception, DomainError):
            return None
        if request.headers.get("X-Autosave"):
            return JsonResponse({"title": say(exception.message)}, status=exception.status)
        return error_page(request, exception)
