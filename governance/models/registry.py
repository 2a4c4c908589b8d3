"""Registries, and the models and versions that are mirrored from them."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from portal.accounts.models import OverseenQuerySet, Team, TeamScopedQuerySet
from portal.message import Message

UNASKED_MINUTES = 15


def unasked_since() -> datetime:
    """Who was tried last before this moment is asked by no worker: each asks far more often."""
    return timezone.now() - max(timedelta(minutes=UNASKED_MINUTES), timedelta(seconds=20 * settings.POLL_INTERVAL))


class RegistryQuerySet(OverseenQuerySet):
    def in_trouble(self) -> RegistryQuerySet:
        """Those that cannot be read, or that nobody reads."""
        return self.unread().filter(enabled=True)

    def unread(self) -> RegistryQuerySet:
        """Those, and the ones that are switched off."""
        return self.filter(Q(error__isnull=False) | Q(tried_at__lt=unasked_since()) | Q(enabled=False))


class Registry(models.Model):
    """A connection to an MLflow server. The password is encrypted at rest."""

    name = models.CharField(_("name"), max_length=80, unique=True)
    slug = models.SlugField(max_length=90, unique=True)
    address = models.URLField(_("address"), max_length=300)
    username = models.CharField(_("user name"), max_length=120, blank=True)
    password_encrypted = models.TextField(blank=True, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    tried_at = models.DateTimeField(null=True)
    synced_at = models.DateTimeField(null=True)
    error = models.JSONField(null=True, help_text="Why the last try failed, as a Message")
    server = models.JSONField(default=dict, help_text="What the last test or sync saw: version, counts")
    recent = models.JSONField(default=list, help_text="The last tries: [{at, ok, ms}]")
    enabled = models.BooleanField(default=True)
    webhook_secret_encrypted = models.TextField(blank=True, editable=False)
    watermark = models.BigIntegerField(default=0, help_text="The newest change that a poll has seen, in milliseconds")
    swept_at = models.DateTimeField(null=True, help_text="When everything was read last; polls read what is new")
    gate = models.JSONField(default=dict, help_text="What the gate at the server last reported of itself")

    objects = RegistryQuerySet.as_manager()

    class Meta:
        ordering = ["name"]
        verbose_name_plural = "registries"

    def __str__(self) -> str:
        return self.name

    @property
    def trouble(self) -> Message | None:
        """Why it cannot be read, or that nobody reads it."""
        if self.error:
            return Message.from_json(self.error)
        if self.enabled and self.tried_at and self.tried_at < unasked_since():
            return Message("registry.unasked", {"minutes": UNASKED_MINUTES})
        return None

    @property
    def stale(self) -> bool:
        """Whether what is shown may be old: it cannot be read, nobody reads it, or none has succeeded yet."""
        return self.trouble is not None or self.synced_at is None


class WebhookDelivery(models.Model):
    """A delivery that was taken; the same one is not taken twice."""

    registry = models.ForeignKey(Registry, on_delete=models.CASCADE, related_name="deliveries")
    delivery_id = models.CharField(max_length=200)
    at = models.DateTimeField(default=timezone.now)

    objects = OverseenQuerySet.as_manager()

    class Meta:
        ordering = ["-at"]
        verbose_name_plural = "webhook deliveries"
        constraints = [models.UniqueConstraint(fields=["registry", "delivery_id"], name="one_webhook_a_delivery")]

    def __str__(self) -> str:
        return self.delivery_id


class MirroredQuerySet(TeamScopedQuerySet):
    """What the registry lists; an unclaimed model is seen by those with a role for all."""

    def present(self) -> MirroredQuerySet:
        return self.filter(deleted_at=None)


class RegisteredModel(models.Model):
    """A registered model as the mirror last saw it."""

    registry = models.ForeignKey(Registry, on_delete=models.PROTECT, related_name="models")
    name = models.CharField(max_length=300)
    description = models.TextField(blank=True)
    tags = models.JSONField(default=dict)
    aliases = models.JSONField(default=dict, help_text="alias → version number, as MLflow says")
    team = models.ForeignKey(Team, on_delete=models.PROTECT, null=True, related_name="models", verbose_name=_("team"))
    origin = models.ForeignKey(
        "self",
        on_delete=models.PROTECT,
        null=True,
        related_name="copies",
        help_text="The model that it copies",
    )
    registered_at = models.DateTimeField(null=True)
    changed_at = models.DateTimeField(null=True)
    deleted_at = models.DateTimeField(null=True, help_text="When the mirror no longer found it")

    objects = MirroredQuerySet.as_manager()

    class Meta:
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(fields=["registry", "name"], name="one_model_a_registry_and_name"),
            models.CheckConstraint(condition=Q(origin=None) | ~Q(origin=F("id")), name="no_model_copies_itself"),
        ]

    def __str__(self) -> str:
        return self.name


class ModelVersion(models.Model):
    """A version as the mirror last saw it, with its run."""

    model = models.ForeignKey(RegisteredModel, on_delete=models.CASCADE, related_name="versions")
    number = models.PositiveIntegerField()
    run_id = models.CharField(max_length=64, blank=True)
    logged_model_id = models.CharField(max_length=64, blank=True)
    source = models.CharField(max_length=1000, blank=True)
    status = models.CharField(max_length=40, blank=True)
    description = models.TextField(blank=True)
    tags = models.JSONField(default=dict)
    run = models.JSONField(null=True, help_text="The run as registry.RemoteRun.to_json(); None if there is none")
    author = models.CharField(max_length=200, blank=True, help_text="The run's user, as MLflow says")
    lineage = models.JSONField(null=True, help_text="The last full read for the lineage audit")
    artifact_digest = models.CharField(max_length=80, blank=True)
    copied_from = models.ForeignKey("self", on_delete=models.PROTECT, null=True, related_name="copies")
    registered_at = models.DateTimeField(null=True)
    changed_at = models.DateTimeField(null=True)
    seen_at = models.DateTimeField(default=timezone.now)
    deleted_at = models.DateTimeField(null=True)

    objects = MirroredQuerySet.along("model__team__").as_manager()

    class Meta:
        ordering = ["-number"]
        constraints = [
            models.UniqueConstraint(fields=["model", "number"], name="one_version_a_number"),
            models.CheckConstraint(
                condition=Q(copied_from=None) | ~Q(copied_from=F("id")), name="no_version_copies_itself"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.model.name} {self.number}"

    @property
    def team_id(self) -> int | None:
        return self.model.team_id

    @property
    def team(self) -> Team | None:
        return self.model.team
