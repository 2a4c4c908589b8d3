"""Handing out documents."""

from django.contrib.auth.decorators import login_required
from django.http import FileResponse, Http404, HttpRequest
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_GET

from portal.pdf.models import Document


@login_required
@require_GET
def document(request: HttpRequest, pk: int) -> FileResponse:
    """The file itself, to those who may see the team's results."""
    row = get_object_or_404(Document.objects.for_user(request.user), pk=pk)
    if not row.file.is_file():
        raise Http404
    kind = "application/zip" if row.file.suffix == ".zip" else "application/pdf"
    return FileResponse(row.file.open("rb"), content_type=kind, as_attachment=True, filename=row.name)
