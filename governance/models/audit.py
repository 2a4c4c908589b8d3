"""Finished examinations of versions."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from governance.models.registry import ModelVersion
from portal.accounts.models import TeamScopedQuerySet
from portal.jobs.models import Job


class Outcome(models.TextChoices):
    PASS = "pass", _("Pass")
    FAIL = "fail", _("Fail")
    INCONCLUSIVE = "inconclusive", _("Undecided")
    NOT_EVALUATED = "not_evaluated", _("Not evaluated")
    NOT_APPLICABLE = "not_applicable", _("Not applicable")


class AuditKind(models.TextChoices):
    LINEAGE = "lineage", _("Lineage")
    PERFORMANCE = "performance", _("Performance")
    FAIRNESS = "fairness", _("Fairness")
    EXPLANATION = "explanation", _("Explanation")
    DRIFT = "drift", _("Drift")
    SAFETY = "safety", _("Safety")


class EvidenceLabel(models.TextChoices):
    REPLAYED = "replayed", _("replayed")
    COMPUTED = "computed", _("computed")
    ATTESTED = "attested", _("attested")
    DECLARED = "declared", _("declared")


class Audit(models.Model):
    """One finished examination of a version. Never changed: a new run makes a new row, and the newest counts."""

    version = models.ForeignKey(ModelVersion, on_delete=models.CASCADE, related_name="audits")
    kind = models.CharField(max_length=12, choices=AuditKind)
    outcome = models.CharField(max_length=14, choices=Outcome)
    label = models.CharField(max_length=8, choices=EvidenceLabel, default=EvidenceLabel.COMPUTED)
    message = models.JSONField(help_text="The verdict in one sentence, as a Message")
    result = models.JSONField(default=dict, help_text="The engine's result, with its schema")
    inputs = models.JSONField(default=dict, help_text="Digests of what was examined: artifact, data, profile")
    digest = models.CharField(max_length=80)
    job = models.OneToOneField(Job, on_delete=models.SET_NULL, null=True, related_name="audit")
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = TeamScopedQuerySet.along("version__model__team__").as_manager()

    class Meta:
        ordering = ["-created_at", "-id"]
        indexes = [models.Index(fields=["version", "kind", "-created_at"])]
        constraints = [
            models.CheckConstraint(condition=Q(outcome__in=Outcome.values), name="audit_outcome_known"),
            models.CheckConstraint(condition=Q(kind__in=AuditKind.values), name="audit_kind_known"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} of {self.version}: {self.outcome}"

    @property
    def team_id(self) -> int | None:
        return self.version.team_id
