"""Which sets a model is judged on. A reviewer adds challenger sets; the model's team has no say in those."""

from __future__ import annotations

from collections.abc import Sequence

from governance.actions.profile_writing import as_use, pinned_of, standing_uses
from governance.actions.profiles import change_uses, drafted, propose_uses, waiting_change
from governance.models import (
    EvaluationSet,
    EvaluationSetUse,
    Profile,
    ProfileChange,
    RegisteredModel,
    SetRole,
    SetState,
)
from portal.accounts.permissions import require
from portal.message import Message
from portal.web.errors import Invalid


def use_set(
    *, model: RegisteredModel, one: EvaluationSet, role: str, key_columns: Sequence[str] = (), by
) -> ProfileChange | None:
    """Propose that a model be judged on a set, in the place of the one in the same role.

    A challenger set asks more of a model: it comes beside the others, and is in force at once.

    Parameters
    ----------
    key_columns : sequence of str
        For restricted attributes: what they are joined by.

    Returns
    -------
    ProfileChange or None
        What waits for a second person; None where nothing does.
    """
    _check_right(model, role, by)
    require(by, "evaluation.use", one)
    _check(model, one, role, key_columns)
    use = as_use(one.pk, role, key_columns, by.pk)
    if role == SetRole.CHALLENGER:
        uses = [other for other in standing_uses(model) if (other["role"], other["set"]) != (role, one.pk)]
        change_uses(model=model, uses=[*uses, use], by=by)
        return waiting_change(model)
    others = [other for other in _uses_for(model, by) if other["role"] != role]
    return propose_uses(model=model, uses=[*others, use], by=by)


def release_set(*, use: EvaluationSetUse, by) -> ProfileChange | None:
    """Propose to judge a model without a set; a challenger is taken away by reviewers alone."""
    _check_right(use.model, use.role, by)
    gone = (use.role, use.set_id)
    kept = [other for other in _uses_for(use.model, by) if (other["role"], other["set"]) != gone]
    return propose_uses(model=use.model, uses=kept, by=by)


def pin_profiles(*, one: EvaluationSet, by=None) -> None:
    """A set's digest has changed: that models are judged on its new bytes is proposed.

    Until a second person agrees, audits refuse the bytes, since the profile names others.
    """
    by = by or one.created_by
    for use in one.uses.select_related("model__team"):
        waiting = waiting_change(use.model)
        if by is None or pinned_of(standing_uses(use.model)) == use.model.profile.pinned:
            continue
        if waiting is None or waiting.proposed_by_id == by.pk or not use.model.profile.agreed:
            propose_uses(model=use.model, uses=_uses_for(use.model, by), by=by)


def _uses_for(model: RegisteredModel, by) -> list[dict]:
    """The sets that a person's proposal starts from."""
    own = drafted(model, by)[1]
    return list(own.uses) if own else standing_uses(model)


def _check_right(model: RegisteredModel, role: str, by) -> None:
    require(by, "challenger.add" if role == SetRole.CHALLENGER else "profile.change", model)


def _check(model: RegisteredModel, one: EvaluationSet, role: str, key_columns: Sequence[str]) -> None:
    if not Profile.objects.filter(model=model).exists():
        raise Invalid("use.no_profile", {"model": Message("use.no_profile")})
    if one.state != SetState.READY:
        raise Invalid("use.not_ready", {"set": Message("use.not_ready")})
    if role == SetRole.SENSITIVE:
        lacking = [column for column in key_columns if column not in one.column_names]
        if lacking or not key_columns:
            raise Invalid("use.key", {"key_columns": Message("use.key", {"columns": one.column_names[:20]})})
