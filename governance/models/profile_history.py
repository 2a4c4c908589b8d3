"""What profiles said before, and what is proposed that they say: a second person agrees to each change."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from governance.models.registry import RegisteredModel
from portal.accounts.models import Team, TeamScopedQuerySet


class ProfileVersion(models.Model):
    """A profile as it was in force from a moment on. Never changed."""

    model = models.ForeignKey(RegisteredModel, on_delete=models.CASCADE, related_name="profile_versions")
    number = models.PositiveIntegerField(help_text="The profile's revision")
    content = models.JSONField(help_text="Profile.content")
    pinned = models.JSONField(default=dict)
    uses = models.JSONField(default=list, help_text="[{set, role, key_columns, by}] of the sets that it is judged on")
    team = models.ForeignKey(Team, on_delete=models.PROTECT, null=True, related_name="+")
    digest = models.CharField(max_length=80)
    proposed_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    agreed_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField(default=timezone.now)
    event = models.UUIDField(null=True, help_text="The ledger's event; None for what was there before versions were")

    objects = TeamScopedQuerySet.along("model__team__").as_manager()

    class Meta:
        ordering = ["model", "-number"]
        constraints = [
            models.UniqueConstraint(fields=["model", "number"], name="one_profile_a_number"),
            models.CheckConstraint(
                condition=Q(agreed_by=None) | Q(proposed_by=None) | ~Q(agreed_by=F("proposed_by")),
                name="profile_version_agreed_by_another",
            ),
        ]

    def __str__(self) -> str:
        return f"profile {self.number} of {self.model}"


class ProfileChangeState(models.TextChoices):
    PROPOSED = "proposed", _("Proposed")
    AGREED = "agreed", _("Agreed")
    REFUSED = "refused", _("Refused")
    WITHDRAWN = "withdrawn", _("Withdrawn")
    OVERTAKEN = "overtaken", _("Overtaken")


class ProfileChange(models.Model):
    """A whole profile that somebody proposes, made from a revision; one waits at a time."""

    model = models.ForeignKey(RegisteredModel, on_delete=models.CASCADE, related_name="profile_changes")
    base_rev = models.PositiveIntegerField(help_text="The profile's revision that it was made from; 0 for none")
    content = models.JSONField(help_text="As Profile.content")
    pinned = models.JSONField(default=dict)
    uses = models.JSONField(default=list, help_text="As ProfileVersion.uses; `pinned` are their digests")
    to_team = models.ForeignKey(Team, on_delete=models.PROTECT, related_name="+", help_text="Whose the model shall be")
    digest = models.CharField(max_length=80)
    state = models.CharField(max_length=9, choices=ProfileChangeState, default=ProfileChangeState.PROPOSED)
    reason = models.TextField(blank=True, help_text="Why it was refused")
    proposed_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    proposed_at = models.DateTimeField(default=timezone.now, editable=False)
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    decided_at = models.DateTimeField(null=True)
    event = models.UUIDField(help_text="The ledger's event of the proposal")

    objects = TeamScopedQuerySet.along("model__team__").as_manager()

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["model"], condition=Q(state="proposed"), name="one_profile_change_waits_a_model"
            ),
            models.CheckConstraint(condition=Q(state__in=ProfileChangeState.values), name="profile_change_state_known"),
            models.CheckConstraint(
                condition=~Q(state="agreed") | (Q(decided_by__isnull=False) & ~Q(decided_by=F("proposed_by"))),
                name="profile_change_agreed_by_another",
            ),
            models.CheckConstraint(
                condition=Q(state="proposed", decided_at=None) | (~Q(state="proposed") & Q(decided_at__isnull=False)),
                name="profile_change_decided_has_a_date",
            ),
            models.CheckConstraint(condition=~Q(state="refused") | ~Q(reason=""), name="refused_profile_has_a_reason"),
        ]

    def __str__(self) -> str:
        return f"{self.state} change of the profile of {self.model}"

    @property
    def team_id(self) -> int | None:
        """The team that has the model; that which claims it where none has."""
        return self.model.team_id or self.to_team_id
