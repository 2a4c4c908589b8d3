"""The queue of whoever approves."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from governance.models import Promotion
from governance.queue import place_in, queue_of
from governance.views.promotion_page import places

SIZE = 50
IN_QUEUE = "?queue=1"


@login_required
@require_safe
def promotion_queue(request: HttpRequest) -> HttpResponse:
    """What waits for the reader's approval, those that are due first."""
    queue, titles = queue_of(request.user, timezone.now()), places()
    page = Paginator(queue, SIZE).get_page(request.GET.get("page"))
    rows = [(one.promotion, one.due, titles.get(one.promotion.environment, one.promotion.environment)) for one in page]
    today = timezone.localdate()
    late = sum(bool(one.due and one.due < today) for one in queue)
    context = {"page": page, "rows": rows, "count": len(queue), "late": late, "today": today}
    return render(request, "governance/queue.html", context)


def in_queue(request: HttpRequest) -> bool:
    """Whether the reader works through the queue."""
    return (request.POST.get("queue") or request.GET.get("queue")) == "1"


def queue_context(request: HttpRequest, promotion: Promotion) -> dict[str, Any]:
    """What stands before and after on the reader's way through the queue."""
    if not in_queue(request):
        return {}
    return {"queue": place_in(queue_of(request.user, timezone.now()), promotion)}


def go_on(request: HttpRequest, promotion: Promotion, following: Promotion | None) -> HttpResponse:
    """After a decision: the next of the queue, or the promotion itself for who came from elsewhere."""
    if not in_queue(request):
        return redirect("promotion", promotion.pk)
    if following is None:
        return redirect("promotion-queue")
    return redirect(reverse("promotion", args=[following.pk]) + IN_QUEUE)
