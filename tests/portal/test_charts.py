"""Figures: well-formed, escaped, free of inline style, and true to their numbers."""

import re
import xml.etree.ElementTree as ET

import pytest

from portal import charts
from portal.charts import PAPER, SCREEN, Edge, Event, Node, Scale
from portal.charts.graph import MOST_NODES, grouped

HOSTILE = '<script>alert("x")</script>&'


def parsed(svg: str) -> ET.Element:
    return ET.fromstring(svg)


def every_figure(palette, words):
    scale = Scale(0, 1)
    nodes = [
        Node("a", 0, words, words),
        Node("b", 1, words, kind="gap", href="/x?a=1&b=2"),
        Node("c", 2, "c", kind="self"),
    ]
    return {
        "ladder": charts.ladder(2, 3, 2, words, palette=palette),
        "mini_ladder": charts.mini_ladder(1, 3, words, palette=palette),
        "trend": charts.trend([1, 2], [None, 1], [(1, 1)], (words, words), words, palette=palette),
        "seal": charts.seal(words, "2026-11-20", words, palette=palette, font=words),
        "interval": charts.interval(0.5, -1, 2, scale, outcome="fail", band=(0.2, 0.8), label=words, palette=palette),
        "axis": charts.axis(scale, palette=palette),
        "band_edges": charts.band_edges((0.2, 0.8), scale, palette=palette),
        "diverging_bar": charts.diverging_bar(-0.4, -0.5, -0.3, 0.7, live=0.1, palette=palette),
        "mixed_bar": charts.diverging_bar(0.4, None, None, 0.7, mixed=True, palette=palette),
        "waterfall_step": charts.waterfall_step(0.2, 0.4, scale, palette=palette),
        "control_chart": charts.control_chart(
            [0.1, None, None, None, 0.9], [words] * 5, words, band=(0.0, 0.5), centre=0.2, events=[Event(1)],
            gap_word=words, palette=palette,
        ),
        "lineage_graph": charts.lineage_graph(
            nodes, [Edge("a", "b", gap=True), Edge("b", "c")], [words], words, palette=palette
        ),
        "progress_bar": charts.progress_bar(3, 7, label=words, palette=palette),
        "share_bar": charts.share_bar(0.3, 0.9, label=words, palette=palette),
        "account_bar": charts.account_bar(43, 2, 1, label=words, palette=palette),
        "account_bar_of_nothing": charts.account_bar(0, 0, 0, label=words, palette=palette),
        "count_bar": charts.count_bar(20, 50, 4000, palette=palette),
        "histogram": charts.histogram([0.2, 0.8], [0.5, 0.5], words, palette=palette),
        "sync_strip": charts.sync_strip(["ok", "slow", "failed", "none"], words, palette=palette),
        "arrow": charts.arrow(dashed=True, palette=palette),
        "glyph": charts.glyph("fail", words, palette=palette),
        "sprite": charts.sprite(palette),
    }  # fmt: skip


@pytest.mark.parametrize("palette", [SCREEN, PAPER], ids=["screen", "paper"])
@pytest.mark.parametrize("name", sorted(every_figure(SCREEN, "x")))
def test_every_figure_is_safe_markup(name, palette):
    svg = every_figure(palette, HOSTILE)[name]
    elements = list(parsed(svg).iter())
    assert all(element.tag != "script" for element in elements)
    assert all("style" not in element.attrib for element in elements)
    assert not any(key.startswith("on") for element in elements for key in element.attrib)
    assert "<script" not in svg


@pytest.mark.parametrize("name", sorted(every_figure(PAPER, "x")))
def test_paper_needs_no_css_variable_and_no_part_of_the_page(name):
    svg = every_figure(PAPER, "x")[name]
    assert "var(" not in svg
    assert "currentColor" not in svg or name == "sprite"
    for used in re.findall(r"url\(#([\w-]+)\)", svg):
        assert f'<pattern id="{used}"' in svg


