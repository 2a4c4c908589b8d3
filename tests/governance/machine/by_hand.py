"""The rules of a promotion, once more and by hand: read from rows, without the product's gates, quorum or warrant.

Every function answers from the database as it is at this moment. What is written here follows the issue's sentences.
"""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

from django.db.models import Q

from governance.models import Audit, Deputy, GateException, GroupMember, ModelVersion, Placement, Profile, Promotion
from portal.accounts.models import User
from portal.ledger.models import Event
from tests.governance.machine.world import BY_TEXT, Content, now

RISKS = ("low", "medium", "high")
A_MOMENT = timedelta(hours=1)  # by which clocks of two hosts may differ
GATES = {"staging": ("lineage",), "production": ("lineage", "fairness")}
KIND_OF = {"lineage": "lineage", "fair": "fairness"}


# -- people ----------------------------------------------------------------------------------------------------


def belongs(user: User, group: str) -> bool:
    if group == "reviewer":
        return User.objects.filter(pk=user.pk, is_active=True, is_reviewer=True).exists()
    rows = GroupMember.objects.filter(Q(until=None) | Q(until__gt=now()), group__key=group, since__lte=now())
    return rows.filter(user=user.pk, user__is_active=True).exists()


def stands_in(deputy: User, principal: User, group: str) -> bool:
    """Whether the principal has lent the group to the deputy, who is still in the house."""
    rows = Deputy.objects.filter(principal=principal, deputy=deputy, ended_at=None, since__lte=now(), until__gt=now())
    lent = rows.filter(Q(group=None) | Q(group__key=group)).exists()
    return lent and User.objects.get(pk=deputy.pk).is_active and belongs(principal, group)


def barred(promotion: Promotion, user: User) -> bool:
    """Who asked for it, at first or again, and who made the version, has no say."""
    asked = Event.objects.filter(subject_type="promotion", subject_id=str(promotion.pk), actor=user.pseudonym)
    asked = asked.filter(action__regex="(request|resubmit|rollback_asked)$")
    return promotion.requested_by_id == user.pk or asked.exists() or made(promotion.version, user)


def made(version: ModelVersion, user: User) -> bool:
    return version.author.lower() in (user.email, user.email.partition("@")[0], user.name.lower())


# -- gates -----------------------------------------------------------------------------------------------------


def rules_of(promotion: Promotion) -> Content:
    return BY_TEXT[promotion.policy.text]


def newest(version: ModelVersion, kind: str) -> Audit | None:
    """The one that was kept last, whatever the clock said."""
    return Audit.objects.filter(version=version, kind=kind).order_by("-pk").first()


def outcome(promotion: Promotion, kind: str) -> str:
    """What the gate on audits of a kind says of the version."""
    version, found = promotion.version, newest(promotion.version, kind)
    profile = Profile.objects.get(model=version.model_id)
    if kind == "fairness" and promotion.kind != "rollback":
        risk = max((promotion.risk_at_request, profile.risk), key=RISKS.index)
        if risk not in rules_of(promotion).risks:
            return "not_applicable"
    if found is None or found.label not in ("computed", "replayed"):
        return "not_evaluated"
    age = now() - found.created_at
    if not -A_MOMENT <= age <= timedelta(days=90):
        return "not_evaluated"
    if found.inputs["artifact"] != ModelVersion.objects.get(pk=version.pk).artifact_digest:
        return "not_evaluated"
    if kind == "lineage":
        wanted = [item["outcome"] for item in found.result["items"] if item["key"] in ("run", "commit")]
        return "pass" if wanted == ["pass", "pass"] else "fail"
    if found.inputs["profile"] != profile.digest or not profile.agreed:
        return "not_evaluated"
    [gap] = [gap for gap in found.result["gaps"] if gap["metric"] == "demographic_parity_difference"]
    tolerance = rules_of(promotion).tolerance
    return "pass" if gap["high"] <= tolerance else "fail" if gap["low"] > tolerance else "inconclusive"


def excepted(promotion: Promotion, kind: str) -> GateException | None:
    """A signed exception that lets this gate be passed at this moment."""
    if kind != "fairness":
        return None
    found, audit = outcome(promotion, kind), newest(promotion.version, kind)
    rows = GateException.objects.filter(
        Q(version=None) | Q(version=promotion.version_id),
        model=promotion.version.model_id, environment=promotion.environment, gate="fair", ended_at=None,
        since__lte=now(), until__gt=now(), until__lte=now() + timedelta(days=30),
    )  # fmt: skip
    asked = Event.objects.filter(subject_type="promotion", subject_id=str(promotion.pk))
    asked = asked.filter(action__in=("promotion.request", "promotion.resubmit"), actor__isnull=False)
    own = Q(by=promotion.requested_by_id) | Q(by__pseudonym__in=list(asked.values_list("actor", flat=True)))
    rows = rows.exclude(own & ~Q(outcome="fail"))  # nobody signs for their own request
    if found == "inconclusive":
        ruling = rows.filter(kind="ruling", evidence_digest=audit.digest).order_by("-since", "-pk").first()
        if ruling:
            return ruling if ruling.outcome == "pass" else None
    return rows.filter(kind="waiver").order_by("-since", "-pk").first()


def gates_of(promotion: Promotion) -> tuple[str, ...]:
    return ("lineage",) if promotion.kind == "rollback" else GATES[promotion.environment]


def shut(promotion: Promotion) -> list[str]:
    """The gates that let it not pass now."""
    found = [f"{kind}: {said}" for kind in gates_of(promotion) if (said := _said(promotion, kind)) != "pass"]
    if promotion.kind == "rollback" and not stood_before(promotion):
        found.append("it never stood there with these files")
    return found


