"""What a gate may ask of each kind of evidence.

Pure: no Django. How evidence is weighed against it stands in `governance.readings`.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, Strict
from pydantic.dataclasses import dataclass

from governance.engine.lineage.audit import ITEMS
from governance.policy.fields import (
    Column,
    FactKey,
    Key,
    Measure,
    Metric,
    Name,
    Names,
    Number,
    Rung,
    Scalar,
    Share,
    Text,
    Whether,
    closed,
)

MOST_ITEMS = 30
SafetyKey = Literal["tree", "signature", "environment", "advisories", "interpreter", "replay", "repeatable"]


@dataclass(frozen=True, config=closed)
class LineageNeeds:
    """The items that must be on record."""

    items: Annotated[tuple[Literal[*ITEMS], ...], Field(min_length=1)]


@dataclass(frozen=True, config=closed)
class FairnessNeeds:
    """No gap of these measures may exceed the tolerance, its whole interval considered.

    Groups of fewer than ``min_group`` rows are not judged; ``unjudged_groups`` says whether they block.
    ``max_missing`` is the share of rows that may lack a label or a prediction. ``confidence`` is the least that
    the intervals must have.
    """

    tolerance: Share
    measures: Annotated[tuple[Measure, ...], Field(min_length=1)]
    min_group: Annotated[int, Strict(), Field(ge=1, le=1_000_000)]
    unjudged_groups: Literal["allow", "block"]
    max_missing: Share = 0.05
    confidence: Annotated[float, Strict(), Field(ge=0.5, lt=1)] | None = None


@dataclass(frozen=True, config=closed)
class ExplanationNeeds:
    """The explanation adds up, and no more than this share of it rests on sensitive columns."""

    max_reliance: Share


@dataclass(frozen=True, config=closed)
class PerformanceNeeds:
    """The whole interval of a metric is within its limits, and the version is not worse than the live one.

    Without a ``metric`` it is the one that the profile names. ``not_worse: if_live`` passes where no other version
    is live; ``true`` does not. With ``slices: not_worse`` no part of the data may be worse than the live version.
    """

    metric: Metric | None = None
    at_least: Number | None = None
    at_most: Number | None = None
    not_worse: Whether | None = None
    slices: Literal["not_worse"] | None = None


@dataclass(frozen=True, config=closed)
class DriftNeeds:
    """The whole interval of each column's distance, and of its change in missing values, is within the tolerance.

    Without ``columns`` all that were compared count, the model's answer among them. ``unjudged`` says whether
    columns that could not be judged block.
    """

    tolerance: Share
    columns: Annotated[tuple[Column, ...], Field(min_length=1, max_length=200)] | None = None
    unjudged: Literal["allow", "block"] = "block"


@dataclass(frozen=True, config=closed)
class SafetyNeeds:
    """The items of the safety audit that must pass."""

    items: Annotated[tuple[SafetyKey, ...], Field(min_length=1)]


@dataclass(frozen=True, config=closed)
class ReplayNeeds:
    """The model was run again on at least so many rows, and gave the predictions that were supplied."""

    min_rows: Annotated[int, Strict(), Field(ge=1, le=1_000_000)]


@dataclass(frozen=True, config=closed)
class ChecklistItem:
    """One thing that a person confirms: a member of one of the groups of ``signers``."""

    id: Name
    title: Text
    signers: Names


@dataclass(frozen=True, config=closed)
class ChecklistNeeds:
    """Each item is confirmed, by name, for the files and the profile of now."""

    items: Annotated[tuple[ChecklistItem, ...], Field(min_length=1, max_length=MOST_ITEMS)]


@dataclass(frozen=True, config=closed)
class FactNeeds:
    """A pipeline has told a value, and it is this one or within these limits."""

    key: FactKey
    equals: Scalar = None
    at_least: Number | None = None
    at_most: Number | None = None


@dataclass(frozen=True, config=closed)
class MaturityNeeds:
    """The owner team's official level in a framework is at least this: overall, or in one dimension."""

    framework: Key
    level: Rung
    dimension: Key | None = None


Needs = (
    LineageNeeds
    | FairnessNeeds
    | ExplanationNeeds
    | PerformanceNeeds
    | DriftNeeds
    | SafetyNeeds
    | ReplayNeeds
    | ChecklistNeeds
    | FactNeeds
    | MaturityNeeds
)
