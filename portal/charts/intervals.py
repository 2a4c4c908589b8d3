"""Points with their intervals on one shared scale: fairness, performance, importance."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from portal.charts.glyphs import short_name
from portal.charts.palette import SCREEN, Palette
from portal.charts.svg import at, edge_anchor, line, minus, num, picture, rect, text


@dataclass(frozen=True)
class Scale:
    """A linear scale from low to high over the width of a figure.

    Raises
    ------
    ValueError
        If high does not exceed low.
    """

    low: float
    high: float

    def __post_init__(self) -> None:
        if not self.high > self.low:
            raise ValueError("a scale runs from a lower to a higher value")

    def x(self, value: float) -> float:
        """The place of a value in per cent, held inside the figure."""
        return max(0.0, min(100.0, (value - self.low) / (self.high - self.low) * 100))

    def holds(self, value: float) -> bool:
        return self.low <= value <= self.high

    def ticks(self, at_most: int = 6) -> list[float]:
        """Round values inside the scale, at most so many: steps of 1, 2 or 5 times a power of ten."""
        from math import ceil, floor, log10

        rough = (self.high - self.low) / max(at_most - 1, 1)
        power = 10 ** floor(log10(rough))
        for factor in (1, 2, 5, 10):
            step = factor * power
            first, last = ceil(round(self.low / step, 6)), floor(round(self.high / step, 6))
            if last - first + 1 <= at_most:
                break
        return [round(index * step, 10) for index in range(first, last + 1)]


def _end(value: float, scale: Scale, y: float, inward: int) -> str:
    """A cap, or an arrow where the interval runs out of the scale."""
    x = scale.x(value)
    if scale.holds(value):
        return line(x, x, y - 4, y + 4, "")
    return at(x, y, f'<path d="M{5 * inward} -4.5L0 0l{5 * inward} 4.5" fill="none"/>')


def _mark(kind: str, colour: str, palette: Palette) -> str:
    if kind == "fail":
        return f'<path d="M0 -7.5L7.5 0 0 7.5-7.5 0z" fill="{colour}" stroke="{palette.bg}" stroke-width="1.5"/>'
    if kind == "none":
        return f'<circle r="5" fill="{palette.bg}" stroke="{colour}" stroke-width="2"/>'
    if kind == "inc":
        return (
            f'<circle r="6" fill="{palette.bg}" stroke="{colour}" stroke-width="2"/>'
            f'<path d="M0 -6a6 6 0 0 1 0 12z" fill="{colour}"/>'
        )
    return f'<circle r="5.5" fill="{colour}"/>'


def interval(
    value: float | None,
    low: float | None,
    high: float | None,
    scale: Scale,
    *,
    outcome: str = "pass",
    band: tuple[float, float] | None = None,
    reference: float | None = None,
    grid: Sequence[float] = (),
    label: str | None = None,
    palette: Palette = SCREEN,
    height: float = 38,
    width: str = "100%",
) -> str:
    """One row: a point, its interval, the tolerated band.

    Parameters
    ----------
    value, low, high : float or None
        The estimate and the ends of its interval, in the scale's unit; None draws the band alone.
    outcome : str
        pass is a disc, fail a diamond, inconclusive half a disc, anything else hollow and dashed.
    band : (float, float), optional
        What is allowed; drawn shaded, with a dashed line at its first edge.
    reference : float, optional
        A solid line: the highest group, zero, the live version.
    """
    kind, y = short_name(outcome), height / 2
    parts = []
    if band:
        start, stop = scale.x(min(band)), scale.x(max(band))
        parts.append(rect(start, 0, stop - start, height, f'fill="{palette.levels[0]}"'))
    parts += [line(scale.x(tick), scale.x(tick), 0, height, f'stroke="{palette.hair}"') for tick in grid]
    if band:
        parts += [
            line(scale.x(edge), scale.x(edge), 0, height, f'stroke="{palette.accent}" stroke-dasharray="3 3"')
            for edge in band
            if edge != reference and scale.holds(edge)
        ]
    if reference is not None:
        x = scale.x(reference)
        parts.append(line(x, x, 0, height, f'stroke="{palette.accent}"'))
    colour = {"fail": palette.fail, "inc": palette.warn, "pass": palette.ink}.get(kind, palette.na)
    if low is not None and high is not None:
        dash = ' stroke-dasharray="3 2.5"' if kind not in ("pass", "fail", "inc") else ""
        whisker = line(scale.x(low), scale.x(high), y, y, dash.strip())
        parts.append(
            f'<g stroke="{colour}" stroke-width="2">{whisker}{_end(low, scale, y, 1)}{_end(high, scale, y, -1)}</g>'
        )
    if value is not None:
        known = kind if kind in ("pass", "fail", "inc") else "none"
        parts.append(at(scale.x(value), y, _mark(known, colour, palette)))
    return picture("".join(parts), palette=palette, height=height, label=label, width=width)


def axis(
    scale: Scale,
    ticks: Sequence[float] | None = None,
    *,
    form: str = "{:g}",
    palette: Palette = SCREEN,
    height: float = 24,
    width: str = "100%",
) -> str:
    """The numbers above a column of interval rows."""
    parts = []
    for tick in scale.ticks() if ticks is None else ticks:
        x = scale.x(tick)
        words = "0" if tick == 0 else minus(form.format(tick))
        parts.append(text(x, height - 2, words, palette, anchor=edge_anchor(x)))
    return picture("".join(parts), palette=palette, height=height, width=width)


def band_edges(
    band: tuple[float, float],
    scale: Scale,
    *,
    form: str = "{:.2f}",
    palette: Palette = SCREEN,
    height: float = 28,
    width: str = "100%",
) -> str:
    """The edges of a band in figures, above its rows."""
    low, high = min(band), max(band)
    edge = 3200 / float(width) if width.isdecimal() else 8.0  # how much of the width a figure needs
    parts = [rect(scale.x(low), height - 5, scale.x(high) - scale.x(low), 6, f'fill="{palette.levels[0]}"')]
    for value, x, near in ((low, scale.x(low), "end"), (high, scale.x(high), "start")):
        anchor = "start" if x < edge else "end" if x > 100 - edge else near
        parts.append(text(x, height - 9, minus(form.format(value)), palette, anchor=anchor))
    return picture("".join(parts), palette=palette, height=height, width=width)


def diverging_bar(
    value: float,
    low: float | None,
    high: float | None,
    largest: float,
    *,
    live: float | None = None,
    mixed: bool = False,
    rest: bool = False,
    palette: Palette = SCREEN,
    height: float = 38,
    width: str = "100%",
) -> str:
    """A signed bar from the middle with its interval; a hollow triangle is the live version's value.

    Parameters
    ----------
    value, low, high : float
        In the unit of ``largest``, which reaches the edge.
    mixed : bool
        The feature pushes both ways: a hatched bar around the middle, no direction claimed.
    rest : bool
        A sum of many small ones, drawn paler and without an interval.
    """
    y, limit = height / 2, largest or 1.0

    def x(amount: float) -> float:
        return 50 + max(-1.0, min(1.0, amount / limit)) * 50

    def bar(start: float, stop: float, paint: str) -> str:
        return rect(min(start, stop), y - 8, abs(stop - start), 16, paint)

    parts = [line(50, 50, 0, height, f'stroke="{palette.control_line}"')]
    if mixed:
        half = abs(value) / 2
        paint = f'fill="url(#hatch)" fill-opacity=".6" stroke="{palette.accent}" stroke-dasharray="3 2"'
        parts.append(bar(x(-half), x(half), paint))
    elif rest:
        paint = f'fill="{palette.levels[1]}" stroke="{palette.control_line}" stroke-opacity=".5"'
        parts.append(bar(50, x(value), paint))
    else:
        parts.append(bar(50, x(value), f'fill="{palette.levels[3]}"'))
        if low is not None and high is not None:
            caps = "".join(line(x(end), x(end), y - 4, y + 4, "") for end in (low, high))
            whisker = line(x(low), x(high), y, y, "")
            parts.append(f'<g stroke="{palette.ink}" stroke-width="1.5">{whisker}{caps}</g>')
    if live is not None:
        triangle = f'<path d="M0 -4L4.5 3.5h-9z" fill="{palette.bg}" stroke="{palette.ink_2}" stroke-width="1.4"/>'
        parts.append(at(x(live), y + 13, triangle))
    return picture("".join(parts), palette=palette, height=height, width=width)


def waterfall_step(
    start: float,
    stop: float,
    scale: Scale,
    *,
    kind: str = "step",
    palette: Palette = SCREEN,
    height: float = 34,
    width: str = "100%",
) -> str:
    """One row of a waterfall: from start to stop, tied to its neighbours by hairlines.

    Parameters
    ----------
    kind : {"base", "step", "end"}
        The first and the last row show one value as a block.
    """
    middle, here = height / 2, scale.x(stop)
    if kind in ("base", "end"):
        top, bottom = (0, middle) if kind == "end" else (middle, height)
        block = f'<rect x="-5" y="-9" width="10" height="18" rx="2" fill="{palette.ink}"/>'
        body = line(here, here, top, bottom, f'stroke="{palette.control_line}"') + at(here, middle, block)
        return picture(body, palette=palette, height=height, width=width)
    there, up = scale.x(start), stop > start
    paint = f'fill="{palette.levels[3]}"' if up else f'fill="{palette.levels[1]}" stroke="{palette.control_line}"'
    tip, colour = ("M-5 -4L0 0l-5 4", palette.bg) if up else ("M5 -4L0 0l5 4", palette.ink)
    body = (
        f'<g stroke="{palette.control_line}">{line(there, there, 0, middle, "")}'
        f"{line(here, here, middle, height, '')}</g>"
        + rect(min(here, there), middle - 8, abs(here - there), 16, paint)
        + at(here, middle, f'<path d="{tip}" fill="none" stroke="{colour}" stroke-width="{num(1.6)}"/>')
    )
    return picture(body, palette=palette, height=height, width=width)
