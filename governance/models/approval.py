"""Who approves: groups named by policies, their members, and deputies for a time."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from portal.accounts.models import Team, TeamScopedQuerySet, visible_through


class ApproverGroupQuerySet(TeamScopedQuerySet):
    """Groups of the organisation for everybody, a team's with the team: who may approve is no secret to who asks."""

    group_prefix = ""

    def for_user(self, user) -> ApproverGroupQuerySet:
        if not user.is_authenticated:
            return self.none()
        if user.sees_everything:
            return self
        prefix = self.group_prefix
        return self.filter(Q(**{f"{prefix}team": None}) | visible_through(user, f"{prefix}team__"))


class ApproverGroup(models.Model):
    """People who approve, named in policies by the key."""

    key = models.SlugField(_("key"), max_length=60, unique=True)
    name_en = models.CharField(_("name in English"), max_length=120)
    name_ja = models.CharField(_("name in Japanese"), max_length=120)
    environment = models.CharField(_("environment"), max_length=40, blank=True, help_text="Empty for all")
    team = models.ForeignKey(
        Team, on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("team")
    )
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = ApproverGroupQuerySet.as_manager()

    class Meta:
        ordering = ["key"]

    def __str__(self) -> str:
        return self.key

    @property
    def title(self) -> dict[str, str]:
        return {"en": self.name_en, "ja": self.name_ja}


class GroupMemberQuerySet(ApproverGroupQuerySet):
    group_prefix = "group__"

    def at(self, moment) -> GroupMemberQuerySet:
        """Who belongs at a moment."""
        return self.filter(Q(until=None) | Q(until__gt=moment), since__lte=moment)


class GroupMember(models.Model):
    """A person's time in a group; one row a time, so that the past stays readable."""

    group = models.ForeignKey(ApproverGroup, on_delete=models.PROTECT, related_name="memberships")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="approver_memberships")
    since = models.DateTimeField(default=timezone.now)
    until = models.DateTimeField(null=True)

    objects = GroupMemberQuerySet.as_manager()

    class Meta:
        ordering = ["group", "since"]
        constraints = [
            models.UniqueConstraint(
                fields=["group", "user"], condition=Q(until=None), name="one_open_membership_a_group_and_person"
            ),
            models.CheckConstraint(
                condition=Q(until=None) | Q(until__gte=F("since")), name="group_membership_ends_after_it_began"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user} in {self.group}"


class DeputyQuerySet(models.QuerySet):
    def for_user(self, user) -> DeputyQuerySet:
        """One's own in either part; all for administrators, auditors and reviewers."""
        if not user.is_authenticated:
            return self.none()
        return self if user.sees_everything else self.filter(Q(principal=user) | Q(deputy=user))

    def at(self, moment) -> DeputyQuerySet:
        """Those that hold at a moment."""
        return self.filter(since__lte=moment, until__gt=moment, ended_at=None)


class Deputy(models.Model):
    """Somebody who approves in another's place until a date, in one group or in all of them."""

    principal = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="deputies")
    deputy = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="deputy_for")
    group = models.ForeignKey(ApproverGroup, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    since = models.DateTimeField()
    until = models.DateTimeField()
    reason = models.TextField(_("reason"))
    ended_at = models.DateTimeField(null=True, help_text="When it was ended early")
    event = models.UUIDField(help_text="The ledger's event that named the deputy")

    objects = DeputyQuerySet.as_manager()

    class Meta:
        ordering = ["-until"]
        verbose_name_plural = "deputies"
        constraints = [
            models.CheckConstraint(condition=Q(since__lt=F("until")), name="deputy_ends_after_it_began"),
            models.CheckConstraint(condition=~Q(principal=F("deputy")), name="nobody_is_their_own_deputy"),
        ]

    def __str__(self) -> str:
        return f"{self.deputy} for {self.principal}"
