"""The control chart of a monitor: observations by day, their band, numbered events, days without data."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from portal.charts.palette import SCREEN, Palette
from portal.charts.svg import HATCH, at, edge_anchor, line, minus, num, picture, rect, text

TOP, BOTTOM, HEIGHT = 26, 200, 236


@dataclass(frozen=True)
class Event:
    """Something that happened on a day; its number is its place in the list, and the page explains it below."""

    day: int
    href: str = ""


def control_chart(
    values: Sequence[float | None],
    days: Sequence[str],
    label: str,
    *,
    band: tuple[float, float] | None,
    centre: float | None = None,
    events: Sequence[Event] = (),
    gap_word: str = "",
    form: str = "{:.3f}",
    palette: Palette = SCREEN,
    width: str = "100%",
) -> str:
    """Draw observations; those outside the band are diamonds, missing days are hatched and never joined.

    Parameters
    ----------
    values : sequence of float or None
        One a day, oldest first; None where there is no observation.
    days : sequence of str
        The ISO date of each value, same length; first, middle and last are written below.
    band : (float, float) or None
        What is expected, in the unit of the values.
    gap_word : str
        Written into a hatched stretch of three days or more.

    Raises
    ------
    ValueError
        If there is not one day for each value.
    """
    if len(values) != len(days):
        raise ValueError("one day for each value")
    count, known = len(values), [value for value in values if value is not None]
    edges = [edge for edge in (*(band or ()), centre) if edge is not None]
    if not known and not edges:
        return picture("", palette=palette, height=HEIGHT, label=label, width=width)
    low, high = min(known + edges), max(known + edges)
    spare = (high - low or abs(high) or 1.0) * 0.08
    low, high = low - spare, high + spare

    # On paper nothing may stand outside the figure: points keep off its edge, labels stand on their lines.
    margin = 1.5 if palette.paper else 0.0

    def x(day: float) -> float:
        return margin + (100 - 2 * margin) * day / (count - 1) if count > 1 else 50.0

    def y(value: float) -> float:
        return BOTTOM - (value - low) / (high - low) * (BOTTOM - TOP)

    parts = []
    if band:
        upper, lower = y(max(band)), y(min(band))
        parts.append(rect(0, upper, 100, lower - upper, f'fill="{palette.levels[0]}"'))
    parts += _gaps(values, x, gap_word, palette)
    for value in sorted(set(edges)):
        style = "" if value == centre else ' stroke-dasharray="4 3"'
        parts.append(line(0, 100, y(value), y(value), f'stroke="{palette.accent}" stroke-opacity=".8"{style}'))
        parts.append(
            f'<text x="{2 if palette.paper else -46}" y="{num(y(value) + (-4 if palette.paper else 4))}" '
            f'font-size="12" fill="{palette.ink_2}">'
            f"{minus(form.format(value))}</text>"
        )
    parts += _events(events, x, palette)
    parts += _points(values, band, x, y, palette)
    parts.append(line(0, 100, BOTTOM, BOTTOM, f'stroke="{palette.control_line}"'))
    for day in sorted({0, (count - 1) // 2, count - 1} if count else ()):
        parts.append(line(x(day), x(day), BOTTOM, BOTTOM + 5, f'stroke="{palette.control_line}"'))
        parts.append(text(x(day), BOTTOM + 20, days[day], palette, anchor=edge_anchor(x(day))))
    return picture("".join(parts), palette=palette, height=HEIGHT, label=label, width=width)


def _gaps(values: Sequence[float | None], x, word: str, palette: Palette) -> list[str]:
    parts, start = [], None
    for day, value in enumerate([*values, 0.0]):
        if value is None and start is None:
            start = day
        elif value is not None and start is not None:
            left, right = max(0.0, x(start - 0.5)), min(100.0, x(day - 0.5))
            parts.append(rect(left, TOP, right - left, BOTTOM - TOP, f'fill="{HATCH}" fill-opacity=".3"'))
            if word and day - start >= 3:
                middle = (left + right) / 2
                parts.append(_plate(middle, BOTTOM - 20, word, palette))
                parts.append(text(middle, BOTTOM - 8, word, palette, anchor="middle"))
            start = None
    return parts


def _plate(x: float, y: float, word: str, palette: Palette) -> str:
    """A plain ground behind a word that stands on a hatch."""
    wide = 10 + sum(12 if ord(character) > 0x2E7F else 7 for character in word)
    return at(x, y, f'<rect x="{num(-wide / 2)}" width="{wide}" height="16" rx="2" fill="{palette.bg}"/>')


def _events(events: Sequence[Event], x, palette: Palette) -> list[str]:
    parts = []
    for number, event in enumerate(events, 1):
        here = x(event.day)
        parts.append(line(here, here, TOP - 4, BOTTOM, f'stroke="{palette.ink_2}" stroke-dasharray="2 3"'))
        ring = f'<circle r="9" fill="{palette.bg}" stroke="{palette.ink_2}"/>'
        digit = (
            f'<text y="4" text-anchor="middle" font-size="12" font-weight="600" fill="{palette.ink}">{number}</text>'
        )
        parts.append(at(here, TOP - 13, ring + digit))
    return parts


def _points(values: Sequence[float | None], band, x, y, palette: Palette) -> list[str]:
    joins, inside, outside = [], [], []
    for day, value in enumerate(values):
        if value is None:
            continue
        following = values[day + 1] if day + 1 < len(values) else None
        if following is not None:
            joins.append(line(x(day), x(day + 1), y(value), y(following), ""))
        if band is None or min(band) <= value <= max(band):
            inside.append(f'<circle cx="{num(x(day))}%" cy="{num(y(value))}" r="2.6"/>')
        else:
            diamond = f'<path d="M0 -6.5L6.5 0 0 6.5-6.5 0z" fill="{palette.fail}" stroke="{palette.bg}"/>'
            outside.append(at(x(day), y(value), diamond))
    return [
        f'<g stroke="{palette.control_line}" stroke-width="1.3">{"".join(joins)}</g>',
        f'<g fill="{palette.ink}">{"".join(inside)}</g>',
        *outside,
    ]
