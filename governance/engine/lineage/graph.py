"""The lineage of a version as nodes and edges, for whoever draws it; what is not recorded is a node too."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from governance.engine.lineage.audit import EVALUATION, TRAINING, source_address
from portal.message import Message

COLUMNS = tuple(f"lineage.column.{name}" for name in ("sources", "data", "run", "version", "environments"))
SOURCES, DATA, RUN, VERSION, ENVIRONMENTS = range(5)


@dataclass(frozen=True)
class GraphNode:
    """One box.

    Parameters
    ----------
    key : str
        Unique within the graph.
    column : int
        Index in `COLUMNS`.
    kind : {"", "gap", "self"}
        Recorded, not recorded, or the version itself.
    what : {"source", "commit", "dataset", "run", "version", "alias"}
    title, subtitle : str or Message
        A name as it is recorded, or words.
    """

    key: str
    column: int
    kind: str
    what: str
    title: str | Message
    subtitle: str | Message = ""


@dataclass(frozen=True)
class GraphEdge:
    """From what something was made of to what was made; `gap` where the link was not recorded."""

    source: str
    target: str
    gap: bool = False


@dataclass(frozen=True)
class Graph:
    """A lineage from left to right: sources, data, training, version, environments."""

    columns: tuple[Message, ...]
    nodes: tuple[GraphNode, ...]
    edges: tuple[GraphEdge, ...]

    @property
    def gaps(self) -> tuple[GraphNode, ...]:
        return tuple(node for node in self.nodes if node.kind == "gap")

    def to_json(self) -> dict[str, Any]:
        def plain(value: Any) -> Any:
            return value.to_json() if isinstance(value, Message) else value

        return {
            "columns": [column.to_json() for column in self.columns],
            "nodes": [{f: plain(getattr(n, f)) for f in n.__dataclass_fields__} for n in self.nodes],
            "edges": [asdict(edge) for edge in self.edges],
        }


def lineage_graph(facts: Mapping[str, Any], environments: Mapping[str, str | Message] | None = None) -> Graph:
    """Draw up the graph of a version's facts (``sekisho.version-facts/1``).

    Parameters
    ----------
    environments : mapping
        The environment that each alias stands for; other aliases show under their own name.
    """
    version, run = facts.get("version") or {}, facts.get("run")
    nodes = [_version_node(version)]
    edges = [GraphEdge("run", "version", gap=not run)]
    if run:
        subtitle = " · ".join(filter(None, (run.get("name"), run.get("user"))))
        title = Message("lineage.node.run", {"run": str(run.get("run_id", ""))[:8]})
        nodes.append(GraphNode("run", RUN, "", "run", title, subtitle))
    else:
        nodes.append(_gap("run", RUN, "run", "run"))
    for part in (_commit(run or {}), _data(run or {}), _aliases(version, environments or {})):
        nodes += part[0]
        edges += part[1]
    return Graph(tuple(map(Message, COLUMNS)), tuple(nodes), tuple(edges))


def _version_node(version: Mapping[str, Any]) -> GraphNode:
    title = f"{version.get('model', '')} {version.get('version', '')}".strip()
    return GraphNode("version", VERSION, "self", "version", title, Message("lineage.node.version"))


def _gap(key: str, column: int, what: str, name: str) -> GraphNode:
    return GraphNode(key, column, "gap", what, Message(f"lineage.node.gap.{name}"), Message("lineage.node.gap"))


def _commit(run: Mapping[str, Any]) -> tuple[list[GraphNode], list[GraphEdge]]:
    tags = run.get("tags") or {}
    commit = tags.get("mlflow.source.git.commit", "")
    if not commit:
        return [_gap("commit", DATA, "commit", "commit")], [GraphEdge("commit", "run", gap=True)]
    title = Message("lineage.node.commit", {"commit": commit[:7]})
    url = tags.get("mlflow.source.git.repoURL", "")
    node = GraphNode("commit", DATA, "", "commit", title, tags.get("mlflow.source.git.branch", ""))
    if not url:
        gap = _gap("repository", SOURCES, "source", "source")
        return [gap, node], [GraphEdge("repository", "commit", gap=True), GraphEdge("commit", "run")]
    source = GraphNode("repository", SOURCES, "", "source", _last(url), url)
    return [source, node], [GraphEdge("repository", "commit"), GraphEdge("commit", "run")]


def _data(run: Mapping[str, Any]) -> tuple[list[GraphNode], list[GraphEdge]]:
    nodes: dict[str, GraphNode] = {}
    edges: list[GraphEdge] = []
    seen = set()
    for number, dataset in enumerate(run.get("datasets") or ()):
        context = str(dataset.get("context", "")).lower()
        role = "training" if context in TRAINING else "evaluation" if context in EVALUATION else "other"
        seen.add(role)
        key, address = f"data-{number}", source_address(dataset)
        title = " ".join(filter(None, (dataset.get("name"), dataset.get("digest")))) or "–"
        words = Message(f"lineage.node.{role}", {"rows": dataset.get("rows")})
        kind = "" if dataset.get("digest") else "gap"
        nodes[key] = GraphNode(key, DATA, kind, "dataset", title, words)
        source = f"source-{address}" if address else f"source-{number}"
        if address:
            nodes.setdefault(source, GraphNode(source, SOURCES, "", "source", _last(address), address))
        else:
            nodes[source] = _gap(source, SOURCES, "source", "source")
        edges += [GraphEdge(source, key, gap=not address), GraphEdge(key, "run", gap=bool(kind))]
    for role in ("training", "evaluation"):
        if role not in seen:
            nodes[role] = _gap(role, DATA, "dataset", role)
            edges.append(GraphEdge(role, "run", gap=True))
    return list(nodes.values()), edges


def _aliases(
    version: Mapping[str, Any], environments: Mapping[str, str | Message]
) -> tuple[list[GraphNode], list[GraphEdge]]:
    nodes, edges = [], []
    for alias in version.get("aliases") or ():
        words = Message("lineage.node.alias", {"alias": alias})
        key, name = f"alias-{alias}", environments.get(alias)
        title, subtitle = (name, words) if name else (alias, "")
        nodes.append(GraphNode(key, ENVIRONMENTS, "", "alias", title, subtitle))
        edges.append(GraphEdge("version", key))
    return nodes, edges


def _last(address: str) -> str:
    """The end of an address, which tells most in a small box."""
    return address.rstrip("/").rpartition("/")[2] or address
