"""Two people who answer apart: their turn, how far they agree, and where differences are settled."""

from __future__ import annotations

from dataclasses import dataclass

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from assessments import actions
from assessments.agreement import agreement
from assessments.framework import Criterion
from assessments.models import Answer, Assessment, IndependentAnswer
from assessments.views.criterion import OPTIONS
from assessments.views.frame import framework, in_framework, team_or_404, team_page
from assessments.views.opened import Opened, draft_or_404, opened
from portal.accounts.models import Team
from portal.web.errors import Conflict, Invalid
from portal.web.say import say


@dataclass(frozen=True)
class Said:
    """What one of the two said of a criterion; nothing is empty."""

    name: str
    value: str = ""
    note: str = ""


@dataclass(frozen=True)
class Difference:
    """A criterion that the two answered differently, and what it was settled as."""

    criterion: Criterion
    said: tuple[Said, ...]
    answer: Answer

    @property
    def options(self) -> list:
        return [option for option in OPTIONS if option[0] and (option[0] != "na" or self.criterion.na_allowed)]

    @property
    def note(self) -> str:
        """The common note; before it is settled, both people's."""
        if self.answer.note or self.answer.value:
            return self.answer.note
        return "\n\n".join(f"{one.name}: {one.note}" for one in self.said if one.note)


@login_required
@require_safe
def apart(request: HttpRequest, slug: str) -> HttpResponse:
    """Who is done; once both are, agreement and differences."""
    team = team_or_404(request, slug)
    draft = draft_or_404(request, team)
    if not draft.independent:
        raise Http404
    return _page(request, team, draft)


@login_required
@require_POST
def done(request: HttpRequest, slug: str) -> HttpResponse:
    """One of the two is done."""
    team = team_or_404(request, slug)
    draft = draft_or_404(request, team)
    try:
        both = actions.finish_own(assessment=draft, by=request.user)
    except (Invalid, Conflict) as refused:
        return _page(request, team, draft, say(refused.message))
    if not both:
        messages.success(request, _("Done. Once the other person is too, you see where you differ."))
    return redirect(reverse("assessment-apart", args=[slug]) + in_framework(framework(request)))


def _page(request: HttpRequest, team: Team, draft: Assessment, problem: str = "") -> HttpResponse:
    shown = opened(request, team)
    answerers = list(draft.answerers.select_related("person"))
    both = all(one.finished_at for one in answerers)
    context = team_page(
        request, team, "assessment", opened=shown, tasks=shown.tasks, answerers=answerers, both=both, problem=problem
    )
    if both:
        context |= _compared(shown, draft, [one.person.name for one in answerers])
    return render(request, "assessments/apart.html", context, status=422 if problem else 200)


def _compared(shown: Opened, draft: Assessment, names: list[str]) -> dict:
    pairs = actions.answered_apart(draft)
    stored = {row.criterion: row for row in draft.answers.all()}
    given = [{key: pair[side].value for key, pair in pairs.items() if pair[side]} for side in (0, 1)]
    of = {criterion.id: criterion.dimension for criterion in shown.framework.criteria}
    parts = [
        (dimension, agreement(*({k: v for k, v in one.items() if of.get(k) == dimension.key} for one in given)))
        for dimension in shown.framework.dimensions
    ]
    rows = [
        Difference(criterion, _said(pairs[criterion.id], names), stored[criterion.id])
        for criterion in shown.framework.criteria
        if criterion.id in stored and _differ(pairs.get(criterion.id))
    ]
    return {
        "whole": agreement(*given),
        "parts": parts,
        "rows": rows,
        "open": sum(not row.answer.value for row in rows),
    }


def _said(pair: list[IndependentAnswer | None], names: list[str]) -> tuple[Said, ...]:
    return tuple(Said(name, own.value, own.note) if own else Said(name) for name, own in zip(names, pair, strict=True))


def _differ(pair: list[IndependentAnswer | None] | None) -> bool:
    values = [own.value if own else "" for own in pair or ()]
    return any(values) and len(set(values)) > 1
