"""What people decide about findings: who sees to one, and how it was settled."""

from __future__ import annotations

import datetime as dt

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from governance.findings import ABOUT, open_finding, pseudonym, tell
from governance.models import Finding, FindingState, Placement, Resolution, Severity
from portal.accounts.models import User
from portal.accounts.permissions import require
from portal.message import Message
from portal.web.errors import Conflict, Forbidden, Invalid

REASON_LIMIT = 4000
FURTHEST = dt.timedelta(days=3 * 366)
REVIEW = "review"
REVIEWS = (Resolution.JUSTIFIED, Resolution.UNJUSTIFIED)  # what a review of an emergency can come to
# What a registry showed: a person cannot declare it corrected while the registry still shows it.
SHOWN = frozenset(
    {
        *("alias_moved", "alias_removed", "never_approved", "version_deleted", "remade", "run_deleted", "run_changed"),
        *(
            "tag_changed",
            "model_deleted",
            "model_renamed",
            "artifact_changed",
            "copy_differs",
            "gate_off",
            "stray_version",
        ),
    }
)


def assign(*, finding: Finding, owner: User | None, due: dt.date | None, by: User) -> Finding:
    """Say who sees to a finding, and by when."""
    require(by, "finding.assign", finding)
    if owner and not may_own(finding, owner):
        raise _invalid("owner", Message("finding.owner"))
    with transaction.atomic():
        locked = _lock_open(finding)
        today = timezone.localdate()
        if due and due != locked.due and not today <= due <= today + FURTHEST:
            raise _invalid("due", Message("finding.due"))
        before = {"owner": pseudonym(locked.owner), "due": str(locked.due or "")}
        locked.owner, locked.due = owner, due
        after = {"owner": pseudonym(owner), "due": str(due or "")}
        if before != after:
            locked.save(update_fields=["owner", "due"])
            tell(locked, "finding.assign", by, before=before, after=after)
    return locked


def resolve(
    *, finding: Finding, resolution: str, reason: str, done_by: User | None = None, others: bool = False, by: User
) -> Finding:
    """Settle a finding, with a reason.

    Parameters
    ----------
    resolution : str
        One of `resolutions_of` the finding. A review that says ``unjustified`` opens a finding of its own: somebody
        has to see to what the emergency left.
    done_by : User, optional
        Who did what was found, where it is somebody of ours. MLflow does not say: the reason names who it was.
    others : bool
        It was somebody else, or nobody knows.

    Raises
    ------
    Forbidden
        By whoever did it or had a part in it (`detail["not_by"]` holds their pseudonyms), and who may not settle it.
    """
    require(by, "finding.resolve", finding)
    reason = reason.strip().replace("\x00", "")
    if not reason:
        raise _invalid("reason", Message("finding.reason"))
    if len(reason) > REASON_LIMIT:
        raise _invalid("reason", Message("finding.reason-long", {"limit": REASON_LIMIT}))
    if resolution not in resolutions_of(finding):
        raise _invalid("resolution", _why_not(finding, resolution))
    if finding.kind in SHOWN and done_by is None and not others:
        raise _invalid("done_by", Message("finding.done-by"))
    if done_by == by:
        raise Forbidden("finding.own")
    if str(by.pseudonym) in finding.detail.get("not_by", ()):
        raise Forbidden("finding.took-part")
    with transaction.atomic():
        locked = _lock_open(finding)
        require(by, "finding.resolve", locked)  # its severity or its owner may have changed meanwhile
        locked.state, locked.resolution, locked.reason = FindingState.RESOLVED, resolution, reason
        locked.resolved_by, locked.resolved_at = by, timezone.now()
        locked.save(update_fields=["state", "resolution", "reason", "resolved_by", "resolved_at"])
        states = {"before": {"finding_state": "open"}, "after": {"finding_state": "resolved", "resolution": resolution}}
        tell(
            locked,
            "finding.resolve",
            by,
            **states,
            params={"done_by": pseudonym(done_by)} if done_by else {},
            texts={"reason": reason},
        )
        if resolution == Resolution.UNJUSTIFIED:
            _follow_up(locked, by)
    return locked


def resolutions_of(finding: Finding) -> tuple[Resolution, ...]:
    """How a person can settle it.

    What a registry shows ends by itself once it is right again, so that a person can only let it stay so. A review
    of an emergency says whether there was good reason for it: nothing of it can be corrected any more.
    """
    if finding.kind in SHOWN:
        return (Resolution.ACCEPTED,)
    if finding.kind == REVIEW:
        return REVIEWS
    return (Resolution.CORRECTED, Resolution.ACCEPTED, Resolution.REVIEWED)


def who_may_settle(finding: Finding) -> list[User]:
    """Reviewers and the owner, as far as its severity lets them, without those who had a part in what was found."""
    people = Q(is_reviewer=True)
    if finding.severity != Severity.CRITICAL:
        people |= Q(pk=finding.owner_id)
    found = User.objects.filter(people, is_active=True).exclude(pseudonym__in=finding.detail.get("not_by", ()))
    if finding.severity == Severity.CRITICAL and finding.team_id:
        found = found.exclude(memberships__team=finding.team_id)
    return list(found.order_by("name", "pk"))


def may_own(finding: Finding, user: User) -> bool:
    """Members of the model's team; where there is none, administrators."""
    team = finding.model.team if finding.model else None
    if not user.is_active:
        return False
    return team.memberships.filter(user=user).exists() if team else user.is_administrator


def owners_for(finding: Finding):
    """Who may be made the owner."""
    people = User.objects.active()
    if finding.team_id:
        return people.filter(memberships__team=finding.team_id).order_by("name")
    return people.filter(is_administrator=True).order_by("name")


def _why_not(finding: Finding, resolution: str) -> Message:
    if finding.kind == REVIEW:
        return Message("finding.review-resolution")
    known = resolution in (Resolution.CORRECTED, Resolution.REVIEWED)
    return Message("finding.still-so" if finding.kind in SHOWN and known else "finding.resolution")


def _follow_up(review: Finding, by: User) -> None:
    """There was no good reason for the emergency: the owner team sees to what stands there since."""
    about, said = {name: getattr(review, name) for name in ABOUT if getattr(review, name)}, review.title["params"]
    if not review.placement and review.promotion:
        about |= {"placement": Placement.objects.filter(promotion=review.promotion).first()}
    open_finding(
        kind="unjustified",
        key=f"unjustified:{review.pk}",
        severity="high",
        title=Message("finding.unjustified", {"review": review.pk, "model": said["model"], "number": said["number"]}),
        about=about,
        team=review.model.team if review.model else None,
        detail={"review": review.pk, "not_by": list(review.detail.get("not_by", ()))},
        by=by,
    )


def _lock_open(finding: Finding) -> Finding:
    rows = Finding.objects.select_for_update(of=("self",)).select_related(
        *("model__team", "owner", "version__model", "promotion", "placement", "registry")
    )
    locked = rows.get(pk=finding.pk)
    if locked.state != FindingState.OPEN:
        raise Conflict("finding.closed")
    return locked


def _invalid(field: str, message: Message) -> Invalid:
    return Invalid(message, {field: message})
