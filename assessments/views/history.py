"""What was said and reached before."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from assessments import catalogue
from assessments.attachments import by_criterion
from assessments.levels import levels_of
from assessments.models import Assessment, AssessmentState, LevelRecord, ReviewVerdict
from assessments.reviewing import verdicts_of
from assessments.views.frame import framework, in_framework, team_or_404, team_page
from portal.web.lists import Facet, ListPage


@login_required
@require_safe
def history(request: HttpRequest, slug: str) -> HttpResponse:
    """The team's assessments, and the days on which its levels changed."""
    team = team_or_404(request, slug)
    rows = Assessment.objects.for_user(request.user).filter(team=team)
    page = ListPage(
        request,
        rows.select_related("started_by", "submitted_by"),
        search=("started_by__name", "submitted_by__name"),
        facets=[Facet("state", _("State"), choices=AssessmentState.choices)],
        order="-started_at",
        size=12,
    )
    records = LevelRecord.objects.for_user(request.user).filter(team=team, framework=framework(request).key)
    context = team_page(request, team, "team-history", list=page, records=records.order_by("-at", "-id")[:50])
    return render(request, "assessments/history.html", context)


@login_required
@require_safe
def record(request: HttpRequest, pk: int) -> HttpResponse:
    """One assessment as it was; a draft opens where it is filled out, if its framework is still in use."""
    people = ("started_by", "submitted_by", "signed_by", "returned_by")
    seen = Assessment.objects.for_user(request.user).select_related("team__unit", "campaign", "migrated_from", *people)
    found = get_object_or_404(seen, pk=pk)
    if found.state == AssessmentState.DRAFT and found.framework in catalogue.currents():
        return redirect(reverse("assessment", args=[found.team.slug]) + in_framework(catalogue.of(found)))
    if found.state == AssessmentState.DRAFT and not request.user.is_insider(found.team):
        raise Http404
    return _page(request, found)


def _page(request: HttpRequest, found: Assessment) -> HttpResponse | HttpResponseRedirect:
    model = catalogue.of(found)
    answers = {row.criterion: row for row in found.answers.select_related("answered_by")}
    # A review that is going on is its reviewer's business until it is signed or sent back.
    told = found.signed_at or found.returned_at
    reviews = verdicts_of([found])[found.pk] if told else {}
    groups = [
        (dimension, [(c, answers.pop(c.id, None), reviews.get(c.id)) for c in model.of(dimension.key)])
        for dimension in model.dimensions
    ]
    confirmed = sum(review.verdict == ReviewVerdict.CONFIRMED for review in reviews.values())
    context = team_page(
        request,
        found.team,
        "team-history",
        found=found,
        framework=model,
        reviews=reviews,
        confirmed=confirmed,
        refused=len(reviews) - confirmed,
        until=next((review.until for review in reviews.values()), None),
        lapsed=any(review.until and review.until <= timezone.now() for review in reviews.values()),
        may_review=not told and request.user.is_reviewer and request.user.has_perm("assessment.review", found),
        levels=levels_of(found.score) if found.submitted_at else None,
        groups=groups,
        gone=list(answers.values()),
        files=by_criterion(found),
        same=found.framework_digest == model.digest,
    )
    return render(request, "assessments/record.html", context)
