"""Conditions of an approval: each with an owner and a due date, and a finding until somebody has seen to it."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from django.utils import timezone

from governance.findings import end_finding, open_finding
from governance.models import Decision, Finding, Promotion
from portal.accounts.models import User
from portal.ledger.models import Event
from portal.message import Message
from portal.web.errors import Invalid

MOST, LONGEST = 10, 1000
FURTHEST = dt.timedelta(days=3 * 366)


@dataclass(frozen=True)
class Condition:
    """What has to be done, by whom and by when."""

    text: str
    owner: User
    due: dt.date


def owners_of(promotion: Promotion):
    """Who may be made the owner of a condition: the members of the model's team."""
    return User.objects.active().filter(memberships__team=promotion.version.model.team_id).order_by("name")


def check_conditions(promotion: Promotion, conditions: Sequence[Condition]) -> None:
    """Each says something, and names a member of the team and a day that is yet to come."""
    today = timezone.localdate()
    if len(conditions) > MOST:
        raise Invalid(Message("condition.many", {"most": MOST}))
    owners = set(owners_of(promotion).values_list("pk", flat=True)) if conditions else set()
    for one in conditions:
        if not one.text.strip() or len(one.text) > LONGEST:
            raise Invalid(Message("condition.text", {"most": LONGEST}))
        if one.owner.pk not in owners:
            raise Invalid("finding.owner")
        if not today <= one.due <= today + FURTHEST:
            raise Invalid("finding.due")


def open_conditions(promotion: Promotion, conditions: Sequence[Condition], event: Event, by) -> None:
    """The findings of one approval, in the transaction of the decision."""
    version = promotion.version
    words = {"model": version.model.name, "number": version.number, "environment": promotion.environment}
    for number, one in enumerate(conditions, 1):
        open_finding(
            kind="condition",
            key=f"{_prefix(promotion, event.uuid)}{number}",
            severity="high",
            title=Message("finding.condition", words),  # it is mailed: what somebody wrote is not
            about={
                "model": version.model,
                "version": version,
                "promotion": promotion,
                "environment": promotion.environment,
            },
            detail={"condition": one.text.strip()},
            team=version.team,
            owner=one.owner,
            due=one.due,
            by=by,
        )


def in_words(conditions: Sequence[Condition]) -> dict[str, str]:
    """The conditions as the ledger keeps what people wrote."""
    return {"conditions": "\n".join(one.text.strip() for one in conditions)} if conditions else {}


def conditions_of(promotion: Promotion) -> Mapping[UUID, list[Finding]]:
    """What each decision asked for, by the decision's event."""
    found = defaultdict(list)
    rows = Finding.objects.filter(promotion=promotion, kind="condition").select_related("owner")
    for row in rows.order_by("pk"):
        found[UUID(row.key.split(":")[2])].append(row)
    return found


def end_conditions(promotion: Promotion, decision: Decision | None = None) -> None:
    """What was asked by an approval that does not count any more is asked no more; of all of them if none is named."""
    begins = _prefix(promotion, decision.event if decision else "")
    rows = Finding.objects.open().filter(promotion=promotion, kind="condition", key__startswith=begins)
    for finding in rows.select_related("model__team", "version__model"):
        end_finding(finding)


def _prefix(promotion: Promotion, event) -> str:
    return f"condition:{promotion.pk}:{event}:" if event else f"condition:{promotion.pk}:"
