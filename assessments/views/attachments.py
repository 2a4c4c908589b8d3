"""Files beside answers: put there, taken away, and handed out as downloads."""

from __future__ import annotations

from urllib.parse import quote

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from assessments import actions
from assessments.actions import path_of
from assessments.models import Attachment
from assessments.views.frame import framework, in_framework, team_or_404
from assessments.views.opened import draft_or_404
from portal.web.errors import Conflict, Invalid
from portal.web.say import say


@login_required
@require_POST
def attach(request: HttpRequest, slug: str, criterion_id: str) -> HttpResponse:
    """Put a file beside the answer and go back to it."""
    team = team_or_404(request, slug)
    draft = draft_or_404(request, team)
    given = request.FILES.get("file")
    try:
        if getattr(request, "upload_dropped", False):
            raise Invalid("attachment.large", name="–", limit=settings.ATTACHMENT_LIMIT // 2**20)
        if given is not None:
            actions.attach(assessment=draft, criterion=criterion_id, name=given.name, file=given, by=request.user)
    except (Invalid, Conflict) as refused:
        messages.error(request, say(refused.message))
    page = reverse("criterion", args=[slug, criterion_id]) + in_framework(framework(request))
    return redirect(f"{page}#files")


@login_required
@require_POST
def detach(request: HttpRequest, pk: int) -> HttpResponse:
    """Take a file away and go back to its answer."""
    row = _seen(request, pk)
    actions.detach(attachment=row, by=request.user)
    key = row.assessment.framework
    page = reverse("criterion", args=[row.assessment.team.slug, row.criterion])
    return redirect(f"{page}?framework={key}#files")


@login_required
@require_safe
def download(request: HttpRequest, pk: int) -> HttpResponse:
    """Hand a file out, never to be shown within the site."""
    row = _seen(request, pk)
    if row.removed_at is not None or not path_of(row.sha256).is_file():
        raise Http404
    response = FileResponse(path_of(row.sha256).open("rb"), content_type=row.kind)
    response["Content-Length"] = str(row.size)
    response["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(row.name)}"
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response["Cache-Control"] = "private, no-store"
    return response


def _seen(request: HttpRequest, pk: int) -> Attachment:
    """A file that the reader may see: files are as private as notes."""
    rows = Attachment.objects.for_user(request.user).select_related("assessment__team")
    row = get_object_or_404(rows, pk=pk)
    if not request.user.is_insider(row.assessment.team):
        raise Http404
    return row
