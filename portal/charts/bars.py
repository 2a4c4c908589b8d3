"""Plain bars: progress, a share against what is needed, counts, distributions, hours of a connection."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from math import log10

from portal.charts.palette import SCREEN, Palette
from portal.charts.svg import at, line, picture, rect


def arrow(*, dashed: bool = False, palette: Palette = SCREEN) -> str:
    """The way from one environment, or ladder, to the next; dashed when nobody asked for it."""
    dash = ' stroke-dasharray="4 3"' if dashed else ""
    stroke = f'stroke="{palette.control_line}" stroke-width="1.5"'
    body = line(0, 100, 7, 7, f"{stroke}{dash}") + at(100, 0, f'<path d="M-6 2l6 5-6 5" fill="none" {stroke}/>')
    return picture(body, palette=palette, height=14, css="to")


def progress_bar(
    done: float, of: float, *, label: str | None = None, palette: Palette = SCREEN, width: str = "100%"
) -> str:
    """How much of a whole is done; an unknown whole (0) draws an empty bar."""
    share = max(0.0, min(1.0, done / of)) * 100 if of else 0.0
    body = rect(0, 0, 100, 6, f'rx="3" fill="{palette.levels[1]}" fill-opacity=".6"')
    if share:
        body += rect(0, 0, share, 6, f'rx="3" fill="{palette.accent}"')
    return picture(body, palette=palette, height=6, label=label, width=width, css="prog")


def share_bar(share: float, needed: float | None = None, *, label: str | None = None, palette: Palette = SCREEN) -> str:
    """A share of 0 to 1 as a bar, with a mark where the requirement stands."""
    body = rect(0, 5, 100, 8, f'rx="2" fill="{palette.levels[1]}" fill-opacity=".55"')
    body += rect(0, 5, max(0.0, min(1.0, share)) * 100, 8, f'rx="2" fill="{palette.accent}"')
    if needed is not None:
        x = max(0.0, min(1.0, needed)) * 100
        body += line(x, x, 0, 18, f'stroke="{palette.ink}" stroke-width="2"')
    return picture(body, palette=palette, height=18, label=label, css="bar")


def reach_bar(
    lifted: int, needing: int, lacking: int, of: int, *, label: str | None = None, palette: Palette = SCREEN
) -> str:
    """Whom something reaches, of a whole: those who lack it, those of them who need it, those whom it lifts."""
    body = rect(0, 4.5, 100, 5, f'rx="2" fill="none" stroke="{palette.hair}"')
    for count, tall, paint in (
        (lacking, 5, palette.levels[1]),
        (needing, 9, palette.levels[2]),
        (lifted, 13, palette.accent),
    ):
        if count and of:
            body += rect(0, 7 - tall / 2, count / of * 100, tall, f'rx="2" fill="{paint}"')
    return picture(body, palette=palette, height=14, label=label, css="bar")


def account_bar(
    decided: int, emergency: int, unexplained: int, *, label: str, palette: Palette = SCREEN, width: str = "100%"
) -> str:
    """Changes by how they are explained: by a decision, in an emergency, and dashed those that nothing explains."""
    parts, of, place = [], decided + emergency + unexplained, 0
    for count, paint in (
        (decided, f'fill="{palette.levels[2]}"'),
        (emergency, f'fill="{palette.levels[4]}"'),
        (unexplained, f'fill="{palette.bg}" stroke="{palette.fail}" stroke-width="2" stroke-dasharray="4 2"'),
    ):
        if count:
            parts.append(rect(place / of * 100 + 0.15, 4, count / of * 100 - 0.3, 24, f'rx="2" {paint}'))
        place += count
    if not of:
        parts.append(line(0, 100, 16, 16, f'stroke="{palette.na}" stroke-dasharray="3 4"'))
    return picture("".join(parts), palette=palette, height=32, label=label, width=width)


def count_bar(count: int, needed: int, largest: int, *, palette: Palette = SCREEN, width: str = "100%") -> str:
    """How many rows a group has against how many are needed, on a logarithmic scale; hollow when too few."""
    top = log10(max(largest, needed, 10))

    def x(rows: int) -> float:
        return log10(max(rows, 1)) / top * 100

    paint = (
        f'fill="{palette.levels[3]}"'
        if count >= needed
        else f'fill="{palette.bg}" stroke="{palette.na}" stroke-dasharray="3 2" stroke-width="1.4"'
    )
    body = rect(0, 4, x(count), 12, f'rx="1" {paint}')
    body += line(x(needed), x(needed), 0, 20, f'stroke="{palette.ink}" stroke-width="1.6"')
    return picture(body, palette=palette, height=20, width=width)


def histogram(
    reference: Sequence[float],
    current: Sequence[float],
    label: str,
    *,
    top: float | None = None,
    palette: Palette = SCREEN,
    height: float = 64,
) -> str:
    """Two distributions over the same bins: filled the reference, as a line the current one.

    Parameters
    ----------
    reference, current : sequence of float
        Shares of each bin, 0 to 1, of equal length.
    top : float, optional
        The share at the upper edge, so that several pictures share one scale.

    Raises
    ------
    ValueError
        If the two have different numbers of bins.
    """
    if len(reference) != len(current):
        raise ValueError("both distributions need the same bins")
    if not reference:
        return picture("", palette=palette, height=height, label=label)
    ceiling = top or max(*reference, *current, 1e-9)
    step, floor = 100 / len(reference), height - 1

    def y(share: float) -> float:
        return floor - min(share / ceiling, 1.0) * (height - 4)

    bars = "".join(
        rect(index * step + 0.4, y(share), step - 0.8, floor - y(share), "") for index, share in enumerate(reference)
    )
    outline = []
    for index, share in enumerate(current):
        outline.append(line(index * step, (index + 1) * step, y(share), y(share), ""))
        if index + 1 < len(current):
            x = (index + 1) * step
            outline.append(line(x, x, y(share), y(current[index + 1]), ""))
    body = (
        f'<g fill="{palette.levels[1]}">{bars}</g><g stroke="{palette.accent}" stroke-width="2">{"".join(outline)}</g>'
        + line(0, 100, height - 0.5, height - 0.5, f'stroke="{palette.control_line}"')
    )
    return picture(body, palette=palette, height=height, label=label)


def sync_strip(states: Sequence[str], label: str, *, palette: Palette = SCREEN) -> str:
    """A connection over the last hours, oldest first.

    Parameters
    ----------
    states : sequence of {"ok", "slow", "failed", "none"}
        A full block, a tall one, a hollow one with a cross, a dashed line where nothing was tried.
    """
    if not states:
        return picture("", palette=palette, height=22, label=label, css="sync")
    step, place, parts = 100 / len(states), 0, []
    for state, run in groupby(states):
        hours = len(list(run))
        x, wide = place * step + 0.4, hours * step - 0.8
        if state in ("ok", "slow"):
            y, tall, fill = (6, 12, palette.levels[2]) if state == "ok" else (1, 17, palette.levels[4])
            parts.append(rect(x, y, wide, tall, f'rx="1" fill="{fill}"'))
        elif state == "failed":
            parts.append(rect(x, 6, wide, 12, f'rx="1" fill="{palette.bg}" stroke="{palette.fail}" stroke-width="1.6"'))
            cross = f'<path d="M-3.2 -3.2l6.4 6.4M3.2 -3.2l-6.4 6.4" stroke="{palette.fail}" stroke-width="2"/>'
            parts.append(at((place + hours / 2) * step, 12, cross))
        else:
            parts.append(line(x, x + wide, 12, 12, f'stroke="{palette.na}" stroke-dasharray="3 4"'))
        place += hours
    return picture("".join(parts), palette=palette, height=22, label=label, css="sync")
