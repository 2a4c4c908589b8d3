"""Levels from answers, evidence and reviews.

Pure: no Django. A dimension is at the highest level whose required criteria, and those of all
levels below, are met; a framework is at the level of its lowest dimension. Level 0 requires nothing.
How one criterion stands is told in `standing`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field
from types import MappingProxyType

from assessments import texts  # noqa: F401  (registers the messages)
from assessments.evidence_rules import Weighed
from assessments.framework import Criterion, Framework
from assessments.standing import KINDS, VALUES, Answer, Kind, Review, Standing, Value, standings
from portal.message import Message

__all__ = [
    "KINDS",
    "VALUES",
    "Answer",
    "AnswerError",
    "Kind",
    "LevelCount",
    "Levels",
    "Review",
    "Score",
    "Standing",
    "Value",
    "problems",
    "score",
]

_NOTHING: Mapping = MappingProxyType({})
_PLACE = {"met": 1, "unmet": 2, "unknown": 3}


class AnswerError(ValueError):
    """Answers that cannot be scored; ``message`` names the criterion."""

    def __init__(self, message: Message):
        super().__init__(message)
        self.message = message

    def __str__(self) -> str:
        return str(self.message)


@dataclass(frozen=True)
class LevelCount:
    """How the required criteria of one level of one dimension stand.

    ``met``, ``unmet`` and ``unknown`` count what is claimed; the others what is met in their sense.
    """

    level: int
    required: int
    met: int
    unmet: int
    unknown: int
    evidenced: int
    reviewed: int
    official: int
    official_unknown: int


@dataclass(frozen=True)
class Levels:
    """The levels of one dimension, or of the whole, in the four senses.

    Each counts unknown as unmet; its ``…_at_most`` is the level if every unknown turns out well.
    The ``blocking`` are the required criteria that hold it below the next: of the claimed level
    without a prefix.
    """

    claimed: int
    evidenced: int
    reviewed: int
    official: int
    claimed_at_most: int
    evidenced_at_most: int
    reviewed_at_most: int
    official_at_most: int
    blocking: tuple[str, ...]
    evidenced_blocking: tuple[str, ...]
    reviewed_blocking: tuple[str, ...]
    official_blocking: tuple[str, ...]
    counts: tuple[LevelCount, ...] = ()

    @property
    def at_least(self) -> int:
        """The claimed level if each unknown turns out badly."""
        return self.claimed

    @property
    def at_most(self) -> int:
        """The claimed level if each unknown turns out well."""
        return self.claimed_at_most

    def level(self, kind: Kind) -> int:
        return getattr(self, kind)

    def highest(self, kind: Kind) -> int:
        """The level of a kind if each unknown turns out well."""
        return getattr(self, f"{kind}_at_most")

    def held_by(self, kind: Kind) -> tuple[str, ...]:
        """The criteria that hold the level of a kind below the next."""
        return self.blocking if kind == "claimed" else getattr(self, f"{kind}_blocking")


@dataclass(frozen=True)
class Score:
    """The result: levels overall and by dimension, and how each criterion stands."""

    overall: Levels
    dimensions: Mapping[str, Levels]
    claimed: Mapping[str, Standing] = field(repr=False)
    evidenced: Mapping[str, Standing] = field(repr=False)
    reviewed: Mapping[str, Standing] = field(repr=False)
    official: Mapping[str, Standing] = field(repr=False)

    def standing(self, kind: Kind) -> Mapping[str, Standing]:
        """How each criterion stands in one of the four senses."""
        return getattr(self, kind)

    def levels(self, dimension: str = "") -> Levels:
        """The levels of a dimension, or of the whole."""
        return self.dimensions[dimension] if dimension else self.overall


def score(
    framework: Framework,
    answers: Mapping[str, Answer],
    weighed: Mapping[str, Weighed] = _NOTHING,
    *,
    reviews: Mapping[str, Review] = _NOTHING,
    denied: Set[str] = frozenset(),
    live_models: int | None = None,
) -> Score:
    """Score answers, evidence and reviews.

    Parameters
    ----------
    framework : Framework
    answers : mapping of criterion id to Answer
        What is left out is unknown.
    weighed : mapping of criterion id to Weighed
        From `evidence_rules.weigh`.
    reviews : mapping of criterion id to Review
        Those that are current, of the answers given here.
    denied : set of criterion ids
        Those with an open contradiction; no evidence or review makes them official.
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
    found = standings(framework, answers, weighed, reviews, denied, live_models)
    columns = zip(*found.values(), strict=True)
    by_kind = {kind: dict(zip(found, column, strict=True)) for kind, column in zip(KINDS, columns, strict=True)}
    dimensions = {key: _levels(framework, required, by_kind) for key, required in framework.ladders.items()}
    return Score(
        _lowest(tuple(dimensions.values())),
        MappingProxyType(dimensions),
        **{kind: MappingProxyType(standing) for kind, standing in by_kind.items()},
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


def _levels(
    framework: Framework, required: Sequence[Criterion], by_kind: Mapping[Kind, Mapping[str, Standing]]
) -> Levels:
    found = {}
    for kind, standing in by_kind.items():
        level, found[f"{kind}_at_most"] = _reached(framework.top, required, standing)
        found[kind] = level
        name = "blocking" if kind == "claimed" else f"{kind}_blocking"
        found[name] = tuple(c.id for c in required if c.level == level + 1 and standing[c.id] != "met")
    return Levels(**found, counts=_counts(framework.top, required, by_kind))


def _reached(top: int, required: Sequence[Criterion], standing: Mapping[str, Standing]) -> tuple[int, int]:
    """The level with every unknown unmet, and with every unknown met."""
    low = high = top + 1
    for criterion in required:
        state = standing[criterion.id]
        if state != "met" and criterion.level < low:
            low = criterion.level
        if state == "unmet" and criterion.level < high:
            high = criterion.level
    return low - 1, high - 1


def _counts(
    top: int, required: Sequence[Criterion], by_kind: Mapping[Kind, Mapping[str, Standing]]
) -> tuple[LevelCount, ...]:
    claimed, evidenced, reviewed, official = (by_kind[kind] for kind in KINDS)
    rows = [[0] * 8 for _ in range(top)]
    for criterion in required:
        row, key = rows[criterion.level - 1], criterion.id
        row[0] += 1
        row[_PLACE[claimed[key]]] += 1
        row[4] += evidenced[key] == "met"
        row[5] += reviewed[key] == "met"
        row[6] += official[key] == "met"
        row[7] += official[key] == "unknown"
    return tuple(LevelCount(level, *row) for level, row in enumerate(rows, 1))


def _lowest(dimensions: tuple[Levels, ...]) -> Levels:
    low = {
        name: min(getattr(levels, name) for levels in dimensions)
        for kind in KINDS
        for name in (kind, f"{kind}_at_most")
    }
    for kind in KINDS:
        name = "blocking" if kind == "claimed" else f"{kind}_blocking"
        lowest = (levels for levels in dimensions if getattr(levels, kind) == low[kind])
        low[name] = tuple(key for levels in lowest for key in levels.held_by(kind))
    return Levels(**low)
