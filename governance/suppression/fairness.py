"""Groups of a fairness audit.

Gaps of the small groups go with them; those of the next smallest stay, since verdicts rest on them, with two
decimals, limits rounded outwards, and without the number of cases. The cube goes as a whole.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from governance.suppression.cells import DECIMALS, Change, cleaned, few, hidden, outwards, wordless
from governance.suppression.lines import Key, closed, lines_of

WHOLE = ("cube",)  # holds every cell, so that it leaves the house with all of them or not at all
WRITTEN = ("value", "low", "high", "highest_value", "lowest_value")  # numbers of a gate's sentence, as text


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


def suppressed(result: Mapping[str, Any], least: int) -> dict[str, Any]:
    """A result with groups, or of any kind that has none, as it leaves the house."""
    kept = hidden_groups(result.get("groups") or (), least)
    found = {}
    for key, value in result.items():
        if key in WHOLE:
            found[key] = None
        elif key == "groups":
            found[key] = [_group(group, kept, least) for group in value]
        elif key == "gaps":
            found[key] = [_gap(gap, kept, least) for gap in value]
        elif key == "missing":
            found[key] = _missing(value, least)
        elif key == "local":  # each is a case alone
            found[key] = without_values(value)
        elif key != "challengers":
            found[key] = cleaned(value, least)
    return found


def changes(result: Mapping[str, Any], least: int) -> list[Change]:
    """How sentences about its gaps change: the audit's own, and those of gates."""
    if not result.get("gaps"):
        return []
    kept = hidden_groups(result.get("groups") or (), least)
    if not kept.all | kept.rates:
        return []
    said = {}
    for gap in result["gaps"]:
        new = _gap(gap, kept, least).get("message")
        if gap.get("message") and new != gap["message"]:
            said[_text(gap["message"])] = new

    def change(message: Mapping[str, Any]) -> dict[str, Any] | None:
        if message["code"].startswith("gates.fairness.") and "highest_n" in message["params"]:
            return _gate_sentence(message, kept)
        return said.get(_text(message))

    return [change]


def gate(line: Mapping[str, Any], changes: list[Change]) -> dict[str, Any]:
    """What a gate measured and what it advises, where its sentence names a group that is kept back."""
    sentence = line["message"]
    while sentence["code"] == "gates.challenger":
        sentence = sentence["params"]["finding"]
    new = next((found for change in changes if (found := change(sentence)) is not None), sentence)
    if new == sentence or "value" not in new["params"]:
        return {}
    measured = line["measured"]
    if measured and measured["code"] == "gates.figure":
        measured = {**measured, "params": {"value": new["params"]["value"]}}
    lost = new["params"]["value"] is None
    return {"measured": measured, "fix": wordless(line["fix"]) if lost and line["fix"] else line["fix"]}


def without_values(explained: Iterable[Mapping[str, Any]] | None) -> list[dict[str, Any]]:
    """Explained rows without what stands in them: what each feature added stays."""
    return [
        {**row, "contributions": [{**part, "value": None} for part in row["contributions"]]} for row in explained or ()
    ]


def hidden_groups(groups: Iterable[Mapping[str, Any]], least: int) -> Hidden:
    """The groups that are not shown, of ``{"group": …, "n": …, "metrics": {name: {"n": …}}}``."""
    groups = list(groups)
    cases = {key_of(group["group"]): group["n"] for group in groups if group["n"]}
    small = {key for key, n in cases.items() if n < least}
    lines = lines_of(cases)
    everything = closed(small, lines, cases)
    thin = {
        key_of(group["group"])
        for group in groups
        if any(few(estimate.get("n"), least) for estimate in (group.get("metrics") or {}).values())
    }
    thin &= cases.keys()
    rates = closed(everything | thin, lines, cases) if thin - everything else everything
    return Hidden(small, everything - small, rates)


def key_of(group: Mapping[str, Any]) -> Key:
    """A group by its levels."""
    return tuple(sorted((name, str(level)) for name, level in group.items()))


def _group(group: Mapping[str, Any], kept: Hidden, least: int) -> dict[str, Any]:
    key = key_of(group["group"])
    if key in kept.all:
        return hidden(group)
    if key not in kept.rates:
        return cleaned(group, least)
    metrics = {
        name: cleaned(estimate, least) if estimate.get("n") == group["n"] else hidden(estimate)
        for name, estimate in group["metrics"].items()
    }
    rest = {name: value for name, value in group.items() if name not in ("metrics", "scores")}
    return cleaned(rest, least) | {"metrics": metrics} | ({"scores": None} if "scores" in group else {})


def _gap(gap: Mapping[str, Any], kept: Hidden, least: int) -> dict[str, Any]:
    named = _named(gap)
    message = gap.get("message")
    if named & kept.small:
        found = hidden(gap)
        return found | ({"message": wordless(message)} if message else {})
    if not named & kept.rates:
        return cleaned(gap, least)
    found = _rounded(cleaned(gap, least), kept.rates)
    sides = [side for side in ("highest", "lowest") if _named({"side": gap.get(side)}) & kept.rates]
    if message:
        params = found["message"]["params"]
        found["message"] = {**found["message"], "params": params | {f"{side}_n": None for side in sides}}
    return found


def _gate_sentence(message: Mapping[str, Any], kept: Hidden) -> dict[str, Any]:
    """The sentence of a gate about one gap, by the same rule; its numbers stand as text."""
    params = dict(message["params"])
    sides = {side: _levels(params[side]) for side in ("highest", "lowest")}
    if set(sides.values()) & kept.small:
        return wordless(message, *WRITTEN)
    if not set(sides.values()) & kept.rates:
        return dict(message)
    for name in WRITTEN:
        if params.get(name):
            params[name] = f"{outwards(name, float(params[name])):.{DECIMALS}f}"
    params |= {f"{side}_n": None for side, key in sides.items() if key in kept.rates}
    return {"code": message["code"], "params": params}


def _levels(said: Iterable[Mapping[str, Any]]) -> Key:
    """The group that some levels name in words."""
    return tuple(sorted((one["params"]["feature"], str(one["params"].get("level"))) for one in said))


def _named(gap: Mapping[str, Any]) -> set[Key]:
    """The groups that a gap is between, and those that it compares besides."""
    values = [*(value for value in gap.values() if isinstance(value, Mapping)), *(gap.get("comparisons") or ())]
    named = [value.get("group", value) for value in values]
    return {key_of(group) for group in named if isinstance(group, Mapping)}


def _rounded(value: Any, kept: set[Key], name: str = "") -> Any:
    """With two decimals, and without the numbers of cases of hidden groups."""
    if isinstance(value, Mapping):
        found = {key: _rounded(item, kept, key) for key, item in value.items()}
        group = value.get("group")
        if isinstance(group, Mapping) and key_of(group) in kept and "n" in found:
            found["n"] = None
        return found
    if isinstance(value, list | tuple):
        return [_rounded(item, kept) for item in value]
    return outwards(name, value) if isinstance(value, float) else value


def _text(message: Any) -> str:
    return json.dumps(message, sort_keys=True)


def _missing(value: Any, least: int) -> Any:
    """Counts of missing values by column, without those that are too few: they are a group of their own."""
    if not isinstance(value, Mapping) or not isinstance(value.get("sensitive"), Mapping):
        return cleaned(value, least)
    shown = {name: None if few(n, least) else n for name, n in value["sensitive"].items()}
    return {**value, "sensitive": shown}
