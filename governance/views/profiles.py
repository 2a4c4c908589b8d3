"""The profile page of a model."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from governance.actions.profiles import set_profile
from governance.forms import ProfileForm
from governance.models import Profile, RegisteredModel
from governance.views.connections import add_errors
from portal.web.errors import Conflict, Invalid
from portal.web.say import say


@login_required
@require_http_methods(["GET", "POST"])
def profile(request: HttpRequest, pk: int) -> HttpResponse:
    """Show and change what a model is for."""
    model = get_object_or_404(RegisteredModel.objects.for_user(request.user).select_related("team", "registry"), pk=pk)
    kept = getattr(model, "profile", None)
    may = request.user.has_perm("profile.claim") or (model.team_id and request.user.has_perm("profile.change", model))
    initial = {"team": model.team_id, "rev": kept.rev if kept else None}
    form = ProfileForm(request.POST or None, instance=kept, initial=initial, user=request.user)
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            set_profile(model=model, team=data["team"], fields=form.content, rev=data["rev"], by=request.user)
        except Invalid as error:
            add_errors(form, error)
        except Conflict as error:
            form.add_error(None, say(error.message))
            form.data = form.data.copy()  # who has read it may save again
            form.data["rev"] = Profile.objects.values_list("rev", flat=True).get(model=model)
        else:
            messages.success(request, _("Saved. The newest version is being audited."))
            return redirect("model", model.pk)
    context = {"model": model, "form": form, "kept": kept, "may": may}
    return render(request, "governance/profile.html", context, status=422 if form.errors else 200)
