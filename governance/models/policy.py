"""Policies: drafts that administrators work on, and published versions that nobody changes."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils import timezone

from portal.accounts.models import OverseenQuerySet, SharedQuerySet


class Policy(models.Model):
    """A published, immutable version of a policy's YAML."""

    key = models.SlugField(max_length=60)
    version = models.PositiveIntegerField()
    text = models.TextField()
    digest = models.CharField(max_length=80)
    drafted_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    published_at = models.DateTimeField(default=timezone.now)
    published_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")

    objects = SharedQuerySet.as_manager()

    class Meta:
        ordering = ["key", "-version"]
        verbose_name_plural = "policies"
        constraints = [models.UniqueConstraint(fields=["key", "version"], name="one_policy_a_version")]

    def __str__(self) -> str:
        return f"{self.key} {self.version}"


class PolicyDraft(models.Model):
    """The next version of a policy as it is being written, valid or not: what was typed is kept."""

    key = models.SlugField(max_length=60, unique=True)
    text = models.TextField()
    base = models.ForeignKey(Policy, on_delete=models.PROTECT, null=True, related_name="+")
    rev = models.PositiveIntegerField(default=1)
    changed_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    changed_at = models.DateTimeField(default=timezone.now)

    objects = OverseenQuerySet.as_manager()

    class Meta:
        ordering = ["key"]

    def __str__(self) -> str:
        return f"draft of {self.key}"
