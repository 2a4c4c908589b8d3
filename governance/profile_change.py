"""What a change of a profile does to the checks that stand on it.

Pure: no Django. A profile is plain here: its fields, ``pinned`` (role → the digests of its sets) and ``team``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

RISKS = ("low", "medium", "high")
# Whatever they become, other figures are judged: nobody can tell beforehand that they are not the kinder ones.
EXCHANGED = (
    *("kind", "metric", "metric_direction", "evaluation_data", "label_column", "prediction_column", "positive"),
    *("score_column", "weight_column", "bins", "pools", "excluded_columns"),
)
# More of them ask for more.
LISTED = ("sensitive_columns", "proxy_columns", "slice_columns")
SETS = ("gold", "training", "reference")
PARTS = ("risk", *EXCHANGED, *LISTED, *SETS, "sensitive", "challenger", "team")


def softens(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    """The parts of a change that may let a version pass which did not pass before.

    Parameters
    ----------
    before, after : mapping
        ``Profile.FIELDS``, ``pinned`` and ``team``; a part that is missing counts as empty.

    Returns
    -------
    list of str
        Of `PARTS`, in their order; empty where the change only asks for more, or changes what no check reads.
        A change that softens cannot be cut into steps that do not.
    """
    return [part for part in PARTS if _softer(part, before, after)]


def _softer(part: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> bool:
    if part == "risk":
        return _rank(after) < _rank(before)
    if part in LISTED:
        return bool(set(before.get(part) or ()) - set(after.get(part) or ()))
    if part in EXCHANGED or part == "team":
        return (before.get(part) or None) != (after.get(part) or None)
    was, will = (_sets(profile).get(part) for profile in (before, after))
    if part == "challenger":
        return bool(set(was or ()) - set(will or ()))
    if part == "sensitive":
        return bool(was) and was != will
    return (was or None) != (will or None)


def _rank(profile: Mapping[str, Any]) -> int:
    """A risk that is not known asks for as much as the highest."""
    risk = profile.get("risk")
    return RISKS.index(risk) if risk in RISKS else len(RISKS)


def _sets(profile: Mapping[str, Any]) -> Mapping[str, Any]:
    return profile.get("pinned") or {}


def differing(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    """All fields and roles of sets in which two profiles differ, fields first."""
    names = dict.fromkeys([*before, *after])
    fields = [name for name in names if name != "pinned" and (before.get(name) or None) != (after.get(name) or None)]
    roles = dict.fromkeys([*_sets(before), *_sets(after)])
    return fields + [role for role in roles if _sets(before).get(role) != _sets(after).get(role)]


def higher_risk(one: str, other: str) -> str:
    """The higher of two risks; one that is not known is no risk at all."""
    return max((one, other), key=lambda risk: RISKS.index(risk) if risk in RISKS else -1)
