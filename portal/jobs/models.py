"""The job's row: what huey would lose when a worker is killed stands here."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from portal.accounts.models import SharedQuerySet, Team
from portal.ledger.words import label_text


class State(models.TextChoices):
    QUEUED = "queued", _("Queued")
    RUNNING = "running", _("Running")
    DONE = "done", _("Done")
    FAILED = "failed", _("Failed")
    CANCELLED = "cancelled", _("Cancelled")


ACTIVE = (State.QUEUED, State.RUNNING)


class JobQuerySet(models.QuerySet):
    def for_user(self, user) -> JobQuerySet:
        """Administrators and auditors see all jobs; others their own and those of teams they see."""
        if not user.is_authenticated:
            return self.none()
        if user.is_administrator or user.is_auditor:
            return self
        of_teams = Q(team__in=Team.objects.for_user(user))
        return self.filter(of_teams if user.confined else Q(created_by=user) | of_teams)

    def active(self) -> JobQuerySet:
        return self.filter(state__in=ACTIVE)

    def about(self, kind: str, identifier: Any) -> JobQuerySet:
        return self.filter(subject_type=kind, subject_id=str(identifier))

    def abandoned(self) -> JobQuerySet:
        """Running, but nobody has renewed the lease."""
        return self.filter(state=State.RUNNING, lease_until__lt=Now())


class Job(models.Model):
    """Work that takes time. `fence` grows with each attempt: only its newest holder may write."""

    kind = models.CharField(max_length=60, db_index=True)
    params = models.JSONField(default=dict)
    state = models.CharField(max_length=9, choices=State, default=State.QUEUED, db_index=True)
    key = models.CharField(max_length=200, blank=True)
    subject_type = models.CharField(max_length=40, blank=True)
    subject_id = models.CharField(max_length=80, blank=True)
    subject_label = models.CharField(max_length=300, blank=True)
    team = models.ForeignKey("accounts.Team", on_delete=models.SET_NULL, null=True, related_name="+")
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    started_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    not_before = models.DateTimeField(null=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    max_attempts = models.PositiveSmallIntegerField(default=3)
    fence = models.PositiveIntegerField(default=0)
    lease_until = models.DateTimeField(null=True)
    worker = models.CharField(max_length=100, blank=True)
    step = models.PositiveIntegerField(default=0)
    of = models.PositiveIntegerField(default=0)
    message = models.JSONField(null=True)
    error = models.JSONField(null=True)
    result = models.JSONField(null=True)
    cancel_requested = models.BooleanField(default=False)

    objects = JobQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["subject_type", "subject_id"])]
        constraints = [
            models.CheckConstraint(condition=Q(state__in=State.values), name="job_state_known"),
            models.CheckConstraint(
                condition=Q(state__in=ACTIVE, ended_at=None) | (~Q(state__in=ACTIVE) & Q(ended_at__isnull=False)),
                name="job_ended_when_not_active",
            ),
            # One active job a key: asking twice for the same work gives the same job.
            models.UniqueConstraint(
                fields=["key"], condition=Q(state__in=ACTIVE) & ~Q(key=""), name="one_active_job_a_key"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.pk}"

    @property
    def is_active(self) -> bool:
        return self.state in ACTIVE

    @property
    def about(self) -> str:
        """What it is about, as people read it."""
        return label_text(self.subject_type, self.subject_label)

    @property
    def title(self) -> str:
        from portal.jobs.kinds import KINDS

        kind = KINDS.get(self.kind)
        return str(kind.title) if kind else self.kind

    @property
    def elapsed(self):
        """How long it has run, or took."""
        return ((self.ended_at or timezone.now()) - self.started_at) if self.started_at else None


class HostQuerySet(models.QuerySet):
    def for_user(self, user) -> HostQuerySet:
        """Administrators and auditors see the hosts."""
        return self if user.is_authenticated and (user.is_administrator or user.is_auditor) else self.none()


class Host(models.Model):
    """A machine on which a worker has started, and what was found out about it, by topic."""

    name = models.CharField(max_length=100, primary_key=True)
    facts = models.JSONField(default=dict)
    seen_at = models.DateTimeField(default=timezone.now)

    objects = HostQuerySet.as_manager()

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class Tick(models.Model):
    """When each periodic duty last ran, so that of many workers one does it."""

    name = models.CharField(max_length=80, primary_key=True)
    ran_at = models.DateTimeField()

    objects = SharedQuerySet.as_manager()

    def __str__(self) -> str:
        return self.name
