"""食い違い: claims that evidence denies. They open and close with the evidence; people own and settle them."""

from __future__ import annotations

import datetime as dt

from django.db import transaction
from django.utils import timezone

from assessments import standings
from assessments.claims import Claim
from assessments.framework import Criterion
from assessments.levels import Current
from assessments.models import Contradiction, ContradictionState, Resolution
from portal.accounts.models import Team, User
from portal.accounts.permissions import require
from portal.calendars import add_business_days
from portal.ledger.actions import record
from portal.message import Message
from portal.web.errors import Conflict, Invalid

DUE_DAYS = 10  # business days
LONGEST = dt.timedelta(days=366)  # for which evidence may be set aside
REASON_LIMIT = 4000


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
                changed.append(_close(known, Resolution.CLAIM, by))
            elif all(now.weighed[c.id].refuted for c in claimed):
                changed.append(_close(known, Resolution.EVIDENCE, by))
    return changed


def assign(*, contradiction: Contradiction, owner: User | None, due: dt.date | None, by) -> Contradiction:
    """Say who settles a contradiction, and by when."""
    require(by, "contradiction.assign", contradiction)
    if owner and not contradiction.team.memberships.filter(user=owner, user__is_active=True).exists():
        raise _invalid("owner", "contradiction.owner")
    with transaction.atomic():
        locked = _lock_open(contradiction)
        before = {"owner": _pseudonym(locked.owner), "due": str(locked.due or "")}
        locked.owner, locked.due = owner, due
        after = {"owner": _pseudonym(owner), "due": str(due or "")}
        if before != after:
            locked.save(update_fields=["owner", "due"])
            _record(locked, "contradiction.assign", by, before=before, after=after)
    return locked


def accept_mistaken(*, contradiction: Contradiction, reason: str, until: dt.date, by) -> Contradiction:
    """Find the evidence mistaken: until that day it neither denies nor shows anything.

    Somebody outside the team decides it, for what the team says of itself is what is in doubt.
    """
    require(by, "contradiction.accept", contradiction)
    reason, today = reason.replace("\x00", "").strip(), timezone.localdate()
    if not reason:
        raise _invalid("reason", "contradiction.reason")
    if len(reason) > REASON_LIMIT:
        raise _invalid("reason", "contradiction.reason_long", limit=REASON_LIMIT)
    if not today < until <= today + LONGEST:
        raise _invalid("until", "contradiction.until")
    with transaction.atomic():
        locked = _lock_open(contradiction)
        locked.accepted_until = timezone.make_aware(dt.datetime.combine(until, dt.time.min))
        locked.reason = reason
        _resolve(locked, Resolution.MISTAKEN, by, params={"until": str(until)}, texts={"reason": reason})
        standings.refresh_all(locked.team, by=by)
    return locked


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
    after = {"contradiction_state": str(row.state), "owner": _pseudonym(row.owner), "due": str(row.due)}
    _record(row, "contradiction.open", by, after=after)
    return row


def _owner(claim: Claim, team: Team) -> User | None:
    """The manager who claimed it, else another manager of the team."""
    managers = {row.user_id: row.user for row in team.memberships.filter(role="manager").select_related("user")}
    managers = {key: user for key, user in managers.items() if user.is_active}
    submitted_by = claim.source.assessment.submitted_by_id if claim.source else None
    return managers.get(submitted_by) or next(iter(managers.values()), None)


def _close(row: Contradiction, how: Resolution, by) -> Contradiction:
    _resolve(row, how, by, params={}, texts={})
    return row


def _resolve(row: Contradiction, how: Resolution, by, *, params: dict, texts: dict) -> None:
    before = {"contradiction_state": str(row.state)}
    row.state, row.resolution, row.resolved_at, row.resolved_by = ContradictionState.RESOLVED, how, timezone.now(), by
    row.save()
    after = {"contradiction_state": str(row.state), "resolution": str(how)}
    _record(row, "contradiction.close", by, before=before, after=after, params=params, texts=texts)


def _lock_open(contradiction: Contradiction) -> Contradiction:
    Team.objects.select_for_update().get(pk=contradiction.team_id)  # before its rows, as `standings.refresh` does
    rows = Contradiction.objects.select_for_update(of=("self",)).select_related("team", "owner")
    locked = rows.get(pk=contradiction.pk)
    if locked.state != ContradictionState.OPEN:
        raise Conflict("contradiction.closed")
    return locked


def _invalid(field: str, code: str, **params) -> Invalid:
    problem = Message(code, params)
    return Invalid(problem, fields={field: problem})


def _pseudonym(person: User | None) -> str:
    return str(person.pseudonym) if person else ""


def _record(row: Contradiction, action: str, by, *, params=None, **changes) -> None:
    params = {"framework": row.framework, "criterion": row.criterion} | (params or {})
    record(
        action=action,
        by=by,
        subject=("contradiction", row.pk, f"{row.team.name} · {row.criterion}"),
        params=params,
        team=row.team,
        **changes,
    )
