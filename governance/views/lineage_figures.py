"""A version's lineage as its page shows it: the graph, the same as a nested list, and what would close each gap."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from governance.engine.lineage.graph import Graph, GraphNode, lineage_graph
from governance.models import Audit
from portal.charts import Edge, Node
from portal.message import Message
from portal.web.say import localised, say


@dataclass(frozen=True)
class Branch:
    """One line of the nested list."""

    node: Node
    what: str
    parts: list[Branch] = field(default_factory=list)

    @property
    def is_gap(self) -> bool:
        return self.node.kind == "gap"


@dataclass(frozen=True)
class LineageView:
    """What the page shows; without facts there is nothing to draw."""

    nodes: list[Node]
    edges: list[Edge]
    columns: list[str]
    made_of: list[Branch]
    used_by: list[Branch]
    run: str
    data: int
    gaps: int


GRAVEST_FIRST = ("fail", "not_evaluated", "pass")


def items_of(audit: Audit | None) -> list[Mapping[str, Any]]:
    """What should be on record: what is missing first, and of that the required."""
    items = list((audit.result.get("items") or ()) if audit else ())
    return sorted(items, key=lambda item: (GRAVEST_FIRST.index(item["outcome"]), not item["required"]))


def lineage_view(facts: Mapping[str, Any] | None, titles: Mapping[str, Any]) -> LineageView | None:
    """Draw up the facts of a version.

    Parameters
    ----------
    facts : mapping or None
        ``ModelVersion.lineage``.
    titles : mapping
        Alias → the environment's title (``.en``, ``.ja``) by the policies in force.
    """
    if not facts:
        return None
    graph = lineage_graph(facts, {alias: localised(title) for alias, title in titles.items()})
    nodes = {node.key: _drawn(node) for node in graph.nodes}
    what = {node.key: node.what for node in graph.nodes}
    return LineageView(
        nodes=list(nodes.values()),
        edges=[Edge(edge.source, edge.target, edge.gap) for edge in graph.edges],
        columns=[say(column) for column in graph.columns],
        made_of=_branches(graph, nodes, what, "version"),
        used_by=[Branch(nodes[edge.target], what[edge.target]) for edge in graph.edges if edge.source == "version"],
        run=str((facts.get("run") or {}).get("run_id", ""))[:8],
        data=sum(node.what == "dataset" and node.kind != "gap" for node in graph.nodes),
        gaps=len(graph.gaps),
    )


def _branches(graph: Graph, nodes: Mapping[str, Node], what: Mapping[str, str], key: str) -> list[Branch]:
    """What leads to a node, and what leads to that."""
    return [
        Branch(nodes[edge.source], what[edge.source], _branches(graph, nodes, what, edge.source))
        for edge in graph.edges
        if edge.target == key
    ]


def _drawn(node: GraphNode) -> Node:
    return Node(node.key, node.column, _words(node.title), _words(node.subtitle), node.kind)


def _words(value: str | Message) -> str:
    return say(value) if isinstance(value, Message) else value
