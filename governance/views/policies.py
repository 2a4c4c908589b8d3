"""Policies: which are in force, what one version says, and publishing the next."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db.models import Max
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from governance.actions.policies import publish
from governance.models import Policy, Promotion
from governance.policy import DEFAULT, MAX_BYTES, PolicyError, parse
from governance.verdict import parsed
from governance.views.policy_page import policy_view
from portal.accounts.permissions import permission_required
from portal.message import Message
from portal.web.errors import Conflict, Invalid
from portal.web.lists import Facet, ListPage


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
    context = {"list": page, "rows": rows, "may_publish": request.user.has_perm("policy.publish")}
    return render(request, "governance/policies.html", context)


@login_required
@require_safe
def policy(request: HttpRequest, key: str, version: int) -> HttpResponse:
    """One version: its gates in words beside its text, and what it changed."""
    versions = Policy.objects.select_related("published_by").filter(key=key)
    found = get_object_or_404(versions, version=version)
    before = versions.filter(version__lt=version).first()
    newest = versions.first()
    context = {
        "policy": found,
        "before": before,
        "newest": newest if newest.version != version else None,
        "view": policy_view(found, before),
        "waiting": Promotion.objects.for_user(request.user).waiting().filter(policy=found).count(),
        "may_publish": request.user.has_perm("policy.publish"),
    }
    return render(request, "governance/policy.html", context)


@permission_required("policy.publish")
@require_http_methods(["GET", "HEAD", "POST"])
def policy_publish(request: HttpRequest) -> HttpResponse:
    """Publish a text as the next version of its key; what was typed stays until it is taken."""
    key = request.GET.get("key", "")
    refusal = None
    if request.method == "POST":
        text = request.POST.get("text", "").replace("\r\n", "\n").replace("\x00", "")
        try:
            before = Policy.objects.count()
            made = publish(text=text, by=request.user)
        except (Invalid, Conflict) as error:
            refusal = error
        else:
            if Policy.objects.count() == before:
                messages.warning(request, _("Nothing differs from this version, so nothing was published."))
            else:
                messages.success(request, _("Published: it is in force for requests from now on."))
            return redirect("policy", made.key, made.version)
    else:
        newest = Policy.objects.filter(key=key).first() if key else Policy.objects.order_by("-published_at").first()
        text = newest.text if newest else DEFAULT.read_text("utf-8")
    context = {"text": text, "refusal": refusal, "errors": _errors(text) if refusal else [], "limit": MAX_BYTES}
    return render(request, "governance/policy_publish.html", context, status=refusal.status if refusal else 200)


def _errors(text: str) -> list[tuple[int | None, Message]]:
    """Each error of a text with its line."""
    try:
        parse(text)
    except PolicyError as error:
        return [(message.params.get("line"), message) for message in error.messages]
    return []
