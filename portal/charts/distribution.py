"""How many teams stand on which level: one bar, or a column a quarter. Pure: no Django."""

from __future__ import annotations

from collections.abc import Sequence

from portal.charts.palette import SCREEN, Palette, shade
from portal.charts.svg import HATCH, line, num, picture, rect, text


def level_bar(
    counts: Sequence[int],
    unknown: int,
    label: str | None = None,
    *,
    palette: Palette = SCREEN,
    width: str = "100%",
) -> str:
    """One bar in parts as wide as their share, the lowest level first; hatched what is not assessed.

    Parameters
    ----------
    counts : sequence of int
        Teams on each level from 0.
    unknown : int
        Teams of which nothing is known.
    """
    total, x, body = sum(counts) + unknown, 0.0, ""
    for step, count in enumerate(counts):
        if count:
            wide, depth = count / total * 100, shade(step, len(counts) - 1)
            body += rect(x, 0, wide, 22, f'fill="{palette.levels[depth]}" stroke="{palette.bg}"')
            body += _count(x + wide / 2, 15, count, wide, palette.on_levels[depth])
            x += wide
    if unknown:
        wide = unknown / total * 100
        body += rect(x, 0.5, wide, 21, f'fill="{palette.bg}" stroke="{palette.hair}"')
        body += rect(x, 0, wide, 22, f'fill="{HATCH}" fill-opacity=".35"')
        body += _count(x + wide / 2, 15, unknown, wide, palette.ink)
    return picture(body, palette=palette, height=22, label=label, width=width, css="dist")


def level_columns(
    columns: Sequence[tuple[Sequence[int], int]],
    names: Sequence[str],
    label: str,
    *,
    palette: Palette = SCREEN,
    width: str = "100%",
) -> str:
    """A column a quarter, its parts as high as their share of all teams; the lowest level below.

    Parameters
    ----------
    columns : sequence of (counts, unknown)
        As `level_bar` takes them.
    names : sequence of str
        One a column, written below it.

    Raises
    ------
    ValueError
        If there is not one name for each column.
    """
    if len(columns) != len(names):
        raise ValueError("one name for each column")
    height, floor, top = 168, 146.0, 4.0
    each = 100 / max(1, len(columns))
    parts = [line(0, 100, floor + 0.5, floor + 0.5, f'stroke="{palette.control_line}"')]
    for place, ((counts, unknown), name) in enumerate(zip(columns, names, strict=True)):
        total, y, left = sum(counts) + unknown, floor, place * each + each * 0.12
        for step, count in enumerate((*counts, unknown)):
            if not count:
                continue
            tall = count / total * (floor - top)
            y -= tall
            if step == len(counts):
                parts.append(rect(left, y, each * 0.76, tall, f'fill="{palette.bg}" stroke="{palette.hair}"'))
                parts.append(rect(left, y, each * 0.76, tall, f'fill="{HATCH}" fill-opacity=".35"'))
                ink = palette.ink
            else:
                depth = shade(step, len(counts) - 1)
                fill = f'fill="{palette.levels[depth]}" stroke="{palette.bg}"'
                parts.append(rect(left, y, each * 0.76, tall, fill))
                ink = palette.on_levels[depth]
            if tall >= 14:
                parts.append(_count(left + each * 0.38, y + tall / 2 + 4, count, 100, ink))
        parts.append(text(left + each * 0.38, floor + 16, name, palette, anchor="middle", size=11))
    return picture("".join(parts), palette=palette, height=height, label=label, width=width, css="dist")


def _count(x: float, y: float, count: int, wide: float, ink: str) -> str:
    """The figure in a part, where it is wide enough for it."""
    if wide < 5:
        return ""
    return (
        f'<text x="{num(x)}%" y="{num(y)}" text-anchor="middle" font-size="12" font-weight="600" '
        f'fill="{ink}">{count}</text>'
    )