def _said(promotion: Promotion, kind: str) -> str:
    found = outcome(promotion, kind)
    if found in ("pass", "not_applicable"):
        return "pass"
    return "pass" if excepted(promotion, kind) else found


def stood_before(promotion: Promotion) -> bool:
    artifact = ModelVersion.objects.get(pk=promotion.version_id).artifact_digest
    rows = Placement.objects.filter(version=promotion.version_id, environment=promotion.environment, branded="")
    return any(row.promotion.bound["artifact"] == artifact for row in rows.select_related("promotion"))


# -- decisions -------------------------------------------------------------------------------------------------


def substance(promotion: Promotion) -> dict[str, Any]:
    """What a signature means by this promotion: files, rules, profile, evidence and exceptions."""
    profile = Profile.objects.get(model=promotion.version.model_id)
    audits = {kind: getattr(newest(promotion.version, kind), "digest", "") for kind in gates_of(promotion)}
    exceptions = {
        kind: (one.kind, one.by_id, one.until, one.reason)
        for kind in gates_of(promotion)
        if (one := _needed(promotion, kind))
    }
    return {
        "artifact": ModelVersion.objects.get(pk=promotion.version_id).artifact_digest,
        "policy": promotion.policy_id,
        "profile": json.dumps([profile.content, profile.pinned, profile.agreed], sort_keys=True),
        "evidence": audits,
        "exceptions": exceptions,
    }


def _needed(promotion: Promotion, kind: str) -> GateException | None:
    return excepted(promotion, kind) if outcome(promotion, kind) not in ("pass", "not_applicable") else None


def standing(promotion: Promotion, kind: str = "approve") -> list:
    rows = promotion.decisions.filter(decision=kind, lapsed_at=None).select_related("by", "acting_for")
    return list(rows.order_by("pk"))


def spoken(promotion: Promotion) -> set[int]:
    return {pk for one in standing(promotion) for pk in (one.by_id, one.acting_for_id) if pk}


def turn(promotion: Promotion) -> list[int]:
    """The stages that may be filled now."""
    rules, given = rules_of(promotion), [one.stage for one in standing(promotion)]
    stages = rules.stages_of(promotion.environment) if promotion.kind == "move" else ()
    lacking = [index for index, stage in enumerate(stages) if given.count(index) < stage.quorum]
    ordered = rules.in_order and promotion.environment == "production"
    return lacking[:1] if ordered else lacking


def may_approve(promotion: Promotion, user: User, acting_for: User | None = None) -> bool:
    """Whether this person's yes counts now."""
    people = [user, acting_for] if acting_for else [user]
    if promotion.state != "open" or any(barred(promotion, one) for one in people) or shut(promotion):
        return False
    if spoken(promotion) & {one.pk for one in people}:
        return False
    return any(_sits(promotion, index, user, acting_for) for index in turn(promotion))


def _sits(promotion: Promotion, index: int, user: User, acting_for: User | None) -> bool:
    group = rules_of(promotion).stages_of(promotion.environment)[index].group
    return stands_in(user, acting_for, group) if acting_for else belongs(user, group)


def may_break_glass(promotion: Promotion, user: User) -> bool:
    allowed = promotion.environment == "production" and promotion.state == "open"
    return allowed and belongs(user, "on-call") and not barred(promotion, user)


# -- the moment of the move ------------------------------------------------------------------------------------


def wrong_to_move(promotion: Promotion, signed: dict[int, dict[str, Any]]) -> list[str]:
    """Why a promotion must not go now; nothing where it may. `signed` is what each decision meant."""
    if promotion.state != "approved":
        return [f"the promotion is {promotion.state}"]
    glass = standing(promotion, "break_glass")
    if glass:
        return _wrong_with_passage(promotion, glass, signed)
    wrong, means = shut(promotion), substance(promotion)
    approvals, automatic = standing(promotion), standing(promotion, "automatic")
    for one in (*approvals, *automatic):
        if signed[one.pk] != means:
            wrong.append(f"{one} meant {signed[one.pk]}, and it is {means}")
    if promotion.kind == "rollback":
        return wrong + ([] if automatic else ["nobody said that it may go back"])
    for one in approvals:
        if one.expires_at <= now():
            wrong.append(f"{one} has expired")
        if any(barred(promotion, person) for person in (one.by, one.acting_for) if person):
            wrong.append(f"{one}: asked for it or made it")
    for index, stage in enumerate(rules_of(promotion).stages_of(promotion.environment)):
        seats = [one for one in approvals if one.stage == index and _sits(promotion, index, one.by, one.acting_for)]
        people = [pk for one in approvals for pk in (one.by_id, one.acting_for_id) if pk]
        if len(seats) < stage.quorum or len(people) != len(set(people)):
            wrong.append(f"stage {index} ({stage.group}) has {len(seats)} of {stage.quorum}")
    return wrong


def _wrong_with_passage(promotion: Promotion, glass: list, signed) -> list[str]:
    wrong, means = [], substance(promotion)
    if len({one.by_id for one in glass}) < 2:
        wrong.append("one person alone has broken the glass")
    for one in glass:
        if barred(promotion, one.by) or not belongs(one.by, "on-call"):
            wrong.append(f"{one} is not theirs to give")
        if one.expires_at <= now():
            wrong.append("the passage is over")
        if [signed[one.pk][part] != means[part] for part in ("artifact", "policy", "profile")] != [False] * 3:
            wrong.append(f"{one} was given for something else")
    return wrong
