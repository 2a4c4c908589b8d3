"""A score as data: what is stored with assessments and records, sent by the API, and read again later.

Pure: no Django. Written as "sekisho.score/2"; rows of "sekisho.score/1", which knew only the claimed
and the evidenced level, are read too, and have no others.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from assessments.framework import Framework
from assessments.scoring import Levels, Score
from assessments.standing import KINDS, Kind

SCHEMA = "sekisho.score/2"
_LETTER = {"met": "m", "unmet": "u", "unknown": "?"}
_WORD = {letter: word for word, letter in _LETTER.items()}


def to_json(score: Score) -> dict[str, Any]:
    """The score as it is stored and sent: levels overall and by dimension, and how each criterion stands."""
    return {
        "schema": SCHEMA,
        "overall": _plain(score.overall),
        "dimensions": {key: _plain(levels) for key, levels in score.dimensions.items()},
        **{kind: dict(score.standing(kind)) for kind in KINDS},
    }


def pack(framework: Framework, stored: Mapping[str, Any]) -> dict[str, Any]:
    """The same in fewer letters, for rows that lists read by the hundred: a letter a criterion, in the file's order."""
    letters = {kind: "".join(_LETTER[stored[kind][c.id]] for c in framework.criteria) for kind in KINDS}
    return {**stored, **letters}


def unpack(framework: Framework, kept: Mapping[str, Any]) -> dict[str, Any]:
    """What `pack` was given; a score that never was packed is given back as it is."""
    if not isinstance(kept["official"], str):
        return dict(kept)
    ids = framework.by_id
    return {**kept, **{kind: dict(zip(ids, map(_WORD.get, kept[kind]), strict=True)) for kind in KINDS}}


def level(stored: Mapping[str, Any] | None, kind: Kind, dimension: str = "") -> int | None:
    """A level of a stored score; None where the framework, or the schema, had none then."""
    if not stored:
        return None
    levels = stored["dimensions"].get(dimension) if dimension else stored["overall"]
    return levels.get(kind) if levels else None


def levels_of(stored: Mapping[str, Any]) -> dict[str, int]:
    """The bare levels, for comparing and for the ledger: ``official``, ``official.training``, …

    ``at_most`` is the highest that the claimed level can turn out to be.
    """
    parts = {"": stored["overall"], **{f".{key}": levels for key, levels in stored["dimensions"].items()}}
    return {
        f"{name}{part}": levels[name]
        for part, levels in parts.items()
        for name in (*reversed(KINDS), "at_most")
        if name in levels
    }


def _plain(levels: Levels) -> dict[str, Any]:
    plain = {name: list(value) if isinstance(value, tuple) else value for name, value in vars(levels).items()}
    plain["counts"] = [dict(vars(count)) for count in levels.counts]
    return plain | {"at_least": levels.at_least, "at_most": levels.at_most}
