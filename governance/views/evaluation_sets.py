"""Evaluation sets: what there is, what is known of each, and who is judged on it."""

from __future__ import annotations

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from governance.actions import evaluation_sets as actions
from governance.evaluation_forms import DescriptionForm, NewSetForm
from governance.models import EvaluationSet, EvaluationSetUse, SetSource, SetState
from governance.views.connections import add_errors
from portal.accounts.permissions import require
from portal.jobs.models import Job
from portal.message import Message
from portal.web.errors import DomainError, Forbidden, Invalid
from portal.web.lists import Facet, ListPage
from portal.web.say import say

OUTCOMES = {
    SetState.READY: "pass",
    SetState.WAITING: "running",
    SetState.REFUSED: "fail",
    SetState.ENDED: "not_applicable",
}


def find(request: HttpRequest, pk: int) -> EvaluationSet:
    seen = EvaluationSet.objects.for_user(request.user).select_related("team", "version__model", "connection")
    return get_object_or_404(seen, pk=pk)


def may_create(user) -> bool:
    return user.is_administrator or bool(user.team_ids)


@login_required
@require_GET
def evaluation_set_list(request: HttpRequest) -> HttpResponse:
    """Which data are models judged on?"""
    seen = EvaluationSet.objects.for_user(request.user).with_uses_for(request.user)
    facets = [
        Facet("source", gettext_lazy("Source"), choices=SetSource.choices),
        Facet("team", gettext_lazy("Owner"), field="team__name"),
    ]
    page = ListPage(request, seen, search=("name", "team__name"), facets=facets, order=("name", "pk"))
    rows = [(one, OUTCOMES[one.state]) for one in page.rows]
    context = {"list": page, "rows": rows, "may_create": may_create(request.user)}
    return render(request, "governance/evaluation_sets.html", context)


@login_required
@require_http_methods(["GET", "POST"])
def evaluation_set_new(request: HttpRequest) -> HttpResponse:
    """Make a set of one source; the address says which."""
    if not may_create(request.user):
        raise Forbidden("set.no_team")
    asked = request.GET.get("source", "")
    source = asked if asked in SetSource.values else SetSource.UPLOAD.value
    form = NewSetForm(request.POST or None, request.FILES or None, user=request.user, source=source)
    if request.method == "POST" and getattr(request, "upload_dropped", False):
        form.add_error("upload", say(Message("set.too_large", {"limit": settings.UPLOAD_LIMIT // 2**20})))
    elif request.method == "POST" and form.is_valid():
        given = {name: value for name, value in form.cleaned_data.items() if name != "rev"}
        try:
            one = actions.create_set(source=source, by=request.user, **given)
        except Invalid as error:
            add_errors(form, error)
        else:
            messages.success(request, _("Made. A worker measures it now."))
            return redirect("evaluation-set", one.pk)
    tabs = [
        {"url": f"?source={value}", "words": words, "count": "", "current": value == source}
        for value, words in SetSource.choices
    ]
    context = {"form": form, "tabs": tabs, "limit": settings.UPLOAD_LIMIT // 2**20, "source": source}
    return render(request, "governance/evaluation_set_new.html", context, status=422 if form.errors else 200)


@login_required
@require_GET
def evaluation_set(request: HttpRequest, pk: int) -> HttpResponse:
    """What is this data, and who is judged on it?"""
    one = find(request, pk)
    newest = Job.objects.about("evaluation", one.pk).order_by("-pk").first()
    may_see = request.user.has_perm("evaluation.rows", one)
    context = {
        "one": one,
        "outcome": OUTCOMES[one.state],
        "uses": EvaluationSetUse.objects.for_user(request.user).filter(set=one).select_related("model"),
        "job": newest if newest and (newest.is_active or (newest.state == "failed" and not one.error)) else None,
        "may_change": request.user.has_perm("evaluation.change", one),
        "may_see": may_see,
        "first": one.preview.get("rows", ()) if may_see else (),
    }
    return render(request, "governance/evaluation_set.html", context)


@login_required
@require_http_methods(["GET", "POST"])
def evaluation_set_change(request: HttpRequest, pk: int) -> HttpResponse:
    one = find(request, pk)
    require(request.user, "evaluation.change", one)
    form = DescriptionForm(request.POST or None, instance=one, initial={"rev": one.rev})
    if request.method == "POST" and form.is_valid():
        given = dict(form.cleaned_data)
        try:
            actions.change_set(one=one, rev=given.pop("rev") or 0, by=request.user, **given)
        except DomainError as error:
            form.add_error(None, say(error.message))
            form.data = form.data.copy()  # who has read it may save again
            form.data["rev"] = EvaluationSet.objects.values_list("rev", flat=True).get(pk=pk)
        else:
            messages.success(request, _("Saved."))
            return redirect("evaluation-set", pk)
    context = {"one": one, "form": form}
    return render(request, "governance/evaluation_set_change.html", context, status=422 if form.errors else 200)


@login_required
@require_POST
def evaluation_set_measure(request: HttpRequest, pk: int) -> HttpResponse:
    actions.measure_again(one=find(request, pk), by=request.user)
    return redirect("evaluation-set", pk)


@login_required
@require_POST
def evaluation_set_end(request: HttpRequest, pk: int) -> HttpResponse:
    actions.end_set(one=find(request, pk), by=request.user)
    messages.success(request, _("Ended. Its rows and Sekisho's copy are deleted."))
    return redirect("evaluation-set", pk)
