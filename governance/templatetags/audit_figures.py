"""The keys of the pictures on audit pages, drawn by the same functions as the pictures, and cells of data."""

from __future__ import annotations

from typing import Any

from django import template
from django.utils.safestring import SafeString, mark_safe

from portal.charts import PAPER, SCREEN, Scale, diverging_bar, interval
from portal.message import number

register = template.Library()
UNIT = Scale(0, 1)
LONGEST_CELL = 60


def _palette(context: dict[str, Any]):
    return PAPER if context.get("paper") else SCREEN


@register.simple_tag(takes_context=True)
def key_mark(context, outcome: str) -> SafeString:
    """The mark of an outcome in an interval plot."""
    drawn = interval(0.5, None, None, UNIT, outcome=outcome, height=18, width="18", palette=_palette(context))
    return mark_safe(drawn)


@register.simple_tag(takes_context=True)
def key_band(context) -> SafeString:
    """The band of what is allowed, up to the highest."""
    drawn = interval(
        None, None, None, UNIT, band=(0.06, 0.94), reference=0.94, height=14, width="26", palette=_palette(context)
    )
    return mark_safe(drawn)


@register.simple_tag(takes_context=True)
def key_bar(context, mixed: bool = False) -> SafeString:
    """A bar of importance; `mixed` is one without a direction."""
    drawn = diverging_bar(
        1.8 if mixed else 1, None, None, 1, mixed=mixed, height=18, width="36", palette=_palette(context)
    )
    return mark_safe(drawn)


@register.filter
def cell(value: Any) -> str:
    """One cell of evaluation data."""
    if value is None or value == "":
        return "–"
    if isinstance(value, float):
        return number(value)
    text = str(value)
    return text if len(text) <= LONGEST_CELL else text[: LONGEST_CELL - 1] + "…"
