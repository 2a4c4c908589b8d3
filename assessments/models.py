"""What a team says of itself, what was found, and the levels that followed."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from portal.accounts.models import Team, TeamScopedQuerySet


class AssessmentQuerySet(TeamScopedQuerySet):
    def for_user(self, user):
        """What was submitted follows the team's visibility; a draft is its members' business."""
        rows = super().for_user(user)
        if not user.is_authenticated or user.sees_everything:
            return rows
        return rows.filter(Q(state="submitted") | Q(team__in=user.team_ids))


class AssessmentState(models.TextChoices):
    DRAFT = "draft", _("In progress")
    SUBMITTED = "submitted", _("Submitted")


class Assessment(models.Model):
    """One filling-out of a framework by a team, bound to the framework's digest."""

    team = models.ForeignKey(Team, on_delete=models.PROTECT, related_name="assessments")
    framework = models.CharField(max_length=60)
    framework_version = models.CharField(max_length=20)
    framework_digest = models.CharField(max_length=80)
    state = models.CharField(max_length=9, choices=AssessmentState, default=AssessmentState.DRAFT)
    started_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    started_at = models.DateTimeField(default=timezone.now, editable=False)
    submitted_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    submitted_at = models.DateTimeField(null=True)
    score = models.JSONField(null=True, help_text="The score at submission, as levels.to_json() gives it")

    objects = AssessmentQuerySet.as_manager()

    class Meta:
        ordering = ["-started_at", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["team", "framework"], condition=Q(state="draft"), name="one_draft_a_team_and_framework"
            ),
            models.CheckConstraint(
                condition=Q(state="draft", submitted_at=None) | Q(state="submitted", submitted_at__isnull=False),
                name="submitted_assessment_has_a_date",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.team} {self.framework} {self.started_at:%Y-%m-%d}"


class AnswerValue(models.TextChoices):
    YES = "yes", _("Yes")
    PARTLY = "partly", _("Partly")
    NO = "no", _("No")
    NA = "na", _("Not applicable")
    UNKNOWN = "", _("I do not know yet")


class AnswerQuerySet(models.QuerySet):
    def for_user(self, user):
        return self.filter(assessment__in=Assessment.objects.for_user(user))


class Answer(models.Model):
    """The claim on one criterion. `rev` grows with each save, so that two tabs cannot overwrite each other unseen."""

    assessment = models.ForeignKey(Assessment, on_delete=models.CASCADE, related_name="answers")
    criterion = models.CharField(max_length=80)
    practice = models.CharField(max_length=80)
    value = models.CharField(max_length=6, choices=AnswerValue, blank=True, default="")
    note = models.TextField(blank=True)
    rev = models.PositiveIntegerField(default=0)
    carried = models.BooleanField(default=False, help_text="Taken over from the last assessment, not confirmed yet")
    answered_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    answered_at = models.DateTimeField(null=True)

    objects = AnswerQuerySet.as_manager()

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["assessment", "criterion"], name="one_answer_a_criterion"),
            models.CheckConstraint(condition=Q(value__in=AnswerValue.values), name="answer_value_known"),
        ]

    def __str__(self) -> str:
        return f"{self.criterion}: {self.value}"


class Evidence(models.Model):
    """A fact that a collector found about a team's systems; the newest of each source counts."""

    team = models.ForeignKey(Team, on_delete=models.CASCADE, related_name="evidence")
    fact = models.CharField(max_length=60)
    source = models.CharField(max_length=60)
    grade = models.CharField(max_length=1)
    value = models.JSONField(null=True)
    items = models.PositiveIntegerField(null=True)
    detail = models.TextField(blank=True, help_text="Where it was found, or examples of what lacks")
    observed_at = models.DateTimeField()

    objects = TeamScopedQuerySet.as_manager()

    class Meta:
        ordering = ["fact"]
        constraints = [
            models.UniqueConstraint(fields=["team", "fact", "source"], name="one_fact_a_source"),
            models.CheckConstraint(condition=Q(grade__in=["A", "B", "C"]), name="evidence_grade_known"),
        ]

    def __str__(self) -> str:
        return f"{self.fact} = {self.value}"


class LevelRecord(models.Model):
    """The levels of a team on a day on which they changed; what trends are drawn from."""

    team = models.ForeignKey(Team, on_delete=models.CASCADE, related_name="level_records")
    framework = models.CharField(max_length=60)
    at = models.DateTimeField(default=timezone.now)
    score = models.JSONField(help_text="As levels.to_json() gives it")

    objects = TeamScopedQuerySet.as_manager()

    class Meta:
        ordering = ["at", "id"]
        indexes = [models.Index(fields=["team", "framework", "at"])]

    def __str__(self) -> str:
        return f"{self.team} {self.at:%Y-%m-%d}"
