"""The profile page of a model, and the versions that it had."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from governance.actions.profiles import drafted, propose_profile, waiting_change
from governance.forms import ProfileForm
from governance.models import Profile, ProfileChange, ProfileVersion, RegisteredModel
from governance.profile_words import difference, version_as_plain
from governance.views.connections import add_errors
from portal.web.errors import Conflict, Invalid
from portal.web.lists import ListPage
from portal.web.say import say


def find_model(request: HttpRequest, pk: int) -> RegisteredModel:
    seen = RegisteredModel.objects.for_user(request.user).select_related("team", "registry", "profile")
    return get_object_or_404(seen, pk=pk)


@login_required
@require_http_methods(["GET", "POST"])
def profile(request: HttpRequest, pk: int) -> HttpResponse:
    """Show what a model is for, and propose that it be something else."""
    model = find_model(request, pk)
    kept = getattr(model, "profile", None)
    own, waiting = drafted(model, request.user)[1], waiting_change(model)
    may = request.user.has_perm("profile.claim") or (model.team_id and request.user.has_perm("profile.change", model))
    taken = waiting is not None and own is None and kept is not None and kept.agreed
    initial = {"team": model.team_id, "rev": kept.rev if kept else None}
    if own:
        initial |= {"team": own.to_team_id, **own.content}
    form = ProfileForm(request.POST or None, instance=kept, initial=initial, user=request.user)
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            made = propose_profile(
                model=model, team=data["team"], fields=form.content, rev=data["rev"], by=request.user
            )
        except Invalid as error:
            add_errors(form, error)
        except Conflict as error:
            form.add_error(None, say(error.message))
            form.data = form.data.copy()  # who has read it may save again
            form.data["rev"] = Profile.objects.values_list("rev", flat=True).get(model=model)
        else:
            return proposed(request, model, made)
    context = {"model": model, "form": form, "kept": kept, "may": may, "waiting": waiting, "own": own, "taken": taken}
    return render(request, "governance/profile.html", context, status=422 if form.errors else 200)


def proposed(request: HttpRequest, model: RegisteredModel, made: ProfileChange | None) -> HttpResponse:
    """Where a proposal leads, with what has come of it."""
    if made is None:
        messages.info(request, _("Nothing differs from what is in force, so nothing waits."))
        return redirect("model-profile", model.pk)
    if made.model.profile.agreed:
        messages.success(request, _("Proposed. It takes effect when a second person agrees."))
    else:
        messages.success(request, _("Saved. The newest version is being audited; it counts when somebody agrees."))
    return redirect("profile-change", model.pk, made.pk)


@login_required
@require_GET
def profile_versions(request: HttpRequest, pk: int) -> HttpResponse:
    """What did the profile say, since when, and who agreed? Two versions side by side where they are named."""
    model = find_model(request, pk)
    seen = ProfileVersion.objects.for_user(request.user).filter(model=model)
    page = ListPage(request, seen.select_related("proposed_by", "agreed_by", "team"), order="-number")
    newer = _chosen(request, seen, "version") or seen.first()
    older = _chosen(request, seen, "against") or (seen.filter(number__lt=newer.number).first() if newer else None)
    context = {
        "model": model,
        "kept": getattr(model, "profile", None),
        "list": page,
        "newer": newer,
        "older": older,
        "rows": difference(version_as_plain(older), version_as_plain(newer)) if older and newer else [],
    }
    return render(request, "governance/profile_versions.html", context)


def _chosen(request: HttpRequest, seen, name: str) -> ProfileVersion | None:
    text = request.GET.get(name, "")
    return seen.filter(number=int(text)).first() if text.isascii() and text.isdecimal() and len(text) < 10 else None
