"""What pages say and draw: glyphs, states, levels, figures, numbers and times.

Figures take the paper palette where the context says ``paper``, so that one template serves page and PDF.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

from django import template
from django.template.defaultfilters import date as django_date
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from portal import charts
from portal.message import number as plain_number

register = template.Library()

WORDS = {
    "pass": gettext_lazy("Pass"),
    "fail": gettext_lazy("Fail"),
    "inconclusive": gettext_lazy("Undecided"),
    "not_evaluated": gettext_lazy("Not evaluated"),
    "not_applicable": gettext_lazy("Not applicable"),
    "waived": gettext_lazy("Waived"),
    "warn": gettext_lazy("Look"),
    "running": gettext_lazy("Running"),
    "queued": gettext_lazy("Queued"),
    "done": gettext_lazy("Done"),
    "failed": gettext_lazy("Failed"),
    "cancelled": gettext_lazy("Cancelled"),
    "stale": gettext_lazy("Stale"),
    "unknown": gettext_lazy("Unknown"),
    "met": gettext_lazy("Met"),
}
WORDS |= {"inc": WORDS["inconclusive"], "none": WORDS["not_evaluated"], "na": WORDS["not_applicable"]}
WORDS |= {"run": WORDS["running"], "old": WORDS["stale"]}

# The main navigation: URL name, word, and how names of pages below it begin.
PLACES = (
    ("home", gettext_lazy("Home"), ("home",)),
    ("teams", gettext_lazy("Teams"), ("team", "assessment", "criterion", "roadmap", "compare", "contradiction")),
    (
        "models",
        gettext_lazy("Models"),
        ("model", "version", "audit", "monitor", "finding", "control", "evaluation", "lineage"),
    ),
    ("promotions", gettext_lazy("Promotions"), ("promotion", "approval", "waiver", "move")),
    ("records", gettext_lazy("Records"), ("record", "event", "ledger")),
)
ADMIN = (
    ("connections", gettext_lazy("Connections"), ("connection", "data-connection")),
    ("interpreters", gettext_lazy("Interpreters"), ("interpreter",)),
    ("sandbox", gettext_lazy("Sandbox"), ("sandbox",)),
    ("policies", gettext_lazy("Policies"), ("polic",)),
    ("environments", gettext_lazy("Environments"), ("environment",)),
    ("groups", gettext_lazy("Approvers"), ("group",)),
    ("frameworks", gettext_lazy("Frameworks"), ("framework",)),
    ("people", gettext_lazy("People and roles"), ("people", "person", "invitation", "unit", "user")),
    ("jobs", gettext_lazy("Jobs"), ("job",)),
    ("operations", gettext_lazy("Operation"), ("operations", "hold")),
)


def _palette(context: dict[str, Any]) -> charts.Palette:
    return charts.PAPER if context.get("paper") else charts.SCREEN


# Glyphs and states


@register.simple_tag(takes_context=True)
def sprite(context) -> SafeString:
    """All glyphs, once a page; `base.html` has it."""
    return mark_safe(charts.sprite(_palette(context)))


@register.simple_tag(takes_context=True)
def glyph(context, state: str, title: str = "", css: str = "") -> SafeString:
    """`{% glyph "fail" %}` beside its word, or `{% glyph "fail" title %}` alone."""
    return mark_safe(charts.glyph(state, str(title) or None, palette=_palette(context), css=css))


@register.simple_tag(takes_context=True)
def status(context, outcome: str, word: str = "") -> SafeString:
    """A state as glyph and word: `{% status outcome %}`, or with a word of your own."""
    name = charts.short_name(outcome)
    mark = charts.glyph("x" if name == "fail" else name, palette=_palette(context))
    kind = "none" if name == "old" else name
    words = word or WORDS.get(outcome, outcome)
    return format_html('<span class="st st-{}">{}{}</span>', kind, mark_safe(mark), words)


@register.filter
def kind(outcome: str) -> str:
    """The class suffix of an outcome: `check-{{ outcome|kind }}`, `verdict-{{ outcome|kind }}`."""
    return charts.short_name(outcome or "")


@register.filter
def word(outcome: str) -> str:
    """The word of an outcome or state in the reader's language."""
    return str(WORDS.get(outcome, outcome))


@register.simple_tag
def level_chip(level: int | None, top: int = charts.TOP) -> SafeString:
    """A level as a digit on its colour, on a ladder up to `top`; a dash where there is none."""
    if level is None or level == "":
        return format_html('<span class="chip hatch">–<span class="vh">{}</span></span>', _("not assessed"))
    return format_html('<span class="chip lv{}">{}</span>', charts.shade(level, top), level)


# Figures


def _figure(name: str, draw: Callable[..., str]) -> None:
    def tag(context, *args, **kwargs) -> SafeString:
        given = [None if value == "" else value for value in args]
        return mark_safe(draw(*given, palette=_palette(context), **kwargs))

    tag.__doc__ = draw.__doc__
    register.simple_tag(tag, takes_context=True, name=name)


FIGURES = (
    charts.ladder,
    charts.mini_ladder,
    charts.trend,
    charts.interval,
    charts.axis,
    charts.band_edges,
    charts.diverging_bar,
    charts.waterfall_step,
    charts.arrow,
    charts.progress_bar,
    charts.reach_bar,
    charts.share_bar,
    charts.account_bar,
    charts.count_bar,
    charts.histogram,
    charts.level_bar,
    charts.level_columns,
    charts.sync_strip,
    charts.control_chart,
    charts.lineage_graph,
)
for _draw in FIGURES:
    _figure(_draw.__name__, _draw)


