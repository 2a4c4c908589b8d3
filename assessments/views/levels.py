"""Around a team's levels: why they are what they are, targets, milestones, and the position as a file."""

from __future__ import annotations

import json

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from assessments import explanation, positions, wording
from assessments.actions.milestones import add_milestone, remove_milestone
from assessments.actions.targets import clear_target, set_target
from assessments.forms_levels import MilestoneForm, TargetForm
from assessments.framework import Framework
from assessments.levels import current
from assessments.models import Milestone, Target
from assessments.position import holds_until
from assessments.scoring import KINDS
from assessments.views.frame import framework, in_framework, team_or_404, team_page
from assessments.views.team import milestones as marks_of
from portal.web.acting import act


@login_required
@require_safe
def explained(request: HttpRequest, slug: str) -> HttpResponse:
    """Each of the four levels of each dimension: since what, why not the next, and until when."""
    team, model = team_or_404(request, slug), framework(request)
    now = current(team, model)
    parts = []
    for key in ("", *(dimension.key for dimension in model.dimensions)):
        levels = now.score.levels(key)
        rows = [
            (kind, levels.level(kind), levels.highest(kind), explanation.explain(now.judged, kind, key))
            for kind in reversed(KINDS)
        ]
        lapse = holds_until(now.judged, key)
        parts.append((model.dimension(key) if key else None, rows, explanation.holds(lapse, model) if lapse else None))
    return render(request, "assessments/levels.html", team_page(request, team, "team", current=now, parts=parts))


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def targets(request: HttpRequest, slug: str) -> HttpResponse:
    """The level that is enough, by dimension and with its reason; a POST sets or removes one."""
    team, model = team_or_404(request, slug), framework(request)
    rows = {row.dimension: row for row in Target.objects.filter(team=team, framework=model.key).select_related("by")}
    sent, failed = request.POST.get("dimension"), None
    if request.method == "POST":
        if sent not in {"", *(dimension.key for dimension in model.dimensions)}:
            raise Http404
        if "clear" in request.POST:
            clear_target(team=team, framework=model, dimension=sent, by=request.user)
            messages.success(request, _("The target is removed."))
            return redirect(reverse("targets", args=[team.slug]) + in_framework(model))
        failed = _form(model, sent, None, request.POST)
        if failed.is_valid():
            given = {"framework": model, "dimension": sent, "by": request.user, **failed.cleaned_data}
            done, _result = act(failed, set_target, team=team, **given)
            if done:
                messages.success(request, _("The target is set."))
                return redirect(reverse("targets", args=[team.slug]) + in_framework(model))
    now = current(team, model)
    parts = []
    for key in ("", *(dimension.key for dimension in model.dimensions)):
        form = failed if failed is not None and key == sent else _form(model, key, rows.get(key))
        parts.append((key, model.dimension(key) if key else None, rows.get(key), now.score.levels(key).official, form))
    context = team_page(request, team, "team", parts=parts, may_target=request.user.has_perm("target.set", team))
    return render(request, "assessments/targets.html", context, status=422 if failed is not None else 200)


def _form(model: Framework, key: str, row: Target | None, data=None) -> TargetForm:
    initial = {"level": row.level, "reason": row.reason} if row else {}
    return TargetForm(data, framework=model, words=wording.text, prefix=key or "all", initial=initial)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def milestones(request: HttpRequest, slug: str) -> HttpResponse:
    """The days that the trend marks; a POST adds one."""
    team, model = team_or_404(request, slug), framework(request)
    form = MilestoneForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        done, _result = act(form, add_milestone, team=team, by=request.user, **form.cleaned_data)
        if done:
            messages.success(request, _("The milestone is on the trend."))
            return redirect(reverse("milestones", args=[team.slug]) + in_framework(model))
    marks = sorted(marks_of(team, model, request), key=lambda mark: mark.on, reverse=True)
    may_change = request.user.has_perm("milestone.change", team)
    context = team_page(request, team, "team", marks=marks, form=form, may_change=may_change)
    return render(request, "assessments/milestones.html", context, status=422 if form.errors else 200)


@login_required
@require_POST
def milestone_remove(request: HttpRequest, pk: int) -> HttpResponse:
    """Take a milestone away."""
    row = get_object_or_404(Milestone.objects.for_user(request.user).select_related("team"), pk=pk)
    team = row.team
    remove_milestone(milestone=row, by=request.user)
    messages.success(request, _("The milestone is removed."))
    return redirect(reverse("milestones", args=[team.slug]) + in_framework(framework(request)))


@login_required
@require_safe
def position(request: HttpRequest, slug: str) -> HttpResponse:
    """All that the levels follow from, as a file for `manage.py level`."""
    team, model = team_or_404(request, slug), framework(request)
    body = positions.of(team, model, with_words=request.user.is_insider(team))
    name = f"position-{team.slug}-{model.key}-{timezone.localdate()}.json"
    return HttpResponse(
        json.dumps(body, ensure_ascii=False, indent=1),
        content_type="application/json",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )
