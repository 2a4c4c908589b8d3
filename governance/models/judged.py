"""Verdicts that are kept: the present one of each version asked about, and those of every day on what is live."""

from __future__ import annotations

from django.db import models
from django.utils import timezone

from governance.models.audit import Outcome
from governance.models.move import Placement
from governance.models.registry import ModelVersion
from portal.accounts.models import TeamScopedQuerySet


class StoredVerdict(models.Model):
    """The verdict as last computed. Whatever changes what it stands on deletes it in the same transaction."""

    version = models.ForeignKey(ModelVersion, on_delete=models.CASCADE, related_name="stored_verdicts")
    environment = models.CharField(max_length=40)
    rules_digest = models.CharField(max_length=80)
    outcome = models.CharField(max_length=14, choices=Outcome)
    document = models.JSONField(help_text="What the API answers, with Messages for sentences")
    bound = models.JSONField(default=dict)
    computed_at = models.DateTimeField(default=timezone.now)
    holds_until = models.DateTimeField(null=True, help_text="When something that it stands on ends by itself")

    objects = TeamScopedQuerySet.along("version__model__team__").as_manager()

    class Meta:
        ordering = ["version", "environment"]
        constraints = [
            models.UniqueConstraint(fields=["version", "environment"], name="one_stored_verdict_an_environment")
        ]

    def __str__(self) -> str:
        return f"{self.version} for {self.environment}: {self.outcome}"


class LiveJudgement(models.Model):
    """Whether what stands in an environment would still pass, by the rules of a day."""

    placement = models.ForeignKey(Placement, on_delete=models.CASCADE, related_name="judgements")
    day = models.DateField()
    outcome = models.CharField(max_length=14, choices=Outcome)
    verdict = models.JSONField(help_text="gates.Verdict.to_json()")
    rules = models.JSONField(default=list, help_text="[{policy, version, digest}] of the day")
    at = models.DateTimeField(default=timezone.now)

    objects = TeamScopedQuerySet.along("placement__model__team__").as_manager()

    class Meta:
        ordering = ["-day", "-id"]
        constraints = [models.UniqueConstraint(fields=["placement", "day"], name="one_live_judgement_a_day")]

    def __str__(self) -> str:
        return f"{self.placement} on {self.day}: {self.outcome}"
