"""What lets a version past a gate without its passing: waivers, rulings on undecided gates, and break-glass."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from governance.models.audit import Outcome
from governance.models.promotion import Promotion
from governance.models.registry import ModelVersion, RegisteredModel
from portal.accounts.models import TeamScopedQuerySet


class ExceptionKind(models.TextChoices):
    WAIVER = "waiver", _("Waiver")
    RULING = "ruling", _("Decision on an undecided gate")


class GateExceptionQuerySet(TeamScopedQuerySet):
    team_prefix = "model__team__"

    def at(self, moment) -> GateExceptionQuerySet:
        """Those that hold at a moment."""
        return self.filter(since__lte=moment, until__gt=moment, ended_at=None)


class GateException(models.Model):
    """A signed, dated exception to one gate. The gate keeps its true outcome beside it."""

    kind = models.CharField(max_length=6, choices=ExceptionKind)
    model = models.ForeignKey(RegisteredModel, on_delete=models.PROTECT, related_name="gate_exceptions")
    version = models.ForeignKey(
        ModelVersion, on_delete=models.PROTECT, null=True, related_name="gate_exceptions", help_text="None for all"
    )
    environment = models.CharField(max_length=40)
    gate = models.CharField(max_length=130, help_text="The gate's id, with its policy's key where two share one")
    outcome = models.CharField(max_length=14, choices=Outcome, blank=True, help_text="What a ruling says")
    evidence_digest = models.CharField(max_length=80, blank=True, help_text="What a ruling was made on")
    reason = models.TextField(_("reason"))
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    since = models.DateTimeField(default=timezone.now)
    until = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, help_text="When it was ended early")
    event = models.UUIDField(help_text="The ledger's event of the signature")

    objects = GateExceptionQuerySet.as_manager()

    class Meta:
        ordering = ["-since", "-id"]
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=ExceptionKind.values), name="gate_exception_kind_known"),
            models.CheckConstraint(condition=Q(since__lt=F("until")), name="gate_exception_ends_after_it_began"),
            models.CheckConstraint(condition=~Q(reason=""), name="gate_exception_has_a_reason"),
            models.CheckConstraint(
                condition=Q(kind="waiver", outcome="", evidence_digest="")
                | (Q(kind="ruling", outcome__in=["pass", "fail"], version__isnull=False) & ~Q(evidence_digest="")),
                name="ruling_says_what_and_on_which_evidence",
            ),
            models.UniqueConstraint(
                fields=["version", "environment", "gate"],
                condition=Q(kind="ruling", ended_at=None),
                name="one_standing_ruling_a_gate",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} of {self.gate} for {self.version or self.model}"

    @property
    def team_id(self) -> int | None:
        return self.model.team_id


class BreakGlass(models.Model):
    """An emergency passage past the gates: one person asks, another opens it, and it ends by itself."""

    promotion = models.OneToOneField(Promotion, on_delete=models.PROTECT, related_name="break_glass")
    reason = models.TextField(_("reason"))
    first_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    first_at = models.DateTimeField(default=timezone.now)
    second_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    second_at = models.DateTimeField(null=True)
    until = models.DateTimeField(null=True, help_text="When the passage ends, if the move was not made")
    finding = models.ForeignKey(
        "governance.Finding", on_delete=models.PROTECT, null=True, related_name="+", help_text="The review that must be"
    )
    event = models.UUIDField(help_text="The ledger's event of the first person's request")

    objects = TeamScopedQuerySet.along("promotion__version__model__team__").as_manager()

    class Meta:
        ordering = ["-id"]
        verbose_name_plural = "break-glass passages"
        constraints = [
            models.CheckConstraint(condition=~Q(reason=""), name="break_glass_has_a_reason"),
            models.CheckConstraint(
                condition=Q(second_by=None) | ~Q(second_by=F("first_by")), name="break_glass_needs_two_people"
            ),
            models.CheckConstraint(
                condition=Q(second_by=None, second_at=None, until=None, finding=None)
                | Q(second_by__isnull=False, second_at__isnull=False, until__isnull=False, finding__isnull=False),
                name="open_break_glass_ends_and_is_reviewed",
            ),
        ]

    def __str__(self) -> str:
        return f"break-glass of {self.promotion}"

    @property
    def team_id(self) -> int | None:
        return self.promotion.team_id
