"""Small cells are left out of what leaves the house: exports, dossiers, the API. Evidence itself is never touched.

Pure: no Django.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import Any

KEPT_KEYS = frozenset({"schema", "features", "group", "judged"})
WHOLE = ("cube",)  # holds every cell, so that it leaves the house with all of them or not at all


def suppress(result: Mapping[str, Any], least: int) -> dict[str, Any]:
    """A copy of an audit's result without the figures of groups that have fewer than `least` cases.

    Whatever says its number of cases as ``n`` loses its figures when that is between 1 and ``least - 1``, and says
    ``"suppressed": true``. Where one group alone of a feature would be left out, the next smallest goes too: the
    total less the others would give it away. Gaps of the small groups go with them, those of the next smallest stay,
    since verdicts rest on them. The cube goes as a whole.

    Parameters
    ----------
    result : mapping
        As stored with the audit.
    least : int
        The least number of cases that may be seen; 0 or 1 leaves everything as it is.
    """
    if least <= 1:
        return dict(result)
    small, beside = _small_groups(result.get("groups") or (), least)
    found = {}
    for key, value in result.items():
        if key in WHOLE:
            found[key] = None
        elif key == "groups":
            found[key] = [_hidden(g) if _key(g) in small | beside else _cleaned(g, least) for g in value]
        elif key == "gaps":
            found[key] = [_hidden(gap) if _names_small(gap, small) else _cleaned(gap, least) for gap in value]
        elif key == "challengers":
            found[key] = [{**entry, "result": suppress(entry.get("result") or {}, least)} for entry in value]
        else:
            found[key] = _cleaned(value, least)
    return found | {"least_cell": least}


def _key(group: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    return tuple((name, str(level)) for name, level in group["group"].items())


def _small_groups(groups, least: int) -> tuple[set, set]:
    """The groups below the least size, and those left out beside one that is alone of its feature."""
    by_features = defaultdict(list)
    for group in groups:
        by_features[tuple(group["features"])].append(group)
    small, beside = set(), set()
    for members in by_features.values():
        ranked = sorted((group for group in members if group["n"]), key=lambda group: group["n"])
        hidden = [group for group in ranked if group["n"] < least]
        small |= {_key(group) for group in hidden}
        beside |= {_key(group) for group in ranked[1:2] if len(hidden) == 1}
    return small, beside


def _names_small(gap: Mapping[str, Any], small) -> bool:
    named = [value.get("group", value) for value in gap.values() if isinstance(value, Mapping)]
    return any(tuple((k, str(v)) for k, v in g.items()) in small for g in named if isinstance(g, Mapping))


def _cleaned(value: Any, least: int) -> Any:
    if isinstance(value, Mapping):
        n = value.get("n")
        if isinstance(n, int) and not isinstance(n, bool) and 0 < n < least:
            return _hidden(value)
        return {key: _cleaned(item, least) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_cleaned(item, least) for item in value]
    return value


def _hidden(value: Mapping[str, Any]) -> dict[str, Any]:
    """The same without any figure; words, and what it is about, stay."""
    return {key: item if key in KEPT_KEYS else _without_figures(item) for key, item in value.items()} | {
        "suppressed": True
    }


def _without_figures(value: Any) -> Any:
    if isinstance(value, Mapping):
        if value.keys() == {"code", "params"}:  # words, such as the name of a slice
            return dict(value)
        return {key: item if key in KEPT_KEYS else _without_figures(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_without_figures(item) for item in value]
    return None if isinstance(value, int | float) and not isinstance(value, bool) else value
