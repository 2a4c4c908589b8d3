"""A token for a deletion, a rename or a stage, which no promotion decides: an administrator gives it, with a reason."""

from __future__ import annotations

from django.db import transaction
from django.db.models import Q
from django.db.models.functions import Coalesce

from governance.minting import mint
from governance.models import Placement, Registry
from portal.accounts.permissions import require
from portal.ledger.actions import record
from portal.web.errors import Conflict, Invalid

MAY = ("version.delete", "model.delete", "model.rename", "stage.set")
SECONDS = 600


def sign_token(
    *,
    registry: Registry,
    action: str,
    model: str,
    alias: str | None = None,
    old: str | None = None,
    new: str | None = None,
    reason: str,
    by,
) -> str:
    """The token; what stands in an environment is not touched: it leaves it by a promotion."""
    require(by, "gate.manage")
    if action not in MAY:
        raise Invalid("gate.not-allowed", action=action)
    if not reason.strip():
        raise Invalid("gate.reason")
    with transaction.atomic():
        _check_not_in_place(registry, action, model, old)
        token = mint(action=action, registry=registry, model=model, alias=alias, old=old, new=new, seconds=SECONDS)
        record(
            action="gate.token",
            by=by,
            subject=("registry", registry.pk, registry.name),
            params={"change": action, "model": model, "alias": alias or "", "from": old or "", "to": new or ""},
            texts={"reason": reason},
        )
    return token


def _check_not_in_place(registry: Registry, action: str, model: str, number: str | None) -> None:
    if action == "stage.set":
        return
    rows = Placement.objects.filter(until=None).lying_in(registry)
    standing = rows.annotate(name=Coalesce("copy__model__name", "model__name")).filter(name=model)
    if action == "version.delete":
        standing = standing.filter(Q(copy=None, version__number=int(number or 0)) | Q(copy__number=int(number or 0)))
    places = sorted({placement.environment for placement in standing})
    if places:
        raise Conflict("gate.in-place", model=f"{model}/{number}" if number else model, environments=places)
