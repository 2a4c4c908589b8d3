"""What becomes of a proposed profile: a second person agrees or refuses, or the first one withdraws it."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone

from governance.actions.profile_writing import Draft, judge_anew, keep_version, pinned_of, write
from governance.models import Profile, ProfileChange, ProfileChangeState, RegisteredModel
from governance.profile_deciding import check_can_agree, check_can_refuse, check_can_withdraw
from portal.ledger.actions import record
from portal.ledger.models import Event
from portal.message import Message
from portal.web.errors import Conflict, Invalid


def agree(*, change: ProfileChange, digest: str, by) -> Profile:
    """Let a proposed profile take effect; approvals that bind the old one lapse.

    Parameters
    ----------
    digest : str
        Of what the second person read: what waits may have been replaced meanwhile.

    Raises
    ------
    Forbidden, Conflict
        With a sentence: who may not, or what has changed.
    """
    with transaction.atomic():
        change, kept = _held(change)
        check_can_agree(change, kept, by)
        if change.digest != digest:
            raise Conflict("profile.other_proposal")
        draft = Draft(change.content, change.to_team, change.uses)
        if kept.rev != change.base_rev or pinned_of(change.uses) != change.pinned:
            raise Conflict("profile.base_changed")
        _end(change, ProfileChangeState.AGREED, by)
        if kept.agreed:
            return write(model=change.model, draft=draft, agreed=True, proposed_by=change.proposed_by, by=by)
        return _count(change, kept, draft, by)


def refuse_change(*, change: ProfileChange, reason: str, by) -> ProfileChange:
    """Say no with a reason; a first profile stays as it is, and counts for no gate."""
    if not reason.strip():
        raise Invalid("profile.reason", {"reason": Message("profile.reason")})
    with transaction.atomic():
        change, kept = _held(change)
        check_can_refuse(change, kept, by)
        _end(change, ProfileChangeState.REFUSED, by, reason=reason)
        _keep_record("refuse", change, by, reason)
    return change


def withdraw_change(*, change: ProfileChange, by) -> ProfileChange:
    """Take a proposal back."""
    with transaction.atomic():
        change, kept = _held(change)
        check_can_withdraw(change, kept, by)
        _end(change, ProfileChangeState.WITHDRAWN, by)
        _keep_record("withdraw", change, by)
    return change


# -- below ---------------------------------------------------------------------------------------------------


def _held(change: ProfileChange) -> tuple[ProfileChange, Profile]:
    """The change and the profile as they stand, held until the transaction ends."""
    RegisteredModel.objects.select_for_update().get(pk=change.model_id)
    fresh = ProfileChange.objects.select_related("model__team", "model__registry", "to_team", "proposed_by")
    return fresh.get(pk=change.pk), Profile.objects.get(model=change.model_id)


def _end(change: ProfileChange, state: ProfileChangeState, by, **fields) -> None:
    change.state, change.decided_by, change.decided_at = state, by, timezone.now()
    for name, value in fields.items():
        setattr(change, name, value)
    change.save(update_fields=["state", "decided_by", "decided_at", *fields])


def _count(change: ProfileChange, kept: Profile, draft: Draft, by) -> Profile:
    """A first profile was written when it was proposed; from now on it counts."""
    kept.agreed = True
    kept.save(update_fields=["agreed"])
    event = _keep_record("agree", change, by)
    keep_version(kept, draft, event, proposed_by=change.proposed_by, agreed_by=by)
    judge_anew(model=change.model, by=by)
    return kept


def _keep_record(what: str, change: ProfileChange, by, reason: str = "") -> Event:
    return record(
        action=f"profile.{what}",
        by=by,
        subject=("model", change.model_id, change.model.name),
        before={"state": "proposed"},
        after={"state": str(change.state)},
        params={
            "rev": change.base_rev,
            "digest": change.digest,
            "proposed_by": str(change.proposed_by.pseudonym),
            "proposal": str(change.event),
        },
        texts={"reason": reason} if reason else {},
        team=change.model.team,
    )
