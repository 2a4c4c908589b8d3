"""The date stamp of a decision, after the hanko."""

from __future__ import annotations

from html import escape
from unicodedata import east_asian_width

from portal.charts.palette import SCREEN, Palette
from portal.charts.svg import num

RINGS = {
    "agreed": '<circle cx="42" cy="42" r="40" stroke-width="2"/><circle cx="42" cy="42" r="36.5" stroke-width="1"/>',
    "not_agreed": '<circle cx="42" cy="42" r="40" stroke-width="2"/>',
    "waiting": '<circle cx="42" cy="42" r="40" stroke-width="1.5" stroke-dasharray="5 4"/>',
}


def _is_wide(words: str) -> bool:
    return any(east_asian_width(c) in "WF" for c in words)


def _ems(words: str) -> float:
    """The width of a text in ems, near enough for a stamp."""
    return sum(1.0 if _is_wide(c) else 0.66 if c.isupper() else 0.56 for c in words)


def _fitting(words: str, room: float, largest: float, smallest: float = 6) -> tuple[str, float]:
    """The text and its size; what cannot fit is cut with an ellipsis."""
    size = min(largest, room / max(_ems(words), 0.1))
    if size >= smallest:
        return words, size
    while len(words) > 1 and _ems(words + "…") * smallest > room:
        words = words[:-1]
    return words + "…", smallest


def seal(
    decision: str,
    date: str,
    name: str,
    *,
    kind: str = "agreed",
    small: bool = False,
    palette: Palette = SCREEN,
    font: str = "",
) -> str:
    """A round stamp: decision above, date between two lines, name below.

    Parameters
    ----------
    decision, name : str
        Short: "APPROVED", "承認"; a family name.
    date : str
        ISO date; empty while waiting.
    kind : {"agreed", "not_agreed", "waiting"}
        Double ring, single ring, dashed ring.
    font : str
        Font family, needed on paper only.

    Raises
    ------
    KeyError
        If the kind is unknown.
    """
    ring = RINGS[kind]
    waiting = kind == "waiting"
    colour = palette.na if waiting else palette.accent
    weight = 500 if waiting else 700
    family = f' font-family="{escape(font)}"' if font else ""
    chords = '<path d="M6.8 31.5H77.2M6.8 52.5H77.2" stroke-width="1.2"/>' if date else ""
    shown, top_size = _fitting(decision, 50, 15 if _is_wide(decision) else 11)
    below, low_size = _fitting(name, 48, 14 if _is_wide(name) else 11)

    def word(y: float, size: float, words: str, extra: str = "") -> str:
        return (
            f'<text x="42" y="{num(y)}" font-size="{num(size)}" font-weight="{weight}" text-anchor="middle"'
            f"{extra}{family}>{escape(words)}</text>"
        )

    parts = word(26 if date else 36, top_size, shown) + word(67 if date else 56, low_size, below)
    if date:
        parts += word(46.2, 11, date, ' textLength="62" lengthAdjust="spacingAndGlyphs"')
    css = "seal" + (" seal-wait" if waiting else "") + (" seal-s" if small else "")
    label = escape(" ".join(part for part in (decision, date, name) if part))
    return (
        f'<svg class="{css}" viewBox="0 0 84 84" role="img" aria-label="{label}">'
        f'<g fill="none" stroke="{colour}">{ring}{chords}</g><g fill="{colour}">{parts}</g></svg>'
    )
