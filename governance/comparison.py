"""Two versions of a model side by side, by the newest audits of each.

Numbers are set against each other only where both were measured on the same data; a difference is called certain
only where the two intervals lie apart, which is stricter than a paired test.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from governance.evidence import latest_audits
from governance.models import Audit, AuditKind, ModelVersion
from portal.message import Message

MOST_FEATURES = 12


@dataclass(frozen=True)
class Figure:
    """A number of one version, with its interval and its own outcome where there are any."""

    value: float | None
    low: float | None = None
    high: float | None = None
    outcome: str | None = None


@dataclass(frozen=True)
class NumberRow:
    """One number of both; `apart` if the intervals do not touch."""

    name: Any
    one: Figure | None
    other: Figure | None
    group: str = ""

    @property
    def apart(self) -> bool:
        ends = [end for figure in (self.one, self.other) if figure for end in (figure.low, figure.high)]
        if len(ends) < 4 or None in ends:
            return False
        return self.one.high < self.other.low or self.other.high < self.one.low


@dataclass(frozen=True)
class Numbers:
    """The numbers of one kind of audit."""

    kind: str
    rows: list[NumberRow]
    same_data: bool


@dataclass(frozen=True)
class OriginRow:
    """One fact of where the versions come from."""

    name: Any
    one: str
    other: str

    @property
    def same(self) -> bool:
        return self.one == self.other


@dataclass(frozen=True)
class Comparison:
    """All that is known of both."""

    one: ModelVersion
    other: ModelVersion
    audits: list[tuple[str, Audit | None, Audit | None]]
    numbers: list[Numbers]
    origin: list[OriginRow]

    @property
    def changed(self) -> list[str]:
        """Kinds of audit whose outcome differs."""
        return [kind for kind, a, b in self.audits if (a.outcome if a else None) != (b.outcome if b else None)]

    @property
    def measured_alike(self) -> bool:
        """Whether any of the numbers were measured on the same data."""
        return any(numbers.same_data for numbers in self.numbers)

    @property
    def apart(self) -> int:
        """How many numbers certainly differ, of those on the same data."""
        return sum(row.apart for numbers in self.numbers if numbers.same_data for row in numbers.rows)


def compare(one: ModelVersion, other: ModelVersion) -> Comparison:
    """Two versions of the same model."""
    first, second = latest_audits(one), latest_audits(other)
    kinds = [kind.value for kind in AuditKind if kind in first or kind in second]
    numbers = []
    for kind, read in READERS.items():
        found = _numbers(kind, read, first.get(kind), second.get(kind))
        if found.rows:
            numbers.append(found)
    return Comparison(
        one=one,
        other=other,
        audits=[(kind, first.get(kind), second.get(kind)) for kind in kinds],
        numbers=numbers,
        origin=_origin(one, other),
    )


def _numbers(kind: str, read, one: Audit | None, other: Audit | None) -> Numbers:
    """The rows in the order of the newer version, then what only the older one has."""
    mine, theirs = (dict(read(audit.result)) if audit else {} for audit in (one, other))
    keys = list(dict.fromkeys([*theirs, *mine]))
    rows = []
    for key in keys:
        group, name = (mine.get(key) or theirs[key])[:2]
        rows.append(NumberRow(name, _figure(mine, key), _figure(theirs, key), group))
    data = [audit.inputs.get("data") if audit else None for audit in (one, other)]
    return Numbers(kind, rows, bool(data[0]) and data[0] == data[1])


def _figure(found: Mapping[Any, tuple], key: Any) -> Figure | None:
    return found[key][2] if key in found else None


# Readers: result of an audit → (key, (group, name, figure)).


def _performance(result: Mapping[str, Any]) -> Iterator[tuple[Any, tuple]]:
    for metric in result.get("metrics", ()):
        name = Message(f"performance.metric.{metric['name']}").to_json()
        yield metric["name"], ("", name, Figure(metric["value"], metric["low"], metric["high"]))


def _fairness(result: Mapping[str, Any]) -> Iterator[tuple[Any, tuple]]:
    for gap in result.get("gaps", ()):
        if gap["judged"]:
            name = Message(f"fairness.metric.{gap['metric']}").to_json()
            figure = Figure(gap["value"], gap["low"], gap["high"], gap["verdict"])
            yield (gap["feature"], gap["metric"]), (gap["feature"], name, figure)


def _explanation(result: Mapping[str, Any]) -> Iterator[tuple[Any, tuple]]:
    for item in result.get("importance", ())[:MOST_FEATURES]:
        figure = Figure(item["share"], item.get("share_low"), item.get("share_high"))
        yield item["feature"], ("", item["feature"], figure)


READERS = {
    AuditKind.PERFORMANCE.value: _performance,
    AuditKind.FAIRNESS.value: _fairness,
    AuditKind.EXPLANATION.value: _explanation,
}


def _origin(one: ModelVersion, other: ModelVersion) -> list[OriginRow]:
    """Code, data, files, parameters: what could explain a difference. Parameters only where they differ."""
    runs = [version.run or {} for version in (one, other)]
    rows = [
        OriginRow(Message("compare.author").to_json(), one.author, other.author),
        OriginRow(Message("compare.commit").to_json(), *(_tag(run, "mlflow.source.git.commit") for run in runs)),
        OriginRow(Message("compare.data").to_json(), *(_datasets(run) for run in runs)),
        OriginRow(Message("compare.files").to_json(), one.artifact_digest, other.artifact_digest),
    ]
    settings = [run.get("params") or {} for run in runs]
    for name in sorted({*settings[0], *settings[1]}):
        row = OriginRow(name, *(str(params.get(name, "")) for params in settings))
        if not row.same:
            rows.append(row)
    return [row for row in rows if row.one or row.other]


def _tag(run: Mapping[str, Any], name: str) -> str:
    return str((run.get("tags") or {}).get(name) or "")


def _datasets(run: Mapping[str, Any]) -> str:
    return ", ".join(sorted(f"{item.get('name', '')} {item.get('digest', '')}" for item in run.get("datasets") or ()))
