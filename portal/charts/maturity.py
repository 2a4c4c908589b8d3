"""Maturity: the ladder of levels, its small form, and levels over the months."""

from __future__ import annotations

from collections.abc import Sequence

from portal.charts.palette import SCREEN, TOP, Palette, shade
from portal.charts.svg import HATCH, at, edge_anchor, line, num, picture, rect, text

RISE = 23  # pixels from level to level in a trend


def _step(
    level: int, filled: int | None, claimed: int | None, palette: Palette, *, top: int, dash: str
) -> tuple[str, str]:
    """The paint of one step, and the ink of its digit."""
    if filled is not None and level <= filled:
        depth = shade(level, top)
        edge = f' stroke="{palette.control_line}" stroke-opacity=".45"' if depth < 2 else ""
        return f'fill="{palette.levels[depth]}"{edge}', palette.on_levels[depth]
    if claimed is not None and level <= claimed:
        paint = f'fill="{HATCH}" fill-opacity=".38" stroke="{palette.accent}" stroke-dasharray="{dash}"'
        return paint, palette.ink
    return f'fill="none" stroke="{palette.control_line}" stroke-opacity=".55"', palette.ink_2


def ladder(
    official: int | None,
    claimed: int | None,
    reviewed: int | None,
    label: str,
    *,
    top: int = TOP,
    palette: Palette = SCREEN,
    height: int = 124,
    figure: bool = True,
    width: str = "100%",
    target: int | None = None,
) -> str:
    """Steps: filled up to the official level, hatched where only claimed, a seal where reviewed, a flag to aim at.

    Parameters
    ----------
    official : int or None
        The official (or evidenced) level; None when nothing was assessed, and then nothing is filled.
    claimed, reviewed : int or None
        None when there is none.
    label : str
        The same in words.
    top : int
        The framework's highest level, 1 to 9: one step for each level from 0.
    figure : bool
        Whether the level stands as a large digit above the low steps.
    target : int or None
        The level that the team set out to reach.
    """
    step = 100 / (top + 1)
    middle, wide = step * 0.48, step * 0.96
    parts = []
    if figure:
        digit = "–" if official is None else official
        parts.append(f'<text x="0" y="34" font-size="40" font-weight="700" fill="{palette.ink}">{digit}</text>')
    for level in range(top + 1):
        tall = 26 + level * (height - 50) / top
        x, y = level * step + 0.4, height - tall
        paint, ink = _step(level, official, claimed, palette, top=top, dash="4 3")
        parts.append(rect(x, y, wide, tall - 1, f'rx="2" {paint}'))
        if HATCH in paint:
            parts.append(at(x + middle, height - 12, f'<circle r="9" fill="{palette.bg}"/>'))
        parts.append(
            f'<text x="{num(x + middle)}%" y="{height - 8}" text-anchor="middle" font-size="13" font-weight="600" '
            f'fill="{ink}">{level}</text>'
        )
        if reviewed == level:
            parts.append(at(x + middle, y - 12, _small_seal(8, palette)))
        if target == level:
            parts.append(at(x + step * 0.84, y, _flag(palette)))
    return picture("".join(parts), palette=palette, height=height, label=label, width=width, css="ladder")


def _small_seal(radius: float, palette: Palette) -> str:
    chord, rise = radius * 0.925, radius / 3
    return (
        f'<g fill="{palette.bg}" stroke="{palette.accent}" stroke-width="1.6"><circle r="{num(radius)}"/>'
        f'<path d="M{num(-chord)} {num(-rise)}H{num(chord)}M{num(-chord)} {num(rise)}H{num(chord)}" '
        'stroke-width="1.2"/></g>'
    )


def _flag(palette: Palette) -> str:
    return (
        f'<path d="M0 0V-20" stroke="{palette.ink}" stroke-width="1.6"/>'
        f'<path d="M0 -20L-12 -15.5L0 -11Z" fill="{palette.ink}"/>'
    )


