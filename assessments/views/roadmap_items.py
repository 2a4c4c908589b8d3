"""What a team has taken on: list, board, and one item."""

from __future__ import annotations

from dataclasses import dataclass

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db.models import Case, CharField, Count, QuerySet, Value, When
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from assessments import catalogue, wording
from assessments.actions.roadmap import OPEN, change_item, comment_on, move_item, take_up
from assessments.forms_roadmap import CommentForm, ItemForm, MoveForm, TakeUpForm, members_of
from assessments.framework import Criterion, Dimension, Framework
from assessments.models import ItemState, RoadmapItem
from assessments.views.frame import framework, in_framework, team_or_404, team_page
from assessments.views.roadmap import plan_page, ways
from portal.accounts.models import Team
from portal.web.acting import act
from portal.web.errors import Invalid
from portal.web.lists import NULL, Facet, ListPage
from portal.web.say import say

CLOSED_SHOWN = 10  # of each closed column of the board; the list has them all
MOVES = {  # from each state the buttons, the likeliest first; dropping asks for a reason on the item's page
    "planned": (("doing", gettext_lazy("Start")), ("done", gettext_lazy("Done"))),
    "doing": (("done", gettext_lazy("Done")), ("planned", gettext_lazy("Back to planned"))),
    "done": (("doing", gettext_lazy("Open again")),),
    "dropped": (("planned", gettext_lazy("Open again")),),
}
DUE = (
    ("overdue", gettext_lazy("Overdue")),
    ("ahead", gettext_lazy("Ahead")),
    ("none", gettext_lazy("No date")),
    ("closed", gettext_lazy("Closed")),
)
GLYPHS = {"planned": "none", "doing": "run", "done": "ok", "dropped": "na"}


@dataclass(frozen=True)
class Card:
    """One item as lists and boards show it; ``criterion`` is None where no framework in use has it any more."""

    item: RoadmapItem
    framework: Framework | None
    criterion: Criterion | None

    @property
    def dimension(self) -> Dimension | None:
        return self.framework.dimension(self.criterion.dimension) if self.criterion else None

    @property
    def overdue(self) -> bool:
        item = self.item
        return item.state in OPEN and item.due is not None and item.due < timezone.localdate()

    @property
    def moves(self):
        return MOVES[self.item.state]

    @property
    def glyph(self) -> str:
        return GLYPHS[self.item.state]


@dataclass(frozen=True)
class Column:
    state: str
    words: str
    cards: list[Card]
    total: int
    all_url: str


@login_required
@require_safe
def items(request: HttpRequest, slug: str) -> HttpResponse:
    """The items of a team as a list."""
    team = team_or_404(request, slug)
    found = ListPage(
        request,
        _rows(request, team),
        search=("criterion", "practice", "owner__name"),
        facets=[Facet("state", _("State"), choices=ItemState.choices), *_facets(team)],
        order=("place", "pk"),
    )
    cards = _cards(found.rows)
    return render(request, "assessments/roadmap_items.html", _page(request, team, "roadmap-items", found, cards=cards))


@login_required
@require_safe
def board(request: HttpRequest, slug: str) -> HttpResponse:
    """The items of a team by state."""
    team = team_or_404(request, slug)
    found = ListPage(request, _rows(request, team), facets=_facets(team), order=("place", "pk"), size=500)
    cards = _cards(found.rows)
    columns = []
    for state, words in ItemState.choices:
        own = [card for card in cards if card.item.state == state]
        shown = own if state in OPEN else sorted(own, key=lambda card: card.item.closed_at, reverse=True)[:CLOSED_SHOWN]
        listed = f"{reverse('roadmap-items', args=[team.slug])}?state={state}"
        columns.append(Column(state, words, shown, len(own), listed))
    return render(
        request, "assessments/roadmap_board.html", _page(request, team, "roadmap-board", found, columns=columns)
    )


@login_required
@require_POST
def take(request: HttpRequest, slug: str) -> HttpResponse:
    """Make items of the steps that were chosen on the plan."""
    team, model = team_or_404(request, slug), framework(request)
    form = TakeUpForm(request.POST, team=team)
    if form.is_valid():
        chosen = request.POST.getlist("criterion")
        done, made = act(
            form, take_up, team=team, framework=model, criteria=chosen, by=request.user, **form.cleaned_data
        )
        if done:
            messages.success(request, _("Items on the roadmap: %(n)s more.") % {"n": len(made)})
            return redirect(reverse("roadmap-items", args=[team.slug]) + in_framework(model))
    return render(request, "assessments/roadmap.html", plan_page(request, team, form), status=422)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def item(request: HttpRequest, pk: int) -> HttpResponse:
    """One item: what is to be done, who does it, by when, and what was said."""
    card = _card_or_404(request, pk)
    if request.method != "POST":
        return _item_page(request, card)
    form = ItemForm(request.POST, item=card.item)
    if form.is_valid():
        done, _result = act(
            form, change_item, item=card.item, framework=_of(card), by=request.user, **form.cleaned_data
        )
        if done:
            messages.success(request, _("Saved."))
            return redirect("roadmap-item", pk)
    return _item_page(request, card, form=form)


