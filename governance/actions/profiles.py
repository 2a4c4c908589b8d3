"""A model's profile: what it is for, who owns it, and on which data it is judged. One proposes, another agrees."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone

from governance.actions.profile_writing import Draft, plain, standing_uses, texts_of, write
from governance.models import Profile, ProfileChange, ProfileChangeState, RegisteredModel
from governance.profile_change import differing
from portal.accounts.models import Team
from portal.accounts.permissions import require
from portal.ledger.actions import record
from portal.message import Message
from portal.web.errors import Conflict, Invalid


def propose_profile(
    *, model: RegisteredModel, team: Team, fields: Mapping[str, Any], rev: int | None = None, by
) -> ProfileChange | None:
    """Propose the whole profile; it takes effect when a second person agrees.

    A first profile is written at once, so that audits can run, and counts for no gate until somebody agrees to it;
    until then it is changed in the same way.

    Parameters
    ----------
    fields : mapping
        Every name in ``Profile.FIELDS``; unknown names are refused.
    rev : int or None
        The revision that the form was made from; None for a first profile.

    Returns
    -------
    ProfileChange or None
        What waits; None where nothing differs from what is in force.
    """
    _check_right(model, team, by)
    _check_fields(fields)
    with transaction.atomic():
        kept = _held(model)
        if kept and kept.rev != rev:
            raise _changed_meanwhile(kept, fields)
        return _propose(model, replace(_base(model, by), content=dict(fields), team=team), by)


def propose_uses(*, model: RegisteredModel, uses: Sequence[Mapping[str, Any]], by) -> ProfileChange | None:
    """Propose other sets for a model that has a profile; the rights are the caller's matter."""
    with transaction.atomic():
        _held(model)
        return _propose(model, replace(_base(model, by), uses=list(uses)), by)


def change_uses(*, model: RegisteredModel, uses: Sequence[Mapping[str, Any]], by) -> Profile:
    """Put other sets in force at once: only for what asks more of a model. What waits is proposed on top of it."""
    with transaction.atomic():
        kept = _held(model)
        waiting = waiting_change(model)
        draft = Draft(kept.content, model.team, list(uses))
        profile = write(model=model, draft=draft, agreed=kept.agreed, proposed_by=by, by=by)
        if waiting:
            _rebase(waiting, [*_own(waiting.uses), *_challengers(uses)], profile.rev)
    return profile


def waiting_change(model: RegisteredModel) -> ProfileChange | None:
    """The change that waits for a second person, if there is one."""
    waiting = ProfileChange.objects.filter(model=model, state=ProfileChangeState.PROPOSED)
    return waiting.select_related("to_team", "proposed_by", "model__team").first()


def drafted(model: RegisteredModel, by) -> tuple[Profile | None, ProfileChange | None]:
    """What a person goes on from: the profile in force, and on top of it their own proposal that waits."""
    kept = Profile.objects.filter(model=model).first()
    waiting = waiting_change(model)
    return kept, waiting if waiting and waiting.proposed_by_id == by.pk else None


# -- below ---------------------------------------------------------------------------------------------------


def _held(model: RegisteredModel) -> Profile | None:
    """The profile in force; the model's row is held, so that two proposals come one after the other."""
    RegisteredModel.objects.select_for_update().get(pk=model.pk)
    model.refresh_from_db(fields=["team"])
    return Profile.objects.filter(model=model).first()


def _base(model: RegisteredModel, by) -> Draft:
    """What a proposal of this person changes."""
    kept, own = drafted(model, by)
    if own:
        return Draft(own.content, own.to_team, own.uses)
    return Draft(kept.content if kept else {}, model.team, standing_uses(model))


