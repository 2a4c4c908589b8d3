"""Saying something of a promotion."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from governance.actions.discussion import comment
from governance.approval_forms import CommentForm
from governance.models import Promotion
from portal.web.acting import act
from portal.web.lists import ListPage


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def promotion_discussion(request: HttpRequest, pk: int) -> HttpResponse:
    """What has been said of a promotion and of its checks, and one's own word."""
    seen = Promotion.objects.for_user(request.user).select_related("version__model__team")
    promotion = get_object_or_404(seen, pk=pk)
    titles = {result["id"]: result["title"] for result in (promotion.verdict or {}).get("results", ())}
    asked = request.GET.get("gate", "")
    form = CommentForm(request.POST or None, gates=titles, initial={"gate": asked if asked in titles else ""})
    if request.method == "POST" and form.is_valid():
        done, _made = act(form, comment, promotion=promotion, by=request.user, **form.cleaned_data)
        if done:
            messages.success(request, _("Said."))
            return redirect("promotion-discussion", pk)
    page = ListPage(request, promotion.comments.select_related("by"), search=("text", "by__name"), order="at")
    rows = [(row, titles.get(row.gate)) for row in page.rows]
    context = {"promotion": promotion, "version": promotion.version, "list": page, "rows": rows, "form": form}
    return render(request, "governance/discussion.html", context, status=422 if form.errors else 200)
