"""Proposed changes of profiles: what they would change, and the second person's word on them."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from governance.actions import profile_changes
from governance.models import ProfileChange, ProfileChangeState
from governance.profile_deciding import can_agree, can_refuse, can_withdraw, softened
from governance.profile_words import change_as_plain, difference, part_name, profile_as_plain
from governance.views.profiles import find_model
from portal.web.errors import DomainError, Invalid
from portal.web.lists import ListPage

LONGEST_REASON = 5000
STATE_KINDS = {
    ProfileChangeState.PROPOSED: "queued",
    ProfileChangeState.AGREED: "pass",
    ProfileChangeState.REFUSED: "fail",
    ProfileChangeState.WITHDRAWN: "not_applicable",
    ProfileChangeState.OVERTAKEN: "not_applicable",
}


@login_required
@require_GET
def change_list(request: HttpRequest, pk: int) -> HttpResponse:
    """Everything that was proposed for a model's profile."""
    model = find_model(request, pk)
    seen = ProfileChange.objects.for_user(request.user).filter(model=model)
    page = ListPage(request, seen.select_related("proposed_by", "decided_by"), order="-id")
    rows = [(row, STATE_KINDS[row.state]) for row in page.rows]
    context = {"model": model, "kept": getattr(model, "profile", None), "list": page, "rows": rows}
    return render(request, "governance/profile_changes.html", context)


@login_required
@require_GET
def change(request: HttpRequest, pk: int, number: int) -> HttpResponse:
    """What would change, what would soften, and who may agree."""
    return _page(request, _find(request, pk, number))


@login_required
@require_POST
def change_agree(request: HttpRequest, pk: int, number: int) -> HttpResponse:
    """Let it take effect."""
    found = _find(request, pk, number)
    try:
        profile_changes.agree(change=found, digest=request.POST.get("digest", ""), by=request.user)
    except DomainError as error:
        return _page(request, _find(request, pk, number), refusal=error)
    messages.success(request, _("Agreed. What stands on the profile is judged anew."))
    return redirect("model-profile", pk)


@login_required
@require_POST
def change_refuse(request: HttpRequest, pk: int, number: int) -> HttpResponse:
    """Say no, with a reason."""
    found, reason = _find(request, pk, number), request.POST.get("reason", "")[:LONGEST_REASON].replace("\x00", "")
    try:
        profile_changes.refuse_change(change=found, reason=reason, by=request.user)
    except DomainError as error:
        return _page(request, _find(request, pk, number), refusal=error, typed=reason)
    messages.success(request, _("Refused with your reason."))
    return redirect("profile-change", pk, number)


@login_required
@require_POST
def change_withdraw(request: HttpRequest, pk: int, number: int) -> HttpResponse:
    """Take it back."""
    try:
        profile_changes.withdraw_change(change=_find(request, pk, number), by=request.user)
    except DomainError as error:
        return _page(request, _find(request, pk, number), refusal=error)
    messages.success(request, _("Withdrawn."))
    return redirect("model-profile", pk)


def _find(request: HttpRequest, pk: int, number: int) -> ProfileChange:
    seen = ProfileChange.objects.for_user(request.user)
    whole = "model__team", "model__registry", "model__profile", "to_team", "proposed_by", "decided_by"
    return get_object_or_404(seen.select_related(*whole), model=pk, pk=number)


def _page(
    request: HttpRequest, found: ProfileChange, *, refusal: DomainError | None = None, typed: str = ""
) -> HttpResponse:
    kept, waits = found.model.profile, found.state == ProfileChangeState.PROPOSED
    first = not kept.agreed or not waits
    before = profile_as_plain(kept) if waits and kept.agreed else {}
    context = {
        "model": found.model,
        "kept": kept,
        "change": found,
        "kind": STATE_KINDS[found.state],
        "waits": waits,
        "rows": difference(before, change_as_plain(found), first=first),
        "compared": waits and kept.agreed,
        "softens": [part_name(part) for part in softened(found, kept)] if waits else [],
        "can_agree": can_agree(found, kept, request.user),
        "can_refuse": can_refuse(found, kept, request.user),
        "can_withdraw": can_withdraw(found, kept, request.user),
        "refusal": refusal,
        "reason_error": refusal.fields.get("reason") if isinstance(refusal, Invalid) else None,
        "typed": typed,
    }
    return render(request, "governance/profile_change.html", context, status=refusal.status if refusal else 200)
