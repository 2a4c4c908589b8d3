"""Emergency kits: sealed tokens for when the portal is down; sealed, used, withdrawn, each recorded."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from governance.minting import mint
from governance.mlflow_gate import emergency, tokens
from governance.models import EmergencyKit, KitState, MintedToken, RegisteredModel, Registry
from portal.accounts.permissions import require
from portal.ledger.actions import record
from portal.web.errors import Conflict, Invalid

LAST_SECOND = 2**33  # of what can be a date
MOST_HOURS = tokens.EMERGENCY_LIFE // 3600


def make_kit(
    *, registry: Registry, models: Sequence[str], alias: str, custodians: Sequence[Any], hours: int, by
) -> tuple[EmergencyKit, dict[str, str]]:
    """Seal tokens that set one alias of the models to any version; say each custodian's passphrase this once.

    Returns
    -------
    (kit, passphrases)
        ``kit.sealed`` is the file to hand out; the passphrases, by the custodians' names, are kept nowhere.
    """
    require(by, "emergency.seal")
    wanted, holders = sorted(set(models)), {user.pk: user for user in custodians}
    _check(registry, wanted, holders, hours, by)
    passphrases = {_label(user): emergency.new_passphrase() for user in holders.values()}
    ends = timezone.now() + timedelta(hours=hours)
    with transaction.atomic():
        kit = EmergencyKit(
            registry=registry,
            model_names=wanted,
            alias=alias,
            custodians=[str(user.pseudonym) for user in holders.values()],
            made_by=by,
            expires_at=ends,
            event=uuid.uuid4(),
        )
        kit.save()
        event = record(
            action="emergency.seal",
            by=by,
            subject=("emergency-kit", kit.pk, str(kit.pk)),
            params={
                "registry": registry.name,
                "models": wanted,
                "alias": alias,
                "custodians": kit.custodians,
                "ends": ends.isoformat(timespec="seconds"),
            },
        )
        signed = {model: _sign(kit, model, hours) for model in wanted}
        about = {"kit": kit.pk, "server": registry.slug, "address": registry.address, "alias": alias}
        sealed = emergency.seal(signed, passphrases, **about, expires=ends.isoformat(timespec="seconds"))
        kit.sealed, kit.event = json.dumps(sealed, ensure_ascii=False, indent=1), event.uuid
        kit.save(update_fields=["sealed", "event"])
    return kit, passphrases


def revoke_kit(*, kit: EmergencyKit, reason: str, by) -> EmergencyKit:
    """Take a kit out of use here. What is sealed stays good at the server until it ends or the key is changed."""
    require(by, "emergency.seal")
    if not reason.strip():
        raise Invalid("gate.reason")
    with transaction.atomic():
        changed = EmergencyKit.objects.filter(pk=kit.pk, state=KitState.SEALED).update(state=KitState.REVOKED)
        if not changed:
            raise Conflict("emergency.ended")
        _record("emergency.revoke", kit, by, {"state": KitState.REVOKED.value}, {"reason": reason})
    kit.refresh_from_db()
    return kit


def note_uses(*, registry: Registry, report: Mapping[str, Any]) -> list[MintedToken]:
    """Take down the uses that a server's gate reports; return those of emergency kits that are new.

    Whoever polls the gate calls this, and opens a finding for each that is returned: an emergency is reviewed.
    """
    uses = {str(use.get("jti")): use for use in report.get("uses", ()) if use.get("status") == 200}
    known = {jti for jti in uses if _is_uuid(jti)}
    with transaction.atomic():
        rows = list(
            MintedToken.objects.select_for_update(of=("self",))
            .select_related("kit")
            .filter(registry=registry, pk__in=known, used_at=None)
        )
        for row in rows:
            row.used_at = timezone.now()
            row.new = str(uses[str(row.jti)].get("new") or "")[:300] if row.kit_id else row.new
        MintedToken.objects.bulk_update(rows, ["used_at", "new"])
        opened = [row for row in rows if row.kit is not None]
        for row in opened:
            EmergencyKit.objects.filter(pk=row.kit_id).update(state=KitState.USED)
            after = {"model": row.model, "alias": row.alias, "to": row.new or ""}
            told = {"token": str(row.jti), **_used_at(uses[str(row.jti)].get("at"))}
            _record("emergency.use", row.kit, None, after, {}, told)
    return opened


def _check(registry: Registry, models: list[str], holders: Mapping[int, Any], hours: int, by) -> None:
    if len(holders) < 2 or by.pk in holders:
        raise Invalid("emergency.custodians")
    if not models:
        raise Invalid("emergency.models")
    if not 1 <= hours <= MOST_HOURS:
        raise Invalid("emergency.hours", most=MOST_HOURS)
    there = RegisteredModel.objects.present().filter(registry=registry, name__in=models).values_list("name", flat=True)
    if missing := sorted(set(models) - set(there)):
        raise Invalid("emergency.unknown-models", registry=registry.name, models=missing)


def _sign(kit: EmergencyKit, model: str, hours: int) -> list[str]:
    return [
        mint(
            action="alias.set",
            registry=kit.registry,
            model=model,
            alias=kit.alias,
            old=tokens.ANY,
            new=tokens.ANY,
            seconds=hours * 3600,
            kit=kit,
        )
        for _ in range(emergency.USES)
    ]


def _record(
    action: str,
    kit: EmergencyKit,
    by,
    after: dict[str, str],
    texts: dict[str, str],
    params: dict[str, str] | None = None,
) -> None:
    subject = ("emergency-kit", kit.pk, str(kit.pk))
    record(action=action, by=by, subject=subject, after=after, texts=texts, params=params or {})


def _used_at(seconds: Any) -> dict[str, str]:
    """When it was, by the server's clock; a server may say anything."""
    if type(seconds) is not int or not 0 < seconds < LAST_SECOND:
        return {}
    return {"used_at": datetime.fromtimestamp(seconds, UTC).isoformat()}


def _label(user: Any) -> str:
    return f"{user.name} <{user.email}>"


def _is_uuid(text: str) -> bool:
    try:
        return str(uuid.UUID(text)) == text
    except ValueError:
        return False
