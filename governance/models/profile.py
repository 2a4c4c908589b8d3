"""What a model is for, and the data that it is judged on."""

from __future__ import annotations

import hashlib
import json

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from governance.models.registry import RegisteredModel
from portal.accounts.models import TeamScopedQuerySet


def digest_of(value) -> str:
    """The digest of a JSON value that an approval binds."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return "sha256:" + hashlib.sha256(text.encode()).hexdigest()


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
    score_column = models.CharField(
        _("score column"),
        max_length=120,
        blank=True,
        help_text=_("The model's probability or score, where the data holds one beside the decision."),
    )
    weight_column = models.CharField(
        _("weight column"), max_length=120, blank=True, help_text=_("How many cases a row stands for.")
    )
    sensitive_columns = models.JSONField(_("sensitive columns"), default=list, blank=True)
    bins = models.JSONField(_("edges of bins"), default=dict, blank=True)
    pools = models.JSONField(_("groups judged together"), default=dict, blank=True)
    excluded_columns = models.JSONField(_("columns the model does not take"), default=list, blank=True)
    proxy_columns = models.JSONField(_("proxies of sensitive columns"), default=list, blank=True)
    slice_columns = models.JSONField(_("slices of performance"), default=list, blank=True)
    pinned = models.JSONField(default=dict, editable=False, help_text="Role → the pinned digests of its sets")
    agreed = models.BooleanField(default=True, help_text="A second person agreed; until then no gate counts on it")
    rev = models.PositiveIntegerField(default=1)
    changed_at = models.DateTimeField(default=timezone.now)
    changed_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")

    objects = TeamScopedQuerySet.along("model__team__").as_manager()

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
        "score_column",
        "weight_column",
        "proxy_columns",
        "slice_columns",
        "pools",
    ]
    # Left out of the digest while they are empty: what was approved before they existed stays approved.
    LATER = ("score_column", "weight_column", "proxy_columns", "slice_columns", "pools")

    @property
    def content(self) -> dict:
        """What people write; the form and the API hold these fields."""
        return {name: getattr(self, name) for name in self.FIELDS}

    @property
    def digest(self) -> str:
        """Of what audits and approvals stand on: the content, and the sets that the model is judged on."""
        return self.digest_with(self.content, self.pinned)

    @classmethod
    def digest_with(cls, content: dict, pinned: dict) -> str:
        """The digest of a profile that says this."""
        written = {name: value for name, value in content.items() if value or name not in cls.LATER}
        return digest_of(written | ({"pinned": pinned} if pinned else {}))

    @property
    def restricted_columns(self) -> list[str]:
        """Attributes that come from a restricted set: no model is given them."""
        return self.pinned.get("sensitive", {}).get("columns", [])
