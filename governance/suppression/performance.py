"""Slices, confusion and comparison of a performance audit.

The confusion is counts: where one of them is small it goes as a whole, and with it what two classes' counts follow
from: every metric that is not of all rows. The same holds for who of two models was right. A slice of few rows
goes, and the next smallest of its column with it; of slices that two columns cut, only the value stays, in two
decimals, for their counts and those of their columns give away the slices beside them.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from governance.suppression.cells import DECIMALS, Change, cleaned, few, hidden, wordless

FROM_CONFUSION = frozenset(
    {
        "balanced_accuracy", "precision", "recall", "specificity", "f1",
        "macro_precision", "macro_recall", "macro_f1",
    }
)  # fmt: skip
OF_DECISIONS = FROM_CONFUSION | {"accuracy"}
QUARTERS = ("both_right", "only_own", "only_live", "both_wrong")
LIVE_FOUND = tuple(f"performance.live.{found}" for found in ("better", "worse", "not_distinguishable"))
ONE, BOTH = "one", "both"  # a slice that is not shown; one of two columns, that shows its value alone


@dataclass(frozen=True)
class KeptBack:
    """What is not shown of one result.

    Attributes
    ----------
    thin : bool
        A count of the confusion is small: this model's, or the other's as its rates tell.
    metrics : frozenset of str
        Metrics without figures.
    answers : bool
        Who was right, where few rows are answered otherwise by the other model.
    slices : dict of int to str
        Place of a slice → `ONE` or `BOTH`.
    """

    thin: bool
    metrics: frozenset[str]
    answers: bool
    slices: Mapping[int, str]


def suppressed(result: Mapping[str, Any], least: int) -> dict[str, Any]:
    """The result as it leaves the house."""
    kept = kept_back(result, least)
    found = {key: cleaned(value, least) for key, value in result.items() if key != "challengers"}
    found["metrics"] = [_metric(item, kept, least) for item in result.get("metrics") or ()]
    found["slices"] = [_slice(item, kept.slices.get(at), least) for at, item in enumerate(result.get("slices") or ())]
    if "comparison" in result:
        found["comparison"] = _comparison(result["comparison"], kept, least)
    if kept.thin:
        found["confusion"] = None
        if (result.get("sliced") or {}).get("metric") in kept.metrics:
            found["sliced"] = result["sliced"] | {"value": None}
    bins = result.get("calibration") or ()
    if any(few(item["n"], least) for item in bins):
        found["calibration"] = [hidden(item) for item in bins]
    return found


def changes(result: Mapping[str, Any], least: int) -> list[Change]:
    """How its sentences change, by what they speak of."""
    kept = kept_back(result, least)
    slices = result.get("slices") or ()
    where = {_where(slices[at]): state for at, state in kept.slices.items()}

    def change(message: Mapping[str, Any]) -> dict[str, Any] | None:
        code, params = message["code"], message["params"]
        metric = _metric_of(params)
        if code.startswith("performance.") and metric in kept.metrics and "where" not in params:
            return wordless(message, "change", "low", "high")
        if code in LIVE_FOUND and kept.answers and metric in OF_DECISIONS:
            return {"code": code, "params": params | {"low": None, "high": None, "change": None}}
        if code == "performance.note.no_skill" and kept.thin:
            return {"code": code, "params": params | {"share": None}}
        if "where" in params and code.startswith("performance."):
            return _slice_sentence(message, ONE if metric in kept.metrics else where.get(_text(params["where"])))
        return None

    return [change]


def kept_back(result: Mapping[str, Any], least: int) -> KeptBack:
    """What a result shows too few cases of."""
    thin = _thin(result, least)
    classes = len((result.get("confusion") or {}).get("classes") or ())
    metrics = FROM_CONFUSION if thin and classes <= 2 else frozenset()
    comparison = result.get("comparison") or {}
    answers = any(few(comparison.get(quarter), least) for quarter in QUARTERS)
    slices = result.get("slices") or ()
    if (result.get("sliced") or {}).get("metric") in metrics:
        return KeptBack(thin, metrics, answers, dict.fromkeys(range(len(slices)), ONE))
    return KeptBack(thin, metrics, answers, _slices(result, slices, least))


def _thin(result: Mapping[str, Any], least: int) -> bool:
    """Whether one of the confusion's counts is small, or a count of the other model that its rates tell."""
    confusion = result.get("confusion")
    if not confusion:
        return False
    counts = confusion["counts"]
    if any(few(n, least) for row in [*counts, *zip(*counts, strict=True)] for n in [*row, sum(row)]):
        return True
    differences = (result.get("comparison") or {}).get("differences") or {}
    if not differences or len(counts) != 2:
        return False
    rates = [differences.get(name) for name in ("recall", "specificity")]
    if not all(rates):  # no class is the positive one: what else tells of the other model is not unravelled here
        return True
    right = [(rate["n"], rate["live"]) for rate in rates if rate["live"] is not None]
    return any(few(round(part), least) for n, share in right for part in (n * share, n * (1 - share)))


