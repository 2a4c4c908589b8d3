"""What waits for people in the maturity half, as the inbox asks for it: each source in a bounded number of queries."""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Iterator
from functools import partial

from django.db.models import Count, Exists, F, Max, Min, OuterRef, Q, Subquery
from django.db.models.functions import Coalesce
from django.urls import reverse
from django.utils import timezone

from assessments import catalogue, texts_notices  # noqa: F401  (registers the kinds)
from assessments.actions.roadmap import OPEN
from assessments.catalogue import FRAMEWORK
from assessments.evidence_rules import FRESH
from assessments.framework import Framework
from assessments.models import (
    Answer,
    Answerer,
    Assessment,
    AssessmentState,
    CampaignTeam,
    Contradiction,
    ContradictionState,
    CriterionReview,
    Delegation,
    Evidence,
    IndependentAnswer,
    PulseInvitation,
    RoadmapItem,
)
from portal.accounts.models import Membership, Team, User
from portal.inbox.kinds import Waiting, reminder_source
from portal.inbox.recipients import managers_of
from portal.message import Message

LEFT = dt.timedelta(days=14)  # a draft nobody works on
AHEAD = dt.timedelta(days=30)  # how early it is told that something lapses
RECENT = dt.timedelta(days=90)  # reviews are asked for of assessments no older
NAMED = 3  # teams, before the rest is only counted
TOLD = dt.timedelta(days=14)  # how long a signature stays news
Words = dict[str, str]


class Titles:
    """The titles of frameworks and criteria in each language, from one query however many are asked for."""

    def __init__(self) -> None:
        self._current = catalogue.currents()

    def framework(self, key: str) -> Words | str:
        return _both(self._current[key].title) if key in self._current else key

    def criterion(self, key: str, criterion: str) -> Words | str:
        found: Framework | None = self._current.get(key)
        return _both(found.by_id[criterion].title) if found and criterion in found.by_id else criterion


def _both(text) -> Words:
    return {"en": text.en, "ja": text.ja}


def _team_page(name: str, team: Team, framework: str) -> str:
    return reverse(name, args=[team.slug]) + ("" if framework == FRAMEWORK else f"?framework={framework}")


def _subject(team: Team) -> tuple[str, str, str]:
    return ("team", team.slug, team.name)


@reminder_source("assessment.delegated")
def delegated() -> Iterator[Waiting]:
    """Criteria that a member was asked for, by the day of asking; and their due dates."""
    rows = Delegation.objects.filter(done_at=None, assessment__state=AssessmentState.DRAFT)
    rows = rows.select_related("to", "by", "assessment__team").order_by("pk")
    asked: dict[tuple, list[Delegation]] = defaultdict(list)
    for row in rows:
        asked[row.assessment_id, row.to_id, row.at.date(), row.due].append(row)
    titles = Titles()
    for (assessment_id, _to, day, due), group in asked.items():
        first, team = group[0], group[0].assessment.team
        words = {"team": team.name, "framework": titles.framework(first.assessment.framework)}
        told = partial(
            Waiting,
            user=first.to,
            url=_team_page("assessment-mine", team, first.assessment.framework),
            due=due,
            team=team,
            subject=_subject(team),
        )
        by = first.by.name if first.by else "Sekisho"
        key = f"assessment.delegated:{assessment_id}:{day}:{due}"
        message = Message("notice.delegated", words | {"by": by, "n": len(group)})
        yield told(key=key, message=message, kind="assessment.delegated")
        yield told(key=key, message=Message("notice.answers_due", words))


@reminder_source("assessment.contradiction")
def contradictions() -> Iterator[Waiting]:
    """Open contradictions, to their owners; to the managers while nobody owns one."""
    rows = list(Contradiction.objects.filter(state=ContradictionState.OPEN).select_related("team", "owner"))
    managers, titles = managers_of(row.team_id for row in rows if not row.owner), Titles()
    for row in rows:
        criterion = titles.criterion(row.framework, row.criterion)
        for user in [row.owner] if row.owner else managers.get(row.team_id, ()):
            told = partial(
                Waiting,
                user=user,
                key=f"assessment.contradiction:{row.pk}",
                message=Message("notice.contradiction", {"team": row.team.name, "criterion": criterion}),
                url=reverse("contradiction", args=[row.pk]),
                due=row.due,
                team=row.team,
                subject=_subject(row.team),
            )
            yield told(kind="assessment.contradiction")
            yield told()


@reminder_source("assessment.roadmap")
def roadmap_items() -> Iterator[Waiting]:
    """Items with a due date, to their owners; to the managers while nobody owns one."""
    rows = RoadmapItem.objects.filter(state__in=OPEN, due__isnull=False)
    rows = list(rows.select_related("team", "owner"))
    managers, titles = managers_of(row.team_id for row in rows if not row.owner), Titles()
    for row in rows:
        criterion = titles.criterion(row.framework, row.criterion)
        for user in [row.owner] if row.owner else managers.get(row.team_id, ()):
            yield Waiting(
                user=user,
                key=f"assessment.roadmap:{row.pk}",
                message=Message("notice.roadmap", {"team": row.team.name, "criterion": criterion}),
                url=reverse("roadmap-item", args=[row.pk]),
                due=row.due,
                team=row.team,
                subject=_subject(row.team),
            )


