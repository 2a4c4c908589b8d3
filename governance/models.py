"""Registries and what is mirrored of them, profiles, audits, policies, promotions and moves."""

from __future__ import annotations

import hashlib
import json

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from portal.accounts.models import Team, visible_through
from portal.jobs.models import Job


def digest_of(value) -> str:
    """The digest of a JSON value that an approval binds."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return "sha256:" + hashlib.sha256(text.encode()).hexdigest()


class Outcome(models.TextChoices):
    PASS = "pass", _("Pass")
    FAIL = "fail", _("Fail")
    INCONCLUSIVE = "inconclusive", _("Undecided")
    NOT_EVALUATED = "not_evaluated", _("Not evaluated")
    NOT_APPLICABLE = "not_applicable", _("Not applicable")


class RegistryQuerySet(models.QuerySet):
    def for_user(self, user) -> RegistryQuerySet:
        return self if user.is_authenticated and (user.is_administrator or user.is_auditor) else self.none()


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

    objects = RegistryQuerySet.as_manager()

    class Meta:
        ordering = ["name"]
        verbose_name_plural = "registries"

    def __str__(self) -> str:
        return self.name

    @property
    def stale(self) -> bool:
        """Whether what is shown may be old: the last try failed, or none has succeeded yet."""
        return bool(self.error) or self.synced_at is None


class ModelQuerySet(models.QuerySet):
    def for_user(self, user) -> ModelQuerySet:
        """A team's models follow the team's visibility; unclaimed ones are seen by those with a role for all."""
        if not user.is_authenticated:
            return self.none()
        return self if user.sees_everything else self.filter(visible_through(user))

    def present(self) -> ModelQuerySet:
        return self.filter(deleted_at=None)


class RegisteredModel(models.Model):
    """A registered model as the mirror last saw it."""

    registry = models.ForeignKey(Registry, on_delete=models.PROTECT, related_name="models")
    name = models.CharField(max_length=300)
    description = models.TextField(blank=True)
    tags = models.JSONField(default=dict)
    aliases = models.JSONField(default=dict, help_text="alias → version number, as MLflow says")
    team = models.ForeignKey(Team, on_delete=models.PROTECT, null=True, related_name="models", verbose_name=_("team"))
    registered_at = models.DateTimeField(null=True)
    changed_at = models.DateTimeField(null=True)
    deleted_at = models.DateTimeField(null=True, help_text="When the mirror no longer found it")

    objects = ModelQuerySet.as_manager()

    class Meta:
        ordering = ["name"]
        constraints = [models.UniqueConstraint(fields=["registry", "name"], name="one_model_a_registry_and_name")]

    def __str__(self) -> str:
        return self.name


class Kind(models.TextChoices):
    TABULAR = "tabular", _("Tabular")
    TEXT = "text", _("Text")
    IMAGE = "image", _("Image")
    GENERATIVE = "generative", _("Generative")


class Risk(models.TextChoices):
    LOW = "low", _("Low")
    MEDIUM = "medium", _("Medium")
    HIGH = "high", _("High")


class Direction(models.TextChoices):
    HIGHER = "higher", _("Higher is better")
    LOWER = "lower", _("Lower is better")


class Profile(models.Model):
    """What a model is for, and the data and columns that its audits read."""

    model = models.OneToOneField(RegisteredModel, on_delete=models.CASCADE, related_name="profile")
    kind = models.CharField(_("kind"), max_length=10, choices=Kind, default=Kind.TABULAR)
    risk = models.CharField(_("risk"), max_length=6, choices=Risk, default=Risk.HIGH)
    intended_use = models.TextField(_("intended use"))
    population = models.TextField(_("population"), help_text=_("Whom it is used on, and whom not."))
    metric = models.CharField(_("performance metric"), max_length=80, blank=True)
    metric_direction = models.CharField(_("direction"), max_length=6, choices=Direction, default=Direction.HIGHER)
    evaluation_data = models.CharField(
        _("evaluation data"),
        max_length=500,
        blank=True,
        help_text=_(
            "A Parquet or CSV artifact of the version's run, such as evaluation/evaluation.parquet, or file:// and a "
            "path below a folder that the administrator has allowed."
        ),
    )
    label_column = models.CharField(_("label column"), max_length=120, blank=True)
    prediction_column = models.CharField(
        _("prediction column"),
        max_length=120,
        blank=True,
        help_text=_("Leave empty to have Sekisho run the model on the evaluation data."),
    )
    positive = models.CharField(_("positive value"), max_length=120, blank=True)
    sensitive_columns = models.JSONField(_("sensitive columns"), default=list, blank=True)
    bins = models.JSONField(_("edges of bins"), default=dict, blank=True)
    excluded_columns = models.JSONField(_("columns the model does not take"), default=list, blank=True)
    rev = models.PositiveIntegerField(default=1)
    changed_at = models.DateTimeField(default=timezone.now)
    changed_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=Kind.values), name="profile_kind_known"),
            models.CheckConstraint(condition=Q(risk__in=Risk.values), name="profile_risk_known"),
        ]

    def __str__(self) -> str:
        return f"profile of {self.model}"

    @property
    def team_id(self) -> int | None:
        return self.model.team_id

    FIELDS = [
        "kind",
        "risk",
        "intended_use",
        "population",
        "metric",
        "metric_direction",
        "evaluation_data",
        "label_column",
        "prediction_column",
        "positive",
        "sensitive_columns",
        "bins",
        "excluded_columns",
    ]

    @property
    def content(self) -> dict:
        """What audits and approvals stand on."""
        return {name: getattr(self, name) for name in self.FIELDS}

    @property
    def digest(self) -> str:
        return digest_of(self.content)


class VersionQuerySet(models.QuerySet):
    def for_user(self, user) -> VersionQuerySet:
        if not user.is_authenticated:
            return self.none()
        return self if user.sees_everything else self.filter(visible_through(user, "model__team__"))

    def present(self) -> VersionQuerySet:
        return self.filter(deleted_at=None)


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
    registered_at = models.DateTimeField(null=True)
    changed_at = models.DateTimeField(null=True)
    seen_at = models.DateTimeField(default=timezone.now)
    deleted_at = models.DateTimeField(null=True)

    objects = VersionQuerySet.as_manager()

    class Meta:
        ordering = ["-number"]
        constraints = [models.UniqueConstraint(fields=["model", "number"], name="one_version_a_number")]

    def __str__(self) -> str:
        return f"{self.model.name} {self.number}"

    @property
    def team_id(self) -> int | None:
        return self.model.team_id

    @property
    def team(self) -> Team | None:
        return self.model.team


class AuditKind(models.TextChoices):
    LINEAGE = "lineage", _("Lineage")
    FAIRNESS = "fairness", _("Fairness")
    EXPLANATION = "explanation", _("Explanation")


class EvidenceLabel(models.TextChoices):
    REPLAYED = "replayed", _("replayed")
    COMPUTED = "computed", _("computed")
    ATTESTED = "attested", _("attested")
    DECLARED = "declared", _("declared")


class AuditQuerySet(models.QuerySet):
    def for_user(self, user) -> AuditQuerySet:
        if not user.is_authenticated:
            return self.none()
        return self if user.sees_everything else self.filter(visible_through(user, "version__model__team__"))


class Audit(models.Model):
    """One finished examination of a version. Never changed: a new run makes a new row, and the newest counts."""

    version = models.ForeignKey(ModelVersion, on_delete=models.CASCADE, related_name="audits")
    kind = models.CharField(max_length=12, choices=AuditKind)
    outcome = models.CharField(max_length=14, choices=Outcome)
    label = models.CharField(max_length=8, choices=EvidenceLabel, default=EvidenceLabel.COMPUTED)
    message = models.JSONField(help_text="The verdict in one sentence, as a Message")
    result = models.JSONField(default=dict, help_text="The engine's result, with its schema")
    inputs = models.JSONField(default=dict, help_text="Digests of what was examined: artifact, data, profile")
    digest = models.CharField(max_length=80)
    job = models.OneToOneField(Job, on_delete=models.SET_NULL, null=True, related_name="audit")
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = AuditQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at", "-id"]
        indexes = [models.Index(fields=["version", "kind", "-created_at"])]
        constraints = [
            models.CheckConstraint(condition=Q(outcome__in=Outcome.values), name="audit_outcome_known"),
            models.CheckConstraint(condition=Q(kind__in=AuditKind.values), name="audit_kind_known"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} of {self.version}: {self.outcome}"

    @property
    def team_id(self) -> int | None:
        return self.version.team_id


class Policy(models.Model):
    """A published, immutable version of a policy's YAML."""

    key = models.SlugField(max_length=60)
    version = models.PositiveIntegerField()
    text = models.TextField()
    digest = models.CharField(max_length=80)
    published_at = models.DateTimeField(default=timezone.now)
    published_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")

    class Meta:
        ordering = ["key", "-version"]
        verbose_name_plural = "policies"
        constraints = [models.UniqueConstraint(fields=["key", "version"], name="one_policy_a_version")]

    def __str__(self) -> str:
        return f"{self.key} {self.version}"


