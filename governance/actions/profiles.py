"""A model's profile: what it is for, who owns it, and on which data it is judged."""

from __future__ import annotations

from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone

from governance.actions.audits import request_audits
from governance.actions.promotions import recompute
from governance.models import Profile, Promotion, RegisteredModel
from portal.accounts.models import Team
from portal.accounts.permissions import require
from portal.ledger.actions import record
from portal.message import Message
from portal.web.errors import Conflict, Invalid

LATEST_AUDITED = 1
FREE_TEXTS = ("intended_use", "population")  # may name people, so they stand beside the record


def set_profile(*, model: RegisteredModel, team: Team, fields: dict[str, Any], rev: int | None = None, by) -> Profile:
    """Write the whole profile; what stands on it is computed anew: open promotions, audits of the newest version.

    Parameters
    ----------
    fields : dict
        Every name in ``Profile.FIELDS``; unknown names are refused.
    rev : int or None
        The revision that the form was made from; None for a first profile.
    """
    _check_right(model, team, by)
    _check_fields(fields)
    try:
        with transaction.atomic():
            profile = _write(model, team, fields, rev, by)
            judge_anew(model=model, by=by)
    except IntegrityError as error:  # two first profiles at one moment
        raise _changed_meanwhile(Profile.objects.get(model=model), fields) from error
    return profile


def judge_anew(*, model: RegisteredModel, by) -> None:
    """What stands on a profile follows it: open promotions at once, the newest version by new audits."""
    for promotion in Promotion.objects.waiting().filter(version__model=model):
        recompute(promotion=promotion, by=by)
    for version in model.versions.present().order_by("-number")[:LATEST_AUDITED]:
        request_audits(version=version, by=by)


def _changed_meanwhile(stored: Profile, fields: dict[str, Any]) -> Conflict:
    """Names the fields in which what is stored differs from what was sent."""
    differing = [name for name, value in fields.items() if stored.content[name] != value]
    shown = [f"{Profile._meta.get_field(name).verbose_name}: {stored.content[name]}" for name in differing]
    return Conflict("profile.changed_meanwhile", fields=shown)


def _write(model: RegisteredModel, team: Team, fields: dict[str, Any], rev: int | None, by) -> Profile:
    profile = Profile.objects.select_for_update().filter(model=model).first()
    if profile and profile.rev != rev:
        raise _changed_meanwhile(profile, fields)
    before, texts_before = (_plain(profile.content), _texts(profile.content)) if profile else ({}, {})
    old_team = model.team
    profile = profile or Profile(model=model, rev=0)
    for name, value in fields.items():
        setattr(profile, name, value)
    profile.rev += 1
    profile.changed_at, profile.changed_by = timezone.now(), by
    profile.save()
    if model.team_id != team.pk:
        model.team = team
        model.save(update_fields=["team"])
    changed = {name: text for name, text in _texts(profile.content).items() if text != texts_before.get(name)}
    record(
        action="profile.change",
        by=by,
        subject=("model", model.pk, model.name),
        before={"team": old_team.slug if old_team else None, **before},
        after={"team": team.slug, **_plain(profile.content)},
        params={"rev": profile.rev, "digest": profile.digest},
        texts={**changed, **{f"{name}_before": texts_before[name] for name in changed if name in texts_before}},
        team=team,
    )
    return profile


def _check_right(model: RegisteredModel, team: Team, by) -> None:
    """An unclaimed model is claimed for one's own team; another team's model is only given away by its own side."""
    if by is None:
        return
    if model.team_id:
        require(by, "profile.change", model)
    if not by.has_perm("profile.claim"):
        require(by, "profile.change", team)


def _check_fields(fields: dict[str, Any]) -> None:
    unknown = sorted(set(fields) - set(Profile.FIELDS))
    if unknown:
        raise Invalid("profile.unknown_field", fields=", ".join(unknown))
    errors = {
        name: Message("profile.required") for name in ("intended_use", "population") if not fields.get(name, "").strip()
    }
    if fields.get("evaluation_data") and not fields.get("label_column"):
        errors["label_column"] = Message("profile.label_needed")
    if errors:
        raise Invalid(Message("profile.incomplete"), errors)


def _plain(content: dict[str, Any]) -> dict[str, Any]:
    """Without free texts, and without numbers that have fractions, which an event does not hold."""
    return {
        name: {k: [str(edge) for edge in edges] for k, edges in value.items()} if name == "bins" else value
        for name, value in content.items()
        if name not in FREE_TEXTS
    }


def _texts(content: dict[str, Any]) -> dict[str, str]:
    return {name: content[name] for name in FREE_TEXTS}
