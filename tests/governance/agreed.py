"""Profiles and sets that a second person has agreed to, in one step, for tests of what follows."""

from __future__ import annotations

from governance.actions import evaluation_uses
from governance.actions.profile_changes import agree
from governance.actions.profiles import propose_profile, waiting_change
from governance.models import EvaluationSetUse, Profile
from portal.accounts.models import User


def agree_to(model, by=None) -> Profile:
    """Have what waits agreed to, by a reviewer from elsewhere unless somebody is named."""
    change = waiting_change(model)
    by = by or User.objects.filter(email="second@example.org").first()
    by = by or User.objects.create_user("second@example.org", "x", name="Second", is_reviewer=True)
    return agree(change=change, digest=change.digest, by=by)


def set_profile(*, model, agreed_by=None, **given) -> Profile:
    """As `propose_profile`, agreed to."""
    if propose_profile(model=model, **given):
        return agree_to(model, agreed_by)
    return Profile.objects.get(model=model)


def use_set(*, model, one, role, **given) -> EvaluationSetUse:
    """As `evaluation_uses.use_set`, agreed to; the use that came of it."""
    if evaluation_uses.use_set(model=model, one=one, role=role, **given):
        agree_to(model)
    model.__dict__.get("_state").fields_cache.pop("profile", None)
    return EvaluationSetUse.objects.get(model=model, set=one, role=role)


def release_set(*, use, by) -> None:
    """As `evaluation_uses.release_set`, agreed to."""
    if evaluation_uses.release_set(use=use, by=by):
        agree_to(use.model)