def mini_ladder(
    official: int | None, claimed: int | None, label: str, *, top: int = TOP, palette: Palette = SCREEN
) -> str:
    """The ladder at the size of a line of text: filled and hatched steps only."""
    parts, step = [], 75 / (top + 1)
    for level in range(top + 1):
        tall = 6 + level * 18.4 / top
        paint, _ = _step(level, official, claimed, palette, top=top, dash="2 2")
        parts.append(
            f'<rect x="{num(level * step + 0.5)}" y="{num(25.5 - tall)}" width="{num(step - 2)}" height="{num(tall)}" '
            f'rx="1.5" {paint}/>'
        )
    return picture(
        "".join(parts), palette=palette, height=26, width="76", label=label, css="mini", view_box="0 0 76 26"
    )


def trend(
    claimed: Sequence[int | None],
    official: Sequence[int | None],
    reviews: Sequence[tuple[int, int]],
    ends: tuple[str, str],
    label: str,
    *,
    top: int = TOP,
    marks: Sequence[tuple[float, str]] = (),
    palette: Palette = SCREEN,
    width: str = "100%",
) -> str:
    """Levels over time as steps: dashed claimed, solid official, a seal at each review, a line at each milestone.

    Parameters
    ----------
    claimed, official : sequence of int or None
        One level a month, oldest first; None leaves a gap, never a joined line.
    reviews : sequence of (index, level)
        When a review confirmed which level.
    ends : (str, str)
        The first and the last month, as written below.
    top : int
        The framework's highest level; the figure is the taller, the more levels there are.
    marks : sequence of (place, word)
        Milestones: where between the first (0) and the last month (1), and what stands above the line.
    """
    below = 18 + top * RISE  # where level 0 lies
    height = below + 24
    months = max(len(claimed), len(official))
    left, right = 7.0, 97.0

    def x(index: int) -> float:
        return left + (right - left) * (index / (months - 1) if months > 1 else 0.5)

    def y(level: float) -> float:
        return below - level * RISE

    parts = []
    for level in range(top + 1):
        parts.append(line(left, 100, y(level), y(level), f'stroke="{palette.hair}"'))
        parts.append(text(0, y(level) + 4, str(level), palette))
    for place, word in marks:
        here = left + (right - left) * place
        parts.append(line(here, here, 9, below, f'stroke="{palette.ink_2}" stroke-dasharray="1 3"'))
        parts.append(text(here, 8, word, palette, anchor="middle"))
    dashed = f'stroke="{palette.control_line}" stroke-width="1.6" stroke-dasharray="4 3"'
    solid = f'stroke="{palette.accent}" stroke-width="2.4" stroke-linecap="square"'
    parts += _steps(claimed, x, lambda level: y(level) - 2, dashed)
    parts += _steps(official, x, lambda level: y(level) + 1, solid)
    parts += [at(x(index), y(level) + 1, _small_seal(5.5, palette)) for index, level in reviews]
    parts.append(text(left, height - 2, ends[0], palette, anchor=edge_anchor(0)))
    parts.append(text(100, height - 2, ends[1], palette, anchor="end"))
    return picture("".join(parts), palette=palette, height=height, label=label, width=width)


def _steps(levels: Sequence[int | None], x, y, attributes: str) -> list[str]:
    """Horizontal runs of equal levels, joined by risers; None breaks the line."""
    parts, start, last = [], 0, len(levels) - 1
    for index, level in enumerate(levels):
        if level is None:
            start = index + 1
            continue
        following = levels[index + 1] if index < last else None
        if following == level:
            continue
        end = x(index + 1) if following is not None else x(index)
        reach = end if end > x(start) else x(start) + 1
        parts.append(line(x(start), reach, y(level), y(level), attributes))
        if following is not None:
            parts.append(line(end, end, y(level), y(following), attributes))
        start = index + 1
    return parts
