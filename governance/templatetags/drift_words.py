"""Words for the columns of a drift audit, and the keys of its pictures."""

from __future__ import annotations

from typing import Any

from django import template
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from portal.charts import PAPER, SCREEN
from portal.message import number

register = template.Library()
REPLAYED = "__sekisho_prediction"  # how sentences of older audits call the column that we wrote
LONGEST_LEVEL = 20


@register.filter
def own_words(message: Any) -> Any:
    """A stored sentence in which the column of the model's answers is named as what it is."""
    if isinstance(message, dict):
        return {key: own_words(value) for key, value in message.items()}
    if isinstance(message, list):
        return [own_words(value) for value in message]
    return {"code": "drift.answer", "params": {}} if message == REPLAYED else message


@register.filter
def drift_word(row: Any) -> str:
    """Whether a column drifted, and whether that counts."""
    verdict = row.item["verdict"]
    if verdict == "fail" and row.weight:
        return _("Drifted, counts much") if row.weight.much else _("Drifted, counts little")
    return {
        "fail": _("Drifted"),
        "inconclusive": _("Undecided"),
        "pass": _("Little change"),
    }.get(verdict, _("Not judged"))


@register.filter
def drift_range(row: Any) -> str:
    """What a picture reaches over: from value to value, or how many categories."""
    picture = row.item["picture"]
    if "levels" not in picture:
        return _("%(low)s to %(high)s") % {"low": number(picture["low"]), "high": number(picture["high"])}
    shown = len(picture["levels"]) + picture["others"]
    return _("categories: %(count)s") % {"count": shown}


@register.filter
def drift_shift(row: Any) -> list[str]:
    """What moved, in the column's own terms: the median, or the category that changed most, and what is new."""
    item = row.item
    if item["distance"] is None:
        return []
    if quantiles := item.get("quantiles"):
        middle = quantiles["levels"].index(0.5)
        then, now = (quantiles[side][middle] for side in ("reference", "current"))
        if then is None or now is None or then == now:
            return []
        return [_("median %(then)s → %(now)s") % {"then": number(then), "now": number(now)}]
    lines = [_most_changed(item["picture"])] if item["picture"]["levels"] else []
    if item["new_levels"]["count"]:
        lines.append(_("new categories: %(count)s") % {"count": item["new_levels"]["count"]})
    if item["vanished_levels"]["count"]:
        lines.append(_("vanished categories: %(count)s") % {"count": item["vanished_levels"]["count"]})
    return lines


def _most_changed(picture: dict[str, Any]) -> str:
    shares = zip(picture["levels"], picture["reference"], picture["current"], strict=False)  # the rest comes after
    level, then, now = max(shares, key=lambda one: abs(one[1] - one[2]))
    short = level if len(level) <= LONGEST_LEVEL else level[: LONGEST_LEVEL - 1] + "…"
    return _("%(level)s: %(then)s → %(now)s") % {"level": short, "then": f"{then:.0%}", "now": f"{now:.0%}"}


@register.simple_tag(takes_context=True)
def key_then(context) -> SafeString:
    """The filled bars of the reference."""
    return _small(context, '<rect width="20" height="14" fill="{level}"/>')


@register.simple_tag(takes_context=True)
def key_now(context) -> SafeString:
    """The line of the current data."""
    return _small(context, '<line y1="7" x2="20" y2="7" stroke="{accent}" stroke-width="2"/>')


def _small(context: dict[str, Any], body: str) -> SafeString:
    palette = PAPER if context.get("paper") else SCREEN
    drawn = body.format(level=palette.levels[1], accent=palette.accent)
    return mark_safe(f'<svg width="20" height="14" aria-hidden="true">{drawn}</svg>')
