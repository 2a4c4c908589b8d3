"""Reviews: what waits for one, what one consists of, the table of evidenced answers, signature and sending back."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db.models import Count, Exists, OuterRef
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from assessments import catalogue, wording
from assessments.actions import review as actions
from assessments.forms_review import BackForm, SignForm
from assessments.models import Assessment, CriterionReview
from assessments.reviewing import Reviewing, reviewing
from assessments.views.overview import overview_tabs
from assessments.views.unchanged import revisions
from portal.accounts.permissions import require
from portal.web.errors import DomainError, Forbidden
from portal.web.lists import Facet, ListPage

BEGUN = ((True, gettext_lazy("Begun")), (False, gettext_lazy("Not begun")))


@login_required
@require_safe
def reviews(request: HttpRequest) -> HttpResponse:
    """What waits for the reader's review; what was signed stands in the teams' histories."""
    require(request.user, "assessment.review")
    in_use = catalogue.currents()
    rows = Assessment.objects.to_review_by(request.user).select_related("team__unit", "submitted_by", "campaign")
    given = CriterionReview.objects.filter(assessment=OuterRef("pk"))
    page = ListPage(
        request,
        rows.annotate(begun=Exists(given), verdicts=Count("reviews")),
        search=("team__name", "team__unit__name"),
        facets=[
            Facet("framework", _("Framework"), choices=[(key, wording.text(f.title)) for key, f in in_use.items()]),
            Facet("unit", _("Unit"), field="team__unit__name"),
            Facet("begun", _("Review"), choices=BEGUN),
        ],
        order="submitted_at",
    )
    context = {"list": page, "frameworks": in_use, "tabs": overview_tabs(request, "reviews"), "nav": "teams"}
    return render(request, "assessments/reviews.html", context)


def review_page(view: Callable) -> Callable:
    """Give a view the review that its address names; a reader who may not give it learns why."""

    @login_required
    @wraps(view)
    def guarded(request: HttpRequest, pk: int, **rest) -> HttpResponse:
        seen = Assessment.objects.for_user(request.user).select_related("team__unit", "submitted_by", "campaign")
        found = get_object_or_404(seen.closed(), pk=pk)
        if request.user.is_reviewer and not request.user.has_perm("assessment.review", found):
            raise Forbidden("review.own")
        require(request.user, "assessment.review", found)
        if request.method in ("GET", "HEAD") and (found.signed_at or found.returned_at):
            return redirect("assessment-record", found.pk)
        return view(request, found, **rest)

    return guarded


@review_page
@require_safe
def review(request: HttpRequest, found: Assessment) -> HttpResponse:
    """The review as a whole: what the official level depends on first, then the rest."""
    return render(request, "assessments/review.html", context_of(reviewing(found)))


@review_page
@require_http_methods(["GET", "HEAD", "POST"])
def evidenced(request: HttpRequest, found: Assessment) -> HttpResponse:
    """One table and one button for everything that fresh evidence supports."""
    seen = reviewing(found)
    if request.method == "POST":
        confirmed = actions.confirm_evidenced(
            assessment=found, answers=revisions(request.POST.getlist("same")), by=request.user
        )
        messages.success(request, _("Confirmed: %(n)s.") % {"n": len(confirmed)})
        following = reviewing(found).next_open()
        if following:
            return redirect("review-criterion", found.pk, following.criterion.id)
        return redirect("review", found.pk)
    return render(request, "assessments/review_evidenced.html", context_of(seen))


@review_page
@require_http_methods(["GET", "HEAD", "POST"])
def sign(request: HttpRequest, found: Assessment) -> HttpResponse:
    """What the signature would make of the level; and sign."""
    form, problem = SignForm(request.POST or None), None
    if request.method == "POST" and form.is_valid():
        try:
            actions.sign(assessment=found, note=form.cleaned_data["note"], by=request.user)
        except Forbidden:
            raise
        except DomainError as refused:
            problem = refused
        else:
            messages.success(request, _("Signed. The verdicts count from now on."))
            return redirect("assessment-record", found.pk)
    seen = reviewing(found)
    parts = [
        (dimension, seen.now.score.dimensions[dimension.key], seen.signed_score.dimensions[dimension.key])
        for dimension in seen.framework.dimensions
    ]
    context = context_of(seen) | {
        "form": form,
        "problem": problem,
        "before": seen.now.score.overall,
        "after": seen.signed_score.overall,
        "levels": parts,
    }
    return render(request, "assessments/review_sign.html", context, status=problem.status if problem else 200)


@review_page
@require_http_methods(["GET", "HEAD", "POST"])
def send_back(request: HttpRequest, found: Assessment) -> HttpResponse:
    """Return it to the team, with reasons."""
    form, problem = BackForm(request.POST or None), None
    if request.method == "POST" and form.is_valid():
        try:
            actions.send_back(assessment=found, reason=form.cleaned_data["reason"], by=request.user)
        except Forbidden:
            raise
        except DomainError as refused:
            problem = refused
        else:
            messages.success(request, _("Sent back. The team has a draft with all its answers."))
            return redirect(reverse("reviews"))
    context = context_of(reviewing(found)) | {"form": form, "problem": problem}
    status = problem.status if problem else 422 if form.is_bound else 200
    return render(request, "assessments/review_back.html", context, status=status)


def context_of(seen: Reviewing) -> dict:
    """What all pages of a review share."""
    return {
        "seen": seen,
        "found": seen.assessment,
        "team": seen.assessment.team,
        "framework": seen.framework,
        "nav": "teams",
    }
