"""Which sets a model is judged on. A reviewer adds challenger sets; the model's team has no say in those."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db import transaction

from governance.actions.profiles import judge_anew
from governance.models import EvaluationSet, EvaluationSetUse, Profile, RegisteredModel, SetRole, SetState
from portal.accounts.permissions import require
from portal.jobs.actions import enqueue
from portal.ledger.actions import record
from portal.message import Message
from portal.web.errors import Invalid

COMPARED = (SetRole.GOLD, SetRole.CHALLENGER, SetRole.TRAINING)  # their overlap is measured


def use_set(
    *, model: RegisteredModel, one: EvaluationSet, role: str, key_columns: Sequence[str] = (), by
) -> EvaluationSetUse:
    """Have a model judged on a set; it takes the place of the one in the same role, unless it is a challenger.

    Parameters
    ----------
    key_columns : sequence of str
        For restricted attributes: what they are joined by.
    """
    _check_right(model, role, by)
    if by is not None:
        require(by, "evaluation.use", one)
    _check(model, one, role, key_columns)
    with transaction.atomic():
        same = EvaluationSetUse.objects.filter(model=model, role=role).select_related("set")
        if role == SetRole.CHALLENGER:
            same = same.filter(set=one)
        before = [use.set.name for use in same]
        same.delete()
        use = EvaluationSetUse.objects.create(
            model=model, set=one, role=role, key_columns=list(key_columns), added_by=by
        )
        _record("evaluation.use", use, by, {"set": before[0]} if before else {}, {"set": one.name})
        _follow(use, by)
    return use


def release_set(*, use: EvaluationSetUse, by) -> None:
    """Judge a model without a set from now on; a challenger is taken away by reviewers alone."""
    _check_right(use.model, use.role, by)
    with transaction.atomic():
        _record("evaluation.release", use, by, {"set": use.set.name}, {})
        use.delete()
        _follow(use, by)


def _check_right(model: RegisteredModel, role: str, by) -> None:
    if by is None:
        return
    if role == SetRole.CHALLENGER:
        require(by, "challenger.add", model)
    else:
        require(by, "profile.change", model)


def _check(model: RegisteredModel, one: EvaluationSet, role: str, key_columns: Sequence[str]) -> None:
    if not Profile.objects.filter(model=model).exists():
        raise Invalid("use.no_profile", {"model": Message("use.no_profile")})
    if one.state != SetState.READY:
        raise Invalid("use.not_ready", {"set": Message("use.not_ready")})
    if role == SetRole.SENSITIVE:
        lacking = [column for column in key_columns if column not in one.column_names]
        if lacking or not key_columns:
            raise Invalid("use.key", {"key_columns": Message("use.key", {"columns": one.column_names[:20]})})


def _record(action: str, use: EvaluationSetUse, by, before: dict[str, Any], after: dict[str, Any]) -> None:
    record(
        action=action,
        by=by,
        subject=("model", use.model_id, use.model.name),
        before=before,
        after=after,
        params={"set_role": use.role, "digest": use.set.digest, "key_columns": use.key_columns},
        team=use.model.team,
    )


def _follow(use: EvaluationSetUse, by) -> None:
    """The profile's digest, what stands on it, and the overlap follow a change of a model's sets."""
    if pin_profile(model=use.model):
        judge_anew(model=use.model, by=by)
    if use.role in COMPARED:
        ask_for_overlap(model=use.model, by=by)


def pin_profile(*, model: RegisteredModel) -> bool:
    """Write the digests of a model's sets into its profile; whether that changed it."""
    profile = Profile.objects.select_for_update().filter(model=model).first()
    pinned = pinned_of(model)
    if profile is None or profile.pinned == pinned:
        return False
    profile.pinned = pinned
    profile.rev += 1
    profile.save(update_fields=["pinned", "rev"])
    return True


def pinned_of(model: RegisteredModel) -> dict[str, Any]:
    """What of a model's sets its verdicts stand on."""
    pinned: dict[str, Any] = {}
    uses = EvaluationSetUse.objects.filter(model=model).select_related("set")
    reference = any(use.role == SetRole.REFERENCE for use in uses)
    for use in uses:
        if use.role == SetRole.TRAINING and reference:
            continue  # drift is measured from it only where there is no reference
        if use.role == SetRole.CHALLENGER:
            pinned["challenger"] = sorted([*pinned.get("challenger", ()), use.set.digest])
        elif use.role == SetRole.SENSITIVE:
            columns = [name for name in use.set.column_names if name not in use.key_columns]
            pinned[use.role] = {"digest": use.set.digest, "key": use.key_columns, "columns": columns}
        else:
            pinned[use.role] = use.set.digest
    return pinned


def pin_profiles(*, one: EvaluationSet) -> None:
    """A set's digest has changed: so has what every model that reads it is judged on."""
    for use in one.uses.select_related("model__team"):
        _follow(use, None)


def ask_for_overlap(*, model: RegisteredModel, by) -> None:
    """Have the rows of the model's sets compared with those it was trained on, where those are known."""
    if EvaluationSetUse.objects.filter(model=model, role=SetRole.TRAINING).exists():
        enqueue(
            kind="evaluation.overlap",
            params={"model": model.pk},
            by=by,
            team=model.team,
            subject=("model", model.pk, model.name),
            key=f"overlap:{model.pk}",
        )
    else:
        EvaluationSetUse.objects.filter(model=model).update(overlap=None)
