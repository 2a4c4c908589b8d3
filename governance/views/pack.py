"""For the auditor: what changed in a period, is the list complete, and the pack of it."""

from __future__ import annotations

from datetime import date, timedelta

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from governance.in_force import PRODUCTION
from governance.jobs_pack import KIND, request_pack
from governance.pack import EXCEPTIONS, FINDINGS, MOVES, OTHERS, REFUSALS, Period, collect, period
from governance.verdict import environments
from portal.accounts.permissions import permission_required, require
from portal.ledger.signing import newest
from portal.pdf.models import Document
from portal.web.errors import Invalid
from portal.web.numbers import whole_number

SHOWN = 12
COLUMNS = (MOVES, REFUSALS, EXCEPTIONS, FINDINGS, OTHERS)


@require_safe
@permission_required("pack.make")
def pack(request: HttpRequest) -> HttpResponse:
    """What changed, and is that all?"""
    refusal = None
    try:
        asked = _asked(request.GET)
    except Invalid as error:
        asked, refusal = _asked({}), error
    return render(request, "governance/pack.html", _context(request, asked, refusal), status=422 if refusal else 200)


@require_POST
@login_required
def pack_make(request: HttpRequest) -> HttpResponse:
    """Ask for the pack in the language that was chosen, and go to its job."""
    require(request.user, "pack.make")
    given = request.POST
    try:
        asked = _asked(given)
        size = whole_number(given.get("size", "") or "0")
        if size is None:
            raise Invalid("pack.sample", most=500)
        language = given.get("language") or request.user.language
        seed = given.get("seed", "").strip()
        job = request_pack(period=asked, seed=seed, size=size, language=language, by=request.user)
    except Invalid as error:
        return render(request, "governance/pack.html", _context(request, _asked({}), error), status=422)
    messages.success(request, _("The pack is being made."))
    return redirect("job", job.pk)


def _asked(given) -> Period:
    """The period of a query; without one, the last full quarter and today's."""
    environment = given.get("environment") or PRODUCTION
    if environment not in environments():
        environment = given.get("environment") or next(iter(environments()), PRODUCTION)
    first, last = given.get("from", ""), given.get("to", "")
    if not first and not last:
        today = timezone.localdate()
        return period(environment, _quarter(today), today)
    try:
        return period(environment, date.fromisoformat(first), date.fromisoformat(last))
    except ValueError as error:
        raise Invalid("pack.dates") from error


def _context(request: HttpRequest, asked: Period, refusal: Invalid | None) -> dict:
    found = collect(asked)
    today, before = timezone.localdate(), asked.first - timedelta(days=1)
    return {
        "period": asked,
        "pack": found,
        "count": found.count,
        "environments": [(key, rules.title) for key, rules in environments().items()],
        "months": [(month, [figures[column] for column in COLUMNS]) for month, figures in found.months],
        "totals": [len(found.of(column)) for column in COLUMNS],
        "exceptions": found.exceptions[::-1][:SHOWN],
        "exception_count": len(found.exceptions),
        "quarters": [
            (_("This quarter"), _quarter(today), today),
            (_("The quarter before"), _quarter(before), before),
        ],
        "made": Document.objects.for_user(request.user).filter(kind=KIND).select_related("created_by")[:SHOWN],
        "newest": newest(),
        "refusal": refusal,
    }


def _quarter(day: date) -> date:
    """The first day of a day's quarter."""
    return day.replace(month=(day.month - 1) // 3 * 3 + 1, day=1)
