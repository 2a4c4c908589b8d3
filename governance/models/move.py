"""Moves, which carry out what was decided, and the places that versions took by them."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from governance.models.promotion import Promotion
from governance.models.registry import ModelVersion, RegisteredModel, Registry
from portal.accounts.models import TeamScopedQuerySet


class MoveState(models.TextChoices):
    WAITING = "waiting", _("Waiting")
    MOVING = "moving", _("Moving")
    DONE = "done", _("Done")
    FAILED = "failed", _("Failed")
    OVERTAKEN = "overtaken", _("Overtaken")
    HELD = "held", _("Held")


UNDER_WAY = (MoveState.WAITING, MoveState.MOVING)


class MoveKind(models.TextChoices):
    ALIAS = "alias", _("Alias")
    COPY = "copy", _("Copy into a model of its own")
    TRANSFER = "transfer", _("Copy into another registry")
    RESTORE = "restore", _("Alias put back")


class Move(models.Model):
    """The outbox: an alias that has to be set, or a copy made, since its decision stands in the ledger."""

    kind = models.CharField(max_length=8, choices=MoveKind, default=MoveKind.ALIAS)
    promotion = models.OneToOneField(Promotion, on_delete=models.PROTECT, null=True, related_name="move")
    restores = models.ForeignKey(
        "governance.Placement",
        on_delete=models.PROTECT,
        null=True,
        related_name="restorations",
        help_text="What shall stand again; a restoration has no promotion",
    )
    model = models.ForeignKey(RegisteredModel, on_delete=models.PROTECT, related_name="moves")
    alias = models.CharField(max_length=120)
    number = models.PositiveIntegerField(help_text="The version that the alias shall point at")
    replaced = models.PositiveIntegerField(null=True, help_text="What it pointed at right before")
    target_model = models.ForeignKey(
        RegisteredModel,
        on_delete=models.PROTECT,
        null=True,
        related_name="moves_into",
        help_text="The model that the copy goes into; None where it is the model itself",
    )
    target_number = models.PositiveIntegerField(null=True, help_text="The copy's number there, once it is made")
    tag = models.UUIDField(null=True, unique=True, help_text="Marks the copy, so that a second attempt finds it")
    fence = models.PositiveIntegerField(default=0, help_text="Counts who took it; only the last one may write")
    not_before = models.DateTimeField(null=True, help_text="The opening of the window that it waits for")
    why = models.JSONField(null=True, help_text="What it waits for or was made for, as a Message")
    state = models.CharField(max_length=9, choices=MoveState, default=MoveState.WAITING)
    error = models.JSONField(null=True)
    event = models.UUIDField(help_text="The ledger's event of the decision; its number gives the move its turn")
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    done_at = models.DateTimeField(null=True)

    objects = TeamScopedQuerySet.along("model__team__").as_manager()

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                Coalesce("target_model", "model"),
                "alias",
                condition=Q(state="moving"),
                name="one_move_at_a_time_a_model_and_alias",
            ),
            models.CheckConstraint(condition=Q(state__in=MoveState.values), name="move_state_known"),
            models.CheckConstraint(
                condition=Q(kind="restore", promotion=None, restores__isnull=False)
                | Q(kind__in=["alias", "copy", "transfer"], promotion__isnull=False, restores=None),
                name="move_has_a_promotion_or_restores",
            ),
            models.CheckConstraint(
                condition=Q(kind__in=["copy", "transfer"], target_model__isnull=False, tag__isnull=False)
                | Q(kind__in=["alias", "restore"], target_model=None, target_number=None, tag=None),
                name="copy_has_a_target_and_a_tag",
            ),
            models.CheckConstraint(condition=~Q(state="done") | Q(done_at__isnull=False), name="done_move_has_a_date"),
        ]

    def __str__(self) -> str:
        return f"{self.model} {self.alias} → {self.number}"

    @property
    def team_id(self) -> int | None:
        return self.model.team_id

    @property
    def elsewhere(self) -> Registry | None:
        """The other registry, if the alias is set in one."""
        target = self.target_model
        return target.registry if target and target.registry_id != self.model.registry_id else None


class PlacementQuerySet(TeamScopedQuerySet):
    team_prefix = "model__team__"

    def lying_in(self, registry: Registry) -> PlacementQuerySet:
        """Those whose version, or whose copy that stands for it, lies in a registry."""
        return self.filter(Q(copy=None, model__registry=registry) | Q(copy__model__registry=registry))


class Brand(models.TextChoices):
    NONE = "", _("By approval")
    BREAK_GLASS = "break_glass", _("In an emergency")


class Placement(models.Model):
    """What stood in an environment, from when to when, and by which promotion."""

    model = models.ForeignKey(RegisteredModel, on_delete=models.PROTECT, related_name="placements")
    environment = models.CharField(max_length=40)
    version = models.ForeignKey(ModelVersion, on_delete=models.PROTECT, related_name="placements")
    promotion = models.OneToOneField(Promotion, on_delete=models.PROTECT, related_name="placement")
    copy = models.ForeignKey(
        ModelVersion,
        on_delete=models.PROTECT,
        null=True,
        related_name="placed_as_copy",
        help_text="The copy that stands there, where the environment is a model of its own",
    )
    branded = models.CharField(max_length=11, choices=Brand, default=Brand.NONE, blank=True)
    seq = models.BigIntegerField(null=True, help_text="The decision's number in the ledger; it orders, not the clock")
    since = models.DateTimeField()
    until = models.DateTimeField(null=True)

    objects = PlacementQuerySet.as_manager()

    class Meta:
        ordering = ["-since", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["model", "environment"], condition=Q(until=None), name="one_version_in_an_environment"
            ),
            models.CheckConstraint(condition=Q(branded__in=Brand.values), name="placement_brand_known"),
        ]

    def __str__(self) -> str:
        return f"{self.version} in {self.environment}"

    @property
    def elsewhere(self) -> Registry | None:
        """The other registry, if the copy that stands there lies in one."""
        model = self.copy.model if self.copy else None
        return model.registry if model and model.registry_id != self.model.registry_id else None

    @property
    def there(self) -> ModelVersion:
        """What the alias names: the version, or the copy that stands for it."""
        return self.copy or self.version

    @property
    def team_id(self) -> int | None:
        return self.model.team_id
