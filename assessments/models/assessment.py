"""What a team says of itself: an assessment, its answers, and who was asked for them."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from portal.accounts.models import Team, TeamScopedQuerySet


class AssessmentQuerySet(TeamScopedQuerySet):
    def for_user(self, user):
        """What was submitted follows the team's visibility; a draft is its members' business."""
        rows = super().for_user(user)
        if not user.is_authenticated or user.sees_everything:
            return rows
        return rows.filter(~Q(state="draft") | Q(team__in=user.team_ids))

    def closed(self):
        """What counts as the team's claim: submitted, and perhaps signed by its reviewer."""
        return self.exclude(state="draft")

    def waiting_for_review(self):
        """What was submitted and neither signed nor sent back, where nothing newer took its place."""
        newer = Assessment.objects.closed().filter(
            team=OuterRef("team"), framework=OuterRef("framework"), submitted_at__gt=OuterRef("submitted_at")
        )
        return self.filter(~Exists(newer), state="submitted", returned_at=None, migrated_to=None)

    def taken_part_in(self, user):
        """Those that are a person's own word in some part: they answered, started or submitted them."""
        rows = (
            Answer.objects.filter(assessment=OuterRef("pk"), answered_by=user),
            IndependentAnswer.objects.filter(assessment=OuterRef("pk"), person=user),
            Answerer.objects.filter(assessment=OuterRef("pk"), person=user),
        )
        part = Q(started_by=user) | Q(submitted_by=user)
        for found in rows:
            part |= Q(Exists(found))
        return self.filter(part)

    def to_review_by(self, user):
        """What waits for a review that this person may give: none of their own teams, none with their answers."""
        mine = Assessment.objects.taken_part_in(user).filter(pk=OuterRef("pk"))
        return self.for_user(user).waiting_for_review().exclude(team__in=user.team_ids).exclude(Exists(mine))


class AssessmentState(models.TextChoices):
    DRAFT = "draft", _("In progress")
    SUBMITTED = "submitted", _("Submitted")
    SIGNED = "signed", _("Reviewed and signed")


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
    signed_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    signed_at = models.DateTimeField(null=True)
    signed_note = models.TextField(blank=True)
    returned_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    returned_at = models.DateTimeField(null=True, help_text="When its reviewer sent it back")
    returned_note = models.TextField(blank=True)
    score = models.JSONField(null=True, help_text="The score at submission, as levels.to_json() gives it")
    independent = models.BooleanField(default=False, help_text="Two people answer apart, then settle what differs")
    campaign = models.ForeignKey(
        "assessments.Campaign", on_delete=models.SET_NULL, null=True, blank=True, related_name="assessments"
    )
    migrated_from = models.ForeignKey(
        "self",
        on_delete=models.PROTECT,
        null=True,
        related_name="migrated_to",
        help_text="The assessment on the version before, whose answers an upgrade brought here",
    )

    objects = AssessmentQuerySet.as_manager()

    class Meta:
        ordering = ["-started_at", "-id"]
        indexes = [  # the newest of each team and framework, whose answers are the team's claim
            models.Index(fields=["team", "framework", "-submitted_at", "-id"], name="newest_assessment")
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["team", "framework"], condition=Q(state="draft"), name="one_draft_a_team_and_framework"
            ),
            models.CheckConstraint(
                condition=Q(state="draft", submitted_at=None, signed_at=None)
                | Q(state="submitted", submitted_at__isnull=False, signed_at=None)
                | Q(state="signed", submitted_at__isnull=False, signed_at__isnull=False),
                name="assessment_state_has_its_dates",
            ),
            models.CheckConstraint(
                condition=Q(returned_at=None) | (Q(state="submitted") & ~Q(returned_note="")),
                name="returned_assessment_says_why",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.team} {self.framework} {self.started_at:%Y-%m-%d}"

    def took_part(self, user) -> bool:
        """Whether it is in some part this person's own word; whoever's it is does not review it."""
        return Assessment.objects.taken_part_in(user).filter(pk=self.pk).exists()


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
    criterion = models.CharField(max_length=100)
    practice = models.CharField(max_length=80)
    value = models.CharField(max_length=6, choices=AnswerValue, blank=True, default="")
    note = models.TextField(blank=True)
    rev = models.PositiveIntegerField(default=0)
    carried = models.BooleanField(default=False, help_text="Taken over from the last assessment, not confirmed yet")
    reconfirm = models.BooleanField(
        default=False, help_text="Kept by an upgrade, and unknown until somebody confirms it"
    )
    from_evidence = models.BooleanField(default=False, help_text="Settled by evidence at submission; nobody was asked")
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


class IndependentAnswer(models.Model):
    """One of two people's own answer, which the other does not see until both are done."""

    assessment = models.ForeignKey(Assessment, on_delete=models.CASCADE, related_name="independent_answers")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    criterion = models.CharField(max_length=100)
    value = models.CharField(max_length=6, choices=AnswerValue, blank=True, default="")
    note = models.TextField(blank=True)
    rev = models.PositiveIntegerField(default=0)
    answered_at = models.DateTimeField(null=True)

    objects = AnswerQuerySet.as_manager()

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["assessment", "person", "criterion"], name="one_independent_answer_a_person_and_criterion"
            ),
            models.CheckConstraint(condition=Q(value__in=AnswerValue.values), name="independent_answer_value_known"),
        ]

    def __str__(self) -> str:
        return f"{self.person}: {self.criterion}: {self.value}"


class Answerer(models.Model):
    """One of the two who answer an independent assessment; `finished_at` says that theirs may be compared."""

    assessment = models.ForeignKey(Assessment, on_delete=models.CASCADE, related_name="answerers")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    finished_at = models.DateTimeField(null=True)

    objects = AnswerQuerySet.as_manager()

    class Meta:
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["assessment", "person"], name="one_answerer_a_person")]

    def __str__(self) -> str:
        return str(self.person)


class Delegation(models.Model):
    """A criterion of a draft that a member was asked to answer."""

    assessment = models.ForeignKey(Assessment, on_delete=models.CASCADE, related_name="delegations")
    criterion = models.CharField(max_length=100)
    to = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="delegations")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    at = models.DateTimeField(default=timezone.now)
    due = models.DateField(null=True, blank=True)
    note = models.TextField(blank=True)
    done_at = models.DateTimeField(null=True)

    objects = AnswerQuerySet.as_manager()

    class Meta:
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["assessment", "criterion"], name="one_delegation_a_criterion")]

    def __str__(self) -> str:
        return f"{self.criterion} → {self.to}"


class Attachment(models.Model):
    """A file that was put beside an answer; its bytes lie under FILES_ROOT by their digest."""

    assessment = models.ForeignKey(Assessment, on_delete=models.PROTECT, related_name="attachments")
    criterion = models.CharField(max_length=100)
    name = models.CharField(max_length=200)
    kind = models.CharField(max_length=100, help_text="Media type, as its bytes show it")
    size = models.PositiveBigIntegerField()
    sha256 = models.CharField(max_length=64)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    at = models.DateTimeField(default=timezone.now)
    removed_at = models.DateTimeField(null=True)

    objects = AnswerQuerySet.as_manager()

    class Meta:
        ordering = ["id"]
        indexes = [models.Index(fields=["assessment", "criterion"])]

    def __str__(self) -> str:
        return self.name
