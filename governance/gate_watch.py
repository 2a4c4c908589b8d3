"""Watching the gate at a registry's server: does it hold, and which tokens were used there?

A server that never had a gate is governed by the other tiers, and none is missed there. Where one was seen once, its
absence is a finding.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from django.db import transaction

from governance.actions.emergency import note_uses
from governance.findings import end_finding, open_finding, short_key
from governance.gate_report import GONE, fetch, shortcomings
from governance.models import EmergencyKit, Finding, MintedToken, RegisteredModel, Registry
from governance.reconcile import governed_in, owner_of, prefix
from portal.message import Message

FORM_KEPT = ("form", "version", "keys", "aliases", "models", "environment_models", "server", "single_use", "problems")
REVIEW_DAYS = 3


def watch_gate(registry: Registry, remote, *, always: bool = False) -> None:
    """Ask the gate what it is and what it did. A server that does not answer is not judged.

    `always` asks also where no gate was seen yet: a sweep does, a poll need not.
    """
    from governance.registry import RegistryError

    if not (always or registry.gate):
        return
    try:
        report = fetch(remote)
    except RegistryError:
        return
    with transaction.atomic():
        judge_gate(registry, report)


def judge_gate(registry: Registry, report: Mapping[str, Any] | None) -> list[MintedToken]:
    """Open a finding where the gate lacks something and for what was used there; the caller holds the transaction.

    Returns the tokens of emergency kits that were not known to be used until now.
    """
    if report is None and not registry.gate:
        return []
    lacks = shortcomings(registry, report)
    key = short_key(f"{prefix(registry)}gate")
    if lacks:
        open_finding(
            kind="gate_off",
            key=key,
            severity="high",
            title=Message("finding.gate_off", {"registry": registry.name, "reason": lacks[0]}),
            about={"registry": registry},
            detail={"reasons": [message.to_json() for message in lacks]},
        )
    else:
        for finding in Finding.objects.open().filter(key=key).select_related("model", "version", "registry"):
            end_finding(finding)
    if report is None:
        _keep(registry, {**registry.gate, GONE: True})
        return []
    _keep(registry, {name: report[name] for name in FORM_KEPT if name in report})
    opened = note_uses(registry=registry, report=report)
    for token in opened:
        _review(registry, token)
    for use in _unsigned(registry, report):
        _unknown(registry, use)
    return opened


def _keep(registry: Registry, gate: dict[str, Any]) -> None:
    if gate != registry.gate:
        Registry.objects.filter(pk=registry.pk).update(gate=gate)
        registry.gate = gate


def _review(registry: Registry, token: MintedToken) -> None:
    """An emergency kit was opened: somebody outside those who hold it and outside the team looks at it."""
    kit = EmergencyKit.objects.get(pk=token.kit_id)
    model = (
        RegisteredModel.objects.select_related("team", "origin__team")
        .filter(registry=registry, name=token.model)
        .first()
    )
    owner = owner_of(model) if model else None
    words = {"model": token.model, "alias": token.alias, "number": token.new or "–", "kit": kit.pk}
    open_finding(
        kind="review",
        key=short_key(f"{prefix(registry)}kit:{token.jti}"),
        severity="critical",
        title=Message("finding.kit_used", words),
        about={"registry": registry, "model": owner, "environment": governed_in(registry).get(token.alias or "", "")},
        team=owner.team if owner else None,
        due_days=REVIEW_DAYS,
        detail={"kit": kit.pk, "jti": str(token.jti), "not_by": list(kit.custodians)},
    )


def _unsigned(registry: Registry, report: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Tokens that were used and that nobody signed here, of which none was told yet."""
    used = {str(use.get("jti")): use for use in report.get("uses", ()) if use.get("status") == 200}
    ours = MintedToken.objects.filter(registry=registry, pk__in=[jti for jti in used if _is_uuid(jti)])
    known = {str(jti) for jti in ours.values_list("jti", flat=True)}
    keys = {short_key(f"{prefix(registry)}token:{jti}"): jti for jti in used.keys() - known}
    told = set(Finding.objects.filter(key__in=keys).values_list("key", flat=True))
    return [used[jti] for key, jti in keys.items() if key not in told]


def _unknown(registry: Registry, use: Mapping[str, Any]) -> None:
    said = {name: str(use.get(name) or "–")[:300] for name in ("action", "model", "alias", "new")}
    owner = _owner(registry, said["model"])
    open_finding(
        kind="token_unknown",
        key=short_key(f"{prefix(registry)}token:{use.get('jti')}"),
        severity="critical",
        title=Message("finding.token_unknown", {"registry": registry.name, **said}),
        about={"registry": registry, "model": owner},
        team=owner.team if owner else None,
        detail={"expected": None, "found": f"{said['action']} {said['model']} {said['alias']} {said['new']}"},
    )


def _owner(registry: Registry, name: str) -> RegisteredModel | None:
    """The model of that name, or the one that it copies."""
    rows = RegisteredModel.objects.select_related("team", "origin__team")
    model = rows.filter(registry=registry, name=name).first()
    return owner_of(model) if model else None


def _is_uuid(text: str) -> bool:
    try:
        return str(uuid.UUID(text)) == text
    except ValueError:
        return False
