"""Small cells are left out of what leaves the house: exports, dossiers, the API. Evidence itself is never touched.

Pure: no Django.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

KEPT_KEYS = frozenset({"schema", "features", "group", "judged"})
WHOLE = ("cube",)  # holds every cell, so that it leaves the house with all of them or not at all
DECIMALS = 2  # of rates whose cases are not told: all their digits would tell how many there were
Key = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Hidden:
    """Groups that are not shown.

    Attributes
    ----------
    small : set
        Those with too few cases.
    beside : set
        Those that would give a small one away.
    rates : set
        Those that show no rate of a part of their cases, such as of the positive ones: one of the parts is too
        small, or that of another group would follow from theirs.
    """

    small: set[Key]
    beside: set[Key]
    rates: set[Key]

    @property
    def all(self) -> set[Key]:
        return self.small | self.beside


def suppress(result: Mapping[str, Any], least: int) -> dict[str, Any]:
    """A copy of an audit's result without the figures of groups that have fewer than `least` cases.

    Whatever says its number of cases as ``n`` loses its figures when that is between 1 and ``least - 1``, and says
    ``"suppressed": true``. Where one group alone of a total would be left out, the next smallest goes too: the
    total less the others would give it away. Totals are those of all cases, and of every coarser grouping. Gaps of
    the small groups go with them; those of the next smallest stay, since verdicts rest on them, with two decimals
    and without the number of cases. The cube goes as a whole.

    Parameters
    ----------
    result : mapping
        As stored with the audit.
    least : int
        The least number of cases that may be seen; 0 or 1 leaves everything as it is.
    """
    if least <= 1:
        return dict(result)
    hidden = _hidden_groups(result.get("groups") or (), least)
    said: dict[str, Any] = {}
    found = {}
    for key, value in result.items():
        if key in WHOLE:
            found[key] = None
        elif key == "groups":
            found[key] = [_group(group, hidden, least) for group in value]
        elif key == "gaps":
            found[key] = [_gap(gap, hidden, least, said) for gap in value]
        elif key == "challengers":
            found[key] = [{**entry, "result": suppress(entry.get("result") or {}, least)} for entry in value]
        elif key == "missing":
            found[key] = _few(value, least)
        elif key == "local":  # each is a case alone
            found[key] = without_values(value)
        else:
            found[key] = _cleaned(value, least)
    if said:
        found |= {key: _said_anew(found[key], said) for key in ("message", "worst") if found.get(key)}
    return found | {"least_cell": least}


def suppress_message(message: Any, result: Mapping[str, Any], least: int) -> Any:
    """The sentence of an audit, as JSON, without the figures that its result keeps back."""
    said = {}
    for one in (result, *(entry.get("result") or {} for entry in result.get("challengers") or ())):
        shown = suppress(one, least)
        for gap, new in zip(one.get("gaps") or (), shown.get("gaps") or (), strict=True):
            if gap.get("message") != new.get("message"):
                said[_text(gap["message"])] = new["message"]
    return _said_anew(message, said) if said else message


def without_values(explained: Iterable[Mapping[str, Any]] | None) -> list[dict[str, Any]]:
    """Explained rows without what stands in them: what each feature added stays."""
    return [
        {**row, "contributions": [{**part, "value": None} for part in row["contributions"]]} for row in explained or ()
    ]


def _key(group: Mapping[str, Any]) -> Key:
    return tuple(sorted((name, str(level)) for name, level in group["group"].items()))


def _hidden_groups(groups, least: int) -> Hidden:
    cases = {_key(group): group["n"] for group in groups if group["n"]}
    small = {key for key, n in cases.items() if n < least}
    lines = _lines(cases)
    everything = _closed(small, lines, cases)
    thin = {
        _key(group)
        for group in groups
        if any(0 < (estimate.get("n") or 0) < least for estimate in (group.get("metrics") or {}).values())
    }
    thin &= cases.keys()
    rates = _closed(everything | thin, lines, cases) if thin - everything else everything
    return Hidden(small, everything - small, rates)


def _lines(cases: Mapping[Key, int]) -> list[tuple[Key, list[Key]]]:
    """Every total with the groups that it is the sum of; the total of all cases is ()."""
    groupings = defaultdict(list)
    for key in cases:
        groupings[tuple(name for name, _ in key)].append(key)
    found = []
    for fine, members in groupings.items():
        for coarse in [(), *groupings]:
            if len(coarse) < len(fine) and set(coarse) <= set(fine):
                parts = defaultdict(list)
                for key in members:
                    parts[tuple(level for level in key if level[0] in coarse)].append(key)
                found += [(total, sorted(line, key=cases.get)) for total, line in parts.items()]
    return found


def _closed(hidden: set[Key], lines, cases: Mapping[Key, int]) -> set[Key]:
    """The groups to hide so that none of the given ones is a difference of sums that are shown."""
    found = set(hidden)
    grown = bool(found)
    while grown:
        grown = False
        for total, line in lines:
            kept_back = sum(key in found for key in line)
            known = total not in found
            if kept_back == known:  # one part alone of a total that is shown, or none of one that is not
                more = next((key for key in line if key not in found), None)
                more = more or (total if total in cases else None)
                if more is not None:
                    found.add(more)
                    grown = True
    return found


def _group(group: Mapping[str, Any], hidden: Hidden, least: int) -> dict[str, Any]:
    key = _key(group)
    if key in hidden.all:
        return _hidden(group)
    if key not in hidden.rates:
        return _cleaned(group, least)
    metrics = {
        name: _cleaned(estimate, least) if estimate.get("n") == group["n"] else _hidden(estimate)
        for name, estimate in group["metrics"].items()
    }
    rest = {name: value for name, value in group.items() if name not in ("metrics", "scores")}
    return _cleaned(rest, least) | {"metrics": metrics} | ({"scores": None} if "scores" in group else {})


def _gap(gap: Mapping[str, Any], hidden: Hidden, least: int, said: dict[str, Any]) -> dict[str, Any]:
    named = _named(gap)
    message = gap.get("message")
    if named & hidden.small:
        found = _hidden(gap)
        found |= {"message": _wordless(message)} if message else {}
    elif not named & hidden.rates:
        found = _cleaned(gap, least)
    else:
        found = _rounded(_cleaned(gap, least), hidden.rates)
        sides = [side for side in ("highest", "lowest") if _named({"side": gap.get(side)}) & hidden.rates]
        if message:
            params = found["message"]["params"]
            found["message"] = {**found["message"], "params": params | {f"{side}_n": None for side in sides}}
    if message and found["message"] != message:
        said[_text(message)] = found["message"]
    return found


def _named(gap: Mapping[str, Any]) -> set[Key]:
    """The groups that a gap is between, and those that it compares besides."""
    values = [*(value for value in gap.values() if isinstance(value, Mapping)), *(gap.get("comparisons") or ())]
    named = [value.get("group", value) for value in values]
    return {tuple(sorted((k, str(v)) for k, v in group.items())) for group in named if isinstance(group, Mapping)}


def _rounded(value: Any, hidden: set[Key]) -> Any:
    """With two decimals, and without the numbers of cases of hidden groups."""
    if isinstance(value, Mapping):
        found = {key: _rounded(item, hidden) for key, item in value.items()}
        group = value.get("group")
        if isinstance(group, Mapping) and _named({"this": group}) & hidden and "n" in found:
            found["n"] = None
        return found
    if isinstance(value, list | tuple):
        return [_rounded(item, hidden) for item in value]
    return round(value, DECIMALS) if isinstance(value, float) else value


def _wordless(message: Mapping[str, Any]) -> dict[str, Any]:
    """A sentence that keeps its words and names, and says no number."""
    return {"code": message["code"], "params": _no_numbers(message.get("params") or {})}


def _no_numbers(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _no_numbers(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_no_numbers(item) for item in value]
    return None if isinstance(value, int | float) and not isinstance(value, bool) else value


def _text(message: Any) -> str:
    return json.dumps(message, sort_keys=True)


def _said_anew(value: Any, said: Mapping[str, Any]) -> Any:
    """The same words with the sentences of gaps as they are shown."""
    if isinstance(value, Mapping):
        return said.get(_text(value)) or {key: _said_anew(item, said) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_said_anew(item, said) for item in value]
    return value


def _few(value: Any, least: int) -> Any:
    """Counts of missing values by column, without those that are too few: they are a group of their own."""
    if not isinstance(value, Mapping) or not isinstance(value.get("sensitive"), Mapping):
        return _cleaned(value, least)
    shown = {name: None if isinstance(n, int) and 0 < n < least else n for name, n in value["sensitive"].items()}
    return {**value, "sensitive": shown}


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
        if value.keys() == {"code", "params"}:  # words, such as the name of a slice; why it is not judged counts it
            return _wordless(value) if "n" in value["params"] else dict(value)
        return {key: item if key in KEPT_KEYS else _without_figures(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_without_figures(item) for item in value]
    return None if isinstance(value, int | float) and not isinstance(value, bool) else value
