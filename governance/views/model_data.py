"""The data that a model is judged on: its sets, and what their columns mean."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from governance.actions.evaluation_uses import release_set, use_set
from governance.actions.profiles import drafted, propose_profile, waiting_change
from governance.auditing.fairness import smallest_group
from governance.columns import MEANINGS, chosen, columns_of
from governance.evaluation_forms import UseForm
from governance.models import EvaluationSetUse, RegisteredModel, SetRole
from governance.views.connections import add_errors
from governance.views.profiles import proposed
from portal.accounts.permissions import require
from portal.web.errors import Conflict, Invalid
from portal.web.say import say


def find(request: HttpRequest, pk: int) -> RegisteredModel:
    seen = RegisteredModel.objects.for_user(request.user).select_related("team", "registry", "profile")
    return get_object_or_404(seen, pk=pk)


@login_required
@require_http_methods(["GET", "POST"])
def model_data(request: HttpRequest, pk: int) -> HttpResponse:
    """On which data is the model judged, and who holds it?"""
    model = find(request, pk)
    form = UseForm(request.POST or None, user=request.user, model=model)
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            made = use_set(
                model=model, one=data["set"], role=data["role"], key_columns=data["key_columns"], by=request.user
            )
        except Invalid as error:
            add_errors(form, error)
        except Conflict as error:
            form.add_error(None, say(error.message))
        else:
            if data["role"] != SetRole.CHALLENGER:
                return proposed(request, model, made)
            messages.success(request, _("Saved. What stands on the data is judged anew."))
            return redirect("model-data", pk)
    uses = list(EvaluationSetUse.objects.filter(model=model).select_related("set__team"))
    for use in uses:
        challenger = use.role == SetRole.CHALLENGER
        use.releasable = request.user.has_perm("challenger.add" if challenger else "profile.change", model)
        use.share = use.overlap["rows"] / use.overlap["of"] if use.overlap and use.overlap["of"] else None
    gold = next((use for use in uses if use.role == SetRole.GOLD), None)
    context = {
        "model": model,
        "kept": getattr(model, "profile", None),
        "uses": uses,
        "gold": gold,
        "form": form if form.fields["role"].choices else None,
        "waiting": waiting_change(model),
        "may_choose": bool(gold) and request.user.has_perm("profile.change", model),
    }
    return render(request, "governance/model_data.html", context, status=422 if form.errors else 200)


@login_required
@require_POST
def model_data_release(request: HttpRequest, pk: int, use: int) -> HttpResponse:
    model = find(request, pk)
    found = get_object_or_404(EvaluationSetUse.objects.select_related("model__team", "set"), model=model, pk=use)
    return proposed(request, model, release_set(use=found, by=request.user))


@login_required
@require_http_methods(["GET", "POST"])
def model_columns(request: HttpRequest, pk: int) -> HttpResponse:
    """What does each column mean, and is every group large enough?"""
    model = find(request, pk)
    profile = getattr(model, "profile", None)
    gold = EvaluationSetUse.objects.filter(model=model, role=SetRole.GOLD).select_related("set__team").first()
    if profile is None or gold is None:
        return redirect("model-data", pk)
    require(request.user, "profile.change", model)
    restricted = EvaluationSetUse.objects.filter(model=model, role=SetRole.SENSITIVE).select_related("set__team")
    error, own = None, drafted(model, request.user)[1]
    for name, value in (own.content if own else {}).items():  # one goes on from one's own proposal
        setattr(profile, name, value)
    if request.method == "POST":
        names = [*gold.set.column_names, *profile.restricted_columns]
        fields, rev = profile.content, request.POST.get("rev", "")
        try:
            fields |= chosen(names, request.POST, profile)
            made = propose_profile(
                model=model,
                team=own.to_team if own else model.team,
                fields=fields,
                rev=int(rev) if rev.isdecimal() else None,
                by=request.user,
            )
        except (Invalid, Conflict) as refused:
            error = [say(refused.message), *(say(message) for message in getattr(refused, "fields", {}).values())]
            for name, value in fields.items():  # what was chosen stays on the page
                setattr(profile, name, value)
            profile.rev = type(profile).objects.values_list("rev", flat=True).get(pk=profile.pk)
        else:
            return proposed(request, model, made)
    sets = [
        (use.set, use.key_columns, request.user.has_perm("evaluation.rows", use.set)) for use in (gold, *restricted)
    ]
    context = {
        "model": model,
        "kept": profile,
        "gold": gold,
        "columns": columns_of(profile, sets),
        "meanings": MEANINGS,
        "least": smallest_group(),
        "hidden": [one for one, _key, seen in sets if not seen],
        "error": error,
    }
    return render(request, "governance/model_columns.html", context, status=422 if error else 200)
