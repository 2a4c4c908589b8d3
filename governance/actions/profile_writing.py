"""A profile as it is in force: its row, its sets, its versions, and what follows when another takes its place."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils import timezone

from governance.actions.audits import request_audits
from governance.actions.promotions import recompute
from governance.models import (
    EvaluationSet,
    EvaluationSetUse,
    Profile,
    ProfileVersion,
    Promotion,
    RegisteredModel,
    SetRole,
)
from governance.verdicts import outdate
from portal.accounts.models import Team
from portal.jobs.actions import enqueue
from portal.ledger.actions import record
from portal.ledger.models import Event

LATEST_AUDITED = 1
FREE_TEXTS = ("intended_use", "population")  # may name people, so they stand beside the record
COMPARED = (SetRole.GOLD, SetRole.CHALLENGER, SetRole.TRAINING)  # their overlap is measured


@dataclass(frozen=True)
class Draft:
    """A whole profile: what people write, whose the model is, and the sets that it is judged on."""

    content: Mapping[str, Any]
    team: Team
    uses: Sequence[Mapping[str, Any]]

    def pinned(self) -> dict[str, Any]:
        """The digests of its sets as they are now."""
        return pinned_of(self.uses)


def standing_uses(model: RegisteredModel) -> list[dict[str, Any]]:
    """The sets in force, as a draft names them."""
    rows = EvaluationSetUse.objects.filter(model=model).order_by("added_at", "pk")
    return [as_use(row.set_id, row.role, row.key_columns, row.added_by_id) for row in rows]


def as_use(one: int, role: str, key_columns: Sequence[str] = (), by: int | None = None) -> dict[str, Any]:
    return {"set": one, "role": str(role), "key_columns": list(key_columns), "by": by}


def pinned_of(uses: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """What of a model's sets its verdicts stand on."""
    sets = EvaluationSet.objects.in_bulk([use["set"] for use in uses])
    pinned: dict[str, Any] = {}
    reference = any(use["role"] == SetRole.REFERENCE for use in uses)
    for use in uses:
        role, one = use["role"], sets[use["set"]]
        if role == SetRole.TRAINING and reference:
            continue  # drift is measured from it only where there is no reference
        if role == SetRole.CHALLENGER:
            pinned[role] = sorted([*pinned.get(role, ()), one.digest])
        elif role == SetRole.SENSITIVE:
            columns = [name for name in one.column_names if name not in use["key_columns"]]
            pinned[role] = {"digest": one.digest, "key": list(use["key_columns"]), "columns": columns}
        else:
            pinned[role] = one.digest
    return pinned


def write(*, model: RegisteredModel, draft: Draft, agreed: bool, proposed_by, by) -> Profile:
    """Put a profile in force, in the caller's transaction, and have judged anew what stands on it.

    Parameters
    ----------
    agreed : bool
        Whether it counts: nobody but its author has seen a first profile.
    proposed_by, by
        Who wrote it, and who lets it take effect; the same person where no other is asked.
    """
    profile = Profile.objects.select_for_update().filter(model=model).first()
    before = _recorded(profile) if profile else {}
    texts_before = texts_of(profile.content) if profile else {}
    profile = profile or Profile(model=model, rev=0)
    uses_before = standing_uses(model)
    for name, value in draft.content.items():
        setattr(profile, name, value)
    profile.pinned, profile.agreed = draft.pinned(), agreed
    profile.rev += 1
    profile.changed_at, profile.changed_by = timezone.now(), proposed_by
    profile.save()
    old_team = model.team
    if model.team_id != draft.team.pk:
        model.team = draft.team
        model.save(update_fields=["team"])
    changed = {name: text for name, text in texts_of(profile.content).items() if text != texts_before.get(name)}
    event = record(
        action="profile.change",
        by=by,
        subject=("model", model.pk, model.name),
        before={"team": old_team.slug if old_team else None, **before},
        after={"team": draft.team.slug, **_recorded(profile)},
        params={"rev": profile.rev, "digest": profile.digest, **_proposer(proposed_by, by)},
        texts={**changed, **{f"{name}_before": texts_before[name] for name in changed if name in texts_before}},
        team=draft.team,
    )
    _write_uses(model, uses_before, draft.uses, by)
    if agreed:
        keep_version(profile, draft, event, proposed_by=proposed_by, agreed_by=by if by != proposed_by else None)
    judge_anew(model=model, by=by)
    return profile


