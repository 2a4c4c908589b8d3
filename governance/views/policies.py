"""Policies: which are in force, and what one version says, beside any other."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.db.models import Max
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from governance.in_force import parsed
from governance.models import Policy, PolicyDraft, Promotion
from governance.views.policy_page import policy_view
from portal.web.lists import Facet, ListPage
from portal.web.numbers import whole_number


@login_required
@require_safe
def policy_list(request: HttpRequest) -> HttpResponse:
    """All versions, those in force among them."""
    page = ListPage(
        request,
        Policy.objects.select_related("published_by"),
        search=("key", "digest", "text"),
        facets=[Facet("key", gettext_lazy("Policy"))],
        order=("key", "-version"),
    )
    newest = dict(Policy.objects.order_by().values_list("key").annotate(Max("version")))
    rows = [(row, parsed(row.text), newest[row.key] == row.version) for row in page.rows]
    context = {"list": page, "rows": rows, "may_draft": request.user.has_perm("policy.draft")}
    context["drafts"] = PolicyDraft.objects.for_user(request.user).select_related("changed_by")
    return render(request, "governance/policies.html", context)


@login_required
@require_safe
def policy(request: HttpRequest, key: str, version: int) -> HttpResponse:
    """One version: its gates in words beside its text, and what differs from another, the one before unless asked."""
    versions = list(Policy.objects.select_related("published_by", "drafted_by").filter(key=key))
    found = next((row for row in versions if row.version == version), None)
    if found is None:
        raise Http404
    asked = whole_number(request.GET.get("against", ""))
    earlier = next((row for row in versions if row.version < version), None)
    against = next((row for row in versions if row.version == asked and row != found), None) or earlier
    newest = versions[0]
    context = {
        "policy": found,
        "before": against,
        "others": [row for row in versions if row != found],
        "newest": newest if newest.version != version else None,
        "view": policy_view(found, against),
        "waiting": Promotion.objects.for_user(request.user).waiting().filter(policy=found).count(),
        "may_draft": request.user.has_perm("policy.draft"),
        "draft": PolicyDraft.objects.for_user(request.user).filter(key=key).first(),
    }
    return render(request, "governance/policy.html", context)
