"""Glyphs of states: a shape for each, so that colour never speaks alone."""

from __future__ import annotations

from html import escape

from portal.charts.palette import SCREEN, Palette
from portal.charts.svg import hatch

SHAPES = {
    "pass": '<circle cx="8" cy="8" r="6.75"/><path d="M5 8.2l2.1 2.2L11.1 6"/>',
    "fail": '<rect x=".75" y=".75" width="14.5" height="14.5" rx="3" fill="currentColor" stroke="none"/>'
    '<path d="M5 5l6 6M11 5l-6 6" stroke="{bg}" stroke-width="1.9"/>',
    "x": '<path d="M4 4l8 8M12 4l-8 8" stroke-width="2"/>',
    "warn": '<path d="M8 1.8L15 14H1z"/><path d="M8 6.3v3.4M8 11.6v.4" stroke-width="1.7"/>',
    "inc": '<circle cx="8" cy="8" r="6.75"/>'
    '<path d="M6.1 6.4a1.95 1.95 0 1 1 2.7 1.8c-.55.25-.8.6-.8 1.2M8 11.3v.35"/>',
    "none": '<circle cx="8" cy="8" r="6.5" stroke-dasharray="2.35 2.19"/>',
    "run": '<circle cx="8" cy="8" r="6.5" stroke-opacity=".25"/><path d="M8 1.5a6.5 6.5 0 0 1 0 13" stroke-width="2"/>',
    "part": '<circle cx="8" cy="8" r="6.75"/>'
    '<path d="M8 1.25a6.75 6.75 0 0 0 0 13.5z" fill="currentColor" stroke="none"/>',
    "waived": '<path d="M8 1.2L14.8 8 8 14.8 1.2 8z"/><path d="M4.9 11.1l6.2-6.2"/>',
    "na": '<path d="M3.5 8h9"/>',
    "old": '<circle cx="8" cy="8" r="6.5"/><path d="M8 4.2V8l2.6 1.7"/>',
    "ok": '<path d="M3 8.4l3.2 3.3L13 4.6" stroke-width="1.8"/>',
    "info": '<circle cx="8" cy="8" r="6.75"/><path d="M8 7.2v4M8 4.7v.4" stroke-width="1.7"/>',
    "seal": '<circle cx="8" cy="8" r="6.75"/><path d="M1.8 5.9h12.4M1.8 10.1h12.4" stroke-width="1.2"/>',
    "claim": '<rect x="2" y="3" width="12" height="10" rx="1" stroke-dasharray="2.4 1.8"/>'
    '<path d="M3 11.5L10.5 4M6 12.8L13 6" stroke-width="1"/>',
    "evid": '<rect x="2" y="3" width="12" height="10" rx="1" fill="currentColor" stroke="none"/>',
}

# Outcomes and states, and the short name that glyphs and classes share.
SHORT = {
    "pass": "pass",
    "passed": "pass",
    "met": "pass",
    "fail": "fail",
    "failed": "fail",
    "inconclusive": "inc",
    "not_evaluated": "none",
    "not_applicable": "na",
    "unknown": "none",
    "waived": "waived",
    "warn": "warn",
    "running": "run",
    "queued": "none",
    "done": "pass",
    "cancelled": "na",
    "stale": "old",
}


def short_name(state: str) -> str:
    """The short name of an outcome; an unknown one looks like "not evaluated", never like a pass."""
    if state in SHAPES:
        return state
    return SHORT.get(state, "none")


def _colour(name: str, palette: Palette) -> str:
    return {
        "pass": palette.passed,
        "ok": palette.passed,
        "fail": palette.fail,
        "x": palette.fail,
        "warn": palette.warn,
        "inc": palette.warn,
        "waived": palette.waived,
        "seal": palette.accent,
    }.get(name, palette.na)


def glyph(state: str, title: str | None = None, *, palette: Palette = SCREEN, css: str = "") -> str:
    """One glyph.

    Parameters
    ----------
    state : str
        A name of `SHAPES` or an outcome of `SHORT`.
    title : str, optional
        What a screen reader says; leave it out where the word stands beside.
    """
    name = short_name(state)
    says = f'role="img" aria-label="{escape(title)}"' if title else 'aria-hidden="true"'
    if not palette.paper:
        classes = f"g g-{name} {escape(css)}".strip()
        return f'<svg class="{classes}" {says}><use href="#g-{name}"/></svg>'
    colour = _colour(name, palette)
    shape = SHAPES[name].format(bg=palette.bg).replace("currentColor", colour)
    return (
        f'<svg class="pg" width="11" height="11" viewBox="0 0 16 16" {says}><g fill="none" stroke="{colour}" '
        f'stroke-width="1.5" stroke-linecap="round" stroke-linejoin="round">{shape}</g></svg>'
    )


def sprite(palette: Palette = SCREEN) -> str:
    """All glyphs and the hatch, hidden at the top of a page; `glyph` refers to them."""
    symbols = "".join(
        f'<symbol id="g-{name}" viewBox="0 0 16 16">{shape.format(bg=palette.bg)}</symbol>'
        for name, shape in SHAPES.items()
    )
    return f'<svg width="0" height="0" aria-hidden="true"><defs>{hatch(palette)}</defs>{symbols}</svg>'