@reminder_source("assessment.campaign")
def campaigns() -> Iterator[Waiting]:
    """Teams of running campaigns that have not submitted, to their managers."""
    given = Assessment.objects.closed().filter(returned_at=None)
    answered = given.filter(campaign=OuterRef("campaign"), team=OuterRef("team"))
    rows = CampaignTeam.objects.filter(campaign__closed_at=None).annotate(done=Subquery(answered.values("pk")[:1]))
    rows = list(rows.filter(done=None).select_related("campaign", "team"))
    managers, titles = managers_of(row.team_id for row in rows), Titles()
    for row in rows:
        campaign = row.campaign
        words = {
            "campaign": campaign.title,
            "team": row.team.name,
            "framework": titles.framework(campaign.framework),
        }
        for user in managers.get(row.team_id, ()):
            told = partial(
                Waiting,
                user=user,
                key=f"assessment.campaign:{row.pk}",
                message=Message("notice.campaign", words),
                url=_team_page("assessment", row.team, campaign.framework),
                due=campaign.due,
                team=row.team,
                subject=_subject(row.team),
            )
            yield told(kind="assessment.campaign")
            yield told()


@reminder_source("assessment.draft")
def drafts_left() -> Iterator[Waiting]:
    """Drafts that nobody has worked on for two weeks, to who began them and to the managers."""
    before = timezone.now() - LEFT
    rows = Assessment.objects.filter(state=AssessmentState.DRAFT, started_at__lt=before)
    rows = rows.annotate(saved=Max("answers__answered_at")).filter(Q(saved=None) | Q(saved__lt=before))
    rows = list(rows.annotate(left=Coalesce("saved", "started_at")).select_related("team", "started_by"))
    managers, titles = managers_of(row.team_id for row in rows), Titles()
    members = set(Membership.objects.filter(team__in={row.team_id for row in rows}).values_list("team_id", "user_id"))
    for row in rows:
        people = {user.pk: user for user in managers.get(row.team_id, ())}
        if row.started_by and (row.team_id, row.started_by_id) in members:
            people[row.started_by_id] = row.started_by
        words = {"team": row.team.name, "framework": titles.framework(row.framework)}
        for user in people.values():
            yield Waiting(
                user=user,
                kind="assessment.draft",
                key=f"assessment.draft:{row.pk}:{row.left:%Y-%m-%d}",
                message=Message("notice.draft", words),
                url=_team_page("assessment", row.team, row.framework),
                team=row.team,
                subject=_subject(row.team),
            )


@reminder_source("assessment.review")
def reviews_waiting() -> Iterator[Waiting]:
    """Submitted assessments that wait for a review, to the reviewers outside the team who took no part in them."""
    rows = Assessment.objects.waiting_for_review().filter(submitted_at__gt=timezone.now() - RECENT)
    rows = list(rows.select_related("team"))
    reviewers = list(User.objects.active().filter(is_reviewer=True)) if rows else []
    if not reviewers:
        return
    inside = set(Membership.objects.filter(user__in=reviewers).values_list("team_id", "user_id"))
    authors, titles = _took_part(rows, reviewers), Titles()
    for user in reviewers:
        by_day: dict[dt.date, list[Assessment]] = defaultdict(list)
        for row in rows:
            if (row.team_id, user.pk) not in inside and (row.pk, user.pk) not in authors:
                by_day[row.submitted_at.date()].append(row)
        for day, group in by_day.items():
            yield _to_review(user, day, group, titles)


def _to_review(user: User, day: dt.date, rows: list[Assessment], titles: Titles) -> Waiting:
    """What was submitted on one day: a campaign's end is one notice, not one for each team."""
    told = partial(Waiting, user=user, kind="assessment.review", key=f"assessment.review:{day}")
    first = rows[0]
    if len(rows) == 1:
        words = {"team": first.team.name, "framework": titles.framework(first.framework)}
        message, url = Message("notice.review", words), reverse("review", args=[first.pk])
        return told(message=message, url=url, team=first.team, subject=_subject(first.team))
    teams = list(dict.fromkeys(row.team.name for row in rows))
    shown = teams[:NAMED] + (["…"] if len(teams) > NAMED else [])
    words = {"on": day.isoformat(), "n": len(rows), "teams": shown}
    return told(message=Message("notice.reviews", words), url=reverse("reviews"))


