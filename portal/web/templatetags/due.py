"""Days with their weekday."""

from __future__ import annotations

import datetime as dt

from django import template

from portal.web.due_dates import in_words

register = template.Library()


@register.filter
def day(value: dt.date | None) -> str:
    """`2026-11-26 (Thu)`, in the reader's language."""
    return in_words(value) if value else "–"
