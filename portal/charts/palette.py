"""Colours of a figure: CSS variables on screen, plain hex on paper.

WeasyPrint resolves no ``var()`` inside SVG, so that a figure is drawn from a palette and never names a colour.
"""

from __future__ import annotations

from dataclasses import dataclass

TOP = 4  # the darkest of the five shades, and the highest level where nothing else is said


def shade(level: int, top: int = TOP) -> int:
    """The shade of a level, 0 to 4: ladders of other lengths are spread over the five."""
    return round(min(level, top) * TOP / max(1, top))


@dataclass(frozen=True)
class Palette:
    """Every colour that a figure may use.

    Parameters
    ----------
    levels, on_levels : tuple of str
        The fill of the five shades of maturity levels, and the ink that stands on it.
    paper : bool
        Whether a figure has to carry its own patterns and glyphs, as each SVG of a PDF stands alone.
    font : str
        The families of its texts, which on paper are not inherited from the page.
    """

    bg: str
    surface: str
    ink: str
    ink_2: str
    control_line: str
    hair: str
    accent: str
    passed: str
    fail: str
    warn: str
    waived: str
    na: str
    tint_accent: str
    levels: tuple[str, ...]
    on_levels: tuple[str, ...]
    paper: bool = False
    font: str = ""


SCREEN = Palette(
    bg="var(--bg)",
    surface="var(--surface)",
    ink="var(--ink)",
    ink_2="var(--ink-2)",
    control_line="var(--control-line)",
    hair="var(--hair)",
    accent="var(--accent)",
    passed="var(--pass)",
    fail="var(--fail)",
    warn="var(--warn)",
    waived="var(--waived)",
    na="var(--na)",
    tint_accent="var(--tint-accent)",
    levels=tuple(f"var(--l{level})" for level in range(5)),
    on_levels=tuple(f"var(--on{level})" for level in range(5)),
)

PAPER = Palette(
    bg="#fff",
    surface="#F5F7FA",
    ink="#1A2130",
    ink_2="#4A5467",
    control_line="#7C8798",
    hair="#D6DBE3",
    accent="#1E50A2",
    passed="#0A6B57",
    fail="#B42318",
    warn="#855600",
    waived="#6A3D9A",
    na="#5A6475",
    tint_accent="#F1F5FC",
    levels=("#EEF2F9", "#C9D8F1", "#8CABDF", "#3E6BB8", "#17377A"),
    on_levels=("#1A2130", "#1A2130", "#1A2130", "#fff", "#fff"),
    paper=True,
    font="Inter, Liberation Sans, Arial, DejaVu Sans, IPAexGothic, sans-serif",
)
