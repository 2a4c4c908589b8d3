"""Small cells are left out of what leaves the house: exports, dossiers, the API. Evidence itself is never touched.

Pure: no Django.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from governance.suppression import drift, fairness, performance
from governance.suppression.cells import Change, cleaned, said_anew

KINDS = {"sekisho.performance/1": performance, "sekisho.drift/1": drift}  # every other result is read as groups


def suppress(result: Mapping[str, Any], least: int) -> dict[str, Any]:
    """A copy of an audit's result without the figures of groups that have fewer than `least` cases.

    Whatever says its number of cases as ``n`` loses its figures when that is between 1 and ``least - 1``, and says
    ``"suppressed": true``. Where one group alone of a total would be left out, the next smallest goes too: the
    total less the others would give it away. Totals are those of all cases, and of every coarser grouping. What
    each kind of audit keeps back besides is said in its module.

    Parameters
    ----------
    result : mapping
        As stored with the audit.
    least : int
        The least number of cases that may be seen; 0 or 1 leaves everything as it is.
    """
    if least <= 1:
        return dict(result)
    found = _kind(result).suppressed(result, least)
    if "challengers" in result:
        found["challengers"] = [
            {**cleaned(entry, least), "result": suppress(entry.get("result") or {}, least)}
            for entry in result["challengers"] or ()
        ]
    return said_anew(found, changes_of([result], least)) | {"least_cell": least}


def suppress_message(message: Any, result: Mapping[str, Any], least: int) -> Any:
    """The sentence of an audit, as JSON, without the figures that its result keeps back."""
    return said_anew(message, changes_of([result], least))


def suppress_gates(said: Any, results: Iterable[Mapping[str, Any]], least: int) -> Any:
    """A verdict, or a part of one, as JSON: sentences of gates say what the audits' results keep back as little."""
    changes = changes_of(results, least)

    def walk(value: Any) -> Any:
        if isinstance(value, Mapping) and {"measured", "fix", "message"} <= value.keys():
            return {**value, **fairness.gate(value, changes)}
        if isinstance(value, Mapping):
            return {key: walk(item) for key, item in value.items()}
        return [walk(item) for item in value] if isinstance(value, list | tuple) else value

    return said_anew(walk(said), changes) if changes else said


def changes_of(results: Iterable[Mapping[str, Any]], least: int) -> list[Change]:
    """How the sentences about some results change, those of their challengers among them."""
    if least <= 1:
        return []
    found: list[Callable] = []
    for result in results:
        found += _kind(result).changes(result, least)
        found += changes_of([entry.get("result") or {} for entry in result.get("challengers") or ()], least)
    return found


def without_values(explained: Iterable[Mapping[str, Any]] | None) -> list[dict[str, Any]]:
    """Explained rows without what stands in them: what each feature added stays."""
    return fairness.without_values(explained)


def _kind(result: Mapping[str, Any]):
    return KINDS.get(str(result.get("schema")), fairness)
