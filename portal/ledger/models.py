"""The ledger's rows. They hold no foreign keys to live data, so history neither blocks nor follows it."""

from __future__ import annotations

import json
import uuid
from typing import Any

from django.db import models
from django.db.models import Q
from django.utils import timezone

from portal.accounts.models import SharedQuerySet, Team
from portal.ledger.words import kept_within_team


class EventQuerySet(models.QuerySet):
    def for_user(self, user) -> EventQuerySet:
        """Administrators and auditors see all; others the events of teams they see, and their own.

        What a team keeps to itself, such as a draft's answers, stays with its members where its results are open.
        """
        if not user.is_authenticated:
            return self.none()
        if user.is_administrator or user.is_auditor:
            return self
        seen = Q(team_id__in=Team.objects.for_user(user).values("pk"))
        if not user.sees_everything:
            seen &= ~Q(action__in=kept_within_team()) | Q(team_id__in=user.team_ids)
        return self.filter(seen | Q(actor=user.pseudonym))

    def about(self, kind: str, identifier: Any) -> EventQuerySet:
        return self.filter(subject_type=kind, subject_id=str(identifier))


class Event(models.Model):
    """One action. `body` is the canonical JSON that is hashed; the other columns repeat it for searching."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    seq = models.BigIntegerField(null=True, unique=True, editable=False)
    at = models.DateTimeField(default=timezone.now, db_index=True, editable=False)
    actor = models.UUIDField(null=True, db_index=True, editable=False)
    action = models.CharField(max_length=60, db_index=True, editable=False)
    subject_type = models.CharField(max_length=40, editable=False)
    subject_id = models.CharField(max_length=80, editable=False)
    subject_label = models.CharField(max_length=300, editable=False)
    team_id = models.BigIntegerField(null=True, db_index=True, editable=False)
    body = models.TextField(editable=False)
    leaf_hash = models.CharField(max_length=64, editable=False)

    objects = EventQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["subject_type", "subject_id"]),
            models.Index(fields=["id"], name="event_unnumbered", condition=Q(seq=None)),
        ]
        constraints = [models.CheckConstraint(condition=Q(seq=None) | Q(seq__gt=0), name="event_seq_from_one")]

    def __str__(self) -> str:
        return f"{self.seq or '–'} {self.action} {self.subject_label}"

    @property
    def content(self) -> dict[str, Any]:
        return json.loads(self.body)


class EventTextQuerySet(models.QuerySet):
    def for_user(self, user) -> EventTextQuerySet:
        """A text is read by those who read its event."""
        return self.filter(event__in=Event.objects.for_user(user))


class EventText(models.Model):
    """A free text beside the log; erasing it leaves the hash in the log."""

    event = models.ForeignKey(Event, on_delete=models.PROTECT, related_name="texts")
    name = models.CharField(max_length=40)
    salt = models.CharField(max_length=64)
    text = models.TextField()

    objects = EventTextQuerySet.as_manager()

    class Meta:
        ordering = ["name"]
        constraints = [models.UniqueConstraint(fields=["event", "name"], name="one_text_a_name")]

    def __str__(self) -> str:
        return self.name


class Head(models.Model):
    """The one row that the sequencer locks: how many events are numbered."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    size = models.BigIntegerField(default=0)

    objects = SharedQuerySet.as_manager()

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(id=1), name="one_ledger_head")]

    def __str__(self) -> str:
        return str(self.size)
