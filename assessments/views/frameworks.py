"""Frameworks: which there are, which version is in use, and what each one says."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.db.models import Count
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_safe

from assessments import catalogue, framework_page
from assessments.framework import Framework, shipped
from assessments.models import Assessment, FrameworkState, FrameworkVersion


@login_required
@require_safe
def frameworks(request: HttpRequest) -> HttpResponse:
    """All frameworks in use, with copies that are being written or were retired."""
    in_use = catalogue.currents()
    waiting = catalogue.waiting(in_use.values())
    seen = Assessment.objects.for_user(request.user).order_by()
    used = dict(seen.values_list("framework").annotate(Count("team", distinct=True)))
    rows = {row.key: row for row in FrameworkVersion.objects.for_user(request.user).filter(state="current")}
    others = FrameworkVersion.objects.for_user(request.user).exclude(key__in=in_use)
    if not _may(request):
        others = others.exclude(state=FrameworkState.DRAFT)
    newest: dict[str, FrameworkVersion] = {}
    for row in others.order_by("key", "version").defer("source"):
        newest[row.key] = row
    drafts = FrameworkVersion.objects.for_user(request.user).filter(state=FrameworkState.DRAFT)
    context = {
        "rows": [
            (found, key in shipped(), rows.get(key), waiting.get(key), used.get(key, 0))
            for key, found in in_use.items()
        ],
        "waiting": list(waiting.values()),
        "others": list(newest.values()),
        "drafts": {row.key: row.version for row in drafts.defer("source")} if _may(request) else {},
        "may": _may(request),
    }
    return render(request, "assessments/frameworks.html", context)


@login_required
@require_safe
def framework(request: HttpRequest, key: str, version: int | None = None) -> HttpResponse:
    """One version in full; without a number, the one in use."""
    found = framework_or_404(key, version)
    in_use = catalogue.currents()
    current = in_use.get(key)
    rows = FrameworkVersion.objects.for_user(request.user).filter(key=key)
    context = {
        "framework": found,
        "groups": framework_page.groups(found, list(in_use.values())),
        "counts": counts(found),
        "current": current,
        "is_current": current == found,
        "waiting": catalogue.waiting([current]).get(key) if current else None,
        "row": rows.filter(version=found.version).select_related("published_by").first(),
        "versions": [one for one in catalogue.versions(key) if one != found],
        "shipped": key in shipped(),
        "draft": rows.filter(state=FrameworkState.DRAFT).defer("source").first() if _may(request) else None,
        "may": _may(request),
    }
    return render(request, "assessments/framework.html", context)


@login_required
@require_safe
def framework_by_id(request: HttpRequest, pk: int) -> HttpResponse:
    """Where a record's link leads: the version that it speaks of."""
    row = get_object_or_404(FrameworkVersion.objects.for_user(request.user), pk=pk)
    if row.state == FrameworkState.DRAFT:
        return redirect("framework-edit" if _may(request) else "frameworks", *([row.key] if _may(request) else []))
    return redirect("framework-version", row.key, row.version)


@login_required
@require_safe
def framework_yaml(request: HttpRequest, key: str, version: int) -> HttpResponse:
    """A version as a file, complete in itself."""
    found = framework_or_404(key, version)
    response = HttpResponse(catalogue.source(found), content_type="application/yaml; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{key}.{version}.yaml"'
    return response


def framework_or_404(key: str, version: int | None = None) -> Framework:
    """A version of a framework; without a number the one in use, or the last of a retired one."""
    known = {found.version: found for found in catalogue.versions(key)}
    try:
        return known[version] if version else catalogue.current(key)
    except KeyError:
        if version or not known:
            raise Http404 from None
        return known[max(known)]


def counts(framework: Framework) -> dict[str, int]:
    required = sum(criterion.required for criterion in framework.criteria)
    return {
        "criteria": len(framework.criteria),
        "required": required,
        "recommended": len(framework.criteria) - required,
        "practices": len({criterion.practice for criterion in framework.criteria}),
    }


def _may(request: HttpRequest) -> bool:
    return request.user.has_perm("framework.manage")