def keep_version(profile: Profile, draft: Draft, event: Event, *, proposed_by, agreed_by) -> ProfileVersion:
    """The profile as it is in force from now on."""
    return ProfileVersion.objects.create(
        model=profile.model,
        number=profile.rev,
        content=profile.content,
        pinned=profile.pinned,
        uses=list(draft.uses),
        team=draft.team,
        digest=profile.digest,
        proposed_by=proposed_by,
        agreed_by=agreed_by,
        event=event.uuid,
    )


def judge_anew(*, model: RegisteredModel, by) -> None:
    """What stands on a profile follows it: open promotions at once, the newest version by new audits."""
    outdate(model=model)
    for promotion in Promotion.objects.waiting().filter(version__model=model):
        recompute(promotion=promotion, by=by)
    for version in model.versions.present().order_by("-number")[:LATEST_AUDITED]:
        may_ask = by is not None and by.has_perm("audit.request", version)
        request_audits(version=version, by=by if may_ask else None)


def plain(content: Mapping[str, Any]) -> dict[str, Any]:
    """Without free texts, and without numbers that have fractions, which an event does not hold."""
    return {
        name: {k: [str(edge) for edge in edges] for k, edges in value.items()} if name == "bins" else value
        for name, value in content.items()
        if name not in FREE_TEXTS
    }


def texts_of(content: Mapping[str, Any]) -> dict[str, str]:
    return {name: content[name] for name in FREE_TEXTS}


def _recorded(profile: Profile) -> dict[str, Any]:
    return {**plain(profile.content), **({"agreed": False} if not profile.agreed else {})}


def _proposer(proposed_by, by) -> dict[str, str]:
    return {"proposed_by": str(proposed_by.pseudonym)} if proposed_by and proposed_by != by else {}


# -- sets ----------------------------------------------------------------------------------------------------


def _write_uses(model: RegisteredModel, before: Sequence[Mapping], after: Sequence[Mapping], by) -> None:
    """The rows of what is used from now on; those that stay are left alone, with what is known of them."""
    went = [use for use in before if not any(_same(use, other) for other in after)]
    came = [use for use in after if not any(_same(use, other) for other in before)]
    sets = EvaluationSet.objects.in_bulk([use["set"] for use in (*went, *came)])
    for use in went:
        EvaluationSetUse.objects.filter(model=model, set=use["set"], role=use["role"]).delete()
    for use in came:
        EvaluationSetUse.objects.create(
            model=model,
            set=sets[use["set"]],
            role=use["role"],
            key_columns=list(use["key_columns"]),
            added_by_id=use.get("by"),
        )
    replaced = {use["role"]: use for use in went if use["role"] != SetRole.CHALLENGER}
    for use in came:
        other = replaced.pop(use["role"], None)
        _record(model, "evaluation.use", use, sets, by, before=other)
    for use in went:
        if use["role"] == SetRole.CHALLENGER or use["role"] in replaced:
            _record(model, "evaluation.release", use, sets, by, before=use)
    if any(use["role"] in COMPARED for use in (*went, *came)):
        ask_for_overlap(model=model, by=by)


def _same(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    return all(one[name] == other[name] for name in ("set", "role", "key_columns"))


def _record(model: RegisteredModel, action: str, use: Mapping[str, Any], sets, by, *, before) -> None:
    one = sets[use["set"]]
    record(
        action=action,
        by=by,
        subject=("model", model.pk, model.name),
        before={"set": sets[before["set"]].name} if before else {},
        after={"set": one.name} if action == "evaluation.use" else {},
        params={"set_role": use["role"], "digest": one.digest, "key_columns": list(use["key_columns"])},
        team=model.team,
    )


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
