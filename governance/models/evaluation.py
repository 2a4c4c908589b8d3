"""Evaluation sets: data that models are judged on, with an owner of its own and a pinned digest."""

from __future__ import annotations

from pathlib import Path

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from governance.models.registry import ModelVersion, RegisteredModel
from portal.accounts.models import Team, TeamScopedQuerySet, visible_through


class SetSource(models.TextChoices):
    UPLOAD = "upload", _("Upload")
    FILE = "file", _("File on allowed storage")
    S3 = "s3", _("S3-compatible storage")
    TABLE = "table", _("Table of a data connection")
    ARTIFACT = "artifact", _("Artifact of a version's run")
    DATASET = "dataset", _("Dataset of a version's run")


class SetRole(models.TextChoices):
    GOLD = "gold", _("Gold set")
    CHALLENGER = "challenger", _("Challenger set")
    SENSITIVE = "sensitive", _("Restricted attributes")
    TRAINING = "training", _("Training data")
    REFERENCE = "reference", _("Reference for drift")


class SetState(models.TextChoices):
    WAITING = "waiting", _("Not measured yet")
    READY = "ready", _("Pinned")
    REFUSED = "refused", _("Cannot be used")
    ENDED = "ended", _("Retention ended")


# Read from a copy that Sekisho keeps; the others are read from their place whenever they are needed.
KEPT = (SetSource.UPLOAD, SetSource.TABLE)


class DataConnectionQuerySet(models.QuerySet):
    def for_user(self, user) -> DataConnectionQuerySet:
        return self if user.is_authenticated and (user.is_administrator or user.is_auditor) else self.none()

    def offered_to(self, user) -> DataConnectionQuerySet:
        """What a user may draw tables from: the connections of their teams, and those of all teams."""
        if not user.is_authenticated:
            return self.none()
        rows = self.filter(enabled=True)
        return rows if user.is_administrator else rows.filter(Q(team=None) | Q(team__in=user.team_ids))


class DataConnection(models.Model):
    """A database that an administrator opened for evaluation tables. The password is encrypted at rest."""

    class Kind(models.TextChoices):
        POSTGRES = "postgres", "PostgreSQL"
        DUCKDB = "duckdb", "DuckDB"
        SQLITE = "sqlite", "SQLite"

    name = models.CharField(_("name"), max_length=80, unique=True)
    kind = models.CharField(_("kind"), max_length=8, choices=Kind, default=Kind.POSTGRES)
    address = models.CharField(_("address"), max_length=300)
    password_encrypted = models.TextField(blank=True, editable=False)
    team = models.ForeignKey(
        Team, on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("team")
    )
    enabled = models.BooleanField(default=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = DataConnectionQuerySet.as_manager()

    class Meta:
        ordering = ["name"]
        constraints = [
            models.CheckConstraint(
                condition=Q(kind__in=["postgres", "duckdb", "sqlite"]), name="data_connection_kind_known"
            )
        ]

    def __str__(self) -> str:
        return self.name


class EvaluationSetQuerySet(TeamScopedQuerySet):
    def for_user(self, user) -> EvaluationSetQuerySet:
        """Sets of the teams one sees, and those that a model one sees is judged on: facts, not rows."""
        if not user.is_authenticated:
            return self.none()
        if user.sees_everything:
            return self
        used = EvaluationSetUse.objects.filter(visible_through(user, "model__team__")).values("set")
        return self.filter(visible_through(user) | Q(pk__in=used))

    def with_uses_for(self, user) -> EvaluationSetQuerySet:
        """With the owner, and in ``seen_uses`` the models judged on each set that the user may see."""
        uses = EvaluationSetUse.objects.for_user(user).select_related("model")
        return self.select_related("team").prefetch_related(models.Prefetch("uses", uses, to_attr="seen_uses"))

    def usable(self) -> EvaluationSetQuerySet:
        return self.filter(ended_at=None, error__isnull=True).exclude(pinned_at=None)


class EvaluationSet(models.Model):
    """A table of cases. Audits read it only while its bytes have the pinned digest."""

    team = models.ForeignKey(Team, on_delete=models.PROTECT, related_name="evaluation_sets", verbose_name=_("owner"))
    name = models.CharField(_("name"), max_length=120)
    source = models.CharField(_("source"), max_length=8, choices=SetSource)
    place = models.CharField(_("place"), max_length=1000, help_text="File name, address, artifact path or table name")
    version = models.ForeignKey(ModelVersion, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    connection = models.ForeignKey(DataConnection, on_delete=models.PROTECT, null=True, blank=True, related_name="sets")
    digest = models.CharField(max_length=80, blank=True, help_text="Of the file's bytes; empty until it is measured")
    size = models.PositiveBigIntegerField(default=0)
    rows = models.PositiveBigIntegerField(default=0)
    columns = models.JSONField(default=list, help_text="[{name, type}] in the order of the file")
    preview = models.JSONField(default=dict, help_text="{rows, values}: first rows and counts of values; restricted")
    error = models.JSONField(null=True, help_text="Why it cannot be used, as a Message")
    consent = models.TextField(_("consent and purpose"), blank=True)
    retention = models.TextField(_("retention"), blank=True)
    keep_until = models.DateField(_("keep until"), null=True, blank=True)
    shared = models.BooleanField(_("other teams may have their models judged on it"), default=False)
    rows_for_reviewers = models.BooleanField(_("reviewers may see its first rows"), default=False)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    pinned_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    rev = models.PositiveIntegerField(default=1)

    objects = EvaluationSetQuerySet.as_manager()

    class Meta:
        ordering = ["name", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["team", "name"], name="one_evaluation_set_a_name"),
            models.CheckConstraint(condition=Q(source__in=SetSource.values), name="evaluation_set_source_known"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def state(self) -> str:
        if self.ended_at:
            return SetState.ENDED
        if self.error:
            return SetState.REFUSED
        return SetState.READY if self.pinned_at else SetState.WAITING

    @property
    def column_names(self) -> list[str]:
        return [column["name"] for column in self.columns]

    @property
    def kept_file(self) -> Path:
        """Where Sekisho's own copy lies, for sources that have one."""
        suffix = ".parquet" if self.source == SetSource.TABLE else Path(self.place).suffix.lower()
        return settings.SEKISHO_HOME / "evaluation" / f"{self.digest.removeprefix('sha256:')}{suffix}"


class EvaluationSetUse(models.Model):
    """What a model reads a set for. One set a role, but for challengers."""

    model = models.ForeignKey(RegisteredModel, on_delete=models.CASCADE, related_name="evaluation_uses")
    set = models.ForeignKey(EvaluationSet, on_delete=models.PROTECT, related_name="uses")
    role = models.CharField(max_length=10, choices=SetRole)
    key_columns = models.JSONField(default=list, help_text="Restricted attributes are joined by these")
    overlap = models.JSONField(null=True, help_text="How many rows stand in the training data too: {rows, of, columns}")
    added_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    added_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = TeamScopedQuerySet.along("model__team__").as_manager()

    class Meta:
        ordering = ["added_at", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["model", "set", "role"], name="one_use_a_role"),
            models.UniqueConstraint(
                fields=["model", "role"], condition=~Q(role="challenger"), name="one_set_a_role_but_challengers"
            ),
            models.CheckConstraint(condition=Q(role__in=SetRole.values), name="evaluation_role_known"),
        ]

    def __str__(self) -> str:
        return f"{self.set} as {self.role} of {self.model}"

    @property
    def team_id(self) -> int | None:
        return self.model.team_id