@register.simple_tag(takes_context=True)
def seal(context, decision: str, date: Any, name: str, kind: str = "agreed", small: bool = False) -> SafeString:
    """A date stamp: `{% seal word decided_at person kind="agreed" %}`."""
    day = iso_date(date) if date else ""
    font = context.get("paper_font", "") if context.get("paper") else ""
    drawn = charts.seal(
        str(decision), day, str(name), kind=kind, small=bool(small), palette=_palette(context), font=font
    )
    return mark_safe(drawn)


# Numbers and times


@register.filter
def number(value: Any) -> str:
    """Three significant digits, thousands separated; a dash for nothing."""
    if value is None or value == "":
        return "–"
    if isinstance(value, int) and not isinstance(value, bool):
        return f"{value:,}".replace("-", "−")
    return plain_number(float(value))


@register.filter
def percent(share: float | None) -> str:
    """A share of 0 to 1 in per cent; one decimal below ten."""
    if share is None or share == "":
        return "–"
    hundred = float(share) * 100
    digits = 1 if 0 < abs(hundred) < 10 else 0
    return f"{hundred:.{digits}f}".removesuffix(".0").replace("-", "−") + "%"


@register.filter
def shortid(identifier: str) -> str:
    """The first 12 characters of a digest or run id, without the name of the hash."""
    return str(identifier or "–").rpartition(":")[2][:12]


@register.filter(name="date", expects_localtime=True)
def iso_date(moment: Any, form: str = "") -> str:
    """`2026-11-20`; with a format it is Django's own filter."""
    if form:
        return django_date(moment, form)
    if isinstance(moment, dt.datetime):
        moment = timezone.localtime(moment) if timezone.is_aware(moment) else moment
        return moment.date().isoformat()
    return moment.isoformat() if isinstance(moment, dt.date) else str(moment or "–")


@register.filter
def datetime(moment: dt.datetime | None) -> str:
    """`2026-11-20 10:02 JST`, in the reader's time zone."""
    if not moment:
        return "–"
    local = timezone.localtime(moment) if timezone.is_aware(moment) else moment
    return f"{local:%Y-%m-%d %H:%M} {local.tzname() or ''}".strip()


@register.filter
def clock(moment: dt.datetime | None) -> str:
    """`10:02`, in the reader's time zone."""
    return timezone.localtime(moment).strftime("%H:%M") if moment else "–"


@register.simple_tag
def when(moment: dt.datetime | dt.date | None) -> SafeString:
    """A `<time>` element with date, time and time zone, or the date alone."""
    if not moment:
        return mark_safe("–")
    words = datetime(moment) if isinstance(moment, dt.datetime) else iso_date(moment)
    return format_html('<time datetime="{}">{}</time>', moment.isoformat(), words)


@register.filter
def ago(moment: dt.datetime | None) -> str:
    """How long ago: `5 h ago`."""
    if not moment:
        return _("never")
    seconds = max(0, int((timezone.now() - moment).total_seconds()))
    if seconds < 60:
        return _("just now")
    if seconds < 3600:
        return _("%(n)s min ago") % {"n": seconds // 60}
    if seconds < 48 * 3600:
        return _("%(n)s h ago") % {"n": seconds // 3600}
    return _("%(n)s days ago") % {"n": seconds // 86400}


@register.filter
def elapsed(length: dt.timedelta | float | None) -> str:
    """A duration: `0:42`, `1:03:20`."""
    if length is None or length == "":
        return "–"
    seconds = int(length.total_seconds() if isinstance(length, dt.timedelta) else length)
    minutes, rest = divmod(max(seconds, 0), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


# Links


@register.simple_tag(takes_context=True)
def query(context, **changes: Any) -> str:
    """The present query string with some keys changed; None or "" takes one away, and a change goes to page 1."""
    kept = context["request"].GET.copy()
    if "page" not in changes:
        kept.pop("page", None)
    for key, value in changes.items():
        kept.pop(key, None)
        if value not in (None, ""):
            kept[key] = str(value)
    return "?" + kept.urlencode()


def _address(name: str) -> str:
    try:
        return reverse(name)
    except NoReverseMatch:
        return ""


def _entry(name: str, words: Any, url: str, here: str, prefixes: tuple[str, ...]) -> dict[str, Any]:
    current = "page" if here == name else "true" if here.startswith(prefixes) else ""
    return {"words": words, "url": url, "current": current}


@register.inclusion_tag("web/_nav.html", takes_context=True)
def main_nav(context, current: str = "") -> dict[str, Any]:
    """The main navigation; `current` names the place where the page's URL name does not tell."""
    request, user = context.get("request"), context.get("user")
    match = getattr(request, "resolver_match", None)
    here = current or (match.url_name if match else "") or ""
    entries = [_entry(name, words, _address(name), here, prefixes) for name, words, prefixes in PLACES]
    if user and getattr(user, "is_administrator", False):
        prefixes = ("admin", *(prefix for entry in ADMIN for prefix in entry[2]))
        entries.append(_entry("admin", _("Admin"), _address("connections"), here, prefixes))
    return {"entries": [entry for entry in entries if entry["url"]]}


@register.inclusion_tag("web/_tabs.html", takes_context=True)
def admin_tabs(context) -> dict[str, Any]:
    """The tabs of the administrator's pages."""
    match = getattr(context.get("request"), "resolver_match", None)
    here = (match.url_name if match else "") or ""
    entries = [_entry(name, words, _address(name), here, prefixes) for name, words, prefixes in ADMIN]
    return {"tabs": [entry for entry in entries if entry["url"]], "label": _("Admin")}