@login_required
@require_POST
def move(request: HttpRequest, pk: int) -> HttpResponse:
    """Bring an item into another state."""
    card = _card_or_404(request, pk)
    form = MoveForm(request.POST)
    if not form.is_valid():
        raise Invalid("roadmap.state")
    given = form.cleaned_data
    back = given.pop("back")
    try:
        moved = move_item(item=card.item, framework=_of(card), by=request.user, **given)
    except Invalid as refused:
        return _item_page(request, card, refused=say(refused.message), reason=given["reason"])
    name = wording.text(card.criterion.title) if card.criterion else moved.criterion
    messages.success(request, _("%(title)s: %(state)s.") % {"title": name, "state": ItemState(moved.state).label})
    safe = url_has_allowed_host_and_scheme(back, {request.get_host()}, require_https=request.is_secure())
    return redirect(back if back.startswith("/") and safe else reverse("roadmap-item", args=[pk]))


@login_required
@require_POST
def comment(request: HttpRequest, pk: int) -> HttpResponse:
    """Say something about an item."""
    card = _card_or_404(request, pk)
    form = CommentForm(request.POST)
    if form.is_valid():
        done, _result = act(
            form, comment_on, item=card.item, framework=_of(card), text=form.cleaned_data["text"], by=request.user
        )
        if done:
            return redirect(reverse("roadmap-item", args=[pk]) + "#said")
    return _item_page(request, card, comment_form=form)


def _rows(request: HttpRequest, team: Team) -> QuerySet:
    today = timezone.localdate()
    rows = RoadmapItem.objects.for_user(request.user).filter(team=team).select_related("owner")
    when = Case(
        When(state__in=[ItemState.DONE, ItemState.DROPPED], then=Value("closed")),
        When(due__isnull=True, then=Value("none")),
        When(due__lt=today, then=Value("overdue")),
        default=Value("ahead"),
        output_field=CharField(),
    )
    return rows.annotate(when=when, said=Count("comments"))


def _facets(team: Team) -> list[Facet]:
    names = [(person.pk, str(person)) for person in members_of(team)]
    used = set(RoadmapItem.objects.filter(team=team).values_list("framework", flat=True).distinct())
    known = {key: wording.text(found.title) for key, found in catalogue.currents().items()}
    frameworks = [(key, known.get(key, key)) for key in sorted(used)]
    return [
        Facet("due", _("Due"), field="when", choices=DUE),
        Facet("owner", _("Owner"), field="owner_id", choices=[*names, (NULL, _("Nobody yet"))]),
        Facet("of", _("Framework"), field="framework", choices=frameworks),
    ]


def _cards(rows: list[RoadmapItem]) -> list[Card]:
    known = catalogue.currents()
    return [_card(row, known.get(row.framework)) for row in rows]


def _card(row: RoadmapItem, model: Framework | None) -> Card:
    return Card(row, model, model.by_id.get(row.criterion) if model else None)


def _card_or_404(request: HttpRequest, pk: int) -> Card:
    rows = RoadmapItem.objects.for_user(request.user).select_related("team__unit", "owner", "closed_by", "created_by")
    row = get_object_or_404(rows, pk=pk)
    try:
        return _card(row, catalogue.current(row.framework))
    except KeyError:
        return Card(row, None, None)


def _of(card: Card) -> Framework:
    if card.framework is None:
        raise Http404
    return card.framework


def _page(request: HttpRequest, team: Team, here: str, found: ListPage, **context) -> dict:
    page = team_page(request, team, "roadmap", list=found, **context)
    return page | {
        "ways": ways(team, page["framework"], here),
        "may_change": request.user.has_perm("roadmap.change", team),
        "open": found.everything.filter(state__in=OPEN).count(),
        "overdue": found.everything.filter(when="overdue").count(),
    }


def _item_page(request: HttpRequest, card: Card, form=None, comment_form=None, refused="", reason="") -> HttpResponse:
    row = card.item
    insider = request.user.is_insider(row.team)
    may_change = card.framework is not None and request.user.has_perm("roadmap.change", row)
    context = team_page(request, row.team, "roadmap") | {
        "within": in_framework(card.framework) if card.framework else "",
        "card": card,
        "item": row,
        "form": form or (ItemForm(item=row) if may_change else None),
        "comment_form": comment_form or CommentForm(),
        "comments": row.comments.select_related("by") if insider else [],
        "may_change": may_change,
        "may_comment": card.framework is not None and request.user.has_perm("roadmap.comment", row),
        "refused": refused,
        "reason": reason,
        "list_url": reverse("roadmap-items", args=[row.team.slug]),
    }
    wrong = refused or (form and form.errors) or (comment_form and comment_form.errors)
    return render(request, "assessments/roadmap_item.html", context, status=422 if wrong else 200)
