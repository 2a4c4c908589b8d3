"""Several teams at once: start, confirm from one table, criterion by criterion, submit."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from assessments import actions, drafts, levels
from assessments.framework import Criterion, Framework
from assessments.models import Assessment, AssessmentState
from assessments.tasklist import Item
from assessments.views.criterion import OPTIONS, evidence_of
from assessments.views.frame import framework, in_framework
from assessments.views.opened import Opened
from assessments.views.unchanged import revisions, say_changed
from portal.accounts.models import Team
from portal.web.errors import Conflict, Invalid
from portal.web.say import say


@dataclass(frozen=True)
class Together:
    """The teams that the reader manages, and the drafts of those whose assessment is open."""

    framework: Framework
    teams: tuple[Team, ...]
    drafts: tuple[Opened, ...]

    @property
    def without(self) -> tuple[Team, ...]:
        """Teams of which nothing is open."""
        begun = {one.team.pk for one in self.drafts}
        return tuple(team for team in self.teams if team.pk not in begun)

    @cached_property
    def asked(self) -> tuple[Criterion, ...]:
        """What any of the teams is asked, in the framework's order."""
        keys = {item.criterion.id for one in self.drafts for item in one.tasks.asked}
        return tuple(c for c in _ordered(self.framework) if c.id in keys)

    @cached_property
    def open(self) -> tuple[Criterion, ...]:
        """What some team still has to answer."""
        keys = {item.criterion.id for one in self.drafts for item in one.tasks.asked if item.open}
        return tuple(c for c in self.asked if c.id in keys)

    @property
    def waiting(self) -> bool:
        return any(one.tasks.waiting for one in self.drafts)


def together_of(request: HttpRequest) -> Together:
    """What the reader may fill out together, in a number of queries that does not grow with the teams."""
    model, user = framework(request), request.user
    managed = user.managed_ids
    teams = tuple(Team.objects.for_user(user).filter(pk__in=managed).select_related("unit").order_by("name"))
    rows = Assessment.objects.filter(team__in=managed, framework=model.key, state=AssessmentState.DRAFT)
    same = rows.filter(framework_digest=model.digest).exclude(independent=True, answerers__finished_at=None)
    begun = {row.team_id: row for row in same.select_related("started_by", "team").distinct()}
    shown = [team for team in teams if team.pk in begun]
    now = levels.currents(shown, model, drafts=begun) if shown else {}
    opened = (
        Opened(team, model, user, begun[team.pk], drafts.draft(now[team.pk]), "together", mine=False) for team in shown
    )
    return Together(model, teams, tuple(opened))


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def overview(request: HttpRequest) -> HttpResponse:
    """The teams that one manages, and what is open of each; a POST starts those that are checked."""
    here = together_of(request)
    if request.method == "POST":
        chosen = set(request.POST.getlist("team"))
        for team in here.without:
            if str(team.pk) in chosen:
                try:
                    actions.start_assessment(team=team, framework=here.framework, by=request.user)
                except Conflict as refused:
                    messages.warning(request, f"{team.name}: {say(refused.message)}")
        return redirect(_next_step(request, together_of(request)))
    return render(request, "assessments/together.html", _context(here, step=_next_step(request, here)))


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def unchanged(request: HttpRequest) -> HttpResponse:
    """The answers of last time of all teams in one table: a row a criterion, a column a team."""
    here = together_of(request)
    if request.method == "POST":
        confirmed = 0
        for one in here.drafts:
            given = [box.partition(":")[2] for box in request.POST.getlist("same") if box.startswith(f"{one.team.pk}:")]
            if given:
                done = actions.confirm_answers(assessment=one.draft, answers=revisions(given), by=request.user)
                confirmed += len(done.criteria)
                if done.changed:
                    say_changed(request, one, done.changed)
        messages.success(request, _("Confirmed: %(n)s.") % {"n": confirmed})
        return redirect(_next_step(request, together_of(request), table=False))
    rows = []
    for criterion in _ordered(here.framework):
        cells = [(one, one.tasks.item(criterion.id)) for one in here.drafts]
        if any(item.waiting for _one, item in cells):
            rows.append((criterion, cells))
    return render(request, "assessments/together_unchanged.html", _context(here, rows=rows))