class PromotionState(models.TextChoices):
    OPEN = "open", _("Open")
    APPROVED = "approved", _("Approved, being moved")
    DONE = "done", _("In place")
    SENT_BACK = "sent_back", _("Sent back")
    REFUSED = "refused", _("Refused")
    WITHDRAWN = "withdrawn", _("Withdrawn")
    FAILED = "failed", _("Move failed")


class PromotionQuerySet(models.QuerySet):
    def for_user(self, user) -> PromotionQuerySet:
        if not user.is_authenticated:
            return self.none()
        return self if user.sees_everything else self.filter(visible_through(user, "version__model__team__"))

    def waiting(self) -> PromotionQuerySet:
        return self.filter(state=PromotionState.OPEN)


class Promotion(models.Model):
    """The request to bring a version into an environment. Its policy is frozen when it opens."""

    version = models.ForeignKey(ModelVersion, on_delete=models.PROTECT, related_name="promotions")
    environment = models.CharField(max_length=40)
    policy = models.ForeignKey(Policy, on_delete=models.PROTECT, related_name="+")
    state = models.CharField(max_length=10, choices=PromotionState, default=PromotionState.OPEN)
    rev = models.PositiveIntegerField(default=1)
    reason = models.TextField(blank=True)
    requested_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    requested_at = models.DateTimeField(default=timezone.now, editable=False)
    closed_at = models.DateTimeField(null=True)
    outcome = models.CharField(max_length=14, choices=Outcome, default=Outcome.NOT_EVALUATED)
    verdict = models.JSONField(null=True, help_text="gates.Verdict.to_json() as last computed; frozen when decided")
    verdict_at = models.DateTimeField(null=True)
    bound = models.JSONField(default=dict, help_text="The digests that the verdict stands on; an approval binds them")

    objects = PromotionQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["version", "environment"],
                condition=Q(state__in=["open", "approved"]),
                name="one_active_promotion_a_version_and_environment",
            ),
            models.CheckConstraint(condition=Q(state__in=PromotionState.values), name="promotion_state_known"),
        ]

    def __str__(self) -> str:
        return f"{self.version} → {self.environment}"

    @property
    def team_id(self) -> int | None:
        return self.version.team_id


