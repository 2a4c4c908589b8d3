"""What waits for a person, by their roles: at most a handful of rows a source, so that Home stays fast."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import Exists, F, OuterRef
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from assessments import catalogue, wording
from assessments.catalogue import FRAMEWORK
from assessments.models import Assessment, AssessmentState
from assessments.views.frame import in_framework
from governance.models import Audit, ModelVersion, Outcome, Promotion, PromotionState, Registry
from portal.accounts.models import Team, User
from portal.inbox.models import Notice
from portal.jobs.models import Job, State
from portal.ledger.hold import current_hold
from portal.web.names import title_of
from portal.web.say import localised, say

SHOWN = 7
FAILED_JOBS_DAYS = 7


@dataclass(frozen=True)
class Task:
    """One thing to do. ``state`` and ``words`` are its badge; no words, the state's own; no state, no badge.

    ``queued``: it stands in the queue of promotions too, where one is decided after the other.
    """

    kind: str
    title: str
    why: str
    url: str
    state: str
    at: datetime | None = None
    words: str = ""
    urgency: int = 2
    due: date | None = None
    queued: bool = False


def tasks_for(user: User) -> tuple[list[Task], int]:
    """The most urgent tasks, and how many there are in all (as far as was looked)."""
    found: list[Task] = []
    if user.is_reviewer:
        found += [*_to_decide(user), *_to_review(user)]
    if user.is_administrator:
        found += [*_held(), *_first_steps(), *_connections(user), *_failed_jobs(user)]
    if user.team_ids:
        found += [*_promotions(user), *_failed_audits(user), *_drafts(user), *_first_assessments(user)]
    found += _notices(user, {task.url for task in found})
    found.sort(key=lambda task: task.urgency)
    return found[:SHOWN], len(found)


def _notices(user: User, known: set[str]) -> Iterator[Task]:
    """What one was told and has not read, unless a task above leads there already."""
    unread = Notice.objects.for_user(user).unread().exclude(url__in=known).select_related("team")
    for notice in unread.order_by(F("due").asc(nulls_last=True), "-created_at")[: SHOWN + 1]:
        yield Task(
            notice.title,
            say(notice.message),
            notice.about,
            notice.url,
            "warn" if notice.is_late else "",
            notice.created_at,
            _("Overdue") if notice.is_late else "",
            urgency=1 if notice.due else 2,
            due=notice.due,
        )


def _to_decide(user: User) -> Iterator[Task]:
    """Open promotions that somebody else asked for."""
    waiting = Promotion.objects.for_user(user).waiting().exclude(requested_by=user)
    for promotion in waiting.select_related("version__model").order_by("requested_at")[: SHOWN + 1]:
        yield Task(
            _("Promotion"),
            _("Decide on %(version)s for %(environment)s") % _named(promotion),
            _verdict(promotion),
            reverse("promotion", args=[promotion.pk]),
            promotion.outcome,
            promotion.requested_at,
            urgency=1,
            queued=promotion.outcome == Outcome.PASS,
        )


def _to_review(user: User) -> Iterator[Task]:
    """Assessments of other teams that wait for a reviewer, the oldest first."""
    for found in Assessment.objects.to_review_by(user).select_related("team").order_by("submitted_at")[: SHOWN + 1]:
        yield Task(
            _("Review"),
            _("Review the assessment of %(team)s") % {"team": found.team},
            _("What you confirm counts towards the official level once you sign."),
            reverse("review", args=[found.pk]),
            "none",
            found.submitted_at,
            str(found.get_state_display()),
        )


def _promotions(user: User) -> Iterator[Task]:
    """What became of the team's own requests, where somebody has to do something."""
    own = Promotion.objects.for_user(user).filter(version__model__team__in=user.team_ids)
    states = [PromotionState.OPEN, PromotionState.SENT_BACK, PromotionState.FAILED]
    rows = own.filter(state__in=states).exclude(Exists(_newer_promotion()))
    for promotion in rows.select_related("version__model").order_by("-requested_at")[: SHOWN + 1]:
        titles = {
            PromotionState.OPEN: _("%(version)s for %(environment)s waits for a decision"),
            PromotionState.SENT_BACK: _("Mend %(version)s and ask again for %(environment)s"),
            PromotionState.FAILED: _("The move of %(version)s to %(environment)s failed"),
        }
        waits = promotion.state == PromotionState.OPEN
        yield Task(
            _("Promotion"),
            titles[promotion.state] % _named(promotion),
            _verdict(promotion),
            reverse("promotion", args=[promotion.pk]),
            promotion.outcome if waits else "warn",
            promotion.requested_at,
            "" if waits else promotion.get_state_display(),
            urgency=3 if waits else 1,
        )


def _newer_promotion():
    """A later request for the same model and environment makes an older one history."""
    return Promotion.objects.filter(
        version__model=OuterRef("version__model"), environment=OuterRef("environment"), pk__gt=OuterRef("pk")
    )


