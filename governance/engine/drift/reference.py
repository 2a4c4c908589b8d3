"""What current data is compared with: a table, or its sorted values kept in a file.

Whoever audits drift every day sorts the training data once.
"""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from governance.engine.cube import Cube, audit_cube
from governance.engine.drift.samples import Column, LevelSample, NumericSample, Sample, Samples, Table
from governance.engine.tables import EvaluationDataError, file_digest, open_table

if TYPE_CHECKING:
    import ibis

SCHEMA = "sekisho.drift-reference/1"


@dataclass(frozen=True, eq=False)
class Reference:
    """What current data is compared with, sorted and counted once.

    Attributes
    ----------
    names : tuple of str
        All columns of the table.
    columns : tuple of Column
        Those that can be compared, or why not.
    rows : int
    weight : str or None
    cube : Cube or None
        The audit cube, where label, prediction and sensitive columns were named.
    source : dict or None
        Name, bytes and SHA-256 of the file it was made of.
    samples : Samples
        Where the columns' samples come from: memory, a kept file, or the table while it is open.
    """

    names: tuple[str, ...]
    columns: tuple[Column, ...]
    rows: int
    weight: str | None
    cube: Cube | None
    source: dict[str, Any] | None
    samples: Samples

    @property
    def comparable(self) -> list[Column]:
        return [column for column in self.columns if column.kind in ("numeric", "categorical")]

    @classmethod
    def of(
        cls,
        source: str | Path | ibis.Table,
        *,
        columns: Sequence[str] | None = None,
        prediction: str | None = None,
        label: str | None = None,
        weight: str | None = None,
        sensitive: Sequence[str] = (),
        bins: Mapping[str, Sequence[float]] | None = None,
    ) -> Reference:
        """Read, sort and count a table; the parameters are those of `audit_drift`."""
        options = {"columns": columns, "prediction": prediction, "label": label, "weight": weight}
        with open_reference(source, **options, sensitive=sensitive, bins=bins) as opened:
            held = {column.name: sample for column, sample in opened.samples.samples(opened.comparable)}
            return replace(opened, samples=_Held(held))

    def save(self, path: str | Path) -> None:
        """Keep it in a file (NumPy's ``.npz``, numbers and JSON only: loading runs nothing)."""
        about: dict[str, Any] = {
            "schema": SCHEMA,
            "names": list(self.names),
            "columns": [[column.name, column.role, column.kind] for column in self.columns],
            "rows": self.rows,
            "weight": self.weight,
            "cube": self.cube and self.cube.to_json(),
            "source": self.source,
            "samples": {},
        }
        arrays: dict[str, np.ndarray] = {}
        for at, (column, sample) in enumerate(self.samples.samples(self.comparable)):
            if sample is None:
                continue
            entry = {"at": at, "rows": sample.rows, "missing": sample.missing}
            if isinstance(sample, NumericSample):
                arrays[f"values{at}"] = sample.values
                finite = len(sample.values) and np.isfinite(sample.values[[0, -1]]).all()
                entry["spread"] = sample.spread() if finite else None
                if sample.shares is not None:
                    arrays[f"shares{at}"] = sample.shares
            else:
                entry["levels"] = list(sample.levels)
                arrays[f"counts{at}"] = sample.counts
            about["samples"][column.name] = entry
        text = json.dumps(about, ensure_ascii=False).encode()
        with Path(path).open("wb") as file:
            np.savez(file, about=np.frombuffer(text, dtype=np.uint8), **arrays)

    @classmethod
    def load(cls, path: str | Path) -> Reference:
        """A kept reference; a column's values are read when they are needed.

        Raises
        ------
        EvaluationDataError
            If the file is none that `save` wrote.
        """
        try:
            with np.load(path, allow_pickle=False) as file:
                about = json.loads(file["about"].tobytes())
            if about["schema"] != SCHEMA:
                raise KeyError(about["schema"])
            return cls(
                names=tuple(about["names"]),
                columns=tuple(Column(*column) for column in about["columns"]),
                rows=about["rows"],
                weight=about["weight"],
                cube=about["cube"] and Cube.from_json(about["cube"]),
                source=about["source"],
                samples=_Kept(Path(path), about["samples"]),
            )
        except (OSError, EOFError, ValueError, KeyError, TypeError, AttributeError, zipfile.BadZipFile) as error:
            raise EvaluationDataError("drift.reference_file", file=Path(path).name) from error


@contextmanager
def open_reference(
    source: str | Path | ibis.Table,
    *,
    columns: Sequence[str] | None,
    prediction: str | None,
    label: str | None,
    weight: str | None,
    sensitive: Sequence[str],
    bins: Mapping[str, Sequence[float]] | None,
) -> Iterator[Reference]:
    """A reference whose samples are read from the table when they are asked for: a few columns at a time."""
    with open_table(source) as opened:
        table = Table(opened, weight)
        cube = None
        with suppress(EvaluationDataError):  # what makes no cube can be compared column by column still
            cube = cube_of(opened, label=label, prediction=prediction, sensitive=sensitive, bins=bins)
        yield Reference(
            names=table.names,
            columns=tuple(
                table.columns(compared_names(table.names, columns, prediction, label, weight), prediction, label)
            ),
            rows=table.rows,
            weight=weight,
            cube=cube,
            source=file_digest(source) if isinstance(source, str | Path) else None,
            samples=table,
        )


@dataclass(frozen=True)
class _Held:
    """Samples in memory."""

    by_name: Mapping[str, Sample | None]

    def samples(self, columns: Sequence[Column]) -> Iterator[tuple[Column, Sample | None]]:
        for column in columns:
            yield column, self.by_name[column.name]


@dataclass(frozen=True)
class _Kept:
    """Samples in a file, read one at a time; the archive's checksums find damage."""

    path: Path
    entries: Mapping[str, Mapping[str, Any]]

    def samples(self, columns: Sequence[Column]) -> Iterator[tuple[Column, Sample | None]]:
        try:
            with np.load(self.path, allow_pickle=False) as file:
                for column in columns:
                    entry = self.entries.get(column.name)
                    yield column, entry and self._read(file, entry)
        except (OSError, EOFError, ValueError, KeyError, zipfile.BadZipFile) as error:
            raise EvaluationDataError("drift.reference_file", file=self.path.name) from error

    @staticmethod
    def _read(file: Mapping[str, np.ndarray], entry: Mapping[str, Any]) -> Sample:
        at, rows, missing = entry["at"], entry["rows"], entry["missing"]
        if "levels" in entry:
            return LevelSample(tuple(entry["levels"]), file[f"counts{at}"], rows, missing)
        shares = file.get(f"shares{at}")
        return NumericSample(file[f"values{at}"], shares, rows, missing, entry["spread"])


def compared_names(
    names: Sequence[str], columns: Sequence[str] | None, prediction: str | None, label: str | None, weight: str | None
) -> list[str]:
    """The columns to compare, prediction and label last; all but the weight if none are named."""
    wanted = list(dict.fromkeys(columns if columns is not None else names))
    last = [name for name in (prediction, label) if name]
    return [name for name in wanted if name not in (*last, weight)] + [n for n in last if columns is None or n in names]


def cube_of(
    source: ibis.Table,
    *,
    label: str | None,
    prediction: str | None,
    sensitive: Sequence[str],
    bins: Mapping[str, Sequence[float]] | None,
) -> Cube | None:
    """The audit cube of a table that has all it takes; None for one that has not."""
    if not (label and prediction and sensitive) or not {label, prediction, *sensitive} <= set(source.columns):
        return None
    return audit_cube(source, label=label, prediction=prediction, sensitive=sensitive, bins=bins)
