"""The lineage graph: columns from sources to uses, gaps drawn dashed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from portal.charts.palette import SCREEN, Palette
from portal.charts.svg import font_of, num

MOST_NODES = 30
WIDE, TALL, GAP, ROW = 170, 58, 60, 84


@dataclass(frozen=True)
class Node:
    """One box.

    Parameters
    ----------
    key : str
        Unique within the graph.
    column : int
        0 is the leftmost.
    kind : {"", "gap", "self", "more"}
        A thing not recorded (dashed), the thing the page is about, or a group that stands for many.
    """

    key: str
    column: int
    title: str
    subtitle: str = ""
    kind: str = ""
    href: str = ""


@dataclass(frozen=True)
class Edge:
    """From what something was made of to what was made; ``gap`` where the link was not recorded."""

    source: str
    target: str
    gap: bool = False


def grouped(nodes: Sequence[Node], edges: Sequence[Edge], *, most: int = MOST_NODES) -> tuple[list[Node], list[Edge]]:
    """Fold the ends of the fullest columns into one "+N" box until at most so many nodes are left.

    Gaps and the node of the page are never folded.
    """
    kept, lines, folded = list(nodes), list(edges), {}
    while len(kept) > most:
        columns: dict[int, list[Node]] = {}
        for node in kept:
            if node.kind == "":
                columns.setdefault(node.column, []).append(node)
        if not columns:
            break
        column = max(columns, key=lambda c: len(columns[c]))
        box = f"more-{column}"
        away = columns[column][-1]
        kept.remove(away)
        folded[column] = folded.get(column, 0) + 1
        more = Node(box, column, f"+{folded[column]}", kind="more")
        if folded[column] == 1:
            kept.append(more)
            if len(columns[column]) == 1:
                break
        else:
            kept = [more if node.key == box else node for node in kept]
        lines = [
            Edge(box if e.source == away.key else e.source, box if e.target == away.key else e.target, e.gap)
            for e in lines
        ]
    return kept, list(dict.fromkeys(e for e in lines if e.source != e.target))


def _places(nodes: Sequence[Node], edges: Sequence[Edge]) -> dict[str, tuple[float, float]]:
    """Left and top of each node: columns are centred, and ordered by the middle of what leads to them."""
    columns: dict[int, list[Node]] = {}
    for node in nodes:
        columns.setdefault(node.column, []).append(node)
    most = max(len(column) for column in columns.values())
    places: dict[str, tuple[float, float]] = {}
    for index in sorted(columns):
        sources = {
            node.key: [places[e.source][1] for e in edges if e.target == node.key and e.source in places]
            for node in columns[index]
        }

        def middle(node: Node, sources=sources) -> tuple[bool, float]:
            tops = sources[node.key]
            return (node.kind == "more", sum(tops) / len(tops) if tops else float("inf"))

        row = sorted(columns[index], key=middle)
        first = (most - len(row)) * ROW / 2
        for place, node in enumerate(row):
            places[node.key] = (index * (WIDE + GAP), first + place * ROW)
    return places


def _fitting(words: str, size: float) -> str:
    """Cut what would run out of the box."""
    from unicodedata import east_asian_width

    room, used = WIDE - 22, 0.0
    for place, character in enumerate(words):
        used += size * (1.0 if east_asian_width(character) in "WF" else 0.58)
        if used > room:
            return words[: max(place - 1, 1)] + "…"
    return words


def _box(node: Node, left: float, top: float, palette: Palette) -> str:
    paint = {
        "gap": f'fill="{palette.bg}" stroke="{palette.fail}" stroke-dasharray="5 4" stroke-width="1.6"',
        "self": f'fill="{palette.tint_accent}" stroke="{palette.accent}" stroke-width="2"',
        "more": f'fill="{palette.surface}" stroke="{palette.hair}"',
    }.get(node.kind, f'fill="{palette.bg}" stroke="{palette.control_line}"')
    shape = f'width="{WIDE}" height="{TALL}" rx="4"'
    behind = (
        f'<rect x="{num(left + 4)}" y="{num(top + 4)}" {shape} fill="{palette.bg}" stroke="{palette.hair}"/>'
        if node.kind == "more"
        else ""
    )
    second = palette.fail if node.kind == "gap" else palette.ink_2
    weight = ' font-weight="600"' if node.kind == "gap" else ""
    body = (
        f'{behind}<rect x="{num(left)}" y="{num(top)}" {shape} {paint}/>'
        f'<text x="{num(left + 12)}" y="{num(top + 25)}" font-size="13" font-weight="600" fill="{palette.ink}">'
        f"{escape(_fitting(node.title, 13))}</text>"
        f'<text x="{num(left + 12)}" y="{num(top + 44)}" font-size="12"{weight} fill="{second}">'
        f"{escape(_fitting(node.subtitle, 12))}</text>"
    )
    title = f"<title>{escape(' '.join(part for part in (node.title, node.subtitle) if part))}</title>"
    return f'<a href="{escape(node.href)}">{title}{body}</a>' if node.href else f"<g>{title}{body}</g>"


def _curve(edge: Edge, places: dict[str, tuple[float, float]], palette: Palette) -> str:
    (left, top), (right, below) = places[edge.source], places[edge.target]
    x1, y1, x2, y2 = left + WIDE, top + TALL / 2, right, below + TALL / 2
    bend = max(GAP / 2, (x2 - x1) / 2)
    colour = palette.fail if edge.gap else palette.control_line
    stroke = f'stroke="{colour}" ' + ('stroke-dasharray="5 4" stroke-width="1.8"' if edge.gap else 'stroke-width="1.4"')
    return (
        f'<path d="M{num(x1)} {num(y1)}C{num(x1 + bend)} {num(y1)} {num(x2 - bend)} {num(y2)} {num(x2 - 5)} {num(y2)}" '
        f'fill="none" {stroke}/>'
        f'<path d="M{num(x2 - 7)} {num(y2 - 4)}L{num(x2 - 1)} {num(y2)}L{num(x2 - 7)} {num(y2 + 4)}z" fill="{colour}"/>'
    )


def lineage_graph(
    nodes: Sequence[Node], edges: Sequence[Edge], columns: Sequence[str], label: str, *, palette: Palette = SCREEN
) -> str:
    """Draw nodes in their columns, joined from left to right.

    Parameters
    ----------
    columns : sequence of str
        The heading of each column.
    label : str
        The same in words; the page also carries a nested list.

    Raises
    ------
    ValueError
        If there are no nodes, or an edge names a node that is not there.
    """
    if not nodes:
        raise ValueError("a graph needs a node")
    known = {node.key for node in nodes}
    lost = [edge for edge in edges if edge.source not in known or edge.target not in known]
    if lost:
        raise ValueError(f"edge from {lost[0].source!r} to {lost[0].target!r} names an unknown node")
    nodes, edges = grouped(nodes, edges)
    places = _places(nodes, edges)
    wide = (max(node.column for node in nodes) + 1) * (WIDE + GAP) - GAP + 6
    tall = max(top for _, top in places.values()) + TALL + 36
    heads = "".join(
        f'<text x="{index * (WIDE + GAP)}" y="-14" font-size="12" fill="{palette.ink_2}">{escape(head)}</text>'
        for index, head in enumerate(columns)
    )
    body = "".join(_curve(edge, places, palette) for edge in edges)
    body += "".join(_box(node, *places[node.key], palette) for node in nodes)
    # A page scrolls sideways where it must; a sheet of paper cannot, and shrinks the graph.
    size = 'width="100%"' if palette.paper else f'width="{wide}" height="{num(tall)}"'
    return (
        f'<svg {size} viewBox="0 -28 {wide} {num(tall)}"{font_of(palette)} role="group" '
        f'aria-label="{escape(label)}">{heads}{body}</svg>'
    )
