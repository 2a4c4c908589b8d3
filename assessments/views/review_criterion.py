"""One answer a page, as its reviewer sees it: what the team says, what the facts say; and the verdict."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods

from assessments.actions import review as actions
from assessments.actions.review import ReviewConflict
from assessments.forms_review import VerdictForm
from assessments.models import Assessment, CriterionReview
from assessments.pulses import pulse_of
from assessments.reviewing import Item, Reviewing, reviewing
from assessments.views.criterion import evidence_of
from assessments.views.frame import address
from assessments.views.reviews import context_of, review_page
from portal.web.errors import DomainError, Forbidden, Invalid
from portal.web.say import say
from portal.web.templatetags.ui import clock

# value, key, word, hint
OPTIONS = (
    ("confirmed", "c", _("Confirm"), _("I have seen that it is so")),
    ("refused", "x", _("Not confirmed"), _("needs a reason; the team reads it")),
)
# Of an answer that a criterion does not apply.
NA_OPTIONS = (
    ("confirmed", "c", _("Accept that it does not apply"), _("the reason holds")),
    ("refused", "x", _("It does apply"), _("needs a reason; counts as not met")),
)


@review_page
@require_http_methods(["GET", "HEAD", "POST"])
def review_criterion(request: HttpRequest, found: Assessment, criterion_id: str) -> HttpResponse:
    """Show an answer; a POST saves the verdict, by script or by button."""
    seen = reviewing(found)
    if criterion_id not in seen.framework.by_id:
        raise Http404
    item = seen.item(criterion_id)
    if request.method == "POST":
        return _save(request, seen, item)
    return _page(request, seen, item)


def _save(request: HttpRequest, seen: Reviewing, item: Item) -> HttpResponse:
    by_script = request.headers.get("X-Autosave") == "1"
    form = VerdictForm(request.POST)
    try:
        if not form.is_valid():
            raise Invalid("review.verdict")
        if request.POST.get("go") == "next" and _untouched(form.cleaned_data, item):
            return redirect(_onward(request, seen, item))
        saved = actions.save_verdict(
            assessment=seen.assessment, criterion=item.criterion.id, by=request.user, **form.cleaned_data
        )
    except ReviewConflict as conflict:
        return _conflict_json(conflict) if by_script else _page(request, seen, item, problem=conflict)
    except DomainError as error:
        if by_script:
            return JsonResponse({"title": say(error.message)}, status=422 if error.status == 409 else error.status)
        if isinstance(error, Forbidden):
            raise
        return _page(request, seen, item, problem=error, typed=form.data)
    if by_script:
        return HttpResponse(status=204, headers={"Sekisho-Rev": str(saved.rev)})
    return redirect(_onward(request, reviewing(seen.assessment), item))


def _untouched(given: dict, item: Item) -> bool:
    """One goes on without a verdict."""
    return not given["verdict"] and not given["note"].strip() and item.review is None


def _conflict_json(conflict: ReviewConflict) -> JsonResponse:
    stored = conflict.stored
    values = {"note": stored.note if stored else "", "verdict": stored.verdict if stored else ""}
    return JsonResponse({"rev": stored.rev if stored else 0, "who": _who(stored), "values": values}, status=409)


def _who(stored: CriterionReview | None) -> str:
    return f"{stored.by}, {clock(stored.at)}" if stored and stored.by else ""


def _onward(request: HttpRequest, seen: Reviewing, item: Item) -> str:
    """Where the pressed button leads: the next claim without a verdict, the same, or the review as a whole."""
    key = item.criterion.id
    if request.POST.get("go") == "stay":
        return reverse("review-criterion", args=[seen.assessment.pk, key])
    following = seen.next_open(key)
    if following:
        return reverse("review-criterion", args=[seen.assessment.pk, following.criterion.id])
    return reverse("review", args=[seen.assessment.pk])


def _page(
    request: HttpRequest, seen: Reviewing, item: Item, *, problem: DomainError | None = None, typed=None
) -> HttpResponse:
    review, asked = item.review, item.criterion
    verdict, note, rev = (review.verdict, review.note, review.rev) if review else ("", "", 0)
    if typed is not None:
        verdict, note = typed.get("verdict", ""), typed.get("note", "")
    theirs = problem.stored if isinstance(problem, ReviewConflict) else None
    if isinstance(problem, ReviewConflict):
        verdict, note, rev = problem.verdict, problem.note, theirs.rev if theirs else 0
    place, before, after = seen.neighbours(asked.id)
    context = context_of(seen) | {
        "item": item,
        "asked": asked,
        "dimension": seen.framework.dimension(asked.dimension),
        "evidence": evidence_of(seen.now, asked),
        "attachments": seen.assessment.attachments.filter(criterion=asked.id, removed_at=None),
        "pulse": pulse_of(seen.assessment.team, seen.framework, asked),
        "contradiction_url": address("contradiction", item.dispute.pk) if item.dispute else "",
        "alternatives": [seen.item(key) for key in asked.any_of],
        "options": NA_OPTIONS if item.value == "na" else OPTIONS,
        "verdict": verdict,
        "note": note,
        "rev": rev,
        "theirs": theirs,
        "who": _who(theirs),
        "problem": problem,
        "place": {"number": place + 1, "of": len(seen.way(asked.id)), "previous": before, "next": after},
    }
    return render(request, "assessments/review_criterion.html", context, status=problem.status if problem else 200)
