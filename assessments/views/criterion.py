"""One criterion a page: what is true today, with the evidence beside the question."""

from __future__ import annotations

from dataclasses import dataclass

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods

from assessments import actions, wording
from assessments.actions import AnswerConflict
from assessments.evidence_rules import Fact, Weighed
from assessments.facts import CATALOGUE
from assessments.forms import AnswerForm
from assessments.framework import Criterion
from assessments.levels import Current, draft_of
from assessments.models import Answer, Assessment, AssessmentState
from assessments.tasklist import TaskList, task_list
from assessments.views.assessment import counted
from assessments.views.frame import framework, is_insider, team_or_404, team_page
from portal.accounts.models import Team
from portal.accounts.permissions import require
from portal.message import Message
from portal.web.errors import Conflict, DomainError, Forbidden, Invalid
from portal.web.say import say
from portal.web.templatetags.ui import clock

# value, key, word, hint
OPTIONS = (
    ("yes", "3", _("Yes"), _("all of it is true today")),
    ("partly", "2", _("Partly"), _("some of it, or for some models; counts as not met")),
    ("no", "1", _("No"), ""),
    ("", "0", _("I do not know yet"), _("counts as unknown, never as yes")),
    ("na", "n", _("Not applicable"), _("needs a reason in the note")),
)
VERDICTS = {
    "supports": ("pass", _("Supports")),
    "contradicts": ("warn", _("Denies")),
    "unknown": ("none", _("Unknown")),
}


@dataclass(frozen=True)
class Shown:
    """A fact as the page shows it; a share has a bar with the mark that the rule asks for."""

    fact: Fact
    share: float | None
    needed: float | None

    @property
    def message(self) -> Message:
        return self.fact.message()


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def criterion(request: HttpRequest, slug: str, criterion_id: str) -> HttpResponse:
    """Show the question; a POST saves the answer, by script or by button."""
    team = team_or_404(request, slug)
    asked = framework().by_id.get(criterion_id)
    if asked is None:
        raise Http404
    if request.method == "POST":
        return _save(request, team, asked)
    return _page(request, team, asked)


def _save(request: HttpRequest, team: Team, asked: Criterion) -> HttpResponse:
    by_script = request.headers.get("X-Autosave") == "1"
    form = AnswerForm(request.POST)
    try:
        if not form.is_valid():
            raise Invalid("assessment.value")
        saved = _saved(request, team, asked, form.cleaned_data)
    except AnswerConflict as conflict:
        return _conflict_json(conflict) if by_script else _page(request, team, asked, problem=conflict)
    except DomainError as error:
        if by_script:
            return JsonResponse({"title": say(error.message)}, status=_refusal(error))
        if isinstance(error, Forbidden):
            raise
        return _page(request, team, asked, problem=error, typed=request.POST)
    if by_script:
        return HttpResponse(status=204, headers={"Sekisho-Rev": str(saved.rev)})
    return redirect(_onward(request, team, asked))


def _refusal(error: DomainError) -> int:
    """A refusal in words: only a conflict of two texts is 409, since the script then shows both."""
    return 422 if error.status == 409 else error.status


def _saved(request: HttpRequest, team: Team, asked: Criterion, given: dict) -> Answer:
    require(request.user, "assessment.answer", team)
    draft = draft_of(team, framework())
    if draft is None:
        raise Conflict("assessment.closed")
    return actions.save_answer(
        assessment=draft,
        criterion=asked.id,
        value=given["answer"],
        note=given["note"],
        rev=given["rev"],
        by=request.user,
    )


def _conflict_json(conflict: AnswerConflict) -> JsonResponse:
    stored = conflict.stored
    values = {"note": stored.note, "answer": stored.value}
    return JsonResponse({"rev": stored.rev, "who": _who(stored), "values": values}, status=409)


def _who(stored: Answer) -> str:
    return f"{stored.answered_by}, {clock(stored.answered_at)}" if stored.answered_by else ""


