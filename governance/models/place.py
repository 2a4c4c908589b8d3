"""Where an environment lies: what stands for it in each registry."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from governance.models.registry import Registry
from portal.accounts.models import SharedQuerySet


class PlaceKind(models.TextChoices):
    ALIAS = "alias", _("An alias")
    MODEL = "model", _("A model of its own")
    REGISTRY = "registry", _("Another registry")


class Place(models.Model):
    """How the models of a registry stand in an environment. Without one, it is by the alias of the policy."""

    environment = models.CharField(_("environment"), max_length=40)
    registry = models.ForeignKey(Registry, on_delete=models.PROTECT, related_name="places")
    kind = models.CharField(_("kind"), max_length=8, choices=PlaceKind, default=PlaceKind.ALIAS)
    alias = models.CharField(_("alias"), max_length=120, blank=True, help_text="Empty for the policy's")
    name_pattern = models.CharField(
        _("name of the model"), max_length=200, blank=True, help_text="Such as prod.{name}; empty for the same name"
    )
    target = models.ForeignKey(
        Registry, on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("registry")
    )

    objects = SharedQuerySet.as_manager()

    class Meta:
        ordering = ["registry", "environment"]
        constraints = [
            models.UniqueConstraint(fields=["environment", "registry"], name="one_place_an_environment_and_registry"),
            models.CheckConstraint(
                condition=Q(kind="alias", name_pattern="", target=None)
                | (Q(kind="model", target=None, name_pattern__contains="{name}") & ~Q(name_pattern="{name}"))
                | (
                    Q(kind="registry", target__isnull=False)
                    & ~Q(target=F("registry"))
                    & (Q(name_pattern="") | Q(name_pattern__contains="{name}"))
                ),
                name="place_as_its_kind_needs",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.environment} of {self.registry}"
