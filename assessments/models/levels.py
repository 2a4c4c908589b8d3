"""Where teams stand, where they stood, and where they want to be."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from assessments.models.assessment import Assessment
from portal.accounts.models import Team, TeamScopedQuerySet


class LevelRecord(models.Model):
    """The levels of a team on a day on which they changed; what trends are drawn from."""

    team = models.ForeignKey(Team, on_delete=models.CASCADE, related_name="level_records")
    framework = models.CharField(max_length=60)
    at = models.DateTimeField(default=timezone.now)
    score = models.JSONField(help_text="As levels.to_json() gives it")
    because = models.JSONField(default=list, help_text="Messages: what changed the official level")
    step = models.PositiveSmallIntegerField(
        null=True, help_text="The official level, or a checklist's quarter: what the trend of many teams reads"
    )

    objects = TeamScopedQuerySet.as_manager()

    class Meta:
        ordering = ["at", "id"]
        indexes = [
            models.Index(fields=["team", "framework", "at"]),
            models.Index(fields=["framework", "at", "team", "step"], name="trend_of_many_teams"),
        ]

    def __str__(self) -> str:
        return f"{self.team} {self.at:%Y-%m-%d}"


class TeamStanding(models.Model):
    """The score of a team as it stands, computed when something changed: what lists read.

    `valid_until` is when the first evidence or review lapses that the score rests on, `lapse` what first
    lowers the official level then.
    """

    team = models.ForeignKey(Team, on_delete=models.CASCADE, related_name="standings")
    framework = models.CharField(max_length=80)
    framework_version = models.CharField(max_length=20)
    framework_digest = models.CharField(max_length=80)
    assessment = models.ForeignKey(Assessment, on_delete=models.SET_NULL, null=True, related_name="+")
    score = models.JSONField(help_text="As levels.to_json() gives it")
    official = models.PositiveSmallIntegerField(help_text="The overall official level, for sorting and counting")
    since = models.DateTimeField(help_text="When the official level became what it is")
    computed_at = models.DateTimeField(default=timezone.now)
    valid_until = models.DateTimeField(null=True)
    lapse = models.JSONField(null=True, help_text="When the official level falls by itself, to which, and why")

    objects = TeamScopedQuerySet.as_manager()

    class Meta:
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["team", "framework"], name="one_standing_a_team_and_framework")]
        indexes = [models.Index(fields=["valid_until"])]

    def __str__(self) -> str:
        return f"{self.team} {self.framework}: {self.official}"


class Target(models.Model):
    """The level that is enough for a team, and why; an empty dimension speaks of the whole."""

    team = models.ForeignKey(Team, on_delete=models.CASCADE, related_name="targets")
    framework = models.CharField(max_length=80)
    dimension = models.CharField(max_length=80, blank=True)
    level = models.PositiveSmallIntegerField()
    reason = models.TextField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    at = models.DateTimeField(default=timezone.now)

    objects = TeamScopedQuerySet.as_manager()

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["team", "framework", "dimension"], name="one_target_a_dimension"),
            models.CheckConstraint(condition=~Q(reason=""), name="target_has_a_reason"),
        ]

    def __str__(self) -> str:
        return f"{self.team} {self.framework} {self.dimension}: {self.level}"


class Milestone(models.Model):
    """A day that a team wants to see on its trend."""

    team = models.ForeignKey(Team, on_delete=models.CASCADE, related_name="milestones")
    on = models.DateField()
    label = models.CharField(max_length=120)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    at = models.DateTimeField(default=timezone.now)

    objects = TeamScopedQuerySet.as_manager()

    class Meta:
        ordering = ["on", "id"]

    def __str__(self) -> str:
        return f"{self.on} {self.label}"


class ContradictionState(models.TextChoices):
    OPEN = "open", _("Unresolved")
    RESOLVED = "resolved", _("Resolved")


class Resolution(models.TextChoices):
    CLAIM = "claim", _("The claim was corrected")
    EVIDENCE = "evidence", _("The evidence changed")
    MISTAKEN = "mistaken", _("The evidence was found to be mistaken")


class Contradiction(models.Model):
    """食い違い: a claim that evidence denies. While open, the official level does not count the claim.

    `accepted_until` is set when a reviewer found the evidence mistaken: until then it denies nothing.
    """

    team = models.ForeignKey(Team, on_delete=models.CASCADE, related_name="contradictions")
    framework = models.CharField(max_length=80)
    criterion = models.CharField(max_length=100)
    practice = models.CharField(max_length=80)
    because = models.JSONField(help_text="The evidence's message when it was opened")
    state = models.CharField(max_length=8, choices=ContradictionState, default=ContradictionState.OPEN)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="contradictions"
    )
    due = models.DateField(null=True)
    opened_at = models.DateTimeField(default=timezone.now)
    resolution = models.CharField(max_length=8, choices=Resolution, blank=True)
    reason = models.TextField(blank=True)
    resolved_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    resolved_at = models.DateTimeField(null=True)
    accepted_until = models.DateTimeField(null=True)

    objects = TeamScopedQuerySet.as_manager()

    class Meta:
        ordering = ["-opened_at", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["team", "practice"], condition=Q(state="open"), name="one_open_contradiction_a_practice"
            ),
            models.CheckConstraint(
                condition=Q(state="open", resolution="", resolved_at=None)
                | (Q(state="resolved", resolved_at__isnull=False) & ~Q(resolution="")),
                name="resolved_contradiction_says_how",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.team} {self.criterion}"
