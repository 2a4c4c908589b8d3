"""Evidence that people and pipelines supply: items of a checklist that somebody signed, and facts."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from governance.models.audit import EvidenceLabel
from governance.models.registry import ModelVersion
from portal.accounts.models import TeamScopedQuerySet


class ChecklistMark(models.Model):
    """A person's signature under one item of a checklist. It holds for the files and the profile that they saw."""

    version = models.ForeignKey(ModelVersion, on_delete=models.CASCADE, related_name="checklist_marks")
    environment = models.CharField(max_length=40)
    item = models.CharField(max_length=60)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(default=timezone.now, editable=False)
    note = models.TextField(blank=True)
    artifact_digest = models.CharField(max_length=80, blank=True)
    profile_digest = models.CharField(max_length=80, blank=True)
    withdrawn_at = models.DateTimeField(null=True)
    event = models.UUIDField(help_text="The ledger's event of the signature")

    objects = TeamScopedQuerySet.along("version__model__team__").as_manager()

    class Meta:
        ordering = ["at", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["version", "environment", "item", "by"],
                condition=Q(withdrawn_at=None),
                name="one_standing_mark_a_person_and_item",
            )
        ]

    def __str__(self) -> str:
        return f"{self.item} of {self.version}"

    @property
    def team_id(self) -> int | None:
        return self.version.team_id


class Fact(models.Model):
    """What a pipeline said of a version. Never changed: the newest of a key counts."""

    version = models.ForeignKey(ModelVersion, on_delete=models.CASCADE, related_name="facts")
    key = models.CharField(max_length=120)
    value = models.JSONField(help_text="A number, text, or true or false")
    unit = models.CharField(max_length=40, blank=True)
    at = models.DateTimeField(help_text="When it was observed, as the pipeline says")
    pushed_at = models.DateTimeField(default=timezone.now, editable=False)
    label = models.CharField(max_length=8, choices=EvidenceLabel, default=EvidenceLabel.DECLARED)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    token_name = models.CharField(max_length=80, blank=True)
    digest = models.CharField(max_length=80)
    event = models.UUIDField(help_text="The ledger's event of the push")

    objects = TeamScopedQuerySet.along("version__model__team__").as_manager()

    class Meta:
        ordering = ["-at", "-id"]
        indexes = [models.Index(fields=["version", "key", "-at"])]
        constraints = [
            models.CheckConstraint(condition=Q(label__in=["declared", "attested"]), name="fact_declared_or_attested")
        ]

    def __str__(self) -> str:
        return f"{self.key} of {self.version}"

    @property
    def team_id(self) -> int | None:
        return self.version.team_id
