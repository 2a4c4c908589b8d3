"""The assessment that a page shows: whose answers, what is asked, and what the reader may do."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Literal

from django.http import Http404, HttpRequest
from django.utils.http import urlencode

from assessments import catalogue, drafts
from assessments.catalogue import FRAMEWORK
from assessments.framework import Framework
from assessments.levels import Current, current, draft_of
from assessments.models import Answer, Assessment, Delegation
from assessments.tasklist import TaskList, task_list
from assessments.views.frame import framework
from portal.accounts.models import Team, User

# together: one set of answers. own: the reader is one of two who answer apart. waiting: somebody still answers
# apart, and nobody else sees it.
Mode = Literal["together", "own", "waiting"]
MINE = "mine"  # ?list=mine: only what was delegated to the reader


@dataclass(frozen=True)
class Opened:
    """What is shown of a team's assessment. ``draft`` is none where the last submitted answers are shown."""

    team: Team
    framework: Framework
    reader: User
    draft: Assessment | None
    now: Current
    mode: Mode
    mine: bool

    @cached_property
    def delegations(self) -> dict[str, Delegation]:
        """What was delegated, by criterion."""
        rows = self.draft.delegations.select_related("to", "by") if self.draft else ()
        return {row.criterion: row for row in rows}

    @property
    def handed(self) -> int:
        """How many criteria the reader was asked for and has not answered yet."""
        return sum(row.to_id == self.reader.pk and row.done_at is None for row in self.delegations.values())

    @cached_property
    def tasks(self) -> TaskList:
        tasks = task_list(self.now)
        if not self.mine:
            return tasks
        asked = [key for key, row in self.delegations.items() if row.to_id == self.reader.pk]
        return replace(tasks, only=frozenset(asked))

    @property
    def within(self) -> str:
        """Ends the address of each criterion, so that one stays in the framework and in one's list."""
        named = {"framework": self.framework.key} if self.framework.key != FRAMEWORK else {}
        listed = {"list": MINE} if self.mine else {}
        return f"?{urlencode(named | listed)}" if named or listed else ""

    @property
    def editable(self) -> bool:
        """Whether the reader may answer now."""
        return bool(self.draft and self.mode != "waiting" and self.reader.has_perm("assessment.answer", self.team))

    def answer(self, criterion: str) -> Answer | None:
        """What stands there now; what evidence settles is nobody's answer."""
        row = self.now.answers.get(criterion)
        return None if row is None or (row.from_evidence and self.draft) else row


def opened(request: HttpRequest, team: Team) -> Opened:
    """What the reader sees: members the draft, others what was submitted last."""
    model, reader = framework(request), request.user
    draft = draft_of(team, model) if request.user.is_insider(team) else None
    model = catalogue.of(draft) if draft else model
    now = current(team, model, assessment=draft)
    mode = mode_of(draft, reader)
    if draft:
        now = drafts.draft(now) if mode == "together" else drafts.with_answers(now, own_answers(draft, reader))
    mine = request.GET.get("list") == MINE
    return Opened(team, model, reader, draft, now, mode, mine)


def mode_of(draft: Assessment | None, reader: User) -> Mode:
    """How the reader meets a draft."""
    if draft is None or not draft.independent:
        return "together"
    answering = {row.person_id for row in draft.answerers.all() if row.finished_at is None}
    if not answering:
        return "together"
    return "own" if reader.pk in answering else "waiting"


def own_answers(draft: Assessment, reader: User) -> dict[str, Answer]:
    """What the reader said apart from the other, in the form of answers."""
    return {
        row.criterion: Answer(
            criterion=row.criterion,
            value=row.value,
            note=row.note,
            rev=row.rev,
            answered_by=reader,
            answered_at=row.answered_at,
        )
        for row in draft.independent_answers.filter(person=reader)
    }


def draft_or_404(request: HttpRequest, team: Team) -> Assessment:
    """The draft of the framework that the address names, for those who may see it."""
    model = framework(request)
    drafts_seen = Assessment.objects.for_user(request.user).filter(team=team, framework=model.key, state="draft")
    found = drafts_seen.select_related("team").first()
    if found is None or not request.user.is_insider(team):
        raise Http404
    return found
