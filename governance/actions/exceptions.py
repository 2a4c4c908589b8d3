"""Waivers: a signed, reasoned exception to one gate that ends by itself. The gate keeps its true outcome beside it."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone

from governance.actions.promotions import recompute
from governance.approving import made_by
from governance.groups import Belonging
from governance.in_force import rules_kept, rules_now
from governance.models import ExceptionKind, GateException, ModelVersion, Promotion, PromotionState
from governance.policy import Gate, Rules, group_name
from governance.verdicts import outdate
from portal.accounts.permissions import require
from portal.ledger.actions import record
from portal.ledger.models import Event
from portal.message import Message
from portal.web.errors import Conflict, DomainError, Forbidden, Invalid

ACTIVE = (PromotionState.OPEN, PromotionState.APPROVED)
ASKED = (*ACTIVE, PromotionState.SENT_BACK)


def waive(
    *,
    version: ModelVersion,
    environment: str,
    gate: str,
    reason: str,
    until: datetime,
    whole_model: bool = False,
    by,
) -> GateException:
    """Let a version, or all versions of its model, pass by one gate until a moment.

    Parameters
    ----------
    gate : str
        The gate's id in the rules of the request that is under way, or else in those in force.
    until : datetime
        No later than the policy allows.

    Raises
    ------
    Forbidden, Invalid, Conflict
        The gate cannot be waived, or not by this person, not without a reason or not for so long.
    """
    known = gates_of(version, environment)
    if gate not in known:
        raise Invalid(Message("waiver.no-gate"), {"gate": Message("waiver.no-gate")})
    check_can_waive(version, environment, known[gate], by)
    now = timezone.now()
    wrong = {}
    if not reason.strip():
        wrong["reason"] = Message("waiver.reason")
    longest = known[gate].waivable.max_days
    if not now < until <= now + timedelta(days=longest):
        wrong["until"] = Message("waiver.until", {"days": longest})
    if wrong:
        raise Invalid(next(iter(wrong.values())), wrong)
    with transaction.atomic():
        event = _keep_record("sign", version, environment, gate, whole_model, by, until=until, reason=reason)
        made = GateException.objects.create(
            kind=ExceptionKind.WAIVER,
            model=version.model,
            version=None if whole_model else version,
            environment=environment,
            gate=gate,
            reason=reason,
            by=by,
            since=now,
            until=until,
            event=event.uuid,
        )
        _follow(made, by)
    return made


def end_waiver(*, waiver: GateException, by) -> None:
    """End it early; approvals that bind it lapse."""
    if waiver.by_id != by.pk:
        require(by, "promotion.decide", waiver)
    with transaction.atomic():
        now = timezone.now()
        if not GateException.objects.filter(pk=waiver.pk, ended_at=None, until__gt=now).update(ended_at=now):
            raise Conflict("waiver.over")
        version = waiver.version or waiver.model.versions.order_by("-number").first()
        _keep_record("end", version, waiver.environment, waiver.gate, waiver.version_id is None, by)
        _follow(waiver, by)


def gates_of(version: ModelVersion, environment: str) -> dict[str, Gate]:
    """The gates that can be spoken of now, by id."""
    return {gate.id: gate for gate in _rules(version, environment).gates}


def check_can_waive(version: ModelVersion, environment: str, gate: Gate, user) -> None:
    """A member of the gate's group at this moment, who neither made the version nor asks for it."""
    require(user, "waiver.sign", version)
    if gate.waivable is None:
        raise Forbidden("waiver.not-waivable")
    belongs = Belonging([user.pk], timezone.now()).of(user.pk, version.model.team_id, environment)
    if gate.waivable.group not in belongs:
        raise Forbidden("waiver.group", group=group_name(gate.waivable.group))
    if made_by(version, user):
        raise Forbidden("waiver.author")
    if _asked(version, environment, user):
        raise Forbidden("waiver.own")


def can_waive(version: ModelVersion, environment: str, gate: Gate, user) -> bool:
    try:
        check_can_waive(version, environment, gate, user)
    except DomainError:
        return False
    return True


# -- below ---------------------------------------------------------------------------------------------------


def _rules(version: ModelVersion, environment: str) -> Rules:
    under_way = Promotion.objects.filter(version=version, environment=environment, state__in=ACTIVE)
    promotion = under_way.select_related("version__model__profile", "policy").first()
    return rules_kept(promotion) if promotion else rules_now(version, environment)


def _asked(version: ModelVersion, environment: str, user) -> bool:
    """Whether the user has asked for any version of the model there, at first or again, and it is not decided."""
    rows = Promotion.objects.filter(version__model=version.model_id, environment=environment, state__in=ASKED)
    asked = Event.objects.filter(
        subject_type="promotion",
        subject_id__in=[str(pk) for pk in rows.values_list("pk", flat=True)],
        action__in=("promotion.request", "promotion.resubmit"),
        actor=user.pseudonym,
    )
    return rows.filter(requested_by=user).exists() or asked.exists()


def _follow(exception: GateException, by) -> None:
    """Open promotions show it at once."""
    outdate(model=exception.model)
    rows = Promotion.objects.waiting().filter(environment=exception.environment, version__model=exception.model_id)
    for promotion in rows.filter(version=exception.version) if exception.version_id else rows:
        recompute(promotion=promotion, by=by)


def _keep_record(
    what: str,
    version: ModelVersion,
    environment: str,
    gate: str,
    whole_model: bool,
    by,
    *,
    until: datetime | None = None,
    reason: str = "",
) -> Event:
    model = version.model
    return record(
        action=f"waiver.{what}",
        by=by,
        subject=("model", model.pk, model.name) if whole_model else ("version", version.pk, str(version)),
        params={
            "environment": environment,
            "waived_gate": gate,
            **({"ends": until.isoformat()} if until else {}),
        },
        texts={"reason": reason} if reason else {},
        team=model.team,
    )
