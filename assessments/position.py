"""A team's position in one framework: everything that its levels are computed from, and nothing else.

Pure: no Django. Pages, API, PDF and `manage.py level` ask `judge`, and therefore agree.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from assessments import evidence_rules
from assessments.evidence_rules import CLOCK_SKEW, FRESH, TICK, Fact, Weighed
from assessments.framework import Framework
from assessments.scoring import Score, score
from assessments.standing import Answer, Kind, Review

LIVE_MODELS = "live.models"


@dataclass(frozen=True)
class Denial:
    """A contradiction as it counts: open, or found to be mistaken until a day, and then set aside."""

    criterion: str
    set_aside_until: datetime | None = None

    @property
    def open(self) -> bool:
        return self.set_aside_until is None


@dataclass(frozen=True)
class Aim:
    """The level that is enough, and why."""

    level: int
    reason: str = ""


@dataclass(frozen=True)
class Position:
    """What is said, found, reviewed and disputed of a team.

    Parameters
    ----------
    framework : Framework
    as_of : datetime
        The moment that the position is judged at, aware of its time zone.
    answers : mapping of criterion id to Answer
        The team's claim.
    facts : tuple of Fact
    reviews : mapping of criterion id to Review
        Of the answers given here; those that have lapsed count no more.
    denials : tuple of Denial
    live_models : int, optional
        Said outright; otherwise the facts tell it.
    aims : mapping of dimension to Aim
        "" speaks of the whole.
    """

    framework: Framework
    as_of: datetime
    answers: Mapping[str, Answer] = field(default_factory=dict)
    facts: tuple[Fact, ...] = ()
    reviews: Mapping[str, Review] = field(default_factory=dict)
    denials: tuple[Denial, ...] = ()
    live_models: int | None = None
    aims: Mapping[str, Aim] = field(default_factory=dict)

    def at(self, moment: datetime) -> Position:
        """The same at another moment: evidence and reviews are then older."""
        return replace(self, as_of=moment)


@dataclass(frozen=True)
class Judged:
    """The score of a position, and how each fact and review came to it."""

    position: Position
    weighed: Mapping[str, Weighed]
    reviews: Mapping[str, Review]
    denied: frozenset[str]
    live_models: int | None
    score: Score


def judge(position: Position, weighed: Mapping[str, Weighed] | None = None) -> Judged:
    """Weigh the facts and score the position at its moment.

    Parameters
    ----------
    weighed : mapping of criterion id to Weighed, optional
        What `evidence_rules.weigh_all` gave for these facts already.

    Raises
    ------
    AnswerError
        As `scoring.score`.
    """
    framework, now = position.framework, position.as_of
    aside = {d.criterion: d.set_aside_until for d in position.denials if not d.open and now < d.set_aside_until}
    weighed = dict(weighed or evidence_rules.weigh_all(framework.criteria, position.facts, now))
    for key in aside.keys() & weighed.keys():
        weighed[key] = evidence_rules.set_aside(weighed[key], aside[key])
    reviews = {key: review for key, review in position.reviews.items() if review.current(now)}
    denied = frozenset(denial.criterion for denial in position.denials if denial.open)
    live = live_models(position.facts, now) if position.live_models is None else position.live_models
    found = score(framework, position.answers, weighed, reviews=reviews, denied=denied, live_models=live)
    return Judged(position, weighed, reviews, denied, live, found)


def live_models(facts: Iterable[Fact], now: datetime) -> int | None:
    """How many models the team has in production; None when nothing fresh tells."""
    counts = [fact.value for fact in facts if fact.name == LIVE_MODELS and now - fact.observed_at <= FRESH]
    return int(max(counts)) if counts else None


# -- When it changes by itself ---------------------------------------------------------------------


@dataclass(frozen=True)
class Lapse:
    """The moment at which a level falls by itself, to which, and the criteria that no longer count."""

    at: datetime
    level: int
    criteria: tuple[str, ...]


def lapses(position: Position) -> list[datetime]:
    """The moments after ``as_of`` at which a fact or review stops to count, or a denial counts again."""
    now = position.as_of
    used = frozenset().union(*(_facts(criterion) for criterion in position.framework.criteria)) | {LIVE_MODELS}
    ends = {fact.observed_at + FRESH + TICK for fact in position.facts if fact.name in used}
    ends |= {fact.observed_at - CLOCK_SKEW for fact in position.facts if fact.name in used}  # from the future
    ends |= {review.until for review in position.reviews.values() if review.until}
    ends |= {denial.set_aside_until for denial in position.denials if denial.set_aside_until}
    return sorted(end for end in ends if end > now)


def holds_until(judged: Judged, dimension: str = "", kind: Kind = "official") -> Lapse | None:
    """The first moment at which a level falls if nothing new comes to light; None when none is known."""
    level = judged.score.levels(dimension).level(kind)
    if not level:
        return None
    for moment in lapses(judged.position):
        later = judge(judged.position.at(moment)).score
        lower = later.levels(dimension).level(kind)
        if lower < level:
            return Lapse(moment, lower, fallen(judged.score, later, kind, later.levels(dimension).held_by(kind)))
    return None


def fallen(before: Score, after: Score, kind: Kind, among: Iterable[str] | None = None) -> tuple[str, ...]:
    """The criteria that were met and are not any more."""
    earlier, later = before.standing(kind), after.standing(kind)
    return tuple(key for key in among or later if earlier.get(key) == "met" and later[key] != "met")


def _facts(criterion) -> frozenset[str]:
    rules = (rule for rule in (criterion.supports, criterion.contradicts) if rule)
    return frozenset().union(*(rule.facts() for rule in rules))
