"""Many teams by a date, and the short anonymous question to members."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from portal.accounts.models import SharedQuerySet, Team, TeamScopedQuerySet


class CampaignQuerySet(SharedQuerySet):
    def for_user(self, user):
        """Those with a team that one may see, and one's own."""
        rows = super().for_user(user)
        if not user.is_authenticated or user.sees_everything:
            return rows
        seen = CampaignTeam.objects.for_user(user).filter(campaign=OuterRef("pk"))
        return rows.filter(Q(Exists(seen)) | Q(created_by=user))

    def running(self):
        return self.filter(closed_at=None)


class Campaign(models.Model):
    """Teams that are asked to fill out one framework by a date."""

    title = models.CharField(max_length=120)
    framework = models.CharField(max_length=80)
    note = models.TextField(blank=True)
    due = models.DateField()
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)
    closed_at = models.DateTimeField(null=True)

    objects = CampaignQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at", "-id"]

    def __str__(self) -> str:
        return self.title


class CampaignTeam(models.Model):
    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="members")
    team = models.ForeignKey(Team, on_delete=models.CASCADE, related_name="campaigns")

    objects = TeamScopedQuerySet.as_manager()

    class Meta:
        ordering = ["team__name"]
        constraints = [models.UniqueConstraint(fields=["campaign", "team"], name="one_team_a_campaign")]

    def __str__(self) -> str:
        return f"{self.campaign} {self.team}"


class Pulse(models.Model):
    """A short anonymous question to the members of a team about the criteria of culture."""

    team = models.ForeignKey(Team, on_delete=models.CASCADE, related_name="pulses")
    framework = models.CharField(max_length=80)
    framework_digest = models.CharField(max_length=80)
    opened_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    opened_at = models.DateTimeField(default=timezone.now)
    closes_on = models.DateField()
    closed_at = models.DateTimeField(null=True)

    objects = TeamScopedQuerySet.as_manager()

    class Meta:
        ordering = ["-opened_at", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["team", "framework"], condition=Q(closed_at=None), name="one_open_pulse_a_team"
            )
        ]

    def __str__(self) -> str:
        return f"{self.team} {self.opened_at:%Y-%m-%d}"


class PulseInvitation(models.Model):
    """Who was asked and whether they answered; never what."""

    pulse = models.ForeignKey(Pulse, on_delete=models.CASCADE, related_name="invitations")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    answered = models.BooleanField(default=False)

    objects = TeamScopedQuerySet.along("pulse__team__").as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["pulse", "person"], name="one_invitation_a_person")]

    def __str__(self) -> str:
        return str(self.person)


class PulseAnswer(models.Model):
    """One agreement from 1 to 5. Neither a person nor a time stands with it, and its key tells no order."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    pulse = models.ForeignKey(Pulse, on_delete=models.CASCADE, related_name="answers")
    criterion = models.CharField(max_length=100)
    agreement = models.PositiveSmallIntegerField()

    objects = TeamScopedQuerySet.along("pulse__team__").as_manager()

    class Meta:
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(condition=Q(agreement__gte=1, agreement__lte=5), name="pulse_agreement_one_to_five")
        ]

    def __str__(self) -> str:
        return f"{self.criterion}: {self.agreement}"