def _onward(request: HttpRequest, team: Team, asked: Criterion) -> str:
    """Where the pressed button leads: the next open question, the one before, or the check."""
    tasks = task_list(counted(request, team))
    place = tasks.position(asked.id)
    if request.POST.get("go") == "previous" and place:
        return reverse("criterion", args=[team.slug, tasks.items[place - 1].criterion.id])
    if request.POST.get("go") == "stay":
        return reverse("criterion", args=[team.slug, asked.id])
    following = tasks.next_open(asked.id)
    if following is None:
        return reverse("assessment-check", args=[team.slug])
    return reverse("criterion", args=[team.slug, following.criterion.id])


def _page(
    request: HttpRequest, team: Team, asked: Criterion, *, problem: DomainError | None = None, typed=None
) -> HttpResponse:
    now = counted(request, team)
    tasks = task_list(now)
    drafted = bool(now.assessment and now.assessment.state == AssessmentState.DRAFT)
    editable = drafted and request.user.has_perm("assessment.answer", team)
    answer = now.answers.get(asked.id)
    value, note = (answer.value, answer.note) if answer else ("", "")
    if typed is not None and editable:
        value, note = typed.get("answer", ""), typed.get("note", "")
    elif isinstance(problem, AnswerConflict):
        value, note = problem.value, problem.note
    context = team_page(
        request,
        team,
        "assessment",
        current=now,
        tasks=tasks,
        drafted=drafted,
        editable=editable,
        unsaved="" if typed is None or editable else typed.get("note", ""),
        asked=asked,
        asked_first=tasks.items[tasks.position(asked.id)].asked,
        dimension=framework().dimension(asked.dimension),
        answer=answer,
        value=value,
        note=note if is_insider(request, team) else "",
        rev=problem.stored.rev if isinstance(problem, AnswerConflict) else (answer.rev if answer else 0),
        theirs=problem.stored if isinstance(problem, AnswerConflict) else None,
        who=_who(problem.stored) if isinstance(problem, AnswerConflict) else "",
        problem=problem,
        options=[option for option in OPTIONS if option[0] != "na" or asked.na_allowed],
        place=_place(tasks, team, asked),
        evidence=_evidence(now, asked),
        last=_last_time(team, now, asked) if drafted else None,
    )
    return render(request, "assessments/criterion.html", context, status=problem.status if problem else 200)


def _place(tasks: TaskList, team: Team, asked: Criterion) -> dict:
    """Where the criterion stands, and its neighbours."""
    place = tasks.position(asked.id)

    def at(index: int) -> str:
        inside = 0 <= index < len(tasks.items)
        return reverse("criterion", args=[team.slug, tasks.items[index].criterion.id]) if inside else ""

    return {"number": place + 1, "of": len(tasks.items), "previous": at(place - 1), "next": at(place + 1)}


def _evidence(now: Current, asked: Criterion) -> dict:
    weighed: Weighed = now.weighed[asked.id]
    mark, word = VERDICTS[weighed.verdict]
    facts = [
        Shown(
            fact,
            float(fact.value) if fact.name in CATALOGUE and CATALOGUE[fact.name].unit == "share" else None,
            wording.needed(asked.supports, fact.name),
        )
        for fact in weighed.because
    ]
    return {
        "weighed": weighed,
        "mark": mark,
        "word": word,
        "facts": facts,
        "rule": wording.rule(asked.supports),
        "denies": wording.rule(asked.contradicts),
    }


def _last_time(team: Team, now: Current, asked: Criterion) -> Answer | None:
    """The answer of the last submitted assessment, for "same as last time"."""
    last = Assessment.objects.closed().filter(team=team, framework=now.framework.key)
    newest = last.order_by("-submitted_at", "-id").first()
    rows = newest.answers.filter(criterion=asked.id).exclude(value="") if newest else Answer.objects.none()
    return rows.select_related("assessment").first()
