"""Cells of heat tables: a figure on its shade, in the same words everywhere."""

from __future__ import annotations

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from assessments import wording
from assessments.comparison import Cell
from assessments.distribution import Distribution

register = template.Library()


@register.simple_tag
def heat_cell(cell: Cell, css: str = "", label: str = "") -> SafeString:
    """A cell as a table's: the level, or "met/required", and what unknowns can still make of it."""
    if cell.step is None:
        words = _("not assessed") if cell.count.required else _("nothing required")
        return format_html(
            '<td class="{} {}" data-l="{}"><span class="vh">{}</span><span aria-hidden="true">–</span></td>',
            "hatch" if cell.count.required else "nil",
            css,
            label,
            words,
        )
    return format_html('<td class="lv{} {}" data-l="{}">{}{}</td>', cell.shade, css, label, cell.figure, _at_most(cell))


@register.simple_tag
def spread_label(name: str, spread: Distribution, words: list[str]) -> str:
    """A distribution in words: "Retail: 1: 3 teams, 2: 1, not assessed: 2"."""
    parts = [f"{word}: {count}" for word, count in zip(words, (*spread.counts, spread.unknown), strict=True) if count]
    return f"{name}: {wording.joined(parts)}"


def _at_most(cell: Cell) -> SafeString | str:
    if not cell.open:
        return ""
    words = _("at most %(level)s") % {"level": cell.at_most}
    return format_html(' <small aria-hidden="true">≤{}</small><span class="vh"> ({})</span>', cell.at_most, words)
