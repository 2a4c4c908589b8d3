"""The ledger's rows. They hold no foreign keys to live data, so history neither blocks nor follows it."""

from __future__ import annotations

import json
import uuid
from typing import Any

from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

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
    action = models.CharField(max_length=60, editable=False)
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
            models.Index(fields=["action"], name="event_action"),  # one, where db_index on text makes two
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
    """The one row that the sequencer locks: how many events are numbered, and how far the tree has grown.

    `peaks` are the tree's, in hexadecimal digits; `instance` names the log for good, and each restore from a backup
    begins an epoch of its own.
    """

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    size = models.BigIntegerField(default=0)
    hashed = models.BigIntegerField(default=0)
    peaks = models.JSONField(default=list)
    instance = models.CharField(max_length=63, default="")
    epoch = models.PositiveIntegerField(default=1)

    objects = SharedQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(id=1), name="one_ledger_head"),
            models.CheckConstraint(condition=Q(hashed__lte=F("size")), name="tree_within_the_log"),
        ]

    def __str__(self) -> str:
        return str(self.size)


class Node(models.Model):
    """The root of one full subtree; it never changes once it is there."""

    level = models.PositiveSmallIntegerField(editable=False)
    index = models.BigIntegerField(editable=False)
    hash = models.CharField(max_length=64, editable=False)

    objects = SharedQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["level", "index"], name="one_node_a_place")]

    def __str__(self) -> str:
        return f"{self.level}/{self.index}"


class Checkpoint(models.Model):
    """The log's size and root at a moment, signed; `note` is the whole of it, the other columns repeat it."""

    epoch = models.PositiveIntegerField(editable=False)
    size = models.BigIntegerField(editable=False)
    root = models.CharField(max_length=64, editable=False)
    at = models.DateTimeField(default=timezone.now, editable=False)
    note = models.TextField(editable=False)

    objects = SharedQuerySet.as_manager()

    class Meta:
        ordering = ["-epoch", "-size"]
        constraints = [models.UniqueConstraint(fields=["epoch", "size"], name="one_checkpoint_a_size")]

    def __str__(self) -> str:
        return f"{self.epoch}/{self.size}"


class KeyState(models.TextChoices):
    ACTIVE = "active", _("Active")
    RETIRED = "retired", _("Retired")
    COMPROMISED = "compromised", _("Compromised")


class SigningKey(models.Model):
    """The public half of a key. It is trusted by the sizes of checkpoints and never by clocks.

    A retired key signed checkpoints up to `until_size`. A compromised one is believed below `until_size` only; what
    it signed from there on counts where a good key's later checkpoint stands over it.
    """

    key_id = models.CharField(max_length=8, unique=True, editable=False)
    name = models.CharField(max_length=80, editable=False)
    public = models.CharField(max_length=44, editable=False)  # base64 of the raw key
    state = models.CharField(max_length=12, choices=KeyState, default=KeyState.ACTIVE)
    since_size = models.BigIntegerField(default=0)
    until_size = models.BigIntegerField(null=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    reason = models.TextField(default="", blank=True)

    objects = SharedQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["state"], condition=Q(state="active"), name="one_active_key"),
            models.CheckConstraint(
                condition=Q(state="active", until_size=None) | ~Q(state="active") & Q(until_size__isnull=False),
                name="key_ends_at_a_size",
            ),
        ]

    def __str__(self) -> str:
        return self.key_id

    def trusted_at(self, size: int) -> bool:
        """Whether a checkpoint of this size is believed for this key's signature alone."""
        if size < self.since_size:
            return False
        if self.state == KeyState.ACTIVE:
            return True
        return size <= self.until_size if self.state == KeyState.RETIRED else size < self.until_size


class Check(models.Model):
    """One check of the whole ledger by this server: up to which checkpoint, and what did not hold."""

    at = models.DateTimeField(default=timezone.now, editable=False)
    size = models.BigIntegerField(editable=False)
    checkpoint = models.ForeignKey(Checkpoint, null=True, on_delete=models.PROTECT, related_name="+", editable=False)
    problems = models.JSONField(default=list, editable=False)

    objects = SharedQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.size}: {len(self.problems)}"


class Hold(models.Model):
    """The one row that holds all moves, as after a restore, until a person has looked."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    held = models.BooleanField(default=False)
    reason = models.JSONField(null=True)
    since = models.DateTimeField(null=True)
    event = models.UUIDField(null=True)

    objects = SharedQuerySet.as_manager()

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(id=1), name="one_hold")]

    def __str__(self) -> str:
        return str(self.held)
