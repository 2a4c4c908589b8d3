"""What a newer version would do to each team, and bringing it into use."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from assessments import upgrades
from assessments.actions import upgrading
from assessments.actions.frameworks import MANAGE
from assessments.upgrade_words import sentence
from assessments.views.frameworks import framework_or_404
from portal.accounts.permissions import permission_required
from portal.web.errors import Conflict
from portal.web.numbers import whole_number
from portal.web.say import say


@permission_required(MANAGE)
@require_http_methods(["GET", "HEAD", "POST"])
def framework_upgrade(request: HttpRequest, key: str) -> HttpResponse:
    """The dry run of an upgrade, team by team; a POST carries it out."""
    version = whole_number(request.GET["to"]) if request.GET.get("to") else None
    if request.GET.get("to") and version is None:
        raise Http404
    try:
        if request.method == "POST":
            done = upgrading.upgrade(key=key, version=version, by=request.user)
            messages.success(request, say(upgrading.said(done)))
            return redirect("framework", key)
        old, new = upgrades.target(key, version)
        upgrade = upgrades.dry_run(old, new)
    except Conflict as refusal:
        if refusal.message.code == "framework.no_upgrade":  # somebody else was faster, or the link is old
            messages.info(request, say(refusal.message))
            return redirect("framework", key)
        context = {"framework": framework_or_404(key), "refusal": refusal}
        return render(request, "assessments/framework_upgrade.html", context, status=refusal.status)
    context = {
        "framework": new,
        "old": old,
        "upgrade": upgrade,
        "rows": [(one, [sentence(one.team.name, move) for move in one.moves]) for one in upgrade.moved],
        "unmoved": [one for one in upgrade.teams if not one.moves],
        "set_aside": sum(len(one.migrated.dropped) for one in upgrade.teams),
        "to_confirm": sum(len(one.migrated.reconfirm) for one in upgrade.teams),
    }
    return render(request, "assessments/framework_upgrade.html", context)
