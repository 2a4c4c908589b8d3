"""Promotions: requests, what people decided and said of them."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from governance.models.audit import Outcome
from governance.models.policy import Policy
from governance.models.profile import Risk
from governance.models.registry import ModelVersion
from portal.accounts.models import TeamScopedQuerySet


class PromotionState(models.TextChoices):
    OPEN = "open", _("Open")
    APPROVED = "approved", _("Approved, being moved")
    DONE = "done", _("In place")
    SENT_BACK = "sent_back", _("Sent back")
    REFUSED = "refused", _("Refused")
    WITHDRAWN = "withdrawn", _("Withdrawn")
    FAILED = "failed", _("Move failed")
    OVERTAKEN = "overtaken", _("Overtaken by a later one")


class PromotionKind(models.TextChoices):
    MOVE = "move", _("Promotion")
    ROLLBACK = "rollback", _("Rollback")


class PromotionQuerySet(TeamScopedQuerySet):
    team_prefix = "version__model__team__"

    def waiting(self) -> PromotionQuerySet:
        return self.filter(state=PromotionState.OPEN)


class Promotion(models.Model):
    """The request to bring a version into an environment. Its rules are frozen when it opens."""

    version = models.ForeignKey(ModelVersion, on_delete=models.PROTECT, related_name="promotions")
    environment = models.CharField(max_length=40)
    kind = models.CharField(max_length=8, choices=PromotionKind, default=PromotionKind.MOVE)
    policy = models.ForeignKey(Policy, on_delete=models.PROTECT, related_name="+")
    rules = models.JSONField(
        default=list, help_text="[{policy, version, digest}] of all that apply; empty where it is `policy` alone"
    )
    risk_at_request = models.CharField(max_length=6, choices=Risk, blank=True)
    team_level_seen = models.PositiveSmallIntegerField(null=True, help_text="The team's official level at the request")
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
            models.CheckConstraint(condition=Q(kind__in=PromotionKind.values), name="promotion_kind_known"),
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
    AUTOMATIC = "automatic", _("Approved by the policy")
    BREAK_GLASS = "break_glass", _("Let through in an emergency")


class Decision(models.Model):
    """One person's decision on a promotion, or the policy's own, and the digests it binds."""

    promotion = models.ForeignKey(Promotion, on_delete=models.PROTECT, related_name="decisions")
    decision = models.CharField(max_length=11, choices=DecisionKind)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    stage = models.PositiveSmallIntegerField(default=0, help_text="Which of the frozen stages, from 0")
    group = models.CharField(max_length=60, blank=True, help_text="The group's key; empty for any reviewer")
    acting_for = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+", help_text="As whose deputy"
    )
    expires_at = models.DateTimeField(null=True)
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
                condition=Q(decision__in=["approve", "automatic"]) | ~Q(reason=""),
                name="refusing_and_sending_back_need_a_reason",
            ),
            models.CheckConstraint(condition=Q(decision__in=DecisionKind.values), name="decision_kind_known"),
            models.CheckConstraint(
                condition=Q(decision="automatic", by=None, acting_for=None)
                | (~Q(decision="automatic") & Q(by__isnull=False)),
                name="decision_by_a_person_unless_automatic",
            ),
            models.CheckConstraint(
                condition=Q(acting_for=None) | ~Q(acting_for=F("by")), name="nobody_decides_as_their_own_deputy"
            ),
            models.UniqueConstraint(
                fields=["promotion", "by"],
                condition=Q(decision="approve", lapsed_at=None),
                name="one_standing_approval_a_person",
            ),
            models.UniqueConstraint(
                fields=["promotion", "acting_for"],
                condition=Q(decision="approve", lapsed_at=None),
                name="one_standing_approval_a_principal",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.decision} by {self.by}"


class Comment(models.Model):
    """What somebody wrote on a promotion, or on one of its gates. Never changed."""

    promotion = models.ForeignKey(Promotion, on_delete=models.PROTECT, related_name="comments")
    gate = models.CharField(max_length=130, blank=True, help_text="The gate's id; empty for the whole")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(default=timezone.now, editable=False)
    text = models.TextField()
    event = models.UUIDField(help_text="The ledger's event of the comment")

    objects = TeamScopedQuerySet.along("promotion__version__model__team__").as_manager()

    class Meta:
        ordering = ["at", "id"]
        constraints = [models.CheckConstraint(condition=~Q(text=""), name="comment_says_something")]

    def __str__(self) -> str:
        return f"comment on {self.promotion}"

    @property
    def team_id(self) -> int | None:
        return self.promotion.team_id
