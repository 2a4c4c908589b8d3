"""What programs send twice on purpose."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils import timezone

from governance.models.promotion import Promotion
from portal.accounts.models import TeamScopedQuerySet


class RequestKey(models.Model):
    """The key that a program sent with a request for a promotion: sent again, it finds what it made."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    key = models.CharField(max_length=64, help_text="SHA-256 of what was sent")
    asked = models.CharField(max_length=80, help_text="Digest of what was asked for")
    promotion = models.ForeignKey(Promotion, on_delete=models.CASCADE, related_name="request_keys")
    at = models.DateTimeField(default=timezone.now, editable=False)

    objects = TeamScopedQuerySet.along("promotion__version__model__team__").as_manager()

    class Meta:
        ordering = ["at", "id"]
        constraints = [models.UniqueConstraint(fields=["user", "key"], name="one_request_a_key_and_person")]

    def __str__(self) -> str:
        return f"{self.key[:8]} of {self.promotion_id}"
