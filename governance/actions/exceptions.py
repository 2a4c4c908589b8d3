"""Exceptions to one gate, signed, with a reason and an end: waivers, and decisions on undecided gates.

The gate keeps its true outcome beside them.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone

from governance.actions.promotions import locked, recompute
from governance.approving import made_by
from governance.groups import Belonging
from governance.in_force import rules_kept, rules_now
from governance.models import (
    ExceptionKind,
    GateException,
    ModelVersion,
    Outcome,
    Promotion,
    PromotionKind,
    PromotionState,
)
from governance.policy import Gate, Rules, Signing, group_name
from governance.requesters import ASKING
from governance.verdict import judge_request
from governance.verdicts import outdate
from portal.accounts.permissions import require
from portal.ledger.actions import record
from portal.ledger.models import Event
from portal.message import Message
from portal.web.errors import Conflict, Forbidden, Invalid, asking

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
        The gate's id in the rules of the request that is under way, or in those in force. A rollback asks for fewer
        gates than the promotions that a waiver may be for.
    until : datetime
        No later than the policy allows.

    Raises
    ------
    Forbidden, Invalid, Conflict
        The gate cannot be waived, or not by this person, not without a reason or not for so long.
    """
    kind, now = ExceptionKind.WAIVER, timezone.now()
    found = gate_of(version, environment, gate)
    check_can_sign(kind, version, environment, found, by)
    check_words(kind, found, reason, until, now)
    with transaction.atomic():
        return _sign(kind, version, environment, gate, reason, (now, until), by, whole_model=whole_model)


def rule(
    *, promotion: Promotion, gate: str, evidence: str, outcome: str, reason: str, until: datetime, by
) -> GateException:
    """Decide on an undecided gate of an open request, on the evidence that the page showed.

    The decision holds for this version, until its end or until there is other evidence.

    Parameters
    ----------
    gate : str
        The id of a gate that is undecided now.
    evidence : str
        The digest of all evidence, as `Judgement.bound` gave it to who decides.
    outcome : {"pass", "fail"}
        Whether the gate is let pass, or denied.
    until : datetime
        No later than the policy allows.

    Raises
    ------
    Forbidden, Invalid, Conflict
        The policy allows no decision here, or not by this person; the gate is decided, or the evidence has changed.
    """
    kind, version, environment = ExceptionKind.RULING, promotion.version, promotion.environment
    check_can_sign(kind, version, environment, gate_of(version, environment, gate), by)
    with transaction.atomic():
        fresh, now = locked(promotion), timezone.now()
        if fresh.state != PromotionState.OPEN:
            raise Conflict("ruling.closed")
        found = gate_of(fresh.version, environment, gate)
        check_can_sign(kind, fresh.version, environment, found, by)
        check_words(kind, found, reason, until, now)
        if outcome not in (Outcome.PASS, Outcome.FAIL):
            raise Invalid(Message("ruling.outcome"), {"outcome": Message("ruling.outcome")})
        judgement = judge_request(fresh, now=now)
        if judgement.bound["evidence"] != evidence:
            raise Conflict("ruling.changed")
        result = next((one for one in judgement.verdict.results if one.id == gate), None)
        if result is None or result.outcome != Outcome.INCONCLUSIVE:  # a rollback asks for fewer
            raise Conflict("ruling.not-undecided")
        if result.waived and result.waived.kind == kind:
            raise Conflict("ruling.there")
        # One on other evidence, or whose time is over, holds no more: it makes room for this one.
        standing = GateException.objects.filter(kind=kind, version=fresh.version, environment=environment, gate=gate)
        standing.filter(ended_at=None).update(ended_at=now)
        said = {"outcome": outcome, "evidence_digest": judgement.evidence[found.source]}
        return _sign(kind, fresh.version, environment, gate, reason, (now, until), by, **said)


def end_exception(*, exception: GateException, by) -> None:
    """End it early; approvals that bind it lapse."""
    if exception.by_id != by.pk:
        require(by, "promotion.decide", exception)
    with transaction.atomic():
        now = timezone.now()
        if not GateException.objects.filter(pk=exception.pk, ended_at=None, until__gt=now).update(ended_at=now):
            raise Conflict("waiver.over")
        version = exception.version or exception.model.versions.order_by("-number").first()
        whole_model = exception.version_id is None
        _keep_record(exception.kind, "end", version, exception.environment, exception.gate, by, whole_model=whole_model)
        _follow(exception, by)


# -- who may -------------------------------------------------------------------------------------------------


def gates_of(version: ModelVersion, environment: str) -> dict[str, Gate]:
    """The gates that can be spoken of now, by id: those of a request that is under way before those in force."""
    return {gate.id: gate for rules in reversed(_rules(version, environment)) for gate in rules.gates}


