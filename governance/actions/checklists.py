"""Signing the items of a checklist: by name, for the files and the profile of now."""

from __future__ import annotations

from django.db import IntegrityError, transaction
from django.utils import timezone

from governance.approving import made_by
from governance.groups import Belonging
from governance.in_force import rules_now
from governance.models import ChecklistMark, ModelVersion, Profile, Promotion, PromotionState
from governance.policy import ChecklistItem, ChecklistNeeds, group_name
from portal.accounts.permissions import require
from portal.ledger.actions import record
from portal.ledger.models import Event
from portal.message import Message
from portal.web.errors import Conflict, Forbidden, Invalid, asking

ASKED = (PromotionState.OPEN, PromotionState.APPROVED, PromotionState.SENT_BACK)


def items_of(version: ModelVersion, environment: str) -> list[ChecklistItem]:
    """The items that the rules in force ask for, each once."""
    found: dict[str, ChecklistItem] = {}
    for gate in rules_now(version, environment).gates:
        if isinstance(gate.needs, ChecklistNeeds):
            for item in gate.needs.items:
                found.setdefault(item.id, item)
    return list(found.values())


def check_can_sign(version: ModelVersion, environment: str, item: ChecklistItem, user) -> None:
    """A member of one of the item's groups at this moment, who neither made the version nor asks for it."""
    require(user, "checklist.sign", version)
    groups = Belonging([user.pk], timezone.now()).of(user.pk, version.model.team_id, environment)
    if groups.isdisjoint(item.signers):
        raise Forbidden("checklist.group", groups=[group_name(group) for group in item.signers])
    if made_by(version, user):
        raise Forbidden("checklist.author")
    if Promotion.objects.filter(version=version, environment=environment, requested_by=user, state__in=ASKED).exists():
        raise Forbidden("checklist.own")


can_sign = asking(check_can_sign)


def sign_item(*, version: ModelVersion, environment: str, item: str, note: str = "", by) -> ChecklistMark:
    """Confirm one item; an earlier mark of the same person on other files or another profile is replaced."""
    known = {one.id: one for one in items_of(version, environment)}
    if item not in known:
        raise Invalid("checklist.unknown", {"item": Message("checklist.unknown")})
    if not version.artifact_digest:
        raise Conflict("checklist.unhashed")
    check_can_sign(version, environment, known[item], by)
    profile = Profile.objects.filter(model=version.model_id).first()
    seen = {"artifact_digest": version.artifact_digest, "profile_digest": profile.digest if profile else ""}
    try:
        with transaction.atomic():
            same = ChecklistMark.objects.filter(
                version=version, environment=environment, item=item, by=by, withdrawn_at=None
            )
            if same.filter(**seen).exists():
                raise Conflict("checklist.twice")
            same.update(withdrawn_at=timezone.now())
            event = _keep_record(
                "sign", version, environment, item, by, after=seen, texts={"note": note} if note else {}
            )
            return ChecklistMark.objects.create(
                version=version, environment=environment, item=item, by=by, note=note, event=event.uuid, **seen
            )
    except IntegrityError as error:
        raise Conflict("checklist.twice") from error


def withdraw_mark(*, mark: ChecklistMark, by) -> None:
    """Take one's own signature back."""
    if mark.by_id != by.pk:
        raise Forbidden("checklist.not_yours")
    with transaction.atomic():
        if not ChecklistMark.objects.filter(pk=mark.pk, withdrawn_at=None).update(withdrawn_at=timezone.now()):
            raise Conflict("checklist.withdrawn")
        _keep_record("withdraw", mark.version, mark.environment, mark.item, by, before={"checklist_item": mark.item})


def _keep_record(what: str, version: ModelVersion, environment: str, item: str, by, **said) -> Event:
    return record(
        action=f"checklist.{what}",
        by=by,
        subject=("version", version.pk, str(version)),
        params={"environment": environment, "checklist_item": item},
        team=version.team,
        **said,
    )
