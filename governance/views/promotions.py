"""Promotions: the list, asking for one, and the page on which one is decided."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import BadRequest
from django.db.models.fields.json import KeyTransform
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from governance.actions import promotions
from governance.actions.conditions import Condition
from governance.approval_forms import condition_forms
from governance.models import Promotion, PromotionState
from governance.seats import principals_of
from governance.views.promotion_page import STATE_KINDS, environment_facet, places, preflight_context, promotion_context
from governance.views.queue import go_on, queue_context
from governance.views.versions import find_version
from portal.accounts.facets import team_facet
from portal.message import Message
from portal.web.errors import DomainError, Invalid
from portal.web.lists import Facet, ListPage

LONGEST_REASON = 5000
RELATED = ("version__model__team", "version__model__registry", "version__model__profile", "policy", "requested_by")


@login_required
@require_safe
def promotion_list(request: HttpRequest) -> HttpResponse:
    """Everything that was asked for, what waits among it."""
    seen = Promotion.objects.for_user(request.user).select_related(*RELATED)
    titles = places()
    facets = [
        Facet("state", gettext_lazy("State"), choices=PromotionState.choices),
        environment_facet(),
        team_facet(request.user, field="version__model__team__slug"),
    ]
    search = ("version__model__name", "version__model__team__name", "requested_by__name", "reason")
    listed = seen.defer("verdict").annotate(waived=KeyTransform("waived", "verdict")).select_related("break_glass")
    page = ListPage(request, listed, search=search, facets=facets, order="-id")
    rows = [(row, titles.get(row.environment, row.environment), STATE_KINDS[row.state]) for row in page.rows]
    context = {"list": page, "rows": rows, "waiting": seen.waiting().count()}
    return render(request, "governance/promotions.html", context)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def promotion_new(request: HttpRequest, pk: int, number: int) -> HttpResponse:
    """Would it pass? And if so wished: ask."""
    version = find_version(request, pk, number)
    asked = request.POST.get("environment") or request.GET.get("environment", "")
    reason = request.POST.get("reason", "")[:LONGEST_REASON].replace("\x00", "")
    refusal = None
    if request.method == "POST":
        try:
            made = promotions.request(version=version, environment=asked, reason=reason, by=request.user)
        except DomainError as error:
            refusal = error
        else:
            messages.success(request, _("Asked. A reviewer decides when every check passes."))
            return redirect("promotion", made.pk)
    draft = request.GET.get("draft", "")
    context = preflight_context(request, version, "" if refusal and isinstance(refusal, Invalid) else asked, draft)
    context |= {"version": version, "model": version.model, "reason": reason, "refusal": refusal}
    return render(request, "governance/promotion_new.html", context, status=refusal.status if refusal else 200)


@login_required
@require_safe
def promotion(request: HttpRequest, pk: int) -> HttpResponse:
    """Can it go; if not, why?"""
    return _page(request, _find(request, pk))


@login_required
@require_POST
def decide(request: HttpRequest, pk: int) -> HttpResponse:
    """Approve, send back or refuse what the page showed."""
    found, reason, rev = _find(request, pk), _reason(request), _rev(request)
    decision, queue = request.POST.get("decision", ""), queue_context(request, found).get("queue")
    try:
        if decision == "approve":
            decided = promotions.approve(
                promotion=found,
                rev=rev,
                reason=reason,
                conditions=_conditions(request, found),
                acting_for=_acting_for(request, found),
                by=request.user,
            )
            said = _("Approved; the alias is being moved.")
            if decided.state == PromotionState.OPEN:
                said = _("Approved; another approval is needed.")
        elif decision == "send-back":
            promotions.send_back(promotion=found, rev=rev, reason=reason, by=request.user)
            said = _("Sent back with your reason.")
        elif decision == "refuse":
            promotions.refuse(promotion=found, rev=rev, reason=reason, by=request.user)
            said = _("Refused with your reason.")
        else:
            raise BadRequest
    except DomainError as error:
        return _page(request, _find(request, pk), refusal=error, typed=reason, tried=decision)
    messages.success(request, said)
    return go_on(request, found, queue.next if queue else None)


@login_required
@require_POST
def withdraw(request: HttpRequest, pk: int) -> HttpResponse:
    """Take the request back."""
    return _change(request, pk, promotions.withdraw, _("Withdrawn."))


@login_required
@require_POST
def resubmit(request: HttpRequest, pk: int) -> HttpResponse:
    """Submit again what was sent back."""
    return _change(request, pk, promotions.resubmit, _("Submitted again."))


@login_required
@require_POST
def retry(request: HttpRequest, pk: int) -> HttpResponse:
    """Try the move again."""
    found = _find(request, pk)
    try:
        promotions.retry_move(promotion=found, by=request.user)
    except DomainError as error:
        return _page(request, _find(request, pk), refusal=error)
    messages.success(request, _("The move is tried again."))
    return redirect("promotion", pk)


def _change(request: HttpRequest, pk: int, action, said: str) -> HttpResponse:
    found, reason = _find(request, pk), _reason(request)
    try:
        action(promotion=found, reason=reason, by=request.user)
    except DomainError as error:
        return _page(request, _find(request, pk), refusal=error, typed=reason, tried="team")
    messages.success(request, said)
    return redirect("promotion", pk)


def _find(request: HttpRequest, pk: int) -> Promotion:
    seen = Promotion.objects.for_user(request.user)
    return get_object_or_404(seen.select_related(*RELATED, "move__model", "move__target_model__registry"), pk=pk)


def _reason(request: HttpRequest) -> str:
    return request.POST.get("reason", "")[:LONGEST_REASON].replace("\x00", "")


def _acting_for(request: HttpRequest, promotion: Promotion):
    """The person in whose place the approval is given; one who is no principal of the reader is nobody's."""
    text = request.POST.get("acting_for", "")
    if not text:
        return None
    for person in principals_of(promotion, request.user):
        if str(person.pseudonym) == text:
            return person
    raise BadRequest


def _conditions(request: HttpRequest, promotion: Promotion) -> list[Condition]:
    """Those that were typed beside the decision; what is wrong with one is said on the form."""
    forms = condition_forms(promotion, request.POST)
    if not all(form.is_valid() for form in forms):
        raise Invalid(Message("condition.wrong"))
    return [given for form in forms if (given := form.given())]


def _rev(request: HttpRequest) -> int:
    """The revision that the page showed; what is no number is none that ever was."""
    text = request.POST.get("rev", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0


def _page(
    request: HttpRequest, promotion: Promotion, *, refusal: DomainError | None = None, typed: str = "", tried: str = ""
) -> HttpResponse:
    """The page; after a refused action with the reason, and with what was typed."""
    context = promotion_context(request, promotion)
    context["place"] = places().get(promotion.environment, context["rules"].title)
    context |= queue_context(request, promotion)
    context |= {"refusal": refusal, "typed": typed, "tried": tried}
    if context["decides"]:
        context["conditions"] = condition_forms(promotion, request.POST if tried == "approve" else None)
        context["conditions_typed"] = any(form.has_changed() for form in context["conditions"])
    context["reason_error"] = refusal.fields.get("reason") if isinstance(refusal, Invalid) else None
    return render(request, "governance/promotion.html", context, status=refusal.status if refusal else 200)