def gate_of(version: ModelVersion, environment: str, gate: str) -> Gate:
    known = gates_of(version, environment)
    if gate not in known:
        raise Invalid(Message("waiver.no-gate"), {"gate": Message("waiver.no-gate")})
    return known[gate]


def signing_of(kind: str, gate: Gate) -> Signing | None:
    """Who may sign such an exception to the gate, and for how long; None where the policy allows none."""
    return gate.waivable if kind == ExceptionKind.WAIVER else gate.ruling


def check_can_sign(kind: str, version: ModelVersion, environment: str, gate: Gate, user) -> None:
    """A member of the gate's group at this moment, who neither made the version nor asks for it."""
    require(user, f"{kind}.sign", version)
    signing = signing_of(kind, gate)
    if signing is None:
        raise Forbidden(f"{kind}.not-allowed")
    belongs = Belonging([user.pk], timezone.now()).of(user.pk, version.model.team_id, environment)
    if signing.group not in belongs:
        raise Forbidden(f"{kind}.group", group=group_name(signing.group))
    if made_by(version, user):
        raise Forbidden(f"{kind}.author")
    if _asked(version, environment, user):
        raise Forbidden(f"{kind}.own")


can_sign = asking(check_can_sign)


def check_words(kind: str, gate: Gate, reason: str, until: datetime, now: datetime) -> None:
    """A reason, and an end that the policy allows."""
    wrong = {}
    if not reason.strip():
        wrong["reason"] = Message(f"{kind}.reason")
    longest = signing_of(kind, gate).max_days
    if not now < until <= now + timedelta(days=longest):
        wrong["until"] = Message("waiver.until", {"days": longest})
    if wrong:
        raise Invalid(next(iter(wrong.values())), wrong)


# -- below ---------------------------------------------------------------------------------------------------


def _rules(version: ModelVersion, environment: str) -> list[Rules]:
    """By which the version may be judged: those of the request under way, and those in force if it is no request
    to go there."""
    under_way = Promotion.objects.filter(version=version, environment=environment, state__in=ACTIVE)
    promotion = under_way.select_related("version__model__profile", "policy").first()
    kept = [rules_kept(promotion)] if promotion else []
    going = promotion is not None and promotion.kind == PromotionKind.MOVE
    return kept if going else [*kept, rules_now(version, environment)]


def _asked(version: ModelVersion, environment: str, user) -> bool:
    """Whether the user has asked for any version of the model there, at first or again, and it is not decided."""
    rows = Promotion.objects.filter(version__model=version.model_id, environment=environment, state__in=ASKED)
    asked = Event.objects.filter(
        subject_type="promotion",
        subject_id__in=[str(pk) for pk in rows.values_list("pk", flat=True)],
        action__in=ASKING,
        actor=user.pseudonym,
    )
    return rows.filter(requested_by=user).exists() or asked.exists()


def _sign(
    kind: str,
    version: ModelVersion,
    environment: str,
    gate: str,
    reason: str,
    time: tuple[datetime, datetime],
    by,
    *,
    whole_model: bool = False,
    **said: str,
) -> GateException:
    """Record the signature and keep the exception; open promotions show it at once."""
    since, until = time
    more = {"whole_model": whole_model, "until": until, "reason": reason, "outcome": said.get("outcome", "")}
    event = _keep_record(kind, "sign", version, environment, gate, by, **more)
    made = GateException.objects.create(
        kind=kind,
        model=version.model,
        version=None if whole_model else version,
        environment=environment,
        gate=gate,
        reason=reason,
        by=by,
        since=since,
        until=until,
        event=event.uuid,
        **said,
    )
    _follow(made, by)
    return made


def _follow(exception: GateException, by) -> None:
    """Open promotions show it at once."""
    outdate(model=exception.model)
    rows = Promotion.objects.waiting().filter(environment=exception.environment, version__model=exception.model_id)
    for promotion in rows.filter(version=exception.version) if exception.version_id else rows:
        recompute(promotion=promotion, by=by)


def _keep_record(
    kind: str,
    what: str,
    version: ModelVersion,
    environment: str,
    gate: str,
    by,
    *,
    whole_model: bool = False,
    outcome: str = "",
    until: datetime | None = None,
    reason: str = "",
) -> Event:
    model = version.model
    return record(
        action=f"{kind}.{what}",
        by=by,
        subject=("model", model.pk, model.name) if whole_model else ("version", version.pk, str(version)),
        params={
            "environment": environment,
            "waived_gate" if kind == ExceptionKind.WAIVER else "ruled_gate": gate,
            **({"outcome": outcome} if outcome else {}),
            **({"ends": until.isoformat()} if until else {}),
        },
        texts={"reason": reason} if reason else {},
        team=model.team,
    )
