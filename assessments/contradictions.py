"""食い違い: claims that evidence denies. They open and close with the claims and the evidence."""

from __future__ import annotations

from django.utils import timezone

from assessments.claims import Claim
from assessments.framework import Criterion
from assessments.levels import Current
from assessments.models import Contradiction, ContradictionState, Resolution
from portal.accounts.models import Team, User
from portal.calendars import add_business_days
from portal.ledger.actions import record

DUE_DAYS = 10  # business days


def follow(now: Current, team: Team, by=None) -> list[Contradiction]:
    """Open and close a team's contradictions as the claims and the evidence of one framework say.

    One opens when fresh evidence denies a claim; an answer that only wrote down what evidence said is
    no claim. It closes when the claim is corrected, or when fresh evidence shows the opposite: evidence
    that only grew old settles nothing. The caller holds the transaction.

    Returns
    -------
    list of Contradiction
        Those opened or closed.
    """
    changed = []
    for practice, criteria in _by_practice(now).items():
        known = now.contradictions.get(practice)
        claimed = [c for c in criteria if _claims(now, c)]
        if known is None:
            denied = [c for c in claimed if now.weighed[c.id].verdict == "contradicts"]
            if denied:
                changed.append(_open(now, team, denied[0], by))
        elif known.state == ContradictionState.OPEN:
            if not claimed:
                changed.append(resolve(known, Resolution.CLAIM, by))
            elif all(now.weighed[c.id].refuted for c in claimed):
                changed.append(resolve(known, Resolution.EVIDENCE, by))
    return changed


def resolve(row: Contradiction, how: Resolution, by, *, params=None, texts=None) -> Contradiction:
    """Close a contradiction, with its record; the caller holds the transaction."""
    before = {"contradiction_state": str(row.state)}
    row.state, row.resolution, row.resolved_at, row.resolved_by = ContradictionState.RESOLVED, how, timezone.now(), by
    row.save()
    after = {"contradiction_state": str(row.state), "resolution": str(how)}
    record_change(row, "contradiction.close", by, before=before, after=after, params=params, texts=texts)
    return row


def pseudonym(person: User | None) -> str:
    """A person as the record names them; "" is nobody."""
    return str(person.pseudonym) if person else ""


def record_change(row: Contradiction, action: str, by, *, params=None, **changes) -> None:
    """The event of a change to a contradiction; the caller holds the transaction."""
    params = {"framework": row.framework, "criterion": row.criterion} | (params or {})
    record(
        action=action,
        by=by,
        subject=("contradiction", row.pk, f"{row.team.name} · {row.criterion}"),
        params=params,
        team=row.team,
        **changes,
    )


def _by_practice(now: Current) -> dict[str, list[Criterion]]:
    found: dict[str, list[Criterion]] = {}
    for criterion in now.framework.criteria:
        found.setdefault(criterion.practice, []).append(criterion)
    return found


def _claims(now: Current, criterion: Criterion) -> bool:
    claim = now.claims.get(criterion.id)
    said = claim is not None and claim.value in ("yes", "na") and not claim.reconfirm
    return said and not getattr(claim.source, "from_evidence", False)


def _open(now: Current, team: Team, criterion: Criterion, by) -> Contradiction:
    claim = now.claims[criterion.id]  # perhaps made in another framework: there it can be corrected
    row = Contradiction.objects.create(
        team=team,
        framework=claim.framework,
        criterion=claim.criterion,
        practice=criterion.practice,
        because=now.weighed[criterion.id].message.to_json(),
        owner=_owner(claim, team),
        due=add_business_days(timezone.localdate(), DUE_DAYS, team.calendar),
    )
    after = {"contradiction_state": str(row.state), "owner": pseudonym(row.owner), "due": str(row.due)}
    record_change(row, "contradiction.open", by, after=after)
    return row


def _owner(claim: Claim, team: Team) -> User | None:
    """The manager who claimed it, else another manager of the team."""
    managers = {row.user_id: row.user for row in team.memberships.filter(role="manager").select_related("user")}
    managers = {key: user for key, user in managers.items() if user.is_active}
    submitted_by = claim.source.assessment.submitted_by_id if claim.source else None
    return managers.get(submitted_by) or next(iter(managers.values()), None)