@login_required
@require_safe
def criterion(request: HttpRequest, criterion_id: str) -> HttpResponse:
    """One criterion, a row a team; each row saves by itself to its team's own page."""
    here = together_of(request)
    asked = here.framework.by_id.get(criterion_id)
    if asked is None or not here.drafts:
        raise Http404
    items = [(one, one.tasks.item(asked.id)) for one in here.drafts]
    order = list(here.asked)
    place = order.index(asked) if asked in order else None
    following = [c for c in here.open if c != asked and _after(here.framework, c, asked)] or [
        c for c in here.open if c != asked
    ]
    context = _context(
        here,
        asked=asked,
        dimension=here.framework.dimension(asked.dimension),
        rows=[_row(one, item) for one, item in items if item.asked or item.why == "recommended"],
        others=[(one, item) for one, item in items if not (item.asked or item.why == "recommended")],
        options=[option for option in OPTIONS if option[0] != "na" or asked.na_allowed],
        number=None if place is None else place + 1,
        of=len(order),
        previous=_address(request, order[place - 1]) if place else "",
        next=_address(request, following[0]) if following else _check(request),
        last=not following,
    )
    return render(request, "assessments/together_criterion.html", context)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def check(request: HttpRequest) -> HttpResponse:
    """What each team's answers come to; one button submits those that are checked."""
    here = together_of(request)
    problems: dict[int, str] = {}
    if request.method == "POST":
        chosen, done = set(request.POST.getlist("team")), []
        for one in here.drafts:
            if str(one.team.pk) in chosen:
                try:
                    actions.submit(assessment=one.draft, by=request.user)
                except (Invalid, Conflict) as refused:
                    problems[one.team.pk] = say(refused.message)
                else:
                    done.append(one.team.name)
        if done:
            messages.success(request, _("Submitted: %(teams)s.") % {"teams": ", ".join(done)})
        if not problems:
            return redirect(reverse("assessments-together") + in_framework(here.framework))
        here = together_of(request)
    before = levels.currents([one.team for one in here.drafts], here.framework) if here.drafts else {}
    rows = [
        {
            "one": one,
            "before": before[one.team.pk].score.overall if before[one.team.pk].assessed else None,
            "after": one.now.score.overall,
            "missing": len(one.tasks.missing),
            "unfit": actions.unfit(here.framework, dict(one.now.answers)),
            "problem": problems.get(one.team.pk, ""),
        }
        for one in here.drafts
    ]
    status = 422 if problems else 200
    return render(request, "assessments/together_check.html", _context(here, rows=rows), status=status)


def _row(one: Opened, item: Item) -> dict:
    answer = one.answer(item.criterion.id)
    row = one.now.answers.get(item.criterion.id)
    return {
        "one": one,
        "item": item,
        "value": answer.value if answer else "",
        "note": row.note if row else "",
        "rev": row.rev if row else 0,
        "saved_at": answer.answered_at if answer and not item.waiting else None,
        "evidence": evidence_of(one.now, item.criterion),
    }


def _next_step(request: HttpRequest, here: Together, *, table: bool = True) -> str:
    if not here.drafts:
        return reverse("assessments-together") + in_framework(here.framework)
    if table and here.waiting:
        return reverse("assessments-together-unchanged") + in_framework(here.framework)
    return _address(request, here.open[0]) if here.open else _check(request)


def _address(request: HttpRequest, criterion: Criterion) -> str:
    return reverse("assessments-together-criterion", args=[criterion.id]) + in_framework(framework(request))


def _check(request: HttpRequest) -> str:
    return reverse("assessments-together-check") + in_framework(framework(request))


def _context(here: Together, **context) -> dict:
    within = in_framework(here.framework)
    return {"together": here, "framework": here.framework, "within": within, **context}


def _ordered(model: Framework) -> list[Criterion]:
    places = {dimension.key: place for place, dimension in enumerate(model.dimensions)}
    return sorted(model.criteria, key=lambda c: (places[c.dimension], c.level, not c.required))


def _after(model: Framework, one: Criterion, other: Criterion) -> bool:
    order = _ordered(model)
    return order.index(one) > order.index(other)
