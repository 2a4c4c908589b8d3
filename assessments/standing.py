"""How one criterion stands: by what the team says, by facts, by review, and officially.

Pure: no Django. Three values all the way: met, unmet or unknown, and unknown is never met.
"""

from __future__ import annotations

from collections.abc import Mapping, Set
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, NamedTuple

from assessments.evidence_rules import Weighed
from assessments.framework import Criterion, Framework

Value = Literal["yes", "partly", "no", "na"]
Standing = Literal["met", "unmet", "unknown"]
Kind = Literal["claimed", "evidenced", "reviewed", "official"]
VALUES: tuple[Value, ...] = ("yes", "partly", "no", "na")
KINDS: tuple[Kind, ...] = ("claimed", "evidenced", "reviewed", "official")


@dataclass(frozen=True)
class Answer:
    """What the team says of one criterion; ``None`` is "not known yet"."""

    value: Value | None = None
    reason: str = ""


@dataclass(frozen=True)
class Review:
    """What an independent person found when looking at an answer; current until ``until``."""

    verdict: Literal["confirmed", "refused"]
    at: datetime | None = None
    until: datetime | None = None

    def current(self, now: datetime) -> bool:
        return self.until is None or now < self.until


class Standings(NamedTuple):
    """How one criterion stands, in each of the four senses."""

    claimed: Standing
    evidenced: Standing
    reviewed: Standing
    official: Standing


def standings(
    framework: Framework,
    answers: Mapping[str, Answer],
    weighed: Mapping[str, Weighed],
    reviews: Mapping[str, Review],
    denied: Set[str],
    live_models: int | None,
) -> dict[str, Standings]:
    """How every criterion stands, alternatives included.

    A criterion with ``any_of`` is met when it, or one of those, is met directly: one step, so that
    no chain of alternatives meets what nobody does. An alternative that is not applicable lends
    nothing, since not having a thing is no way of having another.
    """

    def direct(criterion: Criterion, value: Value | None) -> Standings:
        key = criterion.id
        return of_one(criterion, value, weighed.get(key), reviews.get(key), key in denied, live_models)

    values = {key: answer.value for key, answer in answers.items()}
    found = {criterion.id: direct(criterion, values.get(criterion.id)) for criterion in framework.criteria}
    joined = {}
    for criterion in framework.criteria:
        if criterion.any_of:
            lent = [
                direct(framework.by_id[key], "no") if values.get(key) == "na" else found[key]
                for key in criterion.any_of
            ]
            joined[criterion.id] = _any((found[criterion.id], *lent))
    return found | joined


def of_one(
    criterion: Criterion,
    value: Value | None,
    weighed: Weighed | None,
    review: Review | None = None,
    denied: bool = False,
    live_models: int | None = None,
) -> Standings:
    """How a criterion stands by itself.

    - *Claimed*: yes and an allowed N/A are met, partly and no are not.
    - *Evidenced*: facts settle it whatever the team says, but where a person must answer too
      (auto P) they count with a yes only. An N/A stands until facts deny it or a reviewer refuses it.
    - *Reviewed*: what the team claims and a current review confirmed.
    - *Official*: met by fresh evidence or by a current review. A contradiction, open or just found,
      denies it; a bare N/A does not meet it. What the team itself denies, or a reviewer refused, is
      unmet until evidence shows it.

    With no live model, what is said of each live model is unknown, whoever says it.
    """
    verdict = weighed.verdict if weighed else "unknown"
    refused = review is not None and review.verdict == "refused"
    of_nothing = criterion.live and live_models == 0
    claimed = _claimed(value, refused, of_nothing)
    shown = verdict == "supports" and not of_nothing and (not weighed.person or value == "yes")
    reviewed = _reviewed(claimed, review)
    if verdict == "contradicts":
        return Standings(claimed, "unmet", reviewed, "unmet")
    evidenced = "met" if shown or (value == "na" and not refused) else "unknown"
    if denied:
        official = "unmet"
    elif shown or reviewed == "met":
        official = "met"
    else:
        official = "unmet" if refused or claimed == "unmet" else "unknown"
    return Standings(claimed, evidenced, reviewed, official)


def _claimed(value: Value | None, refused: bool, of_nothing: bool) -> Standing:
    if value == "na":
        return "unmet" if refused else "met"
    if value is None or (value == "yes" and of_nothing):
        return "unknown"
    return "met" if value == "yes" else "unmet"


def _reviewed(claimed: Standing, review: Review | None) -> Standing:
    if review is None:
        return "unmet" if claimed == "unmet" else "unknown"
    return "unmet" if review.verdict == "refused" else claimed


def _any(parts: tuple[Standings, ...]) -> Standings:
    return Standings(*(_best(set(column)) for column in zip(*parts, strict=True)))


def _best(found: set[Standing]) -> Standing:
    return "met" if "met" in found else "unknown" if "unknown" in found else "unmet"
