"""Findings: opened where something is not as it should be, and ended when it is so no more.

A key names the thing, so that one thing is one finding however often it is looked at. Whoever calls holds the
transaction of what they found. What people decide about findings is in `governance.actions.findings`.
"""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Mapping
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone

from governance.models import Finding, FindingState, Resolution
from governance.reconcile_rules import graver
from portal.accounts.models import Team, User
from portal.calendars import WEEKDAYS_ONLY, add_business_days
from portal.ledger.actions import record
from portal.message import Message

DUE_DAYS = {"critical": 1, "high": 3, "low": 20}  # business days
KEY_LENGTH = 200
# What somebody did that no decision explains.
UNEXPLAINED = ("alias_moved", "alias_removed", "never_approved", "stray_version", "token_unknown")
SEEN = 50  # states of one finding that are kept
ABOUT = ("model", "version", "promotion", "placement", "registry", "environment")


def open_finding(
    *,
    kind: str,
    key: str,
    severity: str,
    title: Message,
    about: Mapping[str, Any] | None = None,
    team: Team | None = None,
    due_days: int | None = None,
    owner: User | None = None,
    due=None,
    detail: Mapping[str, Any] | None = None,
    by: User | None = None,
) -> Finding:
    """Open a finding, or note that an open one of this key has changed.

    Parameters
    ----------
    key : str
        What it is about. While one of the key is open there is no second; a graver severity raises the open one's.
    about : mapping, optional
        Of `model`, `version`, `promotion`, `placement`, `registry` and `environment` those that there are.
    due_days : int, optional
        Business days of the team's calendar until it is due; by default what the severity says.
    due : date, optional
        The due date itself, where somebody has set one.
    detail : mapping, optional
        What was expected and what was found, as JSON.
    """
    key, about, detail = short_key(key), dict(about or {}), dict(detail or {})
    if unknown := about.keys() - set(ABOUT):
        raise TypeError(f"a finding is not about {sorted(unknown)}")
    if standing := _standing(key):
        return _note(standing, kind, severity, title, detail)
    if due is None:
        days = DUE_DAYS[severity] if due_days is None else due_days
        due = add_business_days(timezone.localdate(), days, team.calendar if team else WEEKDAYS_ONLY)
    fields = {"kind": kind, "severity": severity, "title": title.to_json(), "owner": owner, "due": due}
    try:
        with transaction.atomic():
            row = Finding.objects.create(key=key, event=uuid.uuid4(), detail=_dated(detail), **fields, **about)
            after = {"finding_kind": kind, "severity": severity, "due": str(due), "owner": pseudonym(owner)}
            event = tell(row, "finding.open", by, team=team, after=after)
            Finding.objects.filter(pk=row.pk).update(event=event.uuid)
            row.event = event.uuid
    except IntegrityError:
        if standing := _standing(key):  # somebody found the same at the same moment
            return _note(standing, kind, severity, title, detail)
        raise
    return row


def end_finding(finding: Finding) -> bool:
    """It is so no more: the finding ends by itself, and says so. Whether it was open until now."""
    open_one = Finding.objects.filter(pk=finding.pk, state=FindingState.OPEN)
    with transaction.atomic():
        now = timezone.now()
        if not open_one.update(state=FindingState.RESOLVED, resolution=Resolution.ENDED, resolved_at=now):
            return False
        states = {"before": {"finding_state": "open"}, "after": {"finding_state": "resolved", "resolution": "ended"}}
        tell(finding, "finding.end", None, **states)
    return True


def tell(finding: Finding, action: str, by: User | None, *, team: Team | None = None, **more):
    """Record an event of a finding within the caller's transaction."""
    params = {"finding_kind": finding.kind, "environment": finding.environment, **more.pop("params", {})}
    team = team or (finding.model.team if finding.model else None)
    return record(action=action, by=by, subject=subject_of(finding), team=team, params=params, **more)


def subject_of(finding: Finding) -> tuple[str, int, str]:
    """The finding as records name it."""
    about = finding.version or finding.model or finding.registry or finding.promotion
    return ("finding", finding.pk, f"{finding.kind}: {about}" if about else finding.kind)


def pseudonym(user: User | None) -> str:
    return str(user.pseudonym) if user else ""


def short_key(key: str) -> str:
    """The key as it fits the column: names of models may be longer."""
    if len(key) <= KEY_LENGTH:
        return key
    return f"{key[: KEY_LENGTH - 33]}#{hashlib.sha256(key.encode()).hexdigest()[:32]}"


def _standing(key: str) -> Finding | None:
    rows = Finding.objects.select_for_update(of=("self",)).select_related("model__team", "version__model")
    return rows.filter(key=key, state=FindingState.OPEN).first()


def _note(row: Finding, kind: str, severity: str, title: Message, detail: dict[str, Any]) -> Finding:
    """The same thing, found in another state perhaps: each state that it was in is kept."""
    known = {name: value for name, value in row.detail.items() if name != "seen"}
    severity = graver(row.severity, severity)
    if known == detail and (row.kind, row.severity, row.title) == (kind, severity, title.to_json()):
        return row
    before = {"finding_kind": row.kind, "severity": row.severity, "found": _short(row.detail.get("found"))}
    row.kind, row.severity, row.title = kind, severity, title.to_json()
    row.detail = {**detail, "seen": [*row.detail.get("seen", ()), *_dated(detail)["seen"]][-SEEN:]}
    row.save(update_fields=["kind", "severity", "title", "detail"])
    after = {"finding_kind": row.kind, "severity": row.severity, "found": _short(detail.get("found"))}
    tell(row, "finding.change", None, before=before, after=after)
    return row


def _dated(detail: dict[str, Any]) -> dict[str, Any]:
    return {**detail, "seen": [{"at": timezone.now().isoformat(), "found": detail.get("found")}]}


def _short(value: Any) -> str:
    return "" if value is None else str(value)[:200]