def _propose(model: RegisteredModel, draft: Draft, by) -> ProfileChange | None:
    kept, waiting = Profile.objects.filter(model=model).first(), waiting_change(model)
    counts = kept is not None and kept.agreed
    if waiting and counts and waiting.proposed_by_id != by.pk:
        raise Conflict("profile.waits", who=waiting.proposed_by.name)
    if counts and not differing(as_plain(kept, model.team, standing_uses(model)), _as_plain(draft)):
        if waiting:
            overtake(waiting)
        return None
    if not counts:
        kept = write(model=model, draft=draft, agreed=False, proposed_by=by, by=by)
    if waiting:
        overtake(waiting)
    return _wait(model, draft, kept, by)


def _wait(model: RegisteredModel, draft: Draft, kept: Profile, by) -> ProfileChange:
    pinned = draft.pinned()
    digest = Profile.digest_with(dict(draft.content), pinned)
    before = {"team": model.team.slug if model.team else None, **plain(kept.content)} if kept.agreed else {}
    texts = {name: text for name, text in texts_of(draft.content).items() if text != texts_of(kept.content)[name]}
    event = record(
        action="profile.propose",
        by=by,
        subject=("model", model.pk, model.name),
        before=before,
        after={"team": draft.team.slug, **plain(draft.content)},
        params={"rev": kept.rev, "digest": digest},
        texts=texts,
        team=model.team,
    )
    try:
        with transaction.atomic():
            return ProfileChange.objects.create(
                model=model,
                base_rev=kept.rev,
                content=dict(draft.content),
                pinned=pinned,
                uses=list(draft.uses),
                to_team=draft.team,
                digest=digest,
                proposed_by=by,
                event=event.uuid,
            )
    except IntegrityError as error:  # two proposals at one moment
        raise Conflict("profile.waits", who="") from error


def overtake(change: ProfileChange) -> None:
    """A later proposal of the same person, or a later profile, takes its place."""
    ProfileChange.objects.filter(pk=change.pk, state=ProfileChangeState.PROPOSED).update(
        state=ProfileChangeState.OVERTAKEN, decided_at=timezone.now()
    )


def _rebase(change: ProfileChange, uses: list[Mapping[str, Any]], rev: int) -> None:
    draft = Draft(change.content, change.to_team, uses)
    pinned = draft.pinned()
    ProfileChange.objects.filter(pk=change.pk, state=ProfileChangeState.PROPOSED).update(
        uses=uses, pinned=pinned, digest=Profile.digest_with(change.content, pinned), base_rev=rev
    )


def _own(uses: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    return [use for use in uses if use["role"] != "challenger"]


def _challengers(uses: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    return [use for use in uses if use["role"] == "challenger"]


def as_plain(profile: Profile, team: Team | None, uses: Sequence[Mapping[str, Any]] | None = None) -> dict[str, Any]:
    """A profile in force, as changes are compared: with the sets that it names, if they are given."""
    named = {"uses": _named(uses)} if uses is not None else {}
    return {**profile.content, "pinned": profile.pinned, "team": team.slug if team else "", **named}


def _as_plain(draft: Draft) -> dict[str, Any]:
    return {**draft.content, "pinned": draft.pinned(), "team": draft.team.slug, "uses": _named(draft.uses)}


def _named(uses: Sequence[Mapping[str, Any]]) -> list[list[Any]]:
    return sorted([use["role"], use["set"], list(use["key_columns"])] for use in uses)


def _changed_meanwhile(stored: Profile, fields: Mapping[str, Any]) -> Conflict:
    """Names the fields in which what is stored differs from what was sent."""
    differ = [name for name, value in fields.items() if stored.content[name] != value]
    shown = [f"{Profile._meta.get_field(name).verbose_name}: {stored.content[name]}" for name in differ]
    return Conflict("profile.changed_meanwhile", fields=shown)


def _check_right(model: RegisteredModel, team: Team, by) -> None:
    """An unclaimed model is claimed for one's own team; another team's model is only given away by its own side."""
    if model.origin_id:
        raise Conflict("place.copy", name=model.origin.name)
    if model.team_id:
        require(by, "profile.change", model)
    if not by.has_perm("profile.claim"):
        require(by, "profile.change", team)


def _check_fields(fields: Mapping[str, Any]) -> None:
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
