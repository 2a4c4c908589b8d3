"""Interpreters that models may be run with, besides Sekisho's own."""

from __future__ import annotations

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class InterpreterQuerySet(models.QuerySet):
    def for_user(self, user) -> InterpreterQuerySet:
        return self if user.is_authenticated and (user.is_administrator or user.is_auditor) else self.none()

    def usable(self) -> InterpreterQuerySet:
        """Those that answered in the sandbox when they were last checked."""
        return self.filter(error__isnull=True).exclude(python="")


class Interpreter(models.Model):
    """A Python on the workers' hosts; its version and packages are what it said of itself in the sandbox."""

    name = models.CharField(_("name"), max_length=80, unique=True)
    executable = models.CharField(_("path"), max_length=300)
    python = models.CharField(max_length=40, blank=True)
    packages = models.JSONField(default=dict, help_text="Normalised name → version")
    error = models.JSONField(null=True, help_text="Why the last check failed, as a Message")
    checked_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = InterpreterQuerySet.as_manager()

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name
