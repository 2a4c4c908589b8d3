"""What an independent reviewer confirmed of an assessment."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from assessments.models.assessment import AnswerQuerySet, Assessment


class ReviewVerdict(models.TextChoices):
    CONFIRMED = "confirmed", _("Confirmed")
    REFUSED = "refused", _("Not confirmed")


class CriterionReview(models.Model):
    """A reviewer's verdict on one answer. It counts once the assessment is signed, until it lapses.

    `answer_rev` is the answer that was seen: a later one needs another look.
    """

    assessment = models.ForeignKey(Assessment, on_delete=models.CASCADE, related_name="reviews")
    criterion = models.CharField(max_length=100)
    practice = models.CharField(max_length=80)
    verdict = models.CharField(max_length=9, choices=ReviewVerdict)
    note = models.TextField(blank=True)
    rev = models.PositiveIntegerField(default=0)
    answer_rev = models.PositiveIntegerField(default=0)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    at = models.DateTimeField(default=timezone.now)
    until = models.DateTimeField(null=True, help_text="Until when it is current; set by the signature")

    objects = AnswerQuerySet.as_manager()

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["assessment", "criterion"], name="one_review_a_criterion"),
            models.CheckConstraint(condition=Q(verdict__in=ReviewVerdict.values), name="review_verdict_known"),
            models.CheckConstraint(condition=~Q(verdict="refused", note=""), name="refused_review_says_why"),
        ]

    def __str__(self) -> str:
        return f"{self.criterion}: {self.verdict}"