def _failed_audits(user: User) -> Iterator[Task]:
    """Audits that failed on the newest version of a model and were not run again."""
    again = Audit.objects.filter(version=OuterRef("version"), kind=OuterRef("kind"), pk__gt=OuterRef("pk"))
    newer = ModelVersion.objects.present().filter(
        model=OuterRef("version__model"), number__gt=OuterRef("version__number")
    )
    rows = Audit.objects.for_user(user).filter(version__model__team__in=user.team_ids, outcome=Outcome.FAIL)
    rows = rows.exclude(Exists(again)).exclude(Exists(newer)).filter(version__deleted_at=None)
    for audit in rows.select_related("version__model").order_by("-created_at")[: SHOWN + 1]:
        version = audit.version
        yield Task(
            _("Audit"),
            _("%(kind)s: %(version)s") % {"kind": audit.get_kind_display(), "version": version},
            say(audit.message),
            reverse(f"version-{audit.kind}", args=[version.model_id, version.number]),
            audit.outcome,
            audit.created_at,
        )


def _drafts(user: User) -> Iterator[Task]:
    """Drafts of one's teams in frameworks that are in use: those of a retired one rest."""
    in_use = catalogue.currents()
    drafts = Assessment.objects.for_user(user).filter(team__in=user.team_ids, state=AssessmentState.DRAFT)
    for draft in drafts.filter(framework__in=in_use).select_related("team").order_by("started_at")[: SHOWN + 1]:
        yield Task(
            _("Assessment"),
            _("Finish the assessment of %(team)s") % {"team": draft.team},
            f"{wording.text(in_use[draft.framework].title)} · {_('Every answer is kept. A manager submits it.')}",
            reverse("assessment", args=[draft.team.slug]) + in_framework(in_use[draft.framework]),
            "running",
            draft.started_at,
            str(draft.get_state_display()),
        )


def _first_assessments(user: User) -> Iterator[Task]:
    """Teams of one's own that nobody has ever assessed."""
    teams = list(Team.objects.filter(pk__in=user.team_ids, assessments=None).order_by("name")[: SHOWN + 1])
    number = len(catalogue.current(FRAMEWORK).criteria) if teams else 0
    for team in teams:
        yield Task(
            _("Assessment"),
            _("Assess %(team)s for the first time") % {"team": team},
            _("Criteria: %(n)s. The lowest levels are asked first.") % {"n": number},
            reverse("assessment", args=[team.slug]),
            "none",
            words=_("Not assessed"),
        )


def _connections(user: User) -> Iterator[Task]:
    """Registries that cannot be read."""
    for registry in Registry.objects.for_user(user).in_trouble()[: SHOWN + 1]:
        yield Task(
            _("Connection"),
            _("Mend the connection to %(registry)s") % {"registry": registry},
            say(registry.trouble),
            reverse("connection", args=[registry.slug]),
            "fail",
            registry.tried_at,
            _("Cannot be read"),
            urgency=0,
        )


def _held() -> Iterator[Task]:
    """All moves are held, as after a restore."""
    if hold := current_hold():
        yield Task(
            _("Operation"),
            _("Look, and release all moves"),
            _("All moves are held since a restore. Another administrator than who restored releases them."),
            reverse("operations"),
            "warn",
            hold.since,
            _("Held"),
            urgency=0,
        )


def _first_steps() -> Iterator[Task]:
    """What a site lacks before anything can be assessed or promoted on it."""
    people = User.objects.active()
    steps = (
        (
            Team.objects.exists(),
            _("Make the first team"),
            _("Assessments and models belong to teams."),
            reverse("people"),
        ),
        (
            people.filter(is_reviewer=True).exists(),
            _("Invite people, a reviewer among them"),
            _("A promotion needs somebody who neither asked for it nor made the version."),
            reverse("invitation-new"),
        ),
        (
            Registry.objects.exists(),
            _("Connect an MLflow server"),
            _("Its models are mirrored, and can be audited and promoted."),
            reverse("connection-new"),
        ),
    )
    for done, title, why, url in steps:
        if not done:
            yield Task(_("First steps"), title, why, url, "none", words=_("To do"), urgency=1)


def _failed_jobs(user: User) -> Iterator[Task]:
    since = timezone.now() - timedelta(days=FAILED_JOBS_DAYS)
    failed = Job.objects.for_user(user).filter(state=State.FAILED, ended_at__gte=since)
    for job in failed.order_by("-ended_at")[: SHOWN + 1]:
        yield Task(
            _("Job"),
            f"{job.title} · {job.about}" if job.subject_label else job.title,
            say(job.error),
            reverse("job", args=[job.pk]),
            "failed",
            job.ended_at,
        )


def _named(promotion: Promotion) -> dict[str, Any]:
    place = localised(title_of("environment", promotion.environment))
    return {"version": promotion.version, "environment": place}


def _verdict(promotion: Promotion) -> str:
    """Why it stands as it does, in the gates' own sentence."""
    return say((promotion.verdict or {}).get("message"))
