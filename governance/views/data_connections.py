"""Databases that evaluation tables are drawn from."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from governance.actions.data_connections import save_connection
from governance.evaluation_forms import DataConnectionForm
from governance.models import DataConnection
from governance.views.connections import add_errors
from portal.accounts.permissions import permission_required
from portal.web.errors import Invalid


@permission_required("connection.manage")
@require_http_methods(["GET", "POST"])
def data_connection_new(request: HttpRequest) -> HttpResponse:
    return _page(request, None)


@permission_required("connection.manage")
@require_http_methods(["GET", "POST"])
def data_connection(request: HttpRequest, pk: int) -> HttpResponse:
    return _page(request, get_object_or_404(DataConnection.objects.for_user(request.user), pk=pk))


def _page(request: HttpRequest, kept: DataConnection | None) -> HttpResponse:
    now = {name: getattr(kept, name) for name in ("name", "kind", "address", "team", "enabled")} if kept else {}
    form = DataConnectionForm(request.POST or None, initial=now)
    if request.method == "POST" and form.is_valid():
        data = dict(form.cleaned_data)
        password = data.pop("password") or (None if kept else "")
        try:
            save_connection(connection=kept, password=password, by=request.user, **data)
        except Invalid as error:
            add_errors(form, error)
        else:
            messages.success(request, _("Saved."))
            return redirect("connections")
    context = {"form": form, "kept": kept}
    return render(request, "governance/data_connection.html", context, status=422 if form.errors else 200)
