"""Findings: what needs a person."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from governance.models.move import Placement
from governance.models.promotion import Promotion
from governance.models.registry import ModelVersion, RegisteredModel, Registry
from portal.accounts.models import TeamScopedQuerySet, visible_through


class Severity(models.TextChoices):
    LOW = "low", _("Low")
    HIGH = "high", _("High")
    CRITICAL = "critical", _("Critical")


class FindingState(models.TextChoices):
    OPEN = "open", _("Open")
    RESOLVED = "resolved", _("Resolved")


class Resolution(models.TextChoices):
    CORRECTED = "corrected", _("Corrected")
    ACCEPTED = "accepted", _("Accepted")
    REVIEWED = "reviewed", _("Reviewed")
    JUSTIFIED = "justified", _("Justified")
    UNJUSTIFIED = "unjustified", _("Not justified")
    ENDED = "ended", _("Not so any more")


class FindingQuerySet(TeamScopedQuerySet):
    def for_user(self, user) -> FindingQuerySet:
        """Those of models one sees, and one's own; those of a registry as a whole only with a role for all."""
        if not user.is_authenticated:
            return self.none()
        if user.sees_everything:
            return self
        return self.filter(visible_through(user, "model__team__") | Q(owner=user))

    def open(self) -> FindingQuerySet:
        return self.filter(state=FindingState.OPEN)


class Finding(models.Model):
    """One thing that is not as it should be. The key says what it is, so that it is opened once."""

    key = models.CharField(max_length=200)
    kind = models.CharField(max_length=40)
    severity = models.CharField(max_length=8, choices=Severity)
    title = models.JSONField(help_text="A Message")
    detail = models.JSONField(default=dict, help_text="What was expected and what was seen")
    model = models.ForeignKey(RegisteredModel, on_delete=models.PROTECT, null=True, related_name="findings")
    version = models.ForeignKey(ModelVersion, on_delete=models.PROTECT, null=True, related_name="findings")
    promotion = models.ForeignKey(Promotion, on_delete=models.PROTECT, null=True, related_name="findings")
    placement = models.ForeignKey(Placement, on_delete=models.PROTECT, null=True, related_name="findings")
    registry = models.ForeignKey(Registry, on_delete=models.PROTECT, null=True, related_name="findings")
    environment = models.CharField(max_length=40, blank=True)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="findings")
    due = models.DateField(null=True)
    state = models.CharField(max_length=8, choices=FindingState, default=FindingState.OPEN)
    opened_at = models.DateTimeField(default=timezone.now, editable=False)
    resolution = models.CharField(max_length=11, choices=Resolution, blank=True)
    reason = models.TextField(blank=True)
    resolved_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    resolved_at = models.DateTimeField(null=True)
    event = models.UUIDField(help_text="The ledger's event that opened it")

    objects = FindingQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["key"], condition=Q(state="open"), name="one_open_finding_a_key"),
            models.CheckConstraint(condition=Q(severity__in=Severity.values), name="finding_severity_known"),
            models.CheckConstraint(
                condition=Q(state="open", resolution="", resolved_by=None, resolved_at=None)
                | Q(state="resolved", resolved_at__isnull=False, resolution__in=Resolution.values),
                name="resolved_finding_says_how_and_when",
            ),
            models.CheckConstraint(
                condition=Q(resolution__in=["", "ended"]) | (Q(resolved_by__isnull=False) & ~Q(reason="")),
                name="finding_resolved_by_a_person_with_a_reason",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.pk}"

    @property
    def team_id(self) -> int | None:
        return self.model.team_id if self.model else None
