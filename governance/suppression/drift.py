"""Groups and pictures of a drift audit.

A group is counted in both tables, and must be large in both. Groups that only one table has are counted nowhere,
and yet follow from its total, so that the next smallest goes with them. Pictures, whose shares are counts, come in
steps of the least number of cases.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

from governance.suppression.cells import Change, cleaned, few, hidden, outwards, wordless
from governance.suppression.fairness import Hidden, hidden_groups, key_of
from governance.suppression.lines import Key

SIDES = ("reference", "current")
WHOLE_GROUP = "selection_rate"  # the rate whose cases are all of a group


def suppressed(result: Mapping[str, Any], least: int) -> dict[str, Any]:
    """The result as it leaves the house."""
    found = {key: cleaned(value, least) for key, value in result.items() if key != "challengers"}
    found["columns"] = [_column(column, least) for column in result.get("columns") or ()]
    groups = result.get("fairness")
    if groups:
        kept = _kept(groups, least)
        rates = [hidden(rate) if _is_kept(rate, kept) else dict(rate) for rate in groups["rates"]]
        found["fairness"] = groups | {"rates": rates}
    return found


def changes(result: Mapping[str, Any], least: int) -> list[Change]:
    """How sentences about its groups and columns change."""
    groups = result.get("fairness")
    kept = _kept(groups, least) if groups else Hidden(set(), set(), set())
    unsaid = {_spoken(rate) for rate in groups["rates"] if _is_kept(rate, kept)} if groups else set()
    rounded = {
        "" if column["role"] == "prediction" else column["column"]
        for column in result.get("columns") or ()
        if _few_in_level(column, least)
    }

    def change(message: Mapping[str, Any]) -> dict[str, Any] | None:
        code, params = message["code"], message["params"]
        if code == "drift.moved" and ("" if isinstance(params["column"], Mapping) else params["column"]) in rounded:
            return {"code": code, "params": params | _rounded(params, "value", "low", "high")}
        if code.startswith("drift.groups.") and "group" in params and _said(params) in unsaid:
            shown = {"tolerance": params["tolerance"]} if "tolerance" in params else {}
            return {"code": code, "params": wordless(message)["params"] | shown}
        return None

    return [change] if unsaid or rounded else []


def _kept(groups: Mapping[str, Any], least: int) -> Hidden:
    """What either table shows too few cases of."""
    sides = [hidden_groups(_as_groups(groups, side), least) for side in SIDES]
    return Hidden(*(set().union(*(getattr(side, part) for side in sides)) for part in ("small", "beside", "rates")))


def _as_groups(groups: Mapping[str, Any], side: str) -> list[dict[str, Any]]:
    """The groups of one table; those that only it has are taken for small, since their cases are not told."""
    rates = defaultdict(dict)
    for rate in groups["rates"]:
        rates[key_of(rate["group"])][rate["rate"]] = rate
    found = []
    for of_group in rates.values():
        group = next(iter(of_group.values()))["group"]
        sizes = {name: round(rate[side]["n"]) for name, rate in of_group.items()}
        n = sizes.get(WHOLE_GROUP, max(sizes.values()))
        found.append({"group": group, "n": n, "metrics": {name: {"n": size} for name, size in sizes.items()}})
    alone = groups["vanished" if side == "reference" else "appeared"]
    return found + [{"group": group, "n": 1, "metrics": {}} for group in alone]


def _is_kept(rate: Mapping[str, Any], kept: Hidden) -> bool:
    key = key_of(rate["group"])
    return key in kept.all or (key in kept.rates and rate["rate"] != WHOLE_GROUP)


def _spoken(rate: Mapping[str, Any]) -> tuple[str, Key]:
    return rate["rate"], key_of(rate["group"])


def _said(params: Mapping[str, Any]) -> tuple[str, Key]:
    """The rate and the group that a sentence names."""
    level = params["group"]["params"]
    return params["rate"]["code"].rpartition(".")[2], ((level["feature"], str(level.get("level"))),)


def _column(column: Mapping[str, Any], least: int) -> dict[str, Any]:
    """Shares are counts of a level or of a range: both in steps, and the distances of few levels in two decimals."""
    found = cleaned(column, least)
    if picture := column.get("picture"):
        stepped = {side: _stepped(picture[side], column["n"][side], least) for side in SIDES}
        found["picture"] = picture | stepped
    if not _few_in_level(column, least):
        return found
    found |= _rounded(column, "distance", "low", "high", "psi")
    found |= dict.fromkeys(("p_value", "p_corrected", "chi2"), None)
    for side in ("new_levels", "vanished_levels"):
        found[side] = column[side] | _rounded(column[side], "share")
    return found


def _rounded(figures: Mapping[str, Any], *names: str) -> dict[str, Any]:
    known = {name: figures.get(name) for name in names}
    return {name: outwards(name, value) if isinstance(value, float) else value for name, value in known.items()}


def _few_in_level(column: Mapping[str, Any], least: int) -> bool:
    picture = column.get("picture") or {}
    counts = [share * column["n"][side] for side in SIDES for share in picture.get(side, ())]
    return "levels" in picture and any(few(round(n), least) for n in counts)


def _stepped(shares: Iterable[float], n: float, least: int) -> list[float]:
    """Shares in steps of the least number of cases."""
    step = least / n if n else 1.0
    return [min(1.0, round(share / step) * step) for share in shares]
