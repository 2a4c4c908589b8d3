"""What people are told, how they want it mailed, and the mails that go out."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from portal.accounts.models import Membership, Team, Visibility
from portal.calendars import business_days_between
from portal.ledger.words import label_text

SOON = 3  # business days before a due date, from when on it is near


class Channel(models.TextChoices):
    NOW = "now", _("At once")
    DIGEST = "digest", _("Daily digest")
    OFF = "off", _("No e-mail")


class OwnQuerySet(models.QuerySet):
    """Rows that are one person's, and nobody else's business."""

    def for_user(self, user) -> OwnQuerySet:
        return self.filter(user=user) if user.is_authenticated else self.none()


class NoticeQuerySet(OwnQuerySet):
    def for_user(self, user) -> NoticeQuerySet:
        """One's own, as long as one sees the team they are about."""
        own = super().for_user(user)
        if not user.is_authenticated or user.sees_everything:
            return own
        member = Membership.objects.filter(team=OuterRef("team"), user=user)
        return own.filter(Q(team=None) | Q(team__visibility=Visibility.ORGANISATION) | Exists(member))

    def open(self) -> NoticeQuerySet:
        return self.filter(withdrawn_at=None)

    def unread(self) -> NoticeQuerySet:
        return self.filter(withdrawn_at=None, read_at=None)


class MailState(models.TextChoices):
    WAITING = "waiting", _("Waiting")
    SENT = "sent", _("Sent")
    DROPPED = "dropped", _("Not needed any more")
    FAILED = "failed", _("Could not be delivered")


class Mail(models.Model):
    """A mail to be sent: the outbox. Whoever holds the lease sends it; `digest_of` is the day of a digest."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    digest_of = models.DateField(null=True)
    state = models.CharField(max_length=7, choices=MailState, default=MailState.WAITING)
    created_at = models.DateTimeField(default=timezone.now)
    not_before = models.DateTimeField(default=timezone.now)
    lease_until = models.DateTimeField(null=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    ended_at = models.DateTimeField(null=True)
    error = models.JSONField(null=True, help_text="A Message: why the last attempt failed")

    objects = OwnQuerySet.as_manager()

    class Meta:
        ordering = ["id"]
        indexes = [models.Index(fields=["not_before"], condition=Q(state="waiting"), name="mail_waiting")]
        constraints = [
            models.UniqueConstraint(
                fields=["user", "digest_of"], condition=Q(digest_of__isnull=False), name="one_digest_a_day"
            ),
            models.CheckConstraint(
                condition=Q(state="waiting", ended_at=None) | (~Q(state="waiting") & Q(ended_at__isnull=False)),
                name="mail_ended_when_not_waiting",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.pk}: {self.state}"


class Notice(models.Model):
    """One thing told to one person. It is open until what it is about is done: then it is withdrawn."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="notices")
    kind = models.CharField(max_length=60)
    key = models.CharField(max_length=200)
    message = models.JSONField(help_text="A Message")
    url = models.CharField(max_length=500)
    team = models.ForeignKey(Team, on_delete=models.CASCADE, null=True, related_name="+")
    subject_type = models.CharField(max_length=40, blank=True)
    subject_id = models.CharField(max_length=80, blank=True)
    subject_label = models.CharField(max_length=300, blank=True)
    due = models.DateField(null=True)
    channel = models.CharField(max_length=6, choices=Channel)
    created_at = models.DateTimeField(default=timezone.now)
    read_at = models.DateTimeField(null=True)
    withdrawn_at = models.DateTimeField(null=True)
    mail = models.ForeignKey(Mail, on_delete=models.SET_NULL, null=True, related_name="notices")
    emailed_at = models.DateTimeField(null=True)

    objects = NoticeQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at", "-id"]
        indexes = [
            models.Index(fields=["user"], condition=Q(read_at=None, withdrawn_at=None), name="notice_unread"),
            models.Index(fields=["key"], name="notice_key"),
        ]
        constraints = [
            # The same thing is not told twice while it stands.
            models.UniqueConstraint(
                fields=["user", "key"], condition=Q(withdrawn_at=None), name="one_open_notice_a_key"
            ),
            models.CheckConstraint(condition=Q(channel__in=Channel.values), name="notice_channel_known"),
        ]

    def __str__(self) -> str:
        return self.key

    @property
    def about(self) -> str:
        """What it is about, as people read it."""
        return label_text(self.subject_type, self.subject_label)

    @property
    def title(self) -> str:
        from portal.inbox.kinds import KINDS

        kind = KINDS.get(self.kind)
        return kind.title if kind else self.kind

    @property
    def is_late(self) -> bool:
        return self.due is not None and self.withdrawn_at is None and self.due < timezone.localdate()

    @property
    def days_left(self) -> int | None:
        """Business days until it is due, by the team's calendar."""
        if self.due is None or self.is_late:
            return None
        calendar = self.team.calendar if self.team else settings.HOLIDAYS
        return business_days_between(timezone.localdate(), self.due, calendar)


class MailChoice(models.Model):
    """How a person wants one kind of notice mailed, where it differs from the kind's own way."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="mail_choices")
    kind = models.CharField(max_length=60)
    channel = models.CharField(max_length=6, choices=Channel)

    objects = OwnQuerySet.as_manager()

    class Meta:
        ordering = ["kind"]
        constraints = [
            models.UniqueConstraint(fields=["user", "kind"], name="one_choice_a_kind"),
            models.CheckConstraint(condition=Q(channel__in=Channel.values), name="choice_channel_known"),
        ]

    def __str__(self) -> str:
        return f"{self.kind}: {self.channel}"
