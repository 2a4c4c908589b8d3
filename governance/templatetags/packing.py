"""Words and parts of a period pack."""

from __future__ import annotations

from datetime import timedelta

from django import template
from django.utils.translation import gettext as _

from governance import pack_files
from governance.pack import Pack, Row
from governance.pack_count import WAYS, Count
from governance.texts_pack import WAY_WORDS

register = template.Library()


@register.filter
def column(pack: Pack, name: str) -> list[Row]:
    """The rows of one column."""
    return pack.of(name)


@register.filter
def ways(count: Count) -> list[tuple[str, int]]:
    """How often moves went each way, in words."""
    return [(_(WAY_WORDS[name]), count.ways[name]) for name in WAYS]


@register.filter
def way(name: str) -> str:
    return _(WAY_WORDS[name]) if name else "–"


@register.filter
def deciders(row: Row) -> str:
    return pack_files.deciders(row)


@register.filter
def hours(span: timedelta) -> float:
    """Hours with one digit after the point."""
    return round(span.total_seconds() / 3600, 1)
