"""The frameworks that this installation has used: versions are immutable, copies live only here."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from portal.accounts.models import SharedQuerySet


class FrameworkState(models.TextChoices):
    DRAFT = "draft", _("Being edited")
    PUBLISHED = "published", _("Published, not in use")
    CURRENT = "current", _("In use")
    RETIRED = "retired", _("Retired")


class FrameworkVersion(models.Model):
    """One version of a framework as YAML. Only a draft's text may change."""

    key = models.CharField(max_length=80)
    version = models.PositiveIntegerField()
    digest = models.CharField(max_length=80, blank=True, help_text="Of its content; empty while it is a draft")
    source = models.TextField(help_text="The YAML text, complete in itself")
    shipped = models.BooleanField(default=False)
    copied_from = models.CharField(max_length=120, blank=True, help_text="key and version of what it was copied from")
    state = models.CharField(max_length=9, choices=FrameworkState, default=FrameworkState.DRAFT)
    rev = models.PositiveIntegerField(default=0)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)
    published_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    published_at = models.DateTimeField(null=True)

    objects = SharedQuerySet.as_manager()

    class Meta:
        ordering = ["key", "-version"]
        constraints = [
            models.UniqueConstraint(fields=["key", "version"], name="one_row_a_framework_version"),
            models.UniqueConstraint(fields=["key"], condition=Q(state="current"), name="one_current_version"),
            models.UniqueConstraint(fields=["key"], condition=Q(state="draft"), name="one_draft_a_framework"),
            models.CheckConstraint(condition=Q(state="draft") | ~Q(digest=""), name="published_framework_has_a_digest"),
        ]

    def __str__(self) -> str:
        return f"{self.key} {self.version}"
