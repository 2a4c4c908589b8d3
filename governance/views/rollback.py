"""The way back: which earlier version, and why."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from governance.actions.rollback import rollback
from governance.lane import standing_in
from governance.models import PromotionState, RegisteredModel
from governance.rollbacks import Earlier, can_roll_back, earlier
from governance.verdict import environments
from portal.web.errors import DomainError, Invalid

LONGEST_REASON = 5000


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def model_rollback(request: HttpRequest, pk: int) -> HttpResponse:
    """Choose an earlier version of an environment; if the policy asks nobody, it is on its way at once."""
    whole = RegisteredModel.objects.for_user(request.user).select_related("team", "registry", "profile")
    model, known = get_object_or_404(whole, pk=pk), environments()
    asked = request.POST.get("environment") or request.GET.get("environment", "")
    chosen = asked if asked in known else next(reversed(known), "")
    offered = earlier(model, chosen, user=request.user) if chosen else []
    reason, number = request.POST.get("reason", "")[:LONGEST_REASON].replace("\x00", ""), _number(request)
    picked = next((one for one in offered if one.version.number == number), None)
    refusal = None
    if request.method == "POST" and picked:
        try:
            made = rollback(version=picked.version, environment=chosen, reason=reason, by=request.user)
        except DomainError as error:
            refusal = error
        else:
            messages.success(request, _said(made.state))
            return redirect("promotion", made.pk)
    context = {
        "model": model,
        "profile": getattr(model, "profile", None),
        "environments": known,
        "chosen": chosen,
        "place": known[chosen].title if chosen else "",
        "standing": standing_in(model, chosen),
        "offered": offered,
        "may": any(_may(one, model, chosen, request.user) for one in offered),
        "picked": picked or (offered[0] if offered else None),
        "reason": reason,
        "refusal": refusal,
        "nothing_picked": request.method == "POST" and picked is None,
        "reason_error": refusal.fields.get("reason") if isinstance(refusal, Invalid) else None,
    }
    status = refusal.status if refusal else 422 if context["nothing_picked"] else 200
    return render(request, "governance/rollback.html", context, status=status)


def _said(state: str) -> str:
    if state == PromotionState.APPROVED:
        return _("The rollback is on its way.")
    return _("The rollback has been asked for; the page says what it waits for.")


def _may(one: Earlier, model: RegisteredModel, environment: str, user) -> bool:
    return can_roll_back(model, environment, one.judgement.rules, user)


def _number(request: HttpRequest) -> int:
    text = request.POST.get("version", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0
