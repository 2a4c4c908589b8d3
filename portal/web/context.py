"""What every page knows."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version

from django.conf import settings
from django.http import HttpRequest

try:
    VERSION = version("sekisho")
except PackageNotFoundError:  # run from a checkout that is not installed
    VERSION = "0"


def site(request: HttpRequest) -> dict[str, object]:
    return {"sekisho_version": VERSION, "languages": settings.LANGUAGES}
