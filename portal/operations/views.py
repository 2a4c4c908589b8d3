"""Are moves held, what was lost, and may they go again?"""

from __future__ import annotations

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from governance.models import Finding, Move, MoveState, Registry
from portal.accounts.permissions import permission_required, require
from portal.ledger.hold import current_hold, release_hold
from portal.ledger.models import Event
from portal.ledger.reading import read
from portal.web.acting import act
from portal.web.errors import Forbidden

SHOWN = 10
TOLD = ("ledger.backup", "ledger.restore", "ledger.release")


class ReleaseForm(forms.Form):
    """Why moves may go again."""

    reason = forms.CharField(
        label=gettext_lazy("What you have looked at, and why moves may go again"),
        max_length=5000,
        widget=forms.Textarea(attrs={"rows": 4}),
    )


@require_safe
@permission_required("hold.view")
def operations(request: HttpRequest) -> HttpResponse:
    """Are moves held, and since which restore?"""
    return _page(request, ReleaseForm())


@require_POST
@login_required
def hold_release(request: HttpRequest) -> HttpResponse:
    """Let moves go again."""
    require(request.user, "hold.release")
    form = ReleaseForm(request.POST)
    if form.is_valid():
        try:
            done, _event = act(form, release_hold, reason=form.cleaned_data["reason"], by=request.user)
        except Forbidden as error:
            return _page(request, form, refusal=error)
        if done:
            messages.success(request, _("Moves go again; what waited is called for within half a minute."))
            return redirect("operations")
    return _page(request, form)


def _page(request: HttpRequest, form: ReleaseForm, refusal: Forbidden | None = None) -> HttpResponse:
    hold, user = current_hold(), request.user
    restored = Event.objects.filter(uuid=hold.event).first() if hold else None
    registries = list(Registry.objects.for_user(user).filter(enabled=True)) if hold else []
    rows = [(row, bool(row.swept_at and row.swept_at >= hold.since)) for row in registries] if restored else []
    context = {
        "hold": hold,
        "restored": restored,
        "registries": rows,
        "unread": sum(not read for _row, read in rows),
        "findings": Finding.objects.for_user(user).open().count(),
        "waiting": Move.objects.for_user(user).filter(state__in=[MoveState.WAITING, MoveState.MOVING]).count(),
        "may_release": bool(restored) and user.has_perm("hold.release") and restored.actor != user.pseudonym,
        "is_restorer": bool(restored) and restored.actor == user.pseudonym,
        "history": read(Event.objects.for_user(user).filter(action__in=TOLD).order_by("-id")[:SHOWN]),
        "form": form,
        "refusal": refusal,
    }
    status = refusal.status if refusal else 422 if form.errors else 200
    return render(request, "operations/operations.html", context, status=status)
