"""Cubes added up and groups put together: the ways out of an undecided verdict that are declared beforehand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import reduce
from types import SimpleNamespace
from typing import Any, TypeVar

import numpy as np

from governance.engine.cube import Cube
from governance.engine.errors import ErrorCube
from governance.engine.levels import Level
from governance.engine.scores import added
from governance.engine.tables import EvaluationDataError
from portal.message import Message

AnyCube = TypeVar("AnyCube", Cube, ErrorCube)
Pool = Mapping[str, Mapping[str, Sequence[Level]]]
KEYS = ("label", "prediction")


def load_cube(data: Mapping[str, Any]) -> Cube | ErrorCube:
    """A stored cube (``sekisho.cube/1``) of either task."""
    return (ErrorCube if data.get("task") == "regression" else Cube).from_json(data)


def merge(cubes: Sequence[AnyCube]) -> AnyCube:
    """Periods or shards counted apart, as if counted at once.

    Raises
    ------
    EvaluationDataError
        Where they are not of the same features and the same kind.
    """
    if not cubes:
        raise EvaluationDataError("data.no_rows")
    return reduce(_added, cubes)


def pooled(cube: AnyCube, pool: Pool) -> AnyCube:
    """Put levels of a feature together under one name.

    Parameters
    ----------
    pool : mapping
        ``{"race": {"other": ["A", "B"]}}``; None among the levels is the missing ones.

    Raises
    ------
    EvaluationDataError
        Where a feature or all levels of a pool are unknown, or a level is in two pools.
    """
    for feature, pools in pool.items():
        cube = _pooled_feature(cube, feature, pools)
    return cube


def check_pool(pool: Any) -> dict[str, dict[str, list[Level]]]:
    """The declaration in plain lists, or a sentence."""
    found: dict[str, dict[str, list[Level]]] = {}
    try:
        for feature, pools in (pool or {}).items():
            found[str(feature)] = {}
            for name, levels in pools.items():
                if isinstance(levels, str) or not name or not levels:
                    raise TypeError("a pool is a list of levels under a name")
                found[str(feature)][str(name)] = [level if level is None else str(level) for level in levels]
    except (AttributeError, TypeError) as error:
        raise EvaluationDataError("data.pool") from error
    return found


def pool_notes(cube: Cube | ErrorCube, pool: Pool) -> list[Message]:
    """What was put together, as declared; and which of its levels are not in the data."""
    notes = []
    for feature, pools in pool.items():
        known = cube.levels[cube.features.index(feature)]
        for name, levels in pools.items():
            words = [_word(feature, level) for level in levels]
            notes.append(Message("fairness.note.pooled", {"feature": feature, "name": name, "levels": words}))
            absent = [_word(feature, level) for level in levels if level not in known]
            if absent:
                notes.append(Message("fairness.note.pool_absent", {"name": name, "levels": absent}))
    return notes


def _word(feature: str, level: Level) -> Any:
    return Message("fairness.missing_level", {"feature": feature}) if level is None else level


def _pooled_feature(cube: AnyCube, feature: str, pools: Mapping[str, Sequence[Level]]) -> AnyCube:
    if feature not in cube.features:
        raise EvaluationDataError("data.pool_feature", feature=feature, features=list(cube.features))
    at = cube.features.index(feature)
    old = cube.levels[at]
    members = [level for levels in pools.values() for level in levels]
    twice = next((level for level in members if members.count(level) > 1), None)
    taken = next((name for name in pools if name in old and name not in members), None)
    if len(set(members)) < len(members) or taken is not None:
        raise EvaluationDataError("data.pool_level_twice", feature=feature, level=taken or _word(feature, twice))
    for name, levels in pools.items():
        if not any(level in old for level in levels):
            shown = [_word(feature, level) for level in old]
            raise EvaluationDataError("data.pool_unknown", name=name, feature=feature, levels=shown)
    name_of = {level: name for name, levels in pools.items() for level in levels}
    new = tuple(dict.fromkeys(name_of.get(level, level) for level in old))
    new = (*(level for level in new if level is not None), *((None,) if None in new else ()))
    codes = cube.codes.copy()
    codes[:, at] = np.array([new.index(name_of.get(level, level)) for level in old])[cube.codes[:, at]]
    return _collapsed(replace(cube, levels=(*cube.levels[:at], new, *cube.levels[at + 1 :]), codes=codes))


def _added(one: AnyCube, two: AnyCube) -> AnyCube:
    if type(one) is not type(two) or one.features != two.features:
        raise EvaluationDataError("data.cubes_differ")
    levels = tuple(_union(a, b) for a, b in zip(one.levels, two.levels, strict=True))
    codes = np.concatenate([_recoded(cube, levels) for cube in (one, two)])
    if isinstance(one, ErrorCube):
        return _collapsed(_joined_errors(one, two, levels, codes))
    return _collapsed(_joined_counts(one, two, levels, codes))


def _joined_errors(one: ErrorCube, two: ErrorCube, levels: tuple, codes: np.ndarray) -> ErrorCube:
    if one.weighted != two.weighted:
        raise EvaluationDataError("data.cubes_differ")
    names = [name for name in one.__dataclass_fields__ if name not in ("features", "levels", "codes", "weighted")]
    arrays = {name: np.concatenate([getattr(one, name), getattr(two, name)]) for name in names}
    return ErrorCube(one.features, levels, codes, **arrays, weighted=one.weighted)


def _joined_counts(one: Cube, two: Cube, levels: tuple, codes: np.ndarray) -> Cube:
    if (one.w is None) != (two.w is None) or (one.scores is None) != (two.scores is None):
        raise EvaluationDataError("data.cubes_differ")
    classes = _union(one.classes, two.classes)
    arrays = {"n": np.concatenate([one.n, two.n])}
    for name in KEYS:
        arrays[name] = np.concatenate([_reindexed(cube, name, classes) for cube in (one, two)])
    if one.w is not None:
        arrays |= {name: np.concatenate([getattr(one, name), getattr(two, name)]) for name in ("w", "w2")}
    scores = None
    if one.scores is not None:
        scores = _joined_scores(one, two)
    return Cube(one.features, levels, codes, classes, **arrays, scores=scores)


def _joined_scores(one: Cube, two: Cube):
    least = min(one.scores.resolution, two.scores.resolution)
    first, second = (cube.scores.coarser(cube.scores.resolution // least) for cube in (one, two))
    entries = SimpleNamespace(
        **{name: np.concatenate([getattr(first, name), getattr(second, name)]) for name in ("n", "w", "w2", "s1")}
    )
    cell = np.concatenate([first.cell, second.cell + len(one.n)])
    tied = dict(first.tied)
    in_first = set(first.bin.tolist())
    for code in np.unique(second.bin).tolist():
        if code not in in_first and code in second.tied:
            tied[code] = second.tied[code]
        elif code in tied and second.tied.get(code) != tied[code]:
            del tied[code]
    code = np.concatenate([first.bin, second.bin])
    return added(least, cell, code, entries, np.concatenate([first.s2, second.s2]), tied)


def _collapsed(cube: AnyCube) -> AnyCube:
    """Cells of the same keys as one."""
    if isinstance(cube, ErrorCube):
        return cube.grouped(cube.features)
    keys, index = np.unique(np.column_stack([cube.codes, cube.label, cube.prediction]), axis=0, return_inverse=True)
    size = len(keys)

    def total(amount: np.ndarray | None) -> np.ndarray | None:
        return None if amount is None else np.bincount(index, amount, minlength=size)

    scores = cube.scores
    if scores is not None:
        scores = added(scores.resolution, index[scores.cell], scores.bin, scores, total(scores.s2), scores.tied)
    return replace(
        cube,
        codes=keys[:, :-2],
        label=keys[:, -2],
        prediction=keys[:, -1],
        n=total(cube.n).astype(np.int64),
        w=total(cube.w),
        w2=total(cube.w2),
        scores=scores,
    )


def _union(first: Sequence[Level], second: Sequence[Level]) -> tuple:
    """Both lists in one, each new level after the one it follows; missing last."""
    found = [level for level in first if level is not None]
    after = -1
    for level in (level for level in second if level is not None):
        if level in found:
            after = found.index(level)
        else:
            after += 1
            found.insert(after, level)
    return (*found, *((None,) if None in first or None in second else ()))


def _recoded(cube: Cube | ErrorCube, levels: Sequence[Sequence[Level]]) -> np.ndarray:
    columns = [
        np.array([new.index(level) for level in old])[cube.codes[:, i]]
        for i, (old, new) in enumerate(zip(cube.levels, levels, strict=True))
    ]
    return np.column_stack(columns)


def _reindexed(cube: Cube, name: str, classes: Sequence[str]) -> np.ndarray:
    index = np.array([*(classes.index(value) for value in cube.classes), -1])
    return index[getattr(cube, name)]
