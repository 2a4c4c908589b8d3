"""Requests over urllib: one address, one token, no redirects, and an answer or a sentence."""

from __future__ import annotations

import http.client
import json
import urllib.error
import urllib.request
from collections.abc import Mapping
from typing import IO, Any
from urllib.parse import urlencode, urlsplit

from sekisho_client.errors import Denied, NotAnswered, Refused, Unusable
from sekisho_client.texts import language, say, shown

LARGEST = 32 * 2**20  # of an answer
PASSING = (429, 502, 503, 504)  # what a proxy or a restart answers: worth another try


class _Stay(urllib.request.HTTPRedirectHandler):
    """A redirect is an answer: the token goes to no other address."""

    def redirect_request(self, *args: Any, **more: Any) -> None:
        return None


class Caller:
    """Calls ``url/api/v1/…`` with a token."""

    def __init__(self, url: str, token: str, timeout: float) -> None:
        self.url, self.timeout = _checked_url(url), timeout
        if not token.isascii() or not token.isprintable() or " " in token or not token:
            raise Unusable(say("token"))
        self._token = token
        self._opener = urllib.request.build_opener(_Stay)

    def get(self, path: str, **query: object) -> Any:
        """The answer to a question; nothing is changed by it."""
        return self._call("GET", path, query=query)

    def post(self, path: str, body: Mapping[str, object], headers: Mapping[str, str] | None = None) -> Any:
        """Send a document."""
        data = json.dumps(body, allow_nan=False).encode()
        return self._call("POST", path, data=data, headers={"Content-Type": "application/json", **(headers or {})})

    def send(self, path: str, file: IO[bytes], size: int, kind: str, query: Mapping[str, object]) -> Any:
        """Send a file as it is, without holding it."""
        headers = {"Content-Type": kind, "Content-Length": str(size)}
        return self._call("POST", path, query=query, data=file, headers=headers)

    def _call(self, method, path, *, query=None, data=None, headers=None) -> Any:
        address = f"{self.url}/api/v1/{path}"
        try:
            given = {name: str(value) for name, value in (query or {}).items() if value not in ("", None)}
            address += f"?{urlencode(given)}" if given else ""
        except UnicodeEncodeError as error:
            raise Unusable(say("text", given=ascii(error.object))) from error
        standing = {
            "Authorization": f"Bearer {self._token}",
            "Accept": "application/json",
            "Accept-Language": language(),
        }
        asked = urllib.request.Request(address, data=data, headers=standing | (headers or {}), method=method)
        try:
            with self._opener.open(asked, timeout=self.timeout) as answer:
                return self._read(answer.status, answer.read(LARGEST + 1))
        except urllib.error.HTTPError as error:
            with error:
                raise self._refusal(error) from None
        except (urllib.error.URLError, http.client.HTTPException, TimeoutError, OSError) as error:
            raise NotAnswered(say("dead", url=self.url, reason=getattr(error, "reason", None) or error)) from error

    def _read(self, status: int, body: bytes) -> Any:
        try:
            if len(body) <= LARGEST:
                return json.loads(body)
        except ValueError:
            pass
        raise NotAnswered(say("strange", url=self.url, status=status))

    def _refusal(self, error: urllib.error.HTTPError) -> NotAnswered | Refused:
        status = error.code
        if 300 <= status < 400:
            target = error.headers.get("Location", "?")
            return NotAnswered(say("redirect", url=self.url, target=target))
        try:
            body = json.loads(error.read(LARGEST))
            sentence = shown(body["title"])
        except (ValueError, KeyError, TypeError, OSError, http.client.HTTPException):
            known = status in PASSING or status >= 500
            return NotAnswered(say("trouble" if known else "strange", url=self.url, status=status))
        if status >= 500 or status in PASSING:
            return NotAnswered(sentence)
        fields = body.get("errors") if isinstance(body.get("errors"), dict) else {}
        given = {"status": status, "code": str(body.get("code", "")), "fields": fields}
        if status == 401:
            return Denied(say("denied"), **given)
        told = ((name, _first(what)) for name, what in fields.items())
        wrong = "; ".join(f"{shown(name)}: {shown(what)}" for name, what in told if what != body["title"])
        said = f"{sentence} {wrong}" if wrong and not body.get("params") else sentence
        return Denied(said, **given) if status == 403 else Refused(said, **given)


def _first(what: object) -> object:
    return what[0] if isinstance(what, list) and what else what


def _checked_url(url: str) -> str:
    try:
        parts = urlsplit(url)
        good = parts.scheme in ("http", "https") and parts.hostname and parts.username is None and parts.port != 0
    except ValueError:
        good = False
    if not good or not url.isprintable() or " " in url or parts.query or parts.fragment:
        raise Unusable(say("url", url=url or "–"))
    return url.rstrip("/")
