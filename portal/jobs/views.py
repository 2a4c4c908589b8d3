"""Pages of work that takes time."""

from __future__ import annotations

from datetime import timedelta

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from portal.accounts.models import Team
from portal.jobs import actions
from portal.jobs.kinds import KINDS
from portal.jobs.models import Job, State
from portal.web.lists import Facet, ListPage


@require_safe
@login_required
def jobs(request: HttpRequest) -> HttpResponse:
    """What runs, waits, failed?"""
    visible = Job.objects.for_user(request.user)

    def teams():
        return Team.objects.for_user(request.user).values_list("slug", "name")

    page = ListPage(
        request,
        visible.select_related("team", "created_by"),
        search=("kind", "subject_label"),
        facets=[
            Facet("state", _("State"), choices=State.choices),
            Facet("kind", _("Kind"), choices=[(name, kind.title) for name, kind in sorted(KINDS.items())]),
            Facet("team", _("Team"), field="team__slug", choices=teams),
        ],
        order="-id",
    )
    counts = dict(visible.active().order_by().values_list("state").annotate(rows=Count("pk")))
    day_ago = timezone.now() - timedelta(days=1)
    return render(
        request,
        "jobs/jobs.html",
        {
            "list": page,
            "running": counts.get(State.RUNNING, 0),
            "waiting": counts.get(State.QUEUED, 0),
            "failed": visible.filter(state=State.FAILED, ended_at__gte=day_ago).count(),
            "now": timezone.now(),
        },
    )


def _find_job(request: HttpRequest, pk: int) -> Job:
    rows = Job.objects.for_user(request.user).select_related("team", "created_by")
    job = get_object_or_404(rows, pk=pk)
    job.may_cancel = job.is_active and (
        job.created_by_id == request.user.pk or request.user.has_perm("jobs.cancel", job)
    )
    return job


@never_cache
@require_safe
@login_required
def job(request: HttpRequest, pk: int) -> HttpResponse:
    return render(request, "jobs/job.html", {"job": _find_job(request, pk)})


@never_cache
@require_safe
@login_required
def job_progress(request: HttpRequest, pk: int) -> HttpResponse:
    """The piece that a page with a job asks for again and again, until the job has ended."""
    return render(request, "jobs/_progress.html", {"job": _find_job(request, pk), "polled": True})


@require_POST
@login_required
def job_cancel(request: HttpRequest, pk: int) -> HttpResponse:
    found = _find_job(request, pk)
    actions.cancel(job=found, by=request.user)
    messages.success(request, _("The job is asked to stop."))
    return redirect("job", pk)
