"""Figures as SVG text, the same on a page and in a PDF. Pure: no Django."""

from portal.charts.bars import account_bar, arrow, count_bar, histogram, progress_bar, reach_bar, share_bar, sync_strip
from portal.charts.control import Event, control_chart
from portal.charts.distribution import level_bar, level_columns
from portal.charts.glyphs import glyph, short_name, sprite
from portal.charts.graph import Edge, Node, lineage_graph
from portal.charts.intervals import Scale, axis, band_edges, diverging_bar, interval, waterfall_step
from portal.charts.maturity import ladder, mini_ladder, trend
from portal.charts.palette import PAPER, SCREEN, TOP, Palette, shade
from portal.charts.stamps import seal

__all__ = [
    "PAPER",
    "SCREEN",
    "TOP",
    "Edge",
    "Event",
    "Node",
    "Palette",
    "Scale",
    "account_bar",
    "arrow",
    "axis",
    "band_edges",
    "control_chart",
    "count_bar",
    "diverging_bar",
    "glyph",
    "histogram",
    "interval",
    "ladder",
    "level_bar",
    "level_columns",
    "lineage_graph",
    "mini_ladder",
    "progress_bar",
    "reach_bar",
    "seal",
    "shade",
    "share_bar",
    "short_name",
    "sprite",
    "sync_strip",
    "trend",
    "waterfall_step",
]
