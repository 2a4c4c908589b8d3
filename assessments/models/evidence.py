"""What was found about a team's systems, and the tools that it uses."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from portal.accounts.models import Team, TeamScopedQuerySet


class Evidence(models.Model):
    """A fact that a collector found about a team's systems; the newest of each source counts."""

    team = models.ForeignKey(Team, on_delete=models.CASCADE, related_name="evidence")
    fact = models.CharField(max_length=60)
    source = models.CharField(max_length=60)
    grade = models.CharField(max_length=1)
    value = models.JSONField(null=True)
    items = models.PositiveIntegerField(null=True)
    detail = models.TextField(blank=True, help_text="Where it was found, or examples of what lacks")
    observed_at = models.DateTimeField()

    objects = TeamScopedQuerySet.as_manager()

    class Meta:
        ordering = ["fact"]
        constraints = [
            models.UniqueConstraint(fields=["team", "fact", "source"], name="one_fact_a_source"),
            models.CheckConstraint(condition=Q(grade__in=["A", "B", "C"]), name="evidence_grade_known"),
        ]

    def __str__(self) -> str:
        return f"{self.fact} = {self.value}"


class TeamTool(models.Model):
    """A tool that the team says it uses: what the map of pipelines is coloured by."""

    team = models.ForeignKey(Team, on_delete=models.CASCADE, related_name="tools")
    tool = models.CharField(max_length=80)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    at = models.DateTimeField(default=timezone.now)

    objects = TeamScopedQuerySet.as_manager()

    class Meta:
        ordering = ["tool"]
        constraints = [models.UniqueConstraint(fields=["team", "tool"], name="one_tool_a_team")]

    def __str__(self) -> str:
        return self.tool
