"""The checklist of a version for an environment: what people confirm by name."""

from __future__ import annotations

from dataclasses import dataclass

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from governance.actions.checklists import can_sign, items_of, sign_item, withdraw_mark
from governance.models import ChecklistMark, ModelVersion
from governance.policy import ChecklistItem, group_name
from governance.verdict import environments
from governance.views.versions import find_version, version_context
from portal.message import Message
from portal.web.errors import DomainError, Missing

LONGEST_NOTE = 2000


@dataclass(frozen=True)
class Line:
    """One item, the signatures under it, and whether the reader may sign."""

    item: ChecklistItem
    signers: Message
    marks: list[tuple[ChecklistMark, bool]]  # with whether it holds for the files and the profile of now
    open: bool


@login_required
@require_GET
def checklist(request: HttpRequest, pk: int, number: int, environment: str) -> HttpResponse:
    """What is confirmed, by whom, and what may I sign?"""
    return _page(request, find_version(request, pk, number), environment)


@login_required
@require_POST
def checklist_sign(request: HttpRequest, pk: int, number: int, environment: str) -> HttpResponse:
    """Confirm one item by name."""
    version = find_version(request, pk, number)
    _known(environment)
    item, note = (request.POST.get(name, "")[:LONGEST_NOTE].replace("\x00", "") for name in ("item", "note"))
    try:
        sign_item(version=version, environment=environment, item=item, note=note, by=request.user)
    except DomainError as error:
        return _page(request, version, environment, refusal=error, tried=item, typed=note)
    messages.success(request, _("Signed, for the files and the profile of now."))
    return redirect("version-checklist", pk, number, environment)


@login_required
@require_POST
def checklist_withdraw(request: HttpRequest, pk: int, number: int, environment: str, mark: int) -> HttpResponse:
    """Take one's own signature back."""
    version = find_version(request, pk, number)
    seen = ChecklistMark.objects.for_user(request.user).select_related("version__model__team")
    found = get_object_or_404(seen, pk=mark, version=version, environment=environment)
    try:
        withdraw_mark(mark=found, by=request.user)
    except DomainError as error:
        return _page(request, version, environment, refusal=error)
    messages.success(request, _("Taken back."))
    return redirect("version-checklist", pk, number, environment)


def _known(environment: str):
    found = environments().get(environment)
    if found is None:
        raise Missing("policy.no-environment", environment=environment)
    return found


def _page(
    request: HttpRequest,
    version: ModelVersion,
    environment: str,
    *,
    refusal: DomainError | None = None,
    tried: str = "",
    typed: str = "",
) -> HttpResponse:
    place = _known(environment)
    profile = getattr(version.model, "profile", None)
    digest = profile.digest if profile else ""
    rows = ChecklistMark.objects.filter(version=version, environment=environment, withdrawn_at=None)
    marks: dict[str, list[tuple[ChecklistMark, bool]]] = {}
    for mark in rows.select_related("by"):
        holds = bool(mark.artifact_digest) and mark.artifact_digest == version.artifact_digest
        marks.setdefault(mark.item, []).append((mark, holds and mark.profile_digest == digest))
    lines = [
        _line(version, environment, item, marks.get(item.id, []), request) for item in _items(version, environment)
    ]
    context = version_context(request, version) | {
        "environment": environment,
        "place": place.title,
        "lines": lines,
        "refusal": refusal,
        "tried": tried,
        "typed": typed,
    }
    return render(request, "governance/checklist.html", context, status=refusal.status if refusal else 200)


def _items(version: ModelVersion, environment: str) -> list[ChecklistItem]:
    try:
        return items_of(version, environment)
    except DomainError:  # no policy is for such a model there
        return []


def _line(version: ModelVersion, environment: str, item: ChecklistItem, marks, request: HttpRequest) -> Line:
    words = Message("checklist.signers", {"groups": [group_name(group) for group in item.signers]})
    mine = any(mark.by_id == request.user.pk and holds for mark, holds in marks)
    return Line(item, words, marks, not mine and can_sign(version, environment, item, request.user))