def steps(svg):
    rects = [e for e in parsed(svg).iter("rect") if e.get("rx") == "2"]
    kinds = {True: "hatched", False: "empty"}
    return ["filled" if r.get("fill") in SCREEN.levels else kinds["#hatch" in r.get("fill")] for r in rects]


def test_a_ladder_fills_the_official_level_and_hatches_the_claim():
    assert steps(charts.ladder(1, 3, 1, "")) == ["filled", "filled", "hatched", "hatched", "empty"]


def test_a_claim_never_fills_a_step():
    assert steps(charts.ladder(None, 4, None, "")) == ["hatched"] * 5


def test_a_ladder_of_nothing_is_empty_and_shows_a_dash():
    svg = charts.ladder(None, None, None, "not assessed")
    assert steps(svg) == ["empty"] * 5
    assert "–" in parsed(svg)[0].text


@pytest.mark.parametrize("top", range(1, 10))
def test_a_ladder_has_a_step_for_each_level_of_its_framework(top):
    for svg in (charts.ladder(top - 1, top, None, "", top=top), charts.mini_ladder(top - 1, top, "", top=top)):
        drawn = [e for e in parsed(svg).iter("rect") if e.get("height")]
        assert len(drawn) == top + 1
        assert drawn[0].get("fill") == SCREEN.levels[0]
        assert "hatch" in drawn[-1].get("fill")
    assert steps(charts.ladder(top, None, None, "", top=top)) == ["filled"] * (top + 1)
    last = list(parsed(charts.ladder(top, None, None, "", top=top)).iter("rect"))[-1]
    assert last.get("fill") == SCREEN.levels[-1]
    assert float(last.get("x")[:-1]) + float(last.get("width")[:-1]) <= 100


def test_a_trend_has_a_line_for_each_level_of_its_framework():
    svg = parsed(charts.trend([6], [6], [], ("a", "b"), "", top=6))
    assert [e.text for e in svg.iter("text")][:7] == list("0123456")
    assert all(0 < float(e.get("y1")) < float(svg.get("height")) for e in svg.iter("line"))


def test_a_ladder_says_its_label():
    assert parsed(charts.ladder(1, 2, 1, "official 1 & claimed 2")).get("aria-label") == "official 1 & claimed 2"


def test_a_trend_leaves_gaps_open():
    whole = charts.trend([], [1, 1, 1], [], ("a", "b"), "")
    broken = charts.trend([], [1, None, 1], [], ("a", "b"), "")
    solid = [e for e in parsed(whole).iter("line") if e.get("stroke-width") == "2.4"]
    apart = [e for e in parsed(broken).iter("line") if e.get("stroke-width") == "2.4"]
    assert [len(solid), len(apart)] == [1, 2]
    assert all(float(e.get("x2")[:-1]) - float(e.get("x1")[:-1]) < 5 for e in apart)


@pytest.mark.parametrize(
    ("low", "high", "ticks"),
    [(0.5, 0.9, [0.5, 0.6, 0.7, 0.8, 0.9]), (-1, 1, [-1, -0.5, 0, 0.5, 1]), (0, 1000, [0, 200, 400, 600, 800, 1000])],
)
def test_ticks_are_round(low, high, ticks):
    assert Scale(low, high).ticks() == ticks


def test_a_scale_holds_values_inside_the_figure():
    scale = Scale(0, 2)
    assert [scale.x(-1), scale.x(1), scale.x(5)] == [0, 50, 100]
    with pytest.raises(ValueError, match="lower to a higher"):
        Scale(1, 1)


def test_an_interval_beyond_the_scale_ends_in_an_arrow():
    inside = charts.interval(0.5, 0.4, 0.6, Scale(0, 1))
    beyond = charts.interval(0.5, -0.2, 0.6, Scale(0, 1))
    assert len(list(parsed(inside).iter("path"))) == 0
    assert len(list(parsed(beyond).iter("path"))) == 1


