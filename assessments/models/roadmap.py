"""What a team has taken on to reach its next level."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from portal.accounts.models import Team, TeamScopedQuerySet


class ItemState(models.TextChoices):
    PLANNED = "planned", _("Planned")
    DOING = "doing", _("In progress")
    DONE = "done", _("Done")
    DROPPED = "dropped", _("Dropped")


class RoadmapItem(models.Model):
    """One practice that the team works on; open ones are one a practice."""

    team = models.ForeignKey(Team, on_delete=models.CASCADE, related_name="roadmap_items")
    framework = models.CharField(max_length=80)
    criterion = models.CharField(max_length=100)
    practice = models.CharField(max_length=80)
    state = models.CharField(max_length=8, choices=ItemState, default=ItemState.PLANNED)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="roadmap_items"
    )
    due = models.DateField(null=True, blank=True)
    link = models.URLField(blank=True, max_length=500)
    note = models.TextField(blank=True)
    place = models.PositiveIntegerField(default=0)
    rev = models.PositiveIntegerField(default=0)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)
    opened_because = models.JSONField(null=True, help_text="A message, where an item lost what had closed it")
    closed_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    closed_at = models.DateTimeField(null=True)
    closed_because = models.JSONField(null=True, help_text="A message: what showed it to be done")

    objects = TeamScopedQuerySet.as_manager()

    class Meta:
        ordering = ["place", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["team", "practice"],
                condition=Q(state__in=["planned", "doing"]),
                name="one_open_item_a_practice",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["planned", "doing"], closed_at=None)
                | Q(state__in=["done", "dropped"], closed_at__isnull=False),
                name="closed_item_has_a_date",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.team} {self.criterion}"


class ItemComment(models.Model):
    item = models.ForeignKey(RoadmapItem, on_delete=models.CASCADE, related_name="comments")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    at = models.DateTimeField(default=timezone.now)
    text = models.TextField()

    objects = TeamScopedQuerySet.along("item__team__").as_manager()

    class Meta:
        ordering = ["at", "id"]

    def __str__(self) -> str:
        return self.text[:60]