def _slices(result: Mapping[str, Any], slices: Sequence[Mapping[str, Any]], least: int) -> dict[int, str]:
    """Slices to keep back: small ones, what is left of a total besides, and the counts of every crossing."""
    columns: dict[str, list[int]] = {}
    for at, item in enumerate(slices):
        if len(item["where"]) == 1:
            columns.setdefault(item["where"][0]["column"], []).append(at)
    kept = {at for at, item in enumerate(slices) if any(few(item[key], least) for key in ("rows", "n", "cases"))}
    for members in columns.values():
        by_size = sorted(members, key=lambda at: slices[at]["rows"])
        rest = int(result["n"]) - sum(slices[at]["rows"] for at in members)  # of levels that are not listed
        while (sum(at in kept for at in members) == 1 or (few(rest, least) and not kept & set(members))) and (
            more := next((at for at in by_size if at not in kept), None)
        ) is not None:
            kept.add(more)
    levels = {_text(slices[at]["where"][0]) for at in kept if len(slices[at]["where"]) == 1}
    found = dict.fromkeys(kept, ONE)
    for at, item in enumerate(slices):
        if len(item["where"]) > 1 and at not in kept:
            found[at] = ONE if levels & {_text(level) for level in item["where"]} else BOTH
    return found


def _metric(item: Mapping[str, Any], kept: KeptBack, least: int) -> dict[str, Any]:
    if item["name"] in kept.metrics:
        return hidden(item)
    if not kept.thin or item["name"] == "accuracy":
        return cleaned(item, least)
    return _rounded(cleaned(item, least)) | {"cases": None}  # cases: the rarest class, where all classes count


def _slice(item: Mapping[str, Any], state: str | None, least: int) -> dict[str, Any]:
    named = {key: item[key] for key in ("where", "name") if key in item}
    if state == ONE:
        return hidden(item) | named
    if state == BOTH:
        shown = {key: _rounded(item.get(key)) for key in ("value", "difference")}
        return hidden(item) | named | shown | {"suppressed": False}
    live = item.get("live")
    return cleaned(item, least) | ({"live": _few_differ(live, least)} if live else {})


def _comparison(comparison: Mapping[str, Any], kept: KeptBack, least: int) -> dict[str, Any]:
    found = cleaned(comparison, least)
    if kept.answers or kept.thin:
        found |= dict.fromkeys((quarter for quarter in QUARTERS if quarter in comparison), None)
    found["differences"] = {
        name: hidden(one)
        if name in kept.metrics
        else _told_little(one)
        if kept.answers and name in OF_DECISIONS
        else _few_differ(one, least)
        for name, one in (comparison.get("differences") or {}).items()
    }
    return found


def _few_differ(one: Mapping[str, Any], least: int) -> dict[str, Any]:
    return _told_little(one) if few(one.get("differing"), least) else cleaned(one, least)


def _told_little(one: Mapping[str, Any]) -> dict[str, Any]:
    """A difference in two decimals, without what its interval and its test would tell of single rows."""
    return _rounded(one) | dict.fromkeys(("low", "high", "p", "differing"), None) | {"own": one.get("own")}


def _slice_sentence(message: Mapping[str, Any], state: str | None) -> dict[str, Any] | None:
    if state == ONE:
        return wordless(message)
    if state == BOTH:
        params = {key: _rounded(value) for key, value in message["params"].items()}
        return {"code": message["code"], "params": params | dict.fromkeys(params.keys() & {"n", "low", "high"}, None)}
    return None


def _rounded(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _rounded(item) for key, item in value.items()}
    return round(value, DECIMALS) if isinstance(value, float) else value


def _metric_of(params: Mapping[str, Any]) -> str:
    named = params.get("metric")
    return named["code"].removeprefix("performance.metric.") if isinstance(named, Mapping) else ""


def _where(item: Mapping[str, Any]) -> str:
    """The slice as sentences name it."""
    first, *second = item["name"]
    if not second:
        return _text(first)
    return _text({"code": "performance.where.both", "params": {"first": first, "second": second[0]}})


def _text(value: Any) -> str:
    return json.dumps(value, sort_keys=True)
