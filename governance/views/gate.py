"""The gate at a registry's server: whether it holds, what to set there, what was signed for it, and kits."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from governance.actions.emergency import revoke_kit
from governance.gate_report import last_report, named_keys, server_settings, shortcomings
from governance.models import EmergencyKit, KitState, Registry
from portal.accounts.models import User
from portal.accounts.permissions import permission_required
from portal.web.addresses import site_address
from portal.web.errors import DomainError

TOKENS_SHOWN = 20
KIT_KINDS = {KitState.SEALED: "pass", KitState.USED: "warn", KitState.REVOKED: "not_applicable"}  # → glyph


@permission_required("connection.view")
@require_GET
def connection_gate(request: HttpRequest, slug: str) -> HttpResponse:
    """What the gate said of itself last, and what goes with it."""
    return _page(request, _find(request, slug))


@permission_required("emergency.seal")
@require_POST
def kit_withdraw(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Take a kit out of use here."""
    registry = _find(request, slug)
    kit = get_object_or_404(registry.emergency_kits, pk=pk)
    try:
        revoke_kit(kit=kit, reason=request.POST.get("reason", "").replace("\x00", "")[:5000], by=request.user)
    except DomainError as error:
        return _page(request, registry, refusal=error, status=error.status)
    messages.success(request, _("Withdrawn here. At the server it stays good until it ends or the key is changed."))
    return redirect("connection-gate", registry.slug)


def _find(request: HttpRequest, slug: str) -> Registry:
    return get_object_or_404(Registry.objects.for_user(request.user), slug=slug)


def _page(
    request: HttpRequest, registry: Registry, *, refusal: DomainError | None = None, status: int = 200
) -> HttpResponse:
    kits = list(registry.emergency_kits.select_related("made_by").defer("sealed"))
    holders = _holders(kits)
    now = timezone.now()
    context = {
        "registry": registry,
        "report": registry.gate,
        "keys": named_keys(registry.gate or {}),
        "lacks": shortcomings(registry, last_report(registry)) if registry.gate else [],
        "settings": server_settings(registry, site_address(request)),
        "kits": [
            (kit, KIT_KINDS[kit.state], [holders.get(one, one[:8]) for one in kit.custodians], kit.expires_at <= now)
            for kit in kits
        ],
        "tokens": registry.minted_tokens.filter(kit=None).select_related("move")[:TOKENS_SHOWN],
        "refusal": refusal,
    }
    return render(request, "governance/gate.html", context, status=status)


def _holders(kits: list[EmergencyKit]) -> dict[str, str]:
    """The custodians of all kits by name, in one query."""
    wanted = {one for kit in kits for one in kit.custodians}
    return {str(user.pseudonym): user.name for user in User.objects.filter(pseudonym__in=wanted)}
