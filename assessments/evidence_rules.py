"""Weighs the facts that collectors found against a criterion's rules.

Pure: no Django. Three values all the way: a rule is true, false or unknown, and what is missing,
stale, or rests on too few items is unknown, never no and never yes.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from operator import eq, ge, gt, le, lt
from typing import Literal, NamedTuple

from assessments import texts  # noqa: F401  (registers the messages)
from assessments.facts import CATALOGUE
from assessments.framework import Criterion, Rule
from portal.message import Message

Grade = Literal["A", "B", "C"]
Verdict = Literal["supports", "contradicts", "unknown"]

FRESH = timedelta(days=90)
CLOCK_SKEW = timedelta(hours=1)
TICK = timedelta(microseconds=1)  # a fact is still fresh on the moment itself
_COMPARE = {"is_": eq, "at_least": ge, "at_most": le, "above": gt, "below": lt}


@dataclass(frozen=True)
class Fact:
    """One thing that a collector found.

    Parameters
    ----------
    name : str
        A name of `assessments.facts.CATALOGUE`.
    value : bool, int or float
        In the catalogue's unit; a share is 0..1.
    items : int, optional
        How many items the value rests on; not needed for flags and counts.
    grade : {"A", "B", "C"}
        A seen happening, B configured, C declared.
    observed_at : datetime
        When the collector looked, aware of its time zone.
    detail : str
        Where it was found, or examples of what lacks.
    """

    name: str
    value: bool | int | float
    items: int | None
    grade: Grade
    observed_at: datetime
    detail: str = ""

    def __post_init__(self) -> None:
        if self.observed_at.tzinfo is None:
            raise ValueError(f"fact {self.name}: observed_at needs a time zone")
        if self.grade not in ("A", "B", "C"):
            raise ValueError(f"fact {self.name}: grade {self.grade!r} is none of A, B, C")

    def message(self) -> Message:
        """The fact in a few words: "Runs with parameters and metrics: 34% (of 120)"."""
        return Message("maturity.fact", {"fact": fact_name(self.name), "value": self._value()})

    def _value(self) -> Message:
        unit = CATALOGUE[self.name].unit if self.name in CATALOGUE else "count"
        if unit == "flag":
            return Message(f"maturity.value.{'true' if self.value else 'false'}")
        if unit == "share":
            percent = math.floor(self.value * 1000 + 1e-9) / 10  # never rounded up over a threshold
            return Message("maturity.value.share", {"percent": percent, "items": self.items})
        return Message(f"maturity.value.{unit}", {"value": self.value})


@dataclass(frozen=True)
class Weighed:
    """What the facts say of one criterion.

    ``grade`` is the weakest grade that the verdict rests on. ``person`` tells that a person must
    answer too before the criterion is evidenced (auto P), or alone can (auto N). ``refuted`` tells
    that fresh facts show what would deny it to be false: missing or stale facts refute nothing.
    """

    verdict: Verdict
    because: tuple[Fact, ...]
    message: Message
    grade: Grade | None = None
    person: bool = False
    refuted: bool = False


class _Truth(NamedTuple):
    value: bool | None
    because: tuple[Fact, ...] = ()
    grade: Grade | None = None
    gaps: tuple[tuple[str, str], ...] = ()  # (kind, fact): why it is unknown


def fact_name(name: str) -> Message:
    """What a fact counts, in words."""
    return Message(f"maturity.fact.{name}")


def weigh(criterion: Criterion, facts: Iterable[Fact], now: datetime) -> Weighed:
    """Weigh facts against the rules of a criterion.

    A contradiction wins where both rules are true. A rule that is true by declared facts alone
    (grade C) settles nothing. For auto P a verdict is given as for others, with ``person`` set:
    `scoring.score` counts the criterion as evidenced only where the facts support it *and* a
    person answered yes. For auto N nothing can be collected, and the verdict is unknown.

    Parameters
    ----------
    criterion : Criterion
    facts : iterable of Fact
        Of one name the best grade counts, then the newest.
    now : datetime
        Aware; facts older than 90 days, or from the future, are not evidence.

    Returns
    -------
    Weighed
    """
    return _weighed(criterion, _best(facts, now), now)


def weigh_all(criteria: Iterable[Criterion], facts: Iterable[Fact], now: datetime) -> dict[str, Weighed]:
    """`weigh` for many criteria by their ids: the best of the facts are looked for once."""
    known = _best(facts, now)
    return {criterion.id: _weighed(criterion, known, now) for criterion in criteria}


def shows(rule: Rule, facts: Iterable[Fact], now: datetime) -> bool:
    """Whether fresh facts, not only declared ones, make a rule true; what is unknown shows nothing."""
    truth = _judge(rule, _best(facts, now), now)
    return truth.value is True and truth.grade != "C"


def _weighed(criterion: Criterion, known: Mapping[str, Fact], now: datetime) -> Weighed:
    person = criterion.auto in ("P", "N")
    if criterion.auto == "N" or not (criterion.supports or criterion.contradicts):
        return Weighed("unknown", (), Message("maturity.evidence.person-only"), None, True)
    against = _judge(criterion.contradicts, known, now)
    for_it = _judge(criterion.supports, known, now)
    if against.value and against.grade != "C":
        code = "maturity.evidence.both" if for_it.value else "maturity.evidence.contradicts"
        message = _said(code, against.because)
        return Weighed("contradicts", against.because, message, against.grade, person)
    if for_it.value and for_it.grade != "C":
        code = "maturity.evidence.supports-person" if person else "maturity.evidence.supports"
        message = _said(code, for_it.because)
        return Weighed("supports", for_it.because, message, for_it.grade, person, against.value is False)
    return _unknown(against, for_it, person)


def set_aside(weighed: Weighed, until: datetime) -> Weighed:
    """A denial that was found to be mistaken denies nothing, and shows nothing either."""
    if weighed.verdict != "contradicts":
        return weighed
    message = Message("maturity.evidence.set-aside", {"until": f"{until:%Y-%m-%d}"})
    return replace(weighed, verdict="unknown", message=message, grade=None)


def _said(code: str, facts: Iterable[Fact]) -> Message:
    return Message(code, {"facts": [fact.message() for fact in facts]})


def _unknown(against: _Truth, for_it: _Truth, person: bool) -> Weighed:
    because = tuple(dict.fromkeys((*for_it.because, *against.because)))
    refuted = against.value is False
    for side in (against, for_it):
        if side.value:
            message = _said("maturity.evidence.declared", side.because)
            return Weighed("unknown", side.because, message, "C", person, refuted)
    gaps = dict.fromkeys((*for_it.gaps, *against.gaps))
    for kind in ("stale", "few", "missing"):
        names = [fact_name(name) for name in dict.fromkeys(name for found, name in gaps if found == kind)]
        if names:
            message = Message(f"maturity.evidence.{kind}", {"facts": names})
            return Weighed("unknown", because, message, None, person, refuted)
    return Weighed("unknown", because, _said("maturity.evidence.between", because), None, person, refuted)


def _best(facts: Iterable[Fact], now: datetime) -> Mapping[str, Fact]:
    def rank(fact: Fact) -> tuple[bool, str, float]:
        return (not _fresh(fact, now), fact.grade, -fact.observed_at.timestamp())

    best: dict[str, Fact] = {}
    for fact in facts:
        if fact.name not in best or rank(fact) < rank(best[fact.name]):
            best[fact.name] = fact
    return best


def _fresh(fact: Fact, now: datetime) -> bool:
    return -CLOCK_SKEW <= now - fact.observed_at <= FRESH


def _judge(rule: Rule | None, known: Mapping[str, Fact], now: datetime) -> _Truth:
    if rule is None:
        return _Truth(False)
    if rule.fact:
        return _test(rule, known.get(rule.fact), now)
    parts = [_judge(part, known, now) for part in rule.parts]
    decided = bool(rule.any)  # any: one true part decides; all: one false part does
    deciding = [part for part in parts if part.value is decided]
    if deciding:
        # Of several parts that decide "any", the best evidence; "all" fails by each of its parts.
        if decided:
            return min(deciding, key=lambda part: part.grade or "C")
        return _Truth(False, _facts(deciding))
    if any(part.value is None for part in parts):
        gaps = tuple(gap for part in parts if part.value is None for gap in part.gaps)
        return _Truth(None, _facts(parts), gaps=gaps)
    grade = max((part.grade for part in parts if part.grade), default=None)
    return _Truth(not decided, _facts(parts), grade)


def _facts(parts: list[_Truth]) -> tuple[Fact, ...]:
    if len(parts) == 1:
        return parts[0].because
    return tuple(dict.fromkeys(fact for part in parts for fact in part.because))


def _test(rule: Rule, fact: Fact | None, now: datetime) -> _Truth:
    if fact is None or (isinstance(fact.value, float) and not math.isfinite(fact.value)):
        return _Truth(None, gaps=(("missing", rule.fact),))
    if not _fresh(fact, now):
        return _Truth(None, (fact,), gaps=(("stale", rule.fact),))
    needed = rule.minimum.items if rule.minimum else CATALOGUE[rule.fact].minimum
    if needed and (fact.items is None or fact.items < needed):
        return _Truth(None, (fact,), gaps=(("few", rule.fact),))
    (test,) = rule.tests
    return _Truth(_COMPARE[test](fact.value, getattr(rule, test)), (fact,), fact.grade)
