"""What a registry says against what was decided: every difference that no decision explains.

Pure: no Django. `compare` takes what was read, what was placed, and what moves are about to change or have just
changed, and says which things differ and which were looked at and found right. What was not read is neither.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from governance.mlflow_gate.names import fold

LOW, HIGH, CRITICAL = "low", "high", "critical"
GRAVITY = (LOW, HIGH, CRITICAL)
OURS = "sekisho."  # tags that only the portal sets
MARK = "sekisho.move"  # of a copy: the move that made it


@dataclass(frozen=True)
class SeenVersion:
    """A version as the server shows it; `born` is MLflow's time of its registration, in milliseconds."""

    model: str
    number: int
    run_id: str = ""
    born: int = 0
    tags: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class SeenRun:
    """A run as the server shows it."""

    deleted: bool = False
    metrics: Mapping[str, float | None] = field(default_factory=dict)


@dataclass(frozen=True)
class Seen:
    """What one poll or sweep read.

    Attributes
    ----------
    aliases : mapping
        Every model of the server → its aliases and the versions that they name.
    versions : mapping
        (model, number) → the version, or None where the server has it no more. What was not read is missing.
    runs : mapping
        Id → the run, or None where the server has none of that id. What was not read is missing.
    """

    aliases: Mapping[str, Mapping[str, int]]
    versions: Mapping[tuple[str, int], SeenVersion | None] = field(default_factory=dict)
    runs: Mapping[str, SeenRun | None] = field(default_factory=dict)


@dataclass(frozen=True)
class Placed:
    """What a decision put somewhere, and how it was when it was decided on.

    Attributes
    ----------
    model, number
        Where it lies at the server: of a copy, the copy's.
    alias : str
        The alias that names it; empty where an environment is a model of its own without one.
    born : int
        MLflow's time of the version's registration, 0 where it was not kept.
    tags, metrics
        As last read before the move, or before the first difference that is not settled yet. None: not kept.
    """

    model: str
    number: int
    environment: str
    alias: str = ""
    run_id: str = ""
    born: int = 0
    tags: Mapping[str, str] | None = None
    metrics: Mapping[str, float | None] | None = None


@dataclass(frozen=True)
class Closed:
    """A model that is an environment: nothing belongs into it but the copies that moves made.

    Attributes
    ----------
    made : frozenset of int
        The numbers of those copies.
    there : frozenset of int
        The versions that were there when the model was read the last time.
    marks : frozenset of str
        The marks of moves that have not ended: what bears one is being made.
    """

    model: str
    environment: str
    made: frozenset[int] = frozenset()
    there: frozenset[int] = frozenset()
    marks: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Difference:
    """One thing that no decision explains. The key names the thing, not the difference: it is one finding.

    `expected` and `found` are what JSON can say: a number, a text, a map, or None for nothing.
    """

    key: str
    kind: str
    severity: str
    model: str
    number: int | None
    environment: str
    expected: Any
    found: Any
    alias: str = ""


@dataclass(frozen=True)
class Compared:
    """The differences, and the keys of all that was looked at and is as it should be."""

    differences: tuple[Difference, ...] = ()
    right: frozenset[str] = frozenset()


def compare(
    seen: Seen,
    placed: Iterable[Placed],
    *,
    governed: Mapping[str, str],
    before: Mapping[str, Mapping[str, int]],
    explained: Mapping[tuple[str, str], frozenset[int | None]] | None = None,
    closed: Iterable[Closed] = (),
) -> Compared:
    """Hold what was read against what was decided.

    Parameters
    ----------
    seen : Seen
    placed : iterable of Placed
        What stands somewhere in this registry now.
    governed : mapping
        The aliases that are environments → the environment. Another spelling of one is governed too.
    before : mapping
        The aliases as they were read the last time, by model: what was there already is no move of today.
    explained : mapping, optional
        (model, alias) → the versions that moves which are under way, or ended while this was read, take it from and
        to. A value among them says nothing yet.
    closed : iterable of Closed, optional
        The models that are environments themselves.

    Notes
    -----
    A version that stands in two environments is looked at once. One that a move brought there while this was read is
    looked at the next time: what was read is older than it.
    """
    placed, explained = tuple(placed), explained or {}
    settled = [one for one in placed if one.number not in explained.get((one.model, one.alias), ())]
    found: list[Difference | str] = [
        *_aliases(seen, placed, governed, before, explained),
        *_models(seen, settled),
        *_strays(seen, closed),
    ]
    for one in {(p.model, p.number): p for p in settled if p.model in seen.aliases}.values():
        found += _version(seen, one)
    differences = {one.key: one for one in found if isinstance(one, Difference)}
    right = frozenset(one for one in found if isinstance(one, str)) - differences.keys()
    return Compared(tuple(differences.values()), right)