def _took_part(rows: list[Assessment], people: list[User]) -> set[tuple[int, int]]:
    """Which assessments are in part whose own word, as `Assessment.took_part` has it, for all at once."""
    found = {(row.pk, user) for row in rows for user in (row.started_by_id, row.submitted_by_id)}
    for model, field in ((Answer, "answered_by"), (IndependentAnswer, "person"), (Answerer, "person")):
        told = model.objects.filter(assessment__in=rows, **{f"{field}__in": people}).order_by()
        found.update(told.values_list("assessment", field).distinct())
    return found


@reminder_source("assessment.reviewed")
def reviewed() -> Iterator[Waiting]:
    """Assessments that were signed or sent back of late, to the managers and to who submitted."""
    since = timezone.now() - TOLD
    rows = Assessment.objects.filter(Q(signed_at__gt=since) | Q(state="submitted", returned_at__gt=since))
    rows = list(rows.select_related("team", "submitted_by"))
    managers, titles = managers_of(row.team_id for row in rows), Titles()
    for row in rows:
        people = {user.pk: user for user in [*managers.get(row.team_id, ()), row.submitted_by] if user}
        words = {"team": row.team.name, "framework": titles.framework(row.framework)}
        what = "signed" if row.state == AssessmentState.SIGNED else "returned"
        for user in people.values():
            yield Waiting(
                user=user,
                kind=f"assessment.{what}",
                key=f"assessment.reviewed:{row.pk}:{what}",
                message=Message(f"notice.{what}", words),
                url=reverse("assessment-record", args=[row.pk]),
                team=row.team,
                subject=_subject(row.team),
            )


@reminder_source("assessment.lapse")
def lapses() -> Iterator[Waiting]:
    """Reviews and evidence that count no longer within a month, to the managers."""
    found = [*_reviews_that_lapse(), *_evidence_that_lapses()]
    managers = managers_of(team.pk for team, *_rest in found)
    for team, key, message, url in found:
        for user in managers.get(team.pk, ()):
            yield Waiting(
                user=user,
                kind="assessment.lapse",
                key=f"assessment.lapse:{key}",
                message=message,
                url=url,
                team=team,
                subject=_subject(team),
            )


Lapse = tuple[Team, str, Message, str]


def _reviews_that_lapse() -> Iterator[Lapse]:
    """One for each team and framework: how many reviews of its newest signed assessment."""
    now, titles = timezone.now(), Titles()
    newer = Assessment.objects.filter(
        state=AssessmentState.SIGNED,
        team=OuterRef("assessment__team"),
        framework=OuterRef("assessment__framework"),
        signed_at__gt=OuterRef("assessment__signed_at"),
    )
    rows = CriterionReview.objects.filter(~Exists(newer), until__gt=now, until__lt=now + AHEAD)
    counted = rows.values("assessment").annotate(n=Count("pk"), first=Min("until")).order_by("assessment")
    found = {row["assessment"]: row for row in counted}
    for assessment in Assessment.objects.filter(pk__in=found).select_related("team"):
        row, team = found[assessment.pk], assessment.team
        words = {"team": team.name, "framework": titles.framework(assessment.framework), "n": row["n"]}
        message = Message("notice.reviews_lapse", words | {"on": f"{row['first']:%Y-%m-%d}"})
        url = _team_page("team", team, assessment.framework)
        yield team, f"reviews:{assessment.pk}:{row['first']:%Y-%m}", message, url


def _evidence_that_lapses() -> Iterator[Lapse]:
    """One for each team: facts that nobody has seen anew for two months, by the day on which the first is too old."""
    now = timezone.now()
    old = Evidence.objects.filter(observed_at__gt=now - FRESH, observed_at__lt=now - FRESH + AHEAD)
    newest = Evidence.objects.filter(team=OuterRef("team"), fact=OuterRef("fact")).order_by("-observed_at")
    old = old.annotate(newest=Subquery(newest.values("observed_at")[:1])).filter(newest=F("observed_at"))
    firsts, counts = {}, Counter()
    for team, observed in old.values_list("team", "observed_at"):
        firsts[team] = min(firsts.get(team, observed), observed)
        counts[team] += 1
    for team in Team.objects.filter(pk__in=firsts):
        on = (firsts[team.pk] + FRESH).date()
        words = {"team": team.name, "n": counts[team.pk], "on": on.isoformat()}
        url = reverse("team", args=[team.slug])
        yield team, f"evidence:{team.pk}:{on:%Y-%m}", Message("notice.evidence_lapses", words), url


@reminder_source("assessment.pulse")
def pulses() -> Iterator[Waiting]:
    """Open questions to members, to those who have not answered. That they did is known; what they said is not."""
    rows = PulseInvitation.objects.filter(answered=False, pulse__closed_at=None).select_related("pulse__team", "person")
    for row in rows:
        team = row.pulse.team
        told = partial(
            Waiting,
            user=row.person,
            key=f"assessment.pulse:{row.pk}",
            message=Message("notice.pulse", {"team": team.name}),
            url=_team_page("team-pulse", team, row.pulse.framework),
            due=row.pulse.closes_on,
            team=team,
            subject=_subject(team),
        )
        yield told(kind="assessment.pulse")
        yield told()
