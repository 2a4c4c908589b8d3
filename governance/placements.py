"""What ran where and when, who approved it, and on which data: read in as many queries for many places as for one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from django.db.models import F, Q, QuerySet
from django.utils import timezone

from governance.models import Audit, Decision, DecisionKind, Placement, Promotion
from portal.ledger.models import Event

AGREED = (DecisionKind.APPROVE, DecisionKind.AUTOMATIC, DecisionKind.BREAK_GLASS)


@dataclass(frozen=True)
class Approval:
    """One decision that carried the move, with its number in the ledger."""

    decision: Decision
    number: int | None


@dataclass(frozen=True)
class Place:
    """A version in an environment for a time, with what it stood on when it was approved.

    Parameters
    ----------
    approvals : sequence of Approval
        Those that bound when it moved, and lapsed neither before nor since.
    audits : sequence of Audit
        Those that the verdict rested on.
    datasets : sequence of mapping
        What the run names: name, digest, context.
    bound : mapping
        The digests that the approvals bind.
    """

    placement: Placement
    approvals: Sequence[Approval]
    audits: Sequence[Audit]
    datasets: Sequence[Mapping[str, Any]]

    @property
    def promotion(self) -> Promotion:
        return self.placement.promotion

    @property
    def bound(self) -> Mapping[str, str]:
        return self.promotion.bound

    @property
    def evaluated_on(self) -> list[str]:
        """The digests of the data that the audits read."""
        return list(dict.fromkeys(digest for audit in self.audits if (digest := audit.inputs.get("data"))))


def within(places: QuerySet[Placement], begin: datetime, end: datetime) -> QuerySet[Placement]:
    """The places that stood at some moment from `begin` on and before `end`; at `begin` itself, where both are one.

    One that was left at the moment in which it was taken stood at none.
    """
    asked = Q(since__lte=begin) if begin == end else Q(since__lt=end)
    return places.filter(asked).filter(Q(until=None) | Q(until__gt=begin)).exclude(until=F("since"))


def day(which: date) -> tuple[datetime, datetime]:
    """The first moment of a day and that of the next one, in the reader's time zone.

    Raises
    ------
    OverflowError
        The day lies beyond the calendar.
    """
    first = timezone.make_aware(datetime.combine(which, time.min))
    after = timezone.make_aware(datetime.combine(which + timedelta(days=1), time.min))
    return in_calendar(first), in_calendar(after)


def in_calendar(at: datetime) -> datetime:
    """The moment itself; `OverflowError` for one that databases, which keep UTC, have no date for."""
    at.astimezone(UTC)
    return at


def described(placements: Iterable[Placement]) -> list[Place]:
    """The places with their approvals, audits and data."""
    rows = list(placements)
    promotions = [row.promotion_id for row in rows]
    decisions = Decision.objects.filter(promotion__in=promotions, decision__in=AGREED, lapsed_at=None)
    given: dict[int, list[Decision]] = {}
    for one in decisions.select_related("by", "acting_for"):
        given.setdefault(one.promotion_id, []).append(one)
    events = [one.event for found in given.values() for one in found]
    numbers = dict(Event.objects.filter(uuid__in=events).values_list("uuid", "seq"))
    read = {row.pk: _audits_of(row.promotion) for row in rows}
    audits = Audit.objects.defer("result").in_bulk({pk for ids in read.values() for pk in ids})
    return [
        Place(
            row,
            [Approval(one, numbers.get(one.event)) for one in given.get(row.promotion_id, ())],
            [audits[pk] for pk in read[row.pk] if pk in audits],
            _datasets(row),
        )
        for row in rows
    ]


def _audits_of(promotion: Promotion) -> list[int]:
    results = (promotion.verdict or {}).get("results") or ()
    return [pk for pk in dict.fromkeys(result.get("audit_id") for result in results) if pk]


def _datasets(placement: Placement) -> list[dict[str, Any]]:
    named = (placement.version.run or {}).get("datasets") or ()
    return [{key: one.get(key) or "" for key in ("name", "digest", "context")} for one in named]
