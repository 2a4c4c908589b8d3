"""The keys of the pictures on audit pages, drawn by the same functions as the pictures, and cells of data."""

from __future__ import annotations

from typing import Any

from django import template
from django.utils.safestring import SafeString, mark_safe

from portal.charts import PAPER, SCREEN
from portal.message import number

register = template.Library()
LONGEST_CELL = 60


MARKS = {
    "pass": '<circle cx="7" cy="7" r="5.5" fill="{ink}"/>',
    "fail": '<path d="M7 .5L13.5 7 7 13.5.5 7z" fill="{fail}"/>',
    "inconclusive": '<circle cx="7" cy="7" r="5.5" fill="{bg}" stroke="{warn}" stroke-width="2"/>'
    '<path d="M7 1a6 6 0 0 1 0 12z" fill="{warn}"/>',
    "not_evaluated": '<circle cx="7" cy="7" r="5" fill="{bg}" stroke="{na}" stroke-width="2"/>',
}
BAND = (
    '<rect width="26" height="14" fill="{level}"/><line x1=".5" x2=".5" y2="14" stroke="{accent}" '
    'stroke-dasharray="3 2"/><line x1="25.5" x2="25.5" y2="14" stroke="{accent}"/>'
)
LINE = '<line x1="7" x2="7" y2="14" stroke="{accent}" stroke-width="1.5"/>'
BAR = '<rect y="1" width="20" height="12" fill="{bar}"/>'
MIXED = (
    '<rect x=".5" y="1" width="19" height="12" fill="url(#hatch)" fill-opacity=".6" stroke="{accent}" '
    'stroke-dasharray="3 2"/>'
)
LIVE = '<path d="M7 2.5L11.5 11h-9z" fill="{bg}" stroke="{accent}" stroke-width="1.4"/>'


@register.simple_tag(takes_context=True)
def key_live(context) -> SafeString:
    """The triangle of the live version."""
    return _small(context, 14, LIVE)


@register.simple_tag(takes_context=True)
def key_mark(context, outcome: str) -> SafeString:
    """The mark of an outcome in an interval plot."""
    return _small(context, 14, MARKS[outcome])


@register.simple_tag(takes_context=True)
def key_band(context) -> SafeString:
    """The band of what is allowed, up to the highest."""
    return _small(context, 26, BAND)


@register.simple_tag(takes_context=True)
def key_bar(context, mixed: bool = False) -> SafeString:
    """A bar of importance; `mixed` is one without a direction."""
    return _small(context, 20, MIXED if mixed else BAR)


@register.simple_tag(takes_context=True)
def key_line(context) -> SafeString:
    """The line that the points are held against."""
    return _small(context, 14, LINE)


def _small(context: dict[str, Any], width: int, body: str) -> SafeString:
    palette = PAPER if context.get("paper") else SCREEN
    colours = {name: getattr(palette, name) for name in ("bg", "ink", "fail", "warn", "na", "accent")}
    drawn = body.format(**colours, level=palette.levels[0], bar=palette.levels[3])
    return mark_safe(f'<svg width="{width}" height="14" aria-hidden="true">{drawn}</svg>')


@register.filter
def signed(value: float | None) -> str:
    """A difference with its sign."""
    if value is None or value == "":
        return "–"
    return f"+{number(value)}" if value > 0 else number(value)


@register.filter
def cell(value: Any) -> str:
    """One cell of evaluation data."""
    if value is None or value == "":
        return "–"
    if isinstance(value, float):
        return number(value)
    text = str(value)
    return text if len(text) <= LONGEST_CELL else text[: LONGEST_CELL - 1] + "…"