class DecisionKind(models.TextChoices):
    APPROVE = "approve", _("Approved")
    SEND_BACK = "send_back", _("Sent back")
    REFUSE = "refuse", _("Refused")


class Decision(models.Model):
    """One person's decision on a promotion, and the digests it binds."""

    promotion = models.ForeignKey(Promotion, on_delete=models.PROTECT, related_name="decisions")
    decision = models.CharField(max_length=9, choices=DecisionKind)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(default=timezone.now, editable=False)
    reason = models.TextField(blank=True)
    bound = models.JSONField(default=dict, help_text="artifact, policy, profile and evidence digests at that moment")
    event = models.UUIDField(help_text="The ledger's event of the decision")
    lapsed_at = models.DateTimeField(null=True)
    lapsed_because = models.JSONField(null=True, help_text="A Message")

    class Meta:
        ordering = ["at", "id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(decision="approve") | ~Q(reason=""), name="refusing_and_sending_back_need_a_reason"
            ),
            models.UniqueConstraint(
                fields=["promotion", "by"],
                condition=Q(decision="approve", lapsed_at=None),
                name="one_standing_approval_a_person",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.decision} by {self.by}"


class MoveState(models.TextChoices):
    WAITING = "waiting", _("Waiting")
    MOVING = "moving", _("Moving")
    DONE = "done", _("Done")
    FAILED = "failed", _("Failed")


class Move(models.Model):
    """The outbox: an alias that has to be set since its decision stands in the ledger."""

    promotion = models.OneToOneField(Promotion, on_delete=models.PROTECT, related_name="move")
    model = models.ForeignKey(RegisteredModel, on_delete=models.PROTECT, related_name="moves")
    alias = models.CharField(max_length=120)
    number = models.PositiveIntegerField(help_text="The version that the alias shall point at")
    replaced = models.PositiveIntegerField(null=True, help_text="What it pointed at right before")
    state = models.CharField(max_length=8, choices=MoveState, default=MoveState.WAITING)
    error = models.JSONField(null=True)
    event = models.UUIDField(help_text="The ledger's event of the decision; its number gives the move its turn")
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    done_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["model", "alias"], condition=Q(state="moving"), name="one_move_at_a_time_a_model_and_alias"
            ),
            models.CheckConstraint(condition=~Q(state="done") | Q(done_at__isnull=False), name="done_move_has_a_date"),
        ]

    def __str__(self) -> str:
        return f"{self.model} {self.alias} → {self.number}"


class Placement(models.Model):
    """What stood in an environment, from when to when, and by which promotion."""

    model = models.ForeignKey(RegisteredModel, on_delete=models.PROTECT, related_name="placements")
    environment = models.CharField(max_length=40)
    version = models.ForeignKey(ModelVersion, on_delete=models.PROTECT, related_name="placements")
    promotion = models.OneToOneField(Promotion, on_delete=models.PROTECT, related_name="placement")
    since = models.DateTimeField()
    until = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-since", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["model", "environment"], condition=Q(until=None), name="one_version_in_an_environment"
            )
        ]

    def __str__(self) -> str:
        return f"{self.version} in {self.environment}"
