"""Levels from answers and evidence.

Pure: no Django. A dimension is at the highest level whose required criteria, and those of all
levels below, are met; a framework is at the level of its lowest dimension. Level 0 requires nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal

from assessments import texts  # noqa: F401  (registers the messages)
from assessments.evidence_rules import Weighed
from assessments.framework import Criterion, Framework
from portal.message import Message

Value = Literal["yes", "partly", "no", "na"]
Standing = Literal["met", "unmet", "unknown"]
VALUES: tuple[Value, ...] = ("yes", "partly", "no", "na")

_NO_WEIGHED: Mapping[str, Weighed] = MappingProxyType({})


class AnswerError(ValueError):
    """Answers that cannot be scored; ``message`` names the criterion."""

    def __init__(self, message: Message):
        super().__init__(message)
        self.message = message

    def __str__(self) -> str:
        return str(self.message)


@dataclass(frozen=True)
class Answer:
    """What the team says of one criterion; ``None`` is "not known yet"."""

    value: Value | None = None
    reason: str = ""


@dataclass(frozen=True)
class LevelCount:
    """How the required criteria of one level of one dimension stand."""

    level: int
    required: int
    met: int
    unmet: int
    unknown: int
    evidenced: int


@dataclass(frozen=True)
class Levels:
    """The levels of one dimension, or of the whole.

    ``claimed`` counts unknown as unmet, and so does ``at_least`` (each unknown turns out bad);
    ``at_most`` is the level if each unknown turns out good. ``evidenced`` counts only what facts
    show. ``blocking`` are the required criteria that hold the claimed level below the next,
    ``evidenced_blocking`` those that hold the evidenced one.
    """

    claimed: int
    evidenced: int
    at_least: int
    at_most: int
    blocking: tuple[str, ...]
    evidenced_blocking: tuple[str, ...]
    counts: tuple[LevelCount, ...] = ()


@dataclass(frozen=True)
class Score:
    """The result: levels overall and by dimension, and how each criterion stands."""

    overall: Levels
    dimensions: Mapping[str, Levels]
    claimed: Mapping[str, Standing] = field(repr=False)
    evidenced: Mapping[str, Standing] = field(repr=False)


def score(
    framework: Framework,
    answers: Mapping[str, Answer],
    weighed: Mapping[str, Weighed] = _NO_WEIGHED,
    *,
    live_models: int | None = None,
) -> Score:
    """Score answers and evidence.

    Parameters
    ----------
    framework : Framework
    answers : mapping of criterion id to Answer
        What is left out is unknown.
    weighed : mapping of criterion id to Weighed
        From `evidence_rules.weigh`.
    live_models : int, optional
        How many models are in production. With 0, what is said of each live model is unknown,
        whoever says it: of nothing, everything is true. ``None`` is "not known here".

    Raises
    ------
    AnswerError
        An unknown id or value, or "not applicable" where the framework does not allow it.
    """
    for problem in problems(framework, answers):
        raise AnswerError(problem)
    claimed = {c.id: claimed_standing(c, answers.get(c.id), live_models) for c in framework.criteria}
    evidenced = {
        c.id: evidenced_standing(c, answers.get(c.id), weighed.get(c.id), live_models) for c in framework.criteria
    }
    dimensions = {d.key: _levels(framework, d.key, claimed, evidenced) for d in framework.dimensions}
    return Score(
        _lowest(tuple(dimensions.values())),
        MappingProxyType(dimensions),
        MappingProxyType(claimed),
        MappingProxyType(evidenced),
    )


def problems(framework: Framework, answers: Mapping[str, Answer]) -> Iterator[Message]:
    """Everything that keeps the answers from being scored; each message names the criterion."""
    for key, answer in answers.items():
        criterion = framework.by_id.get(key)
        if criterion is None:
            yield Message("maturity.answer.unknown-id", {"id": key, "framework": framework.key})
        elif answer.value is not None and answer.value not in VALUES:
            yield Message("maturity.answer.value", {"id": key, "value": str(answer.value)})
        elif answer.value == "na" and not criterion.na_allowed:
            yield Message("maturity.answer.na", {"id": key})
    for group in framework.not_all_na:
        if all(key in answers and answers[key].value == "na" for key in group):
            yield Message("maturity.answer.not-all-na", {"ids": list(group)})


def claimed_standing(criterion: Criterion, answer: Answer | None, live_models: int | None = None) -> Standing:
    """How a criterion stands by what the team says; ``partly`` is unmet, an allowed ``na`` is met."""
    value = answer.value if answer else None
    if value is None or (value == "yes" and criterion.live and live_models == 0):
        return "unknown"
    return "met" if value in ("yes", "na") else "unmet"


def evidenced_standing(
    criterion: Criterion, answer: Answer | None, weighed: Weighed | None, live_models: int | None = None
) -> Standing:
    """How a criterion stands by the facts.

    Facts settle it, whatever the team says, but where a person must answer too (auto P) they count
    with a yes only. An allowed ``na`` stands until facts contradict it. Nothing else is evidence.
    """
    verdict = weighed.verdict if weighed else "unknown"
    value = answer.value if answer else None
    if verdict == "contradicts":
        return "unmet"
    if value == "na" and criterion.na_allowed:
        return "met"
    if verdict == "supports" and not (criterion.live and live_models == 0):
        return "met" if not weighed.person or value == "yes" else "unknown"
    return "unknown"


def _levels(
    framework: Framework, dimension: str, claimed: Mapping[str, Standing], evidenced: Mapping[str, Standing]
) -> Levels:
    required = framework.of(dimension, required=True)
    level = _reached(framework, required, claimed, {"met"})
    shown = _reached(framework, required, evidenced, {"met"})
    return Levels(
        claimed=level,
        evidenced=shown,
        at_least=level,
        at_most=_reached(framework, required, claimed, {"met", "unknown"}),
        blocking=_blocking(required, claimed, level),
        evidenced_blocking=_blocking(required, evidenced, shown),
        counts=tuple(_count(framework, dimension, n.number, claimed, evidenced) for n in framework.levels[1:]),
    )


def _reached(
    framework: Framework, required: tuple[Criterion, ...], standing: Mapping[str, Standing], good: set[Standing]
) -> int:
    lacking = [criterion.level for criterion in required if standing[criterion.id] not in good]
    return min(lacking) - 1 if lacking else framework.top


def _blocking(required: tuple[Criterion, ...], standing: Mapping[str, Standing], level: int) -> tuple[str, ...]:
    return tuple(c.id for c in required if c.level == level + 1 and standing[c.id] != "met")


def _count(framework, dimension, level, claimed, evidenced) -> LevelCount:
    ids = [criterion.id for criterion in framework.of(dimension, level=level, required=True)]
    by = {state: sum(claimed[key] == state for key in ids) for state in ("met", "unmet", "unknown")}
    return LevelCount(level, len(ids), **by, evidenced=sum(evidenced[key] == "met" for key in ids))


def _lowest(dimensions: tuple[Levels, ...]) -> Levels:
    low = {
        name: min(getattr(levels, name) for levels in dimensions)
        for name in ("claimed", "evidenced", "at_least", "at_most")
    }

    def holding(name: str, blocking: str) -> tuple[str, ...]:
        lowest = (levels for levels in dimensions if getattr(levels, name) == low[name])
        return tuple(key for levels in lowest for key in getattr(levels, blocking))

    return Levels(
        **low,
        blocking=holding("claimed", "blocking"),
        evidenced_blocking=holding("evidenced", "evidenced_blocking"),
    )
