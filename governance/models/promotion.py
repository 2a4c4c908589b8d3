"""Policies, and promotions from the request to the place that a version takes."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from governance.models.audit import Outcome
from governance.models.registry import ModelVersion, RegisteredModel
from portal.accounts.models import SharedQuerySet, TeamScopedQuerySet


class Policy(models.Model):
    """A published, immutable version of a policy's YAML."""

    key = models.SlugField(max_length=60)
    version = models.PositiveIntegerField()
    text = models.TextField()
    digest = models.CharField(max_length=80)
    published_at = models.DateTimeField(default=timezone.now)
    published_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")

    objects = SharedQuerySet.as_manager()

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


class PromotionQuerySet(TeamScopedQuerySet):
    team_prefix = "version__model__team__"

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

    objects = TeamScopedQuerySet.along("promotion__version__model__team__").as_manager()

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

    objects = TeamScopedQuerySet.along("model__team__").as_manager()

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

    objects = TeamScopedQuerySet.along("model__team__").as_manager()

    class Meta:
        ordering = ["-since", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["model", "environment"], condition=Q(until=None), name="one_version_in_an_environment"
            )
        ]

    def __str__(self) -> str:
        return f"{self.version} in {self.environment}"