def _aliases(seen: Seen, placed, governed, before, explained):
    wanted = {(one.model, one.alias): one for one in placed if one.alias}
    names = {*(a for of in seen.aliases.values() for a in of), *(a for of in before.values() for a in of)}
    alike = _alike(names, governed)
    asked = {(model, alias) for model, aliases in seen.aliases.items() for alias in aliases if alias in alike}
    asked |= {(model, alias) for model, aliases in before.items() for alias in aliases if alias in alike}
    for model, alias in sorted(asked | wanted.keys()):
        key, one = f"alias:{model}:{alias}", wanted.get((model, alias))
        if model not in seen.aliases:
            if one is None:
                yield key  # it went with its model, and nothing of it was in use
            continue  # else that the model is gone is the finding
        number = seen.aliases[model].get(alias)
        if number == (one.number if one else None):
            yield key
        elif number in explained.get((model, alias), ()):
            continue
        else:
            yield _alias(key, model, alias, one, number, alike.get(alias, ""), before.get(model, {}).get(alias))


def _alike(names: Iterable[str], governed: Mapping[str, str]) -> dict[str, str]:
    """The names that are a governed alias however they are spelled → the environment.

    Where MLflow's database tells ``Champion`` from ``champion``, the former is one that nobody approved.
    """
    environments = {fold(alias): environment for alias, environment in governed.items()}
    return {name: environments[fold(name)] for name in names if fold(name) in environments}


def _alias(key: str, model: str, alias: str, one: Placed | None, number, environment: str, was) -> Difference:
    if one is None:
        # What named this version when the model was first read was there before anybody could decide on it.
        kind, severity, expected = "never_approved", LOW if was == number else HIGH, None
    else:
        kind, severity, expected = "alias_moved" if number else "alias_removed", HIGH, one.number
    where = one.environment if one else environment
    return Difference(key, kind, severity, model, number or expected, where, expected, number, alias)


def _models(seen: Seen, placed):
    """Models that are gone although something of them is in use; a new name is known by a version's run and birth."""
    for model in sorted({one.model for one in placed}):
        key, used = f"model:{model}", [one for one in placed if one.model == model]
        if model in seen.aliases:
            yield key
            continue
        one, name = used[0], _new_name(seen, used)
        kind = "model_renamed" if name else "model_deleted"
        yield Difference(key, kind, HIGH, model, one.number, one.environment, model, name)


def _strays(seen: Seen, closed: Iterable[Closed]):
    read: dict[str, dict[int, SeenVersion | None]] = {}
    for (model, number), version in seen.versions.items():
        read.setdefault(model, {})[number] = version
    for one in closed:
        versions = read.get(one.model, {})
        for number in sorted({*one.there, *versions} - one.made):
            key, version = f"stray:{one.model}:{number}", versions.get(number)
            if one.model not in seen.aliases or (number in versions and version is None):
                yield key
            elif not (version and version.tags.get(MARK) in one.marks):
                severity = LOW if number in one.there else HIGH
                yield Difference(key, "stray_version", severity, one.model, number, one.environment, None, number)


def _new_name(seen: Seen, used) -> str | None:
    births = {(one.number, one.run_id, one.born) for one in used if one.run_id and one.born}
    for version in seen.versions.values():
        if version and (version.number, version.run_id, version.born) in births:
            return version.model
    return None


def _version(seen: Seen, one: Placed):
    where = f"{one.model}:{one.number}"
    if (one.model, one.number) in seen.versions:
        found = seen.versions[one.model, one.number]
        if found is None:
            yield _difference(f"version:{where}", "version_deleted", HIGH, one, one.number, None)
        elif _is_another(found, one):
            born = {"run": one.run_id, "registered": one.born}
            yield _difference(
                f"version:{where}", "remade", CRITICAL, one, born, {"run": found.run_id, "registered": found.born}
            )
        else:
            yield f"version:{where}"
            yield from _tags(f"tags:{where}", found, one)
    if one.run_id in seen.runs:
        run = seen.runs[one.run_id]
        if run is None or run.deleted:
            yield _difference(f"run:{where}", "run_deleted", HIGH, one, one.run_id, None)
        else:
            yield f"run:{where}"
            yield from _metrics(f"metrics:{where}", run, one)


def _is_another(found: SeenVersion, one: Placed) -> bool:
    return found.run_id != one.run_id or bool(one.born and found.born and found.born != one.born)


def _tags(key: str, found: SeenVersion, one: Placed):
    if one.tags is None:
        return
    if changed := _changed(one.tags, found.tags):
        severity = HIGH if any(tag.startswith(OURS) for tag in changed) else LOW
        yield _difference(key, "tag_changed", severity, one, *_both(changed, one.tags, found.tags))
    else:
        yield key


def _metrics(key: str, run: SeenRun, one: Placed):
    if one.metrics is None:
        return
    if changed := _changed(one.metrics, run.metrics):
        yield _difference(key, "run_changed", HIGH, one, *_both(changed, one.metrics, run.metrics))
    else:
        yield key


def _changed(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    missing = object()
    return sorted(name for name in {*before, *after} if before.get(name, missing) != after.get(name, missing))


def _both(names: list[str], before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[dict, dict]:
    return ({n: before[n] for n in names if n in before}, {n: after[n] for n in names if n in after})


def _difference(key: str, kind: str, severity: str, one: Placed, expected: Any, found: Any) -> Difference:
    return Difference(key, kind, severity, one.model, one.number, one.environment, expected, found, one.alias)


def graver(one: str, other: str) -> str:
    """The graver of two severities."""
    return max(one, other, key=GRAVITY.index)
