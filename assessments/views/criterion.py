"""One criterion a page: what is true today, with the evidence beside the question."""

from __future__ import annotations

from dataclasses import dataclass

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods

from assessments import actions, wording
from assessments.actions import AnswerConflict
from assessments.attachments import by_criterion
from assessments.evidence_rules import Fact, Weighed
from assessments.facts import CATALOGUE
from assessments.forms import AnswerForm
from assessments.framework import Criterion
from assessments.levels import Current
from assessments.models import Answer, Assessment, IndependentAnswer
from assessments.pulses import pulse_of
from assessments.reviewing import sent_back
from assessments.tasklist import Item
from assessments.views.frame import in_framework, team_or_404, team_page
from assessments.views.opened import Opened, opened
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
    shown = opened(request, team)
    asked = shown.framework.by_id.get(criterion_id)
    if asked is None:
        raise Http404
    if request.method == "POST":
        return _save(request, shown, asked)
    return _page(request, shown, asked)


def _save(request: HttpRequest, shown: Opened, asked: Criterion) -> HttpResponse:
    by_script = request.headers.get("X-Autosave") == "1"
    form = AnswerForm(request.POST)
    try:
        if not form.is_valid():
            raise Invalid("assessment.value")
        saved = _saved(request, shown, asked, form.cleaned_data)
    except AnswerConflict as conflict:
        return _conflict_json(conflict) if by_script else _page(request, shown, asked, problem=conflict)
    except DomainError as error:
        if by_script:
            return JsonResponse({"title": say(error.message)}, status=_refusal(error))
        if isinstance(error, Forbidden):
            raise
        return _page(request, shown, asked, problem=error, typed=request.POST)
    if by_script:
        return HttpResponse(status=204, headers={"Sekisho-Rev": str(saved.rev)})
    return redirect(_onward(request, opened(request, shown.team), asked))


def _refusal(error: DomainError) -> int:
    """A refusal in words: only a conflict of two texts is 409, since the script then shows both."""
    return 422 if error.status == 409 else error.status


def _saved(request: HttpRequest, shown: Opened, asked: Criterion, given: dict) -> Answer | IndependentAnswer:
    require(request.user, "assessment.answer", shown.team)
    if shown.draft is None:
        raise Conflict("assessment.closed")
    save = actions.save_own_answer if shown.mode == "own" else actions.save_answer
    return save(
        assessment=shown.draft,
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


def _who(stored: Answer | IndependentAnswer) -> str:
    person = stored.person if isinstance(stored, IndependentAnswer) else stored.answered_by
    return f"{person}, {clock(stored.answered_at)}" if person and stored.answered_at else ""


def _onward(request: HttpRequest, shown: Opened, asked: Criterion) -> str:
    """Where the pressed button leads: the next open question, the same, the page across teams, or the check."""
    go, slug = request.POST.get("go"), shown.team.slug
    if go == "stay":
        return reverse("criterion", args=[slug, asked.id]) + shown.within
    if go == "together":
        return reverse("assessments-together-criterion", args=[asked.id]) + in_framework(shown.framework)
    if go == "apart":
        return reverse("assessment-apart", args=[slug]) + in_framework(shown.framework)
    following = shown.tasks.next_open(asked.id)
    if following:
        return reverse("criterion", args=[slug, following.criterion.id]) + shown.within
    return reverse("assessment-mine" if shown.mine else "assessment-check", args=[slug]) + shown.within


def _page(
    request: HttpRequest, shown: Opened, asked: Criterion, *, problem: DomainError | None = None, typed=None
) -> HttpResponse:
    team, now, editable, insider = shown.team, shown.now, shown.editable, request.user.is_insider(shown.team)
    answer, row = shown.answer(asked.id), now.answers.get(asked.id)
    value, note, rev = (answer.value if answer else None), (row.note if row else ""), (row.rev if row else 0)
    if row is None or not (row.from_evidence or row.value):
        value = ""
    if typed is not None and editable:
        value, note = typed.get("answer", ""), typed.get("note", "")
    conflict = problem if isinstance(problem, AnswerConflict) else None
    if conflict:
        value, note, rev = conflict.value, conflict.note, conflict.stored.rev
    returned = sent_back(shown.draft)
    before = _last_time(team, now) if shown.draft else None
    context = team_page(
        request,
        team,
        "assessment",
        opened=shown,
        current=now,
        tasks=shown.tasks,
        delegations=shown.delegations,
        delegation=shown.delegations.get(asked.id),
        drafted=shown.draft is not None,
        editable=editable,
        unsaved="" if typed is None or editable else typed.get("note", ""),
        asked=asked,
        item=shown.tasks.item(asked.id),
        dimension=shown.framework.dimension(asked.dimension),
        answer=answer,
        value=value,
        note=note if insider else "",
        rev=rev,
        theirs=conflict.stored if conflict else None,
        who=_who(conflict.stored) if conflict else "",
        problem=problem,
        options=[option for option in OPTIONS if option[0] != "na" or asked.na_allowed],
        place=_place(shown, asked),
        evidence=evidence_of(now, asked),
        last=_answer_of(before, asked),
        pulse=pulse_of(team, shown.framework, asked) if insider else None,
        returned=returned,
        refusal=returned.reviews.filter(criterion=asked.id, verdict="refused").first() if returned else None,
        files=by_criterion(now.assessment).get(asked.id) if insider and shown.mode == "together" else None,
        files_before=by_criterion(before).get(asked.id) if insider and shown.mode == "together" else None,
        attaching=editable and shown.mode == "together",
        file_limit=settings.ATTACHMENT_LIMIT // 2**20,
    )
    return render(request, "assessments/criterion.html", context, status=problem.status if problem else 200)


def _place(shown: Opened, asked: Criterion) -> dict:
    """Where the criterion stands among those that one walks through, and its neighbours."""
    place, before, after = shown.tasks.neighbours(asked.id)

    def at(item: Item | None) -> str:
        return reverse("criterion", args=[shown.team.slug, item.criterion.id]) + shown.within if item else ""

    way = shown.tasks.way(asked.id)
    queued = shown.tasks.queue == way
    return {"number": place + 1, "of": len(way), "queued": queued, "previous": at(before), "next": at(after)}


def evidence_of(now: Current, asked: Criterion) -> dict:
    """What stands beside a question: the verdict, its facts, and the rules that they were weighed by."""
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


def _last_time(team: Team, now: Current) -> Assessment | None:
    """The last submitted assessment."""
    closed = Assessment.objects.closed().filter(team=team, framework=now.framework.key)
    return closed.order_by("-submitted_at", "-id").first()


def _answer_of(before: Assessment | None, asked: Criterion) -> Answer | None:
    """What was answered there, for "same as last time"."""
    rows = before.answers.filter(criterion=asked.id).exclude(value="") if before else Answer.objects.none()
    return rows.select_related("assessment").first()
