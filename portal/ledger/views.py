"""Records: who did what, when, and what changed by it."""

from __future__ import annotations

from datetime import date
from itertools import groupby

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from portal.accounts.models import Team, User
from portal.accounts.permissions import require
from portal.ledger import actions
from portal.ledger.duties import request_check
from portal.ledger.models import Check, Checkpoint, Event, EventText, SigningKey
from portal.ledger.reading import SYSTEM, name_of, names_of, read
from portal.ledger.signing import covering, newest
from portal.ledger.words import action_text, codes_saying, field_text, subject_text
from portal.web.lists import NULL, Facet, ListPage

MOST_PEOPLE = 100  # who were acted on, that one word finds
SHOWN = 8  # values of a facet that could have hundreds: the most frequent ones


@require_safe
@login_required
def records(request: HttpRequest) -> HttpResponse:
    """Who did what, and why?"""
    visible = Event.objects.for_user(request.user)
    page = ListPage(
        request,
        visible,
        search=("subject_label", "subject_id", "action", "leaf_hash"),
        shown=_shown,
        facets=_facets(request, visible),
        order="-id",
        size=40,
    )
    days = [(day, list(rows)) for day, rows in groupby(read(page.rows), lambda row: _day(row.event))]
    return render(
        request,
        "ledger/records.html",
        {
            "list": page,
            "days": days,
            "waiting": visible.filter(seq=None).count(),
            "here": timezone.localtime(),
            "check": Check.objects.select_related("checkpoint").first(),
            "newest": newest(),
            "may_verify": request.user.has_perm("records.verify"),
            "may_pack": request.user.has_perm("pack.make"),
        },
    )


def _shown(typed: str) -> Q:
    """Events whose action, kind of subject or person is called so on the page."""
    happened, kinds = codes_saying(typed, _)
    people = User.objects.filter(Q(name__icontains=typed) | Q(name="", email__icontains=typed))
    some = people.values_list("pseudonym", flat=True)[:MOST_PEOPLE]
    found = Q(action__in=happened) | Q(subject_type__in=kinds) | Q(actor__in=people.values("pseudonym"))
    found |= Q(subject_type="user", subject_id__in=[str(pseudonym) for pseudonym in some])
    return found | Q(actor=None) if typed.casefold() in SYSTEM.casefold() else found


@require_safe
@login_required
def checkpoints(request: HttpRequest) -> HttpResponse:
    """What was signed, and with which keys?"""
    page = ListPage(request, Checkpoint.objects.for_user(request.user), order="-id", size=20)
    keys = SigningKey.objects.for_user(request.user)
    return render(request, "ledger/checkpoints.html", {"list": page, "keys": keys})


@require_POST
@login_required
def verify(request: HttpRequest) -> HttpResponse:
    """Ask a worker for a check of all records."""
    require(request.user, "records.verify")
    request_check(by=request.user)
    messages.success(request, _("The records are being checked; the result appears here."))
    return redirect("records")


def _day(event: Event) -> date:
    return timezone.localtime(event.at).date()


def _facets(request: HttpRequest, visible) -> list[Facet]:
    """Kinds, actions, teams, people and days that occur in what the user sees."""

    def occurring(path: str, name: str) -> list:
        """The most frequent values, and the one asked for."""
        counted = visible.order_by().values_list(path).annotate(rows=Count("pk")).order_by("-rows", path)[:SHOWN]
        values = [value for value, _rows in counted]
        asked = request.GET.get(name, "")
        known = {NULL if value is None else str(value) for value in values}
        return [*values, asked] if asked and asked not in known else values

    def kinds():
        return [(kind, _(subject_text(kind))) for kind in sorted(occurring("subject_type", "kind")) if kind]

    def what():
        return [(code, _(action_text(code))) for code in sorted(occurring("action", "action")) if code]

    def teams():
        return Team.objects.for_user(request.user).values_list("pk", "name")[:SHOWN]

    def people():
        found = occurring("actor", "person")
        names = names_of([pseudonym for pseudonym in found if _is_pseudonym(pseudonym)])
        return [(pseudonym, name_of(None if pseudonym == NULL else pseudonym, names)) for pseudonym in found]

    def days():
        recent = visible.order_by().values_list("at__date", flat=True).distinct().order_by("-at__date")[:7]
        return [(day, day.isoformat()) for day in recent]

    return [
        Facet("kind", _("Kind"), field="subject_type", choices=kinds),
        Facet("action", _("Action"), choices=what),
        Facet("team", _("Team"), field="team_id", choices=teams),
        Facet("person", _("Person"), field="actor", choices=people),
        Facet("day", _("Day"), field="at__date", choices=days),
    ]


def _is_pseudonym(value) -> bool:
    return value is not None and len(str(value)) == 36 and str(value).count("-") == 4


@require_safe
@login_required
def record(request: HttpRequest, uuid) -> HttpResponse:
    """One event, with all that stands in it."""
    event = get_object_or_404(Event.objects.for_user(request.user), uuid=uuid)
    team = Team.objects.for_user(request.user).filter(pk=event.team_id).first()
    [row] = read([event])
    texts = list(event.texts.all())
    for text in texts:
        text.label = _(field_text(text.name))
    return render(
        request,
        "ledger/record.html",
        {
            "row": row,
            "event": event,
            "team": team,
            "texts": texts,
            "covered": covering(event.seq) if event.seq else None,
            "may_erase": request.user.has_perm("records.erase"),
        },
    )


@require_POST
@login_required
def text_erase(request: HttpRequest, uuid, name: str) -> HttpResponse:
    text = get_object_or_404(
        EventText.objects.select_related("event").filter(event__in=Event.objects.for_user(request.user)),
        event__uuid=uuid,
        name=name,
    )
    actions.erase_text(event_text=text, by=request.user)
    messages.success(request, _("The text is erased; the record stands."))
    return redirect("record", uuid)
