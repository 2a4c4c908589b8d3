"""Documents that were made: reports and dossiers."""

from __future__ import annotations

from pathlib import Path

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from portal.accounts.models import Team, TeamScopedQuerySet, visible_through
from portal.jobs.models import Job


class DocumentQuerySet(TeamScopedQuerySet):
    def for_user(self, user) -> DocumentQuerySet:
        """Those of the teams that one sees; of several teams at once, those that one asked for oneself."""
        if not user.is_authenticated or user.sees_everything:
            return super().for_user(user)
        return self.filter(visible_through(user) | Q(team=None, created_by=user))


class Document(models.Model):
    """A PDF below the files' root, or a ZIP with one, and its digest; it follows the team whose results it prints."""

    kind = models.CharField(max_length=40)
    name = models.CharField(max_length=200)
    language = models.CharField(max_length=2)
    team = models.ForeignKey(Team, on_delete=models.PROTECT, null=True, related_name="+")
    subject_type = models.CharField(max_length=40)
    subject_id = models.CharField(max_length=80)
    path = models.CharField(max_length=200)
    size = models.PositiveIntegerField()
    pages = models.PositiveIntegerField(default=0)
    sha256 = models.CharField(max_length=64)
    job = models.OneToOneField(Job, on_delete=models.SET_NULL, null=True, related_name="document")
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = DocumentQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["subject_type", "subject_id"])]

    def __str__(self) -> str:
        return self.name

    @property
    def file(self) -> Path:
        return settings.FILES_ROOT / self.path
