"""Whether the hosts of workers have the sandbox, and what to do where they have not."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from governance.sandbox_hosts import KIND, TOPIC, ask_for_try
from portal.accounts.permissions import permission_required
from portal.jobs.models import Host, Job


@permission_required("sandbox.view")
@require_safe
def sandbox(request: HttpRequest) -> HttpResponse:
    """What each worker host found when it tried last."""
    hosts = [
        (host.name, found, parse_datetime(found["at"]))
        for host in Host.objects.for_user(request.user)
        if (found := host.facts.get(TOPIC))
    ]
    job = Job.objects.for_user(request.user).filter(kind=KIND).order_by("-pk").first()
    context = {
        "hosts": hosts,
        "without": [name for name, found, _at in hosts if not found["works"]],
        "job": job if job and (job.is_active or job.state == "failed") else None,
        "may_try": request.user.has_perm("sandbox.try"),
    }
    return render(request, "governance/sandbox.html", context)


@permission_required("sandbox.try")
@require_POST
def sandbox_try(request: HttpRequest) -> HttpResponse:
    ask_for_try(by=request.user)
    messages.success(request, _("The next free worker tries its sandbox."))
    return redirect("sandbox")
