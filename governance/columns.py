"""What the columns of a model's evaluation set mean: as the profile says, and as a page lets people choose."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext_lazy as _

from governance.auditing.fairness import smallest_group
from governance.models import EvaluationSet, Profile
from portal.web.errors import Invalid

SINGLE = {
    "label": ("label_column", _("True outcome (label)")),
    "prediction": ("prediction_column", _("Prediction")),
    "score": ("score_column", _("Score")),
    "weight": ("weight_column", _("Weight")),
}
MEANINGS = [
    ("feature", _("The model takes it")),
    *((key, words) for key, (_field, words) in SINGLE.items()),
    ("excluded", _("The model does not take it")),
]
MARKS = {"sensitive": "sensitive_columns", "proxy": "proxy_columns", "slice": "slice_columns"}
SHOWN = 12


@dataclass(frozen=True)
class Count:
    """A value of a sensitive column, and whether its cases are too few to be judged."""

    value: str
    n: int
    small: bool


@dataclass(frozen=True)
class Column:
    """One column on the page. `first` and `counts` are empty for who may not see the rows."""

    name: str
    type: str
    meaning: str
    sensitive: bool
    proxy: bool
    slice: bool
    restricted: bool = False
    key: bool = False
    first: Sequence[Any] = ()
    counts: Sequence[Count] = ()
    more: int = 0
    uncounted: bool = False
    small: Sequence[Count] = field(default_factory=list)


def columns_of(profile: Profile, sets: Sequence[tuple[EvaluationSet, Sequence[str], bool]]) -> list[Column]:
    """The columns of the gold set, then those of the restricted one; each set with its keys and "may see rows"."""
    least = smallest_group()
    return [
        _column(profile, one, column, place, keys, seen, least, restricted=bool(number))
        for number, (one, keys, seen) in enumerate(sets)
        for place, column in enumerate(one.columns)
        if not (number and column["name"] in keys)
    ]


def _column(profile, one, column, place: int, keys, seen: bool, least: int, *, restricted: bool) -> Column:
    name = column["name"]
    sensitive = name in profile.sensitive_columns
    values = one.preview.get("values", {}).get(name) if seen else None
    counts = _counts(values, profile.bins.get(name), least) if values and sensitive else []
    return Column(
        name=name,
        type=column["type"].lower(),
        meaning=meaning_of(profile, name),
        sensitive=sensitive,
        proxy=name in profile.proxy_columns,
        slice=name in profile.slice_columns,
        restricted=restricted,
        key=name in keys,
        first=[row[place] for row in one.preview.get("rows", ())[:3]] if seen else (),
        counts=counts[:SHOWN],
        more=max(0, len(counts) - SHOWN),
        uncounted=seen and sensitive and values is None,
        small=[count for count in counts if count.small],
    )


def meaning_of(profile: Profile, name: str) -> str:
    for key, (attribute, _words) in SINGLE.items():
        if getattr(profile, attribute) == name:
            return key
    return "excluded" if name in profile.excluded_columns else "feature"


def _counts(values: Sequence[Sequence[Any]], edges: Sequence[float] | None, least: int) -> list[Count]:
    """How many cases each group has; numbers fall into the bins that the profile declares."""
    groups: dict[str, int] = {}
    for value, n in values:
        name = _bin(value, edges) if edges and isinstance(value, int | float) else "–" if value is None else str(value)
        groups[name] = groups.get(name, 0) + n
    return [Count(name, n, n < least) for name, n in groups.items()]


def _bin(value: float, edges: Sequence[float]) -> str:
    place = bisect_right(edges, value)
    low = f"{edges[place - 1]:g}" if place else ""
    high = f"{edges[place]:g}" if place < len(edges) else ""
    return f"{low}–{high}"


def chosen(names: Sequence[str], given: Mapping[str, Any], profile: Profile) -> dict[str, Any]:
    """The fields of a profile as chosen on the page: ``meaning-<n>`` of the nth name, and its marks.

    What the profile says of columns that the page does not show stays.
    """
    fields: dict[str, Any] = {attribute: "" for attribute, _words in SINGLE.values()}
    excluded = [name for name in profile.excluded_columns if name not in names]
    for number, name in enumerate(names):
        meaning = given.get(f"meaning-{number}", "")
        if meaning in SINGLE:
            attribute = SINGLE[meaning][0]
            if fields[attribute]:
                raise Invalid("columns.twice", columns=[fields[attribute], name])
            fields[attribute] = name
        elif meaning == "excluded":
            excluded.append(name)
    for mark, attribute in MARKS.items():
        marked = [name for number, name in enumerate(names) if given.get(f"{mark}-{number}")]
        fields[attribute] = [name for name in getattr(profile, attribute) if name not in names] + marked
    return fields | {"excluded_columns": excluded}
