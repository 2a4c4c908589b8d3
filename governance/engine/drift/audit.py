"""The drift audit: has what comes in, or what goes out, changed so much that it matters?

The size of the change decides, not the number of rows: with a million rows any p-value is small, and with a
hundred none is. A verdict is pass, fail or inconclusive by the limits of the distance; p-values stand beside it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from governance.engine.cube import Cube
from governance.engine.drift.authority import MAX_VALUES, chosen, verify_column
from governance.engine.drift.fairness import cube_drift
from governance.engine.drift.measures import compare_levels, compare_numbers, distance_limits, holm, missing_change
from governance.engine.drift.reference import Reference, compared_names, cube_of, open_reference
from governance.engine.drift.samples import (
    LABEL,
    MAX_LEVELS,
    PREDICTION,
    Column,
    NumericSample,
    Sample,
    Table,
)
from governance.engine.drift.verdict import advice_for, column_name, describe, needed, size, type_message, verdict_of
from governance.engine.fairness.gaps import FAIL, INCONCLUSIVE, NOT_EVALUATED, PASS
from governance.engine.tables import EvaluationDataError, file_digest, open_table, require_columns
from portal.message import Message

if TYPE_CHECKING:
    import ibis

SCHEMA = "sekisho.drift/1"
TOLERANCE = 0.1
MIN_ROWS = 100
NAMED = 3  # columns that the sentence names
LISTED = 12  # columns that a note names
PSI_BANDS = (0.1, 0.25)  # by custom: below the first stable, above the second a large shift
GRAVITY = (FAIL, INCONCLUSIVE, NOT_EVALUATED, PASS)
LIBRARIES = ("scipy", "numpy", "numba", "duckdb", "ibis-framework")


@dataclass(frozen=True)
class DriftAudit:
    """The result of a drift audit; `to_json` is what is stored, shown and printed (docs/drift.md)."""

    verdict: str
    message: Message
    advice: Message | None
    notes: tuple[Message, ...]
    columns: tuple[dict[str, Any], ...]
    rows: dict[str, Any]
    settings: dict[str, Any]
    schema_changes: dict[str, Any]
    skipped: tuple[dict[str, Any], ...]
    fairness: dict[str, Any] | None
    method: dict[str, Any]
    data: dict[str, Any]

    def to_json(self) -> dict[str, Any]:
        return {
            "schema": SCHEMA,
            "verdict": self.verdict,
            "message": self.message.to_json(),
            "advice": self.advice and self.advice.to_json(),
            "notes": [note.to_json() for note in self.notes],
            "rows": self.rows,
            "settings": self.settings,
            "columns": [dict(column) for column in self.columns],
            "schema_changes": self.schema_changes,
            "skipped": [dict(item) for item in self.skipped],
            "fairness": self.fairness,
            "method": self.method,
            "data": self.data,
        }


def audit_drift(
    reference: str | Path | ibis.Table | Reference,
    current: str | Path | ibis.Table,
    *,
    columns: Sequence[str] | None = None,
    prediction: str | None = None,
    label: str | None = None,
    weight: str | None = None,
    sensitive: Sequence[str] = (),
    positive: str | None = None,
    bins: Mapping[str, Sequence[float]] | None = None,
    tolerance: float = TOLERANCE,
    min_rows: int = MIN_ROWS,
    confidence: float = 0.95,
) -> DriftAudit:
    """Compare the columns of current data with those of a reference.

    Parameters
    ----------
    reference : path, ibis.Table or Reference
        What the model was made for: its training data, or the last data that was accepted. A `Reference` was
        sorted before; columns, weight and cube are then its own.
    current : path or ibis.Table
    columns : sequence of str, optional
        Features to compare; by default all columns that both have.
    prediction, label : str, optional
        Columns to compare as well, named as what they are; those that a table lacks are left out.
    weight : str, optional
        Column of both tables that says how much a row counts.
    sensitive, positive, bins : optional
        With label and prediction: compare the rates of these groups too (`cube_drift`).
    tolerance : float
        Largest distance allowed: Kolmogorov-Smirnov for numbers, total variation for levels, both 0 to 1; also
        the largest change of the share of missing values.
    min_rows : int
        Values that a column needs in both tables to be judged.
    confidence : float

    Raises
    ------
    EvaluationDataError
        Where the data or the settings allow no audit.
    InvalidEvidence
        Where scipy disagrees.
    """
    settings = {"tolerance": float(tolerance), "min_rows": int(min_rows), "confidence": float(confidence)}
    _check(settings)
    with ExitStack() as stack:
        named = columns
        if isinstance(reference, Reference):
            named = _named_of(reference, columns)
        else:
            options = {"columns": columns, "prediction": prediction, "label": label, "weight": weight}
            opened = open_reference(reference, **options, sensitive=sensitive, bins=bins)
            reference = stack.enter_context(opened)
        roles = {column.role: column.name for column in reference.columns}
        now = stack.enter_context(open_table(current))
        table = Table(now, reference.weight)
        comparison = _Comparison(reference, table, named, settings)
        decided = {"label": roles.get(LABEL), "prediction": roles.get(PREDICTION)}
        groups, without = _groups(reference.cube, now, positive, settings, **decided, sensitive=sensitive, bins=bins)
    verdict, message, advice = comparison.verdict()
    return DriftAudit(
        verdict=verdict,
        message=message,
        advice=advice,
        notes=(*comparison.notes(groups), *([without] if without else [])),
        columns=tuple(comparison.results),
        rows={"reference": reference.rows, "current": table.rows},
        settings=settings | {"weight": reference.weight, "psi_bands": list(PSI_BANDS)},
        schema_changes=comparison.schema_changes,
        skipped=tuple(comparison.skipped),
        fairness=groups,
        method={
            "authority": comparison.authority,
            "families": comparison.families,
            "versions": {name: version(name) for name in LIBRARIES},
        },
        data={
            "reference": reference.source,
            "current": file_digest(current) if isinstance(current, str | Path) else None,
        },
    )


class _Comparison:
    """The columns of two tables, compared one after the other."""

    def __init__(
        self, reference: Reference, table: Table, named: Sequence[str] | None, settings: Mapping[str, Any]
    ) -> None:
        self.reference, self.table, self.settings = reference, table, settings
        self.skipped: list[dict[str, Any]] = []
        self.authority = {"name": "scipy", "columns": 0, "values": MAX_VALUES, "largest_difference": 0.0}
        self.effective: dict[str, int] = {}
        self.results: list[dict[str, Any]] = []
        if named is not None:
            require_columns(table.table, named)
        compared = [c for c in reference.columns if c.name in table.names and self._wanted(c, named)]
        if not compared:
            raise EvaluationDataError("drift.no_columns")
        only_current = [name for name in table.names if name not in reference.names and name != reference.weight]
        only_reference = [name for name in reference.names if name not in table.names]
        now = {column.name: table.kind_beside(column) for column in compared}
        self.types = [
            {"column": c.name, "role": c.role, "reference": c.kind, "current": now[c.name]}
            for c in compared
            if now[c.name] != c.kind
        ]
        self.schema_changes = {
            "only_reference": only_reference if named is None else [],
            "only_current": only_current if named is None else [],
            "types": self.types,
        }
        changed = {item["column"] for item in self.types}
        self._compare([c for c in compared if c.name not in changed])
        self.results.sort(key=lambda r: (GRAVITY.index(r["verdict"]), -size(r)))

    @staticmethod
    def _wanted(column: Column, named: Sequence[str] | None) -> bool:
        return named is None or column.name in named or column.role in (PREDICTION, LABEL)

    def _compare(self, columns: Sequence[Column]) -> None:
        for column in columns:
            if column.kind in ("time", "nested"):
                self._skip(column, column.kind)
        usable = [c for c in columns if c.kind in ("numeric", "categorical")]
        self.families = 2 * max(len(usable), 1)  # of each column its distance and its missing values
        verified = chosen([column.name for column in usable])
        pairs = zip(self.reference.samples.samples(usable), self.table.samples(usable), strict=True)
        for (column, before), (_, now) in pairs:
            if before is None or now is None:
                self._skip(column, "levels")
            elif not before.size and not now.size:
                self._skip(column, "empty")
            else:
                self.results.append(self._result(column, before, now))
                if column.name in verified and before.size and now.size:
                    self._verify(column.name, before, now)
        corrected = holm([result.get("p_value") for result in self.results])
        for result, p_value in zip(self.results, corrected, strict=True):
            result["p_corrected"] = p_value

    def _verify(self, name: str, before: Sample, now: Sample) -> None:
        difference = verify_column(name, before, now)
        self.authority["columns"] += 1
        self.authority["largest_difference"] = max(self.authority["largest_difference"], difference)

    def _skip(self, column: Column, reason: str) -> None:
        name = column_name({"column": column.name, "role": column.role})
        message = Message(f"drift.skipped.{reason}", {"column": name, "limit": MAX_LEVELS})
        self.skipped.append(
            {"column": column.name, "role": column.role, "reason": reason, "message": message.to_json()}
        )

    def _result(self, column: Column, before: Sample, now: Sample) -> dict[str, Any]:
        confidence, families = self.settings["confidence"], self.families
        missing = missing_change(
            before.missing, now.missing, before.rows, now.rows, confidence=confidence, families=families
        )
        missing["verdict"] = self._judge(*missing.pop("size"), enough=min(before.rows, now.rows))
        result: dict[str, Any] = {
            "column": column.name,
            "role": column.role,
            "kind": column.kind,
            "n": {"reference": round(before.size), "current": round(now.size)},
            "missing": missing,
            "measure": "ks" if column.kind == "numeric" else "total_variation",
            "distance": None,
            "low": None,
            "high": None,
            "psi": None,
            "p_value": None,
        }
        verdict = NOT_EVALUATED
        if before.size and now.size:
            self.effective = {"reference": round(before.rows), "current": round(now.rows)}
            result |= (compare_numbers if isinstance(before, NumericSample) else compare_levels)(before, now)
            result["low"], result["high"] = distance_limits(
                result["distance"],
                before.size,
                now.size,
                confidence=confidence,
                families=families,
                levels=result.get("levels"),
            )
            verdict = self._judge(result["low"], result["high"], enough=min(before.size, now.size))
            if verdict == INCONCLUSIVE:
                result["needed"] = needed(result, before.size, now.size, self.settings, families)
        result["distance_verdict"] = verdict
        result["verdict"] = min(verdict, missing["verdict"], key=GRAVITY.index)
        return result

    def _judge(self, low: float, high: float, *, enough: float) -> str:
        if enough < self.settings["min_rows"]:
            return NOT_EVALUATED
        return verdict_of(low, high, self.settings["tolerance"])

    def verdict(self) -> tuple[str, Message, Message | None]:
        """The gravest of the judged columns, with those that it speaks of."""
        tolerance = self.settings["tolerance"]
        compared = len(self.results) + len(self.types)
        for verdict in (FAIL, INCONCLUSIVE, PASS):
            found = [result for result in self.results if result["verdict"] == verdict]
            types = self.types if verdict == FAIL else []
            if not (found or types):
                continue
            count = len(found) + len(types)
            named = [type_message(item) for item in types] + [describe(result) for result in found]
            shown = named[: NAMED if verdict != PASS else 1]
            if verdict != PASS and count > len(shown):
                shown.append(Message("drift.and_more", {"count": count - len(shown)}))
            params = {"tolerance": tolerance, "columns": shown, "compared": compared, "count": count}
            advice = advice_for(found) if verdict == INCONCLUSIVE else None
            return verdict, self._with_unjudged(Message(f"drift.{verdict}", params)), advice
        return NOT_EVALUATED, Message("drift.not_evaluated", {"min_rows": self.settings["min_rows"]}), None

    @property
    def unjudged(self) -> list[str | Message]:
        """Columns whose distance nobody has judged: with too few values, or of a kind that is not compared."""
        few = [column_name(result) for result in self.results if result["distance_verdict"] == NOT_EVALUATED]
        return [*few, *(column_name(item) for item in self.skipped)]

    def _with_unjudged(self, message: Message) -> Message:
        """The verdict is of the judged columns, and says which are not among them."""
        if not self.unjudged:
            return message
        shown: list[str | Message] = [*self.unjudged[:NAMED]]
        if more := len(self.unjudged) - len(shown):
            shown.append(Message("drift.and_more", {"count": more}))
        params = {"sentence": message, "columns": shown, "count": len(self.unjudged)}
        return Message("drift.not_judged", params)

    def notes(self, groups: Mapping[str, Any] | None) -> list[Message]:
        """What to know beside the verdict."""
        notes = []
        for side in ("only_reference", "only_current"):
            names = self.schema_changes[side]
            if names:
                notes.append(Message(f"drift.note.{side}", {"columns": names[:LISTED], "count": len(names)}))
        if self.skipped:
            named = [Message.from_json(item["message"]) for item in self.skipped[:LISTED]]
            notes.append(Message("drift.note.skipped", {"columns": named}))
        few = [column_name(r) for r in self.results if r["distance_verdict"] == NOT_EVALUATED]
        if few and len(few) < len(self.results):
            notes.append(
                Message("drift.note.too_few", {"columns": few[:LISTED], "min_rows": self.settings["min_rows"]})
            )
        if self.reference.weight and self.effective:
            notes.append(Message("drift.note.weighted", self.effective))
        if groups:
            notes.append(Message("drift.note.groups", {"sentence": Message.from_json(groups["message"])}))
        return notes


def _named_of(reference: Reference, columns: Sequence[str] | None) -> Sequence[str] | None:
    """The named columns of a kept reference, all of which it must have."""
    if columns is None:
        return None
    kept = [column.name for column in reference.columns]
    for name in compared_names((), columns, None, None, None):
        if name not in kept:
            raise EvaluationDataError("data.no_column", column=name, near=kept[:LISTED])
    return columns


def _groups(
    before: Cube | None, table: ibis.Table, positive: str | None, settings: Mapping[str, Any], **columns: Any
) -> tuple[dict[str, Any] | None, Message | None]:
    """Drift of the groups' rates; where it cannot be had, None, and the reason if the current data is it."""
    if before is None:
        return None, None
    try:
        now = cube_of(table, **columns)
    except EvaluationDataError as error:
        return None, Message("drift.note.no_groups", {"why": error.message})
    target = next((name for name in (positive, "1", "true") if name and name in before.classes), None)
    if now is None or target is None:
        return None, None
    return cube_drift(before, now, positive=target, **{key: settings[key] for key in ("tolerance", "confidence")}), None


def _check(settings: Mapping[str, Any]) -> None:
    if not 0 <= settings["tolerance"] < 1:
        raise EvaluationDataError("data.tolerance", value=settings["tolerance"])
    if not 0 < settings["confidence"] < 1:
        raise EvaluationDataError("data.confidence", value=settings["confidence"])
    if settings["min_rows"] < 1:
        raise EvaluationDataError("drift.min_rows", value=settings["min_rows"])
