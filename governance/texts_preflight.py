"""Sentences of asking without a request."""

from __future__ import annotations

from portal.message import gettext_noop, register

register({"preflight.no-draft": gettext_noop("There is no draft %(draft)s that you may see.")})
