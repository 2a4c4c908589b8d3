"""What was signed for the gate at MLflow's server: tokens for one move each, and kits for an emergency."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from governance.models.move import Move
from governance.models.registry import Registry
from portal.accounts.models import OverseenQuerySet


class KitState(models.TextChoices):
    SEALED = "sealed", _("Sealed")
    USED = "used", _("Used")
    REVOKED = "revoked", _("Revoked")


class EmergencyKit(models.Model):
    """Grants that two custodians open together while Sekisho is down. It holds nothing that opens them."""

    registry = models.ForeignKey(Registry, on_delete=models.PROTECT, related_name="emergency_kits")
    model_names = models.JSONField(help_text="The exact names of the models")
    alias = models.CharField(_("alias"), max_length=120)
    custodians = models.JSONField(help_text="The pseudonyms of those who open it, two of them together")
    sealed = models.TextField(editable=False)
    state = models.CharField(max_length=7, choices=KitState, default=KitState.SEALED)
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    made_at = models.DateTimeField(default=timezone.now, editable=False)
    expires_at = models.DateTimeField()
    event = models.UUIDField(help_text="The ledger's event of the sealing")

    objects = OverseenQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(condition=Q(state__in=KitState.values), name="emergency_kit_state_known"),
            models.CheckConstraint(condition=Q(expires_at__gt=F("made_at")), name="emergency_kit_expires"),
        ]

    def __str__(self) -> str:
        return f"kit for {self.alias} on {self.registry}"


class MintedToken(models.Model):
    """A grant that was signed: what it lets through once. The token itself is not kept."""

    jti = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    action = models.CharField(max_length=20, help_text="Such as alias.set")
    registry = models.ForeignKey(Registry, on_delete=models.PROTECT, related_name="minted_tokens")
    model = models.CharField(max_length=300, help_text="The exact name")
    alias = models.CharField(max_length=120, blank=True)
    old = models.CharField(max_length=300, null=True, help_text="What has to stand there now; None for nothing")
    new = models.CharField(max_length=300, null=True, help_text="What may stand there then; None for nothing")
    move = models.ForeignKey(Move, on_delete=models.PROTECT, null=True, related_name="minted_tokens")
    kit = models.ForeignKey(EmergencyKit, on_delete=models.PROTECT, null=True, related_name="minted_tokens")
    minted_at = models.DateTimeField(default=timezone.now, editable=False)
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True, help_text="As the gate reports")

    objects = OverseenQuerySet.as_manager()

    class Meta:
        ordering = ["-minted_at"]
        constraints = [
            models.CheckConstraint(condition=Q(expires_at__gt=F("minted_at")), name="minted_token_expires"),
            models.CheckConstraint(condition=Q(move=None) | Q(kit=None), name="minted_token_for_a_move_or_a_kit"),
        ]

    def __str__(self) -> str:
        return f"{self.action} of {self.model}"
