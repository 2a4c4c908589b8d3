"""The kinds of field that policies are made of.

Pure: no Django.
"""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field, Strict
from pydantic_core import PydanticCustomError

from assessments.framework import Text

__all__ = ["Text"]

Whole = Annotated[int, Strict()]
Number = Annotated[float, Strict(), Field(allow_inf_nan=False)]
Flag = Annotated[bool, Strict()]
Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]*$", max_length=40)]
Key = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]*$", max_length=80)]  # of a framework or a dimension
FactKey = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_.-]*$", max_length=80)]
Alias = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]+$", max_length=100)]
Share = Annotated[float, Strict(), Field(gt=0, lt=1)]
Days = Annotated[int, Strict(), Field(ge=1, le=3650)]
Hours = Annotated[int, Strict(), Field(ge=1, le=72)]
Quorum = Annotated[int, Strict(), Field(ge=1, le=9)]
Rung = Annotated[int, Strict(), Field(ge=1, le=9)]
Clock = Annotated[str, Strict(), Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")]
Column = Annotated[str, Strict(), Field(min_length=1, max_length=200)]
Labels = Literal["replayed", "computed", "attested", "declared"]
Kinds = Literal["tabular", "text", "image", "generative"]
Risks = Literal["low", "medium", "high"]
Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
Measure = Literal[
    "demographic_parity_difference",
    "equal_opportunity_difference",
    "equalized_odds_difference",
    "false_positive_rate_difference",
    "precision_difference",
    "accuracy_difference",
]
Metric = Literal[
    "accuracy",
    "balanced_accuracy",
    "precision",
    "recall",
    "specificity",
    "f1",
    "macro_precision",
    "macro_recall",
    "macro_f1",
    "auc",
    "brier",
    "log_loss",
    "mae",
    "rmse",
    "mean_error",
    "r2",
]
LOWER_IS_BETTER = frozenset({"brier", "log_loss", "mae", "rmse"})
HIGHER_IS_BETTER = frozenset({*Metric.__args__} - LOWER_IS_BETTER - {"mean_error"})


MOST_TEXT = 200


def _off(value: object) -> object:
    """YAML reads a bare ``off`` as false."""
    return "off" if value is False else value


def _day(value: object) -> object:
    """YAML reads a bare date as one; in quotes it is a text."""
    try:
        return date.fromisoformat(value) if isinstance(value, str) else value
    except ValueError:
        return value


def _one(value: object) -> object:
    """One name may stand for a list of one."""
    return (value,) if isinstance(value, str) else value


def _whether(value: object) -> object:
    """1 is not true."""
    if value is True or value == "if_live":
        return value
    raise PydanticCustomError("whether", "true or if_live")


def _scalar(value: Any) -> Any:
    if value is None or isinstance(value, bool | int) or (isinstance(value, str) and len(value) <= MOST_TEXT):
        return value
    if isinstance(value, float) and abs(value) < float("inf"):
        return value
    raise PydanticCustomError("scalar", "a text, a number, true or false")


Restore = Annotated[Literal["off", "auto"], BeforeValidator(_off)]
Day = Annotated[date, Field(strict=True), BeforeValidator(_day)]
Names = Annotated[tuple[Name, ...], Field(min_length=1, max_length=9), BeforeValidator(_one)]
Whether = Annotated[Literal[True, "if_live"], BeforeValidator(_whether)]
Scalar = Annotated[Any, AfterValidator(_scalar)]
closed = ConfigDict(extra="forbid")
