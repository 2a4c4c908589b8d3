"""What has too few cases loses its figures; the words, and what it is about, stay."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

KEPT_KEYS = frozenset({"schema", "features", "group", "judged"})
DECIMALS = 2  # of rates whose cases are not told: all their digits would tell how many there were
Change = Callable[[Mapping[str, Any]], dict[str, Any] | None]  # a sentence as it may be said; None leaves it


def few(value: Any, least: int) -> bool:
    """Whether this is a number of cases that may not be told."""
    return isinstance(value, int) and not isinstance(value, bool) and 0 < value < least


def cleaned(value: Any, least: int) -> Any:
    """The same without the figures of whatever says that it has few cases."""
    if isinstance(value, Mapping):
        if few(value.get("n"), least):
            return hidden(value)
        return {key: cleaned(item, least) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [cleaned(item, least) for item in value]
    return value


def hidden(value: Mapping[str, Any]) -> dict[str, Any]:
    """The same without any figure; words, and what it is about, stay."""
    return {key: item if key in KEPT_KEYS else without_figures(item) for key, item in value.items()} | {
        "suppressed": True
    }


def without_figures(value: Any) -> Any:
    if isinstance(value, Mapping):
        if value.keys() == {"code", "params"}:  # words, such as the name of a slice; why it is not judged counts it
            return wordless(value) if "n" in value["params"] else dict(value)
        return {key: item if key in KEPT_KEYS else without_figures(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [without_figures(item) for item in value]
    return None if isinstance(value, int | float) and not isinstance(value, bool) else value


def wordless(message: Mapping[str, Any], *written: str) -> dict[str, Any]:
    """A sentence that keeps its words and names, and says no number; `written` are numbers that stand as text."""
    params = _no_numbers(message.get("params") or {})
    return {"code": message["code"], "params": params | {name: None for name in written if name in params}}


def _no_numbers(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _no_numbers(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_no_numbers(item) for item in value]
    return None if isinstance(value, int | float) and not isinstance(value, bool) else value


def said_anew(value: Any, changes: list[Change]) -> Any:
    """The same words with the sentences that are changed."""
    if isinstance(value, Mapping):
        if value.keys() == {"code", "params"}:
            for change in changes:
                if (found := change(value)) is not None:
                    return found
        return {key: said_anew(item, changes) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [said_anew(item, changes) for item in value]
    return value


def outwards(name: str, value: float) -> float:
    """To two decimals: the limits of an interval away from its value, so that it looks no surer than it is."""
    steps = 10**DECIMALS
    if name == "low":
        return math.floor(value * steps + 1e-9) / steps
    if name == "high":
        return math.ceil(value * steps - 1e-9) / steps
    return value if name == "tolerance" else round(value, DECIMALS)