@pytest.mark.parametrize("outcome", ["not_evaluated", "not_applicable", "something new"])
def test_an_interval_that_was_not_judged_is_hollow_and_dashed(outcome):
    svg = charts.interval(0.5, 0.4, 0.6, Scale(0, 1), outcome=outcome)
    assert parsed(svg).find(".//circle").get("fill") == SCREEN.bg
    assert 'stroke-dasharray="3 2.5"' in svg


def test_no_two_states_share_a_shape():
    shapes = {charts.glyph(state, palette=PAPER) for state in ("pass", "fail", "inconclusive", "not_evaluated")}
    shapes |= {charts.glyph(state, palette=PAPER) for state in ("not_applicable", "waived", "warn", "running")}
    assert len(shapes) == 8


def test_an_unknown_state_never_looks_like_a_pass():
    assert charts.glyph("brand_new") == charts.glyph("not_evaluated")


def test_days_without_observations_are_hatched_and_not_joined():
    svg = charts.control_chart([1.0, None, 1.0], ["a", "b", "c"], "", band=(0, 2))
    root = parsed(svg)
    assert any("#hatch" in (rect.get("fill") or "") for rect in root.iter("rect"))
    assert root.find("./g[@stroke-width='1.3']").findall("line") == []


def test_values_outside_the_band_are_diamonds():
    svg = charts.control_chart([1.0, 5.0, -3.0], ["a", "b", "c"], "", band=(0, 2))
    assert len(list(parsed(svg).iter("circle"))) == 1
    assert len(list(parsed(svg).iter("path"))) == 2


def test_a_chart_without_values_is_drawn():
    assert parsed(charts.control_chart([], [], "nothing yet", band=None)).get("aria-label") == "nothing yet"
    with pytest.raises(ValueError, match="one day"):
        charts.control_chart([1.0], [], "", band=None)


@pytest.mark.parametrize(("done", "of", "width"), [(3, 6, "50%"), (9, 6, "100%"), (0, 0, None)])
def test_progress_stays_inside_its_bar(done, of, width):
    rects = list(parsed(charts.progress_bar(done, of)).iter("rect"))
    assert (rects[1].get("width") if len(rects) > 1 else None) == width


def test_a_gap_is_dashed_in_the_graph():
    svg = charts.lineage_graph(
        [Node("a", 0, "a", kind="gap"), Node("b", 1, "b")], [Edge("a", "b", gap=True)], ["x", "y"], ""
    )
    dashed = [e.tag for e in parsed(svg).iter() if e.get("stroke-dasharray")]
    assert dashed == ["path", "rect"]


def test_a_graph_names_its_lost_edges():
    with pytest.raises(ValueError, match="'nowhere'"):
        charts.lineage_graph([Node("a", 0, "a")], [Edge("a", "nowhere")], ["x"], "")


def test_a_large_graph_is_folded_but_keeps_gaps_and_itself():
    nodes = [Node("me", 1, "me", kind="self"), Node("gap", 0, "gap", kind="gap")]
    nodes += [Node(f"s{i}", 0, f"s{i}") for i in range(40)] + [Node(f"u{i}", 2, f"u{i}") for i in range(10)]
    edges = [Edge(n.key, "me") for n in nodes if n.column == 0] + [Edge("me", n.key) for n in nodes if n.column == 2]
    kept, lines = grouped(nodes, edges)
    keys = {node.key for node in kept}
    assert len(kept) <= MOST_NODES
    assert {"me", "gap"} <= keys
    assert all(edge.source in keys and edge.target in keys for edge in lines)
    folded = sum(int(node.title[1:]) for node in kept if node.kind == "more")
    assert folded + sum(node.kind != "more" for node in kept) == len(nodes)


def test_a_long_name_is_cut_on_a_stamp_and_said_in_full():
    svg = charts.seal("APPROVED", "2026-11-20", "Wolfeschlegelsteinhausen")
    assert parsed(svg).get("aria-label").endswith("Wolfeschlegelsteinhausen")
    assert "…" in svg
    with pytest.raises(KeyError):
        charts.seal("x", "", "y", kind="maybe")
