"""The emergency passage of a promotion: asking for it, and opening it as the second person."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from governance.actions.break_glass import (
    WAITS,
    asked_for,
    can_open,
    can_second,
    open_break_glass,
    second_break_glass,
)
from governance.models import BreakGlass, Promotion
from governance.verdict import rules_kept
from portal.web.acting import act
from portal.web.errors import DomainError
from portal.web.numbers import whole_number

WHOLE = ("version__model__team", "version__model__registry", "version__model__profile", "policy", "requested_by")


class AskForm(forms.Form):
    """Why the passage is needed."""

    reason = forms.CharField(label=gettext_lazy("Reason"), max_length=5000, widget=forms.Textarea(attrs={"rows": 3}))


def glass_context(promotion: Promotion, user) -> dict[str, Any]:
    """What pages show of the passage, and whether the reader may do something about it."""
    rows = BreakGlass.objects.filter(promotion=promotion).select_related("first_by", "second_by", "finding")
    row, asked = rows.first(), asked_for(promotion)
    return {
        "glass": row if row and row.second_by_id else None,
        "glass_asked": asked,
        "glass_asked_until": asked.first_at + WAITS if asked else None,
        "may_break_glass": can_open(promotion, user),
        "may_second": can_second(promotion, user),
    }


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def break_glass(request: HttpRequest, pk: int) -> HttpResponse:
    """What the passage is here; the first person asks for it."""
    promotion = _find(request, pk)
    form = AskForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        done, _made = act(form, open_break_glass, promotion=promotion, by=request.user, **form.cleaned_data)
        if done:
            messages.success(request, _("Asked. Another of the group has an hour to open the passage."))
            return redirect("promotion", promotion.pk)
    return _page(request, promotion, form, status=422 if form.errors else 200)


@login_required
@require_POST
def break_glass_second(request: HttpRequest, pk: int) -> HttpResponse:
    """The second person opens it."""
    promotion = _find(request, pk)
    rev = whole_number(request.POST.get("rev", "")) or 0
    try:
        second_break_glass(promotion=promotion, rev=rev, by=request.user)
    except DomainError as error:
        return _page(request, _find(request, pk), AskForm(), refusal=error, status=error.status)
    messages.success(request, _("Opened; the move follows, and a review is due."))
    return redirect("promotion", promotion.pk)


def _find(request: HttpRequest, pk: int) -> Promotion:
    return get_object_or_404(Promotion.objects.for_user(request.user).select_related(*WHOLE), pk=pk)


def _page(
    request: HttpRequest, promotion: Promotion, form: AskForm, *, refusal: DomainError | None = None, status: int
) -> HttpResponse:
    context = {
        "promotion": promotion,
        "version": promotion.version,
        "form": form,
        "passage": rules_kept(promotion).break_glass,
        "refusal": refusal,
        **glass_context(promotion, request.user),
    }
    return render(request, "governance/break_glass.html", context, status=status)
