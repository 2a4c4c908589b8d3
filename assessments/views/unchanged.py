"""What is unchanged since last time, confirmed from one table."""

from __future__ import annotations

from collections.abc import Iterable

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from assessments import actions, wording
from assessments.views.frame import team_or_404, team_page
from assessments.views.opened import Opened, draft_or_404, opened
from portal.accounts.permissions import require
from portal.web.numbers import whole_number


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def unchanged(request: HttpRequest, slug: str) -> HttpResponse:
    """The answers of last time with their evidence; those whose box stays checked hold today too."""
    team = team_or_404(request, slug)
    draft = draft_or_404(request, team)
    require(request.user, "assessment.answer", draft)
    if request.method == "POST":
        answers = revisions(request.POST.getlist("same"))
        confirmed = actions.confirm_answers(assessment=draft, answers=answers, by=request.user)
        shown = opened(request, team)
        if confirmed.changed:
            say_changed(request, shown, confirmed.changed)
        if confirmed.criteria:
            messages.success(request, _("Confirmed: %(n)s.") % {"n": len(confirmed.criteria)})
        return redirect(onward(shown))
    shown = opened(request, team)
    context = team_page(
        request,
        team,
        "assessment",
        opened=shown,
        rows=shown.tasks.waiting if shown.mode == "together" else (),
        current=shown.now,
    )
    return render(request, "assessments/unchanged.html", context)


def revisions(boxes: Iterable[str]) -> dict[str, int]:
    """The checked boxes, each ``criterion:revision``; what is not of that form is passed over."""
    pairs = (box.rpartition(":") for box in boxes)
    found = {key: whole_number(rev) for key, _colon, rev in pairs if key}
    return {key: rev for key, rev in found.items() if rev is not None}


def say_changed(request: HttpRequest, shown: Opened, keys: Iterable[str]) -> None:
    """Name what somebody else saved meanwhile."""
    titles = [wording.text(shown.framework.by_id[key].title) for key in keys if key in shown.framework.by_id]
    messages.warning(
        request,
        _("Not confirmed, since somebody changed it or it lacks something: %(titles)s.")
        % {"titles": wording.joined(titles)},
    )


def onward(shown: Opened) -> str:
    """After the table: what still is open of what decides, else the check."""
    first = next((item for item in shown.tasks.queue if item.open), None)
    if first:
        return reverse("criterion", args=[shown.team.slug, first.criterion.id]) + shown.within
    return reverse("assessment-check", args=[shown.team.slug]) + shown.within
