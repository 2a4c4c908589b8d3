"""The few SVG parts that all figures are made of.

Figures give x in per cent and y in pixels and have no viewBox, so that text keeps its size at every width.
Only presentation attributes are written, never ``style``: the page's policy allows no inline style.
"""

from __future__ import annotations

from html import escape
from zlib import crc32

from portal.charts.palette import Palette

HATCH = "url(#hatch)"


def font_of(palette: Palette) -> str:
    """The attribute that names a figure's font, where it has to."""
    return f' font-family="{escape(palette.font)}"' if palette.font else ""


def num(value: float) -> str:
    """A coordinate with at most two decimals."""
    return f"{value:.2f}".rstrip("0").rstrip(".")


def minus(text: str) -> str:
    """A number for reading: with a true minus sign."""
    return text.replace("-", "−")


def hatch(palette: Palette, name: str = "hatch") -> str:
    """The pattern of what is claimed but not shown, of days without data, of mixed directions."""
    return (
        f'<pattern id="{name}" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">'
        f'<path d="M0 0v6" stroke="{palette.accent}" stroke-width="1.4"/></pattern>'
    )


def picture(
    body: str,
    *,
    palette: Palette,
    height: float,
    label: str | None = None,
    width: str = "100%",
    css: str = "plot",
    view_box: str | None = None,
) -> str:
    """Wrap parts into one SVG.

    Parameters
    ----------
    body : str
        The parts, already escaped.
    label : str, optional
        What a screen reader says; without it the picture is decoration and is hidden.
    width : str
        ``100%`` on a page; a number of pixels on paper.
    view_box : str, optional
        Only for figures of a fixed size.
    """
    name = f'role="img" aria-label="{escape(label)}"' if label else 'aria-hidden="true"'
    box = f' viewBox="{view_box}"' if view_box else ""
    defs = ""
    if palette.paper and HATCH in body:
        # On paper each SVG is a document of its own, and cannot reach the page's pattern.
        own = f"hatch-{crc32(body.encode()):x}"
        body = body.replace(HATCH, f"url(#{own})")
        defs = f"<defs>{hatch(palette, own)}</defs>"
    return f'<svg class="{css}" width="{width}" height="{num(height)}"{box}{font_of(palette)} {name}>{defs}{body}</svg>'


def at(x: float, y: float, body: str) -> str:
    """Parts drawn around the point x per cent, y pixels."""
    return f'<svg x="{num(x)}%" y="{num(y)}" overflow="visible">{body}</svg>'


def line(x1: float, x2: float, y1: float, y2: float, attributes: str) -> str:
    """A line; x in per cent, y in pixels."""
    return f'<line x1="{num(x1)}%" x2="{num(x2)}%" y1="{num(y1)}" y2="{num(y2)}" {attributes}/>'


def rect(x: float, y: float, width: float, height: float, attributes: str) -> str:
    """A rectangle; x and width in per cent, y and height in pixels."""
    return (
        f'<rect x="{num(x)}%" y="{num(y)}" width="{num(max(width, 0))}%" height="{num(max(height, 0))}" {attributes}/>'
    )


def text(x: float, y: float, words: str, palette: Palette, *, anchor: str = "start", size: float = 12) -> str:
    """A quiet text of a figure, escaped; x in per cent, y in pixels."""
    return (
        f'<text x="{num(x)}%" y="{num(y)}" text-anchor="{anchor}" font-size="{num(size)}" '
        f'fill="{palette.ink_2}">{escape(words)}</text>'
    )


def edge_anchor(x: float) -> str:
    """How a label at x per cent is anchored so that it stays inside."""
    return "start" if x < 4 else "end" if x > 96 else "middle"
