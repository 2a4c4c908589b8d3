"""What waits for people in the governance half, as the inbox asks for it: each source in a bounded number of queries.

Mails leave the house, so a notice names the audit and not its figures, which may be those of a few people.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

from django.db.models import Exists, OuterRef, Q
from django.urls import reverse
from django.utils import timezone

from governance.models import (
    Audit,
    Decision,
    DecisionKind,
    ModelVersion,
    Outcome,
    Promotion,
    PromotionState,
    Registry,
)
from governance.turns import turns_of
from portal.accounts.models import User
from portal.inbox.kinds import Waiting, notice_kind, reminder_source
from portal.inbox.recipients import managers_of
from portal.message import Message, gettext_noop, register

NEWS = dt.timedelta(days=14)  # how long a decision stays news
SILENT = dt.timedelta(minutes=30)  # after which a connection that fails counts as broken
DECISIONS = {
    DecisionKind.APPROVE: "notice.approved",
    DecisionKind.SEND_BACK: "notice.sent_back",
    DecisionKind.REFUSE: "notice.refused",
    DecisionKind.AUTOMATIC: "notice.automatic",
    DecisionKind.BREAK_GLASS: "notice.let_through",
}

notice_kind(
    "promotion.approval",
    title=gettext_noop("Approval asked of you"),
    text=gettext_noop("A promotion passes its checks and waits for your decision."),
    channel="now",
)
notice_kind(
    "promotion.decided",
    title=gettext_noop("Promotion decided"),
    text=gettext_noop("Somebody approved, sent back or refused a promotion that you asked for."),
    channel="now",
)
notice_kind(
    "promotion.failed",
    title=gettext_noop("Move failed"),
    text=gettext_noop("An approved version could not be put in place, and you asked for it or manage the team."),
    channel="now",
)
notice_kind(
    "audit.failed",
    title=gettext_noop("Audit failed"),
    text=gettext_noop("The newest version of a model of a team that you manage fails an audit."),
    channel="now",
)
notice_kind(
    "connection.broken",
    title=gettext_noop("Connection broken"),
    text=gettext_noop("For administrators: a registry could not be read for half an hour."),
    role="is_administrator",
    channel="now",
)
register(
    {
        "notice.approval": gettext_noop("Decide on %(version)s for %(environment)s: its checks pass."),
        "notice.approved": gettext_noop("%(by)s approved %(version)s for %(environment)s."),
        "notice.sent_back": gettext_noop("%(by)s sent %(version)s for %(environment)s back to you."),
        "notice.refused": gettext_noop("%(by)s refused %(version)s for %(environment)s."),
        "notice.automatic": gettext_noop(
            "%(version)s for %(environment)s was approved by the policy, without a person."
        ),
        "notice.let_through": gettext_noop("%(by)s let %(version)s into %(environment)s in an emergency."),
        "notice.move_failed": gettext_noop("%(version)s could not be put into %(environment)s."),
        "notice.audit.lineage": gettext_noop("The lineage audit of %(version)s fails."),
        "notice.audit.performance": gettext_noop("The performance audit of %(version)s fails."),
        "notice.audit.fairness": gettext_noop("The fairness audit of %(version)s fails."),
        "notice.audit.explanation": gettext_noop("The explanation audit of %(version)s fails."),
        "notice.audit.drift": gettext_noop("The drift audit of %(version)s fails."),
        "notice.audit.safety": gettext_noop("The safety audit of %(version)s fails."),
        "notice.connection": gettext_noop("Mend the connection to %(registry)s. %(reason)s"),
    }
)


def _named(promotion: Promotion) -> dict[str, str]:
    return {"version": str(promotion.version), "environment": promotion.environment}


def _by(decision: Decision) -> dict[str, str]:
    return {"by": decision.by.name} if decision.by else {}


def _waiting(
    promotion: Promotion, user: User, key: str, kind: str, message: Message, due: dt.date | None = None
) -> Waiting:
    return Waiting(
        user=user,
        key=key,
        kind=kind,
        message=message,
        url=reverse("promotion", args=[promotion.pk]),
        due=due,
        team=promotion.version.team,
        subject=("promotion", promotion.pk, str(promotion)),
    )


@reminder_source("promotion.approval")
def approvals() -> Iterator[Waiting]:
    """Open promotions whose checks pass, to those whose turn it is and who neither asked for it nor made it."""
    waiting = Promotion.objects.waiting().filter(outcome=Outcome.PASS)
    waiting = list(waiting.select_related("version__model__team", "policy"))
    if not waiting:
        return
    turns = turns_of(waiting, timezone.now())
    for promotion in waiting:
        for user in turns[promotion.pk].people:
            message = Message("notice.approval", _named(promotion))
            key, due = f"promotion.approval:{promotion.pk}", turns[promotion.pk].due
            yield _waiting(promotion, user, key, "promotion.approval", message, due)
            if due:  # and again when the day is near, and when it is past
                yield _waiting(promotion, user, key, "", message, due)


@reminder_source("promotion.decided")
def decided() -> Iterator[Waiting]:
    """Fresh decisions, to who asked for the promotion."""
    rows = Decision.objects.filter(at__gt=timezone.now() - NEWS, lapsed_at=None, decision__in=DECISIONS)
    whole = "by", "promotion__requested_by", "promotion__version__model__team"
    for decision in rows.select_related(*whole):
        promotion = decision.promotion
        if promotion.requested_by and promotion.requested_by != decision.by:
            message = Message(DECISIONS[decision.decision], _named(promotion) | _by(decision))
            key = f"promotion.decided:{decision.pk}"
            yield _waiting(promotion, promotion.requested_by, key, "promotion.decided", message)


@reminder_source("promotion.failed")
def failed_moves() -> Iterator[Waiting]:
    """Promotions whose move failed, to who asked for it and to the managers."""
    rows = Promotion.objects.filter(state=PromotionState.FAILED)
    rows = list(rows.select_related("requested_by", "version__model__team"))
    managers = managers_of(row.team_id for row in rows)
    for promotion in rows:
        people = {user.pk: user for user in [*managers.get(promotion.team_id, ()), promotion.requested_by] if user}
        for user in people.values():
            message = Message("notice.move_failed", _named(promotion))
            key = f"promotion.failed:{promotion.pk}:{promotion.rev}"
            yield _waiting(promotion, user, key, "promotion.failed", message)


@reminder_source("audit.failed")
def failed_audits() -> Iterator[Waiting]:
    """Audits that fail on a model's newest version, until they are run again, to the managers and who asked."""
    again = Audit.objects.filter(version=OuterRef("version"), kind=OuterRef("kind"), pk__gt=OuterRef("pk"))
    newer = ModelVersion.objects.present().filter(
        model=OuterRef("version__model"), number__gt=OuterRef("version__number")
    )
    rows = Audit.objects.filter(outcome=Outcome.FAIL, version__deleted_at=None, version__model__team__isnull=False)
    rows = rows.exclude(Exists(again)).exclude(Exists(newer)).select_related("version__model__team", "job__created_by")
    rows = list(rows.defer("result", "inputs", "version__run", "version__lineage"))
    managers = managers_of(row.team_id for row in rows)
    for audit in rows:
        version, asked = audit.version, audit.job.created_by if audit.job else None
        for user in {user.pk: user for user in [*managers.get(audit.team_id, ()), asked] if user}.values():
            yield Waiting(
                user=user,
                kind="audit.failed",
                key=f"audit.failed:{audit.pk}",
                message=Message(f"notice.audit.{audit.kind}", {"version": str(version)}),
                url=reverse(f"version-{audit.kind}", args=[version.model_id, version.number]),
                team=version.team,
                subject=("version", version.pk, str(version)),
            )


@reminder_source("connection.broken")
def broken_connections() -> Iterator[Waiting]:
    """Registries that cannot be read for a while, to the administrators."""
    before = timezone.now() - SILENT
    rows = Registry.objects.filter(enabled=True, error__isnull=False, created_at__lt=before)
    rows = list(rows.filter(Q(synced_at=None) | Q(synced_at__lt=before)))
    administrators = list(User.objects.active().filter(is_administrator=True)) if rows else []
    for registry in rows:
        words = {"registry": registry.name, "reason": Message.from_json(registry.error)}
        for user in administrators:
            yield Waiting(
                user=user,
                kind="connection.broken",
                key=f"connection.broken:{registry.pk}",
                message=Message("notice.connection", words),
                url=reverse("connection", args=[registry.slug]),
                subject=("registry", registry.pk, registry.name),
            )
