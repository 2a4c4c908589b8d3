"""Who uses the portal: users, units, teams, memberships, invitations and API tokens."""

from __future__ import annotations

import uuid
from typing import Any

from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.db import models
from django.db.models import Q
from django.utils.functional import cached_property
from django.utils.timezone import now
from django.utils.translation import gettext_lazy as _
from knox.models import AbstractAuthToken, AuthTokenManager

NO_HOLIDAYS = "none"  # a team that works on every weekday


class Language(models.TextChoices):
    ENGLISH = "en", "English"
    JAPANESE = "ja", "日本語"


class Visibility(models.TextChoices):
    TEAM = "team", _("The team only")
    ORGANISATION = "organisation", _("The whole organisation")


class TeamRole(models.TextChoices):
    MANAGER = "manager", _("Manager")
    MEMBER = "member", _("Member")


class UserQuerySet(models.QuerySet):
    def for_user(self, user: User) -> UserQuerySet:
        """Administrators and auditors see everyone; others those of their own teams."""
        if not user.is_authenticated:
            return self.none()
        if user.is_administrator or user.is_auditor:
            return self
        return self.filter(Q(pk=user.pk) | Q(memberships__team__in=user.team_ids)).distinct()

    def active(self) -> UserQuerySet:
        return self.filter(is_active=True)


class UserManager(BaseUserManager.from_queryset(UserQuerySet)):
    use_in_migrations = False

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> User:
        user = self.model(email=self.normalize_email(email).lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user


class User(AbstractBaseUser, PermissionsMixin):
    """A person. The pseudonym stands for them in the ledger, so that the name can be erased later."""

    email = models.EmailField(_("email address"), unique=True)
    name = models.CharField(_("name"), max_length=120)
    language = models.CharField(_("language"), max_length=2, choices=Language, default=Language.ENGLISH)
    timezone = models.CharField(_("time zone"), max_length=64, default="UTC")
    pseudonym = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    is_administrator = models.BooleanField(_("administrator"), default=False)
    is_auditor = models.BooleanField(_("auditor"), default=False)
    is_reviewer = models.BooleanField(_("reviewer"), default=False)
    is_active = models.BooleanField(_("active"), default=True)
    created_at = models.DateTimeField(default=now, editable=False)
    confined = False  # while a pipeline's token acts: what is open to the organisation is not for it

    objects = UserManager()
    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS = ["name"]

    class Meta:
        ordering = ["name", "pk"]

    def __str__(self) -> str:
        return self.name or self.email

    def get_full_name(self) -> str:
        return str(self)

    def get_short_name(self) -> str:
        return str(self)

    @property
    def is_staff(self) -> bool:
        return False

    @cached_property
    def team_roles(self) -> dict[int, str]:
        """Team id → role; one query a request."""
        return dict(self.memberships.values_list("team_id", "role")) if self.pk else {}

    @property
    def team_ids(self) -> list[int]:
        return list(self.team_roles)

    @property
    def managed_ids(self) -> list[int]:
        return [team for team, role in self.team_roles.items() if role == TeamRole.MANAGER]

    @property
    def sees_everything(self) -> bool:
        return self.is_administrator or self.is_auditor or self.is_reviewer

    def confine(self, team_id: int) -> None:
        """For the rest of a request: a member of one team, if they are in it, and nothing else. Never saved."""
        self.is_administrator = self.is_auditor = self.is_reviewer = False
        self.team_roles = {team_id: TeamRole.MEMBER.value} if team_id in self.team_roles else {}
        self.confined = True

    def is_insider(self, team: Team) -> bool:
        """Whether drafts and notes are shown: to the team, and to those whose role is to look everywhere."""
        return self.sees_everything or team.pk in self.team_ids

    @property
    def roles(self) -> list[str]:
        names = (("is_administrator", _("Administrator")), ("is_auditor", _("Auditor")), ("is_reviewer", _("Reviewer")))
        return [str(label) for field, label in names if getattr(self, field)]


def visible_through(user: User, prefix: str = "team__") -> Q:
    """The condition that a row's team is one the user may see."""
    own = Q(**{f"{prefix}pk__in": user.team_ids})
    return own if user.confined else own | Q(**{f"{prefix}visibility": Visibility.ORGANISATION})


class TeamScopedQuerySet(models.QuerySet):
    """Rows that follow the visibility of a team; administrators, auditors and reviewers see all of them."""

    team_prefix = "team__"

    @classmethod
    def along(cls, prefix: str) -> type[TeamScopedQuerySet]:
        """The same for rows whose team is found along other relations."""
        return type(cls.__name__, (cls,), {"team_prefix": prefix, "__module__": cls.__module__})

    def for_user(self, user: User) -> TeamScopedQuerySet:
        if not user.is_authenticated:
            return self.none()
        return self if user.sees_everything else self.filter(visible_through(user, self.team_prefix))


class SharedQuerySet(models.QuerySet):
    """Rows of the whole organisation, for everybody who is signed in."""

    def for_user(self, user: User) -> SharedQuerySet:
        return self if user.is_authenticated else self.none()


class OverseenQuerySet(models.QuerySet):
    """Rows for those who keep the site in order and those who look at how it is kept."""

    def for_user(self, user: User) -> OverseenQuerySet:
        return self if user.is_authenticated and (user.is_administrator or user.is_auditor) else self.none()


class UnitQuerySet(models.QuerySet):
    def for_user(self, user: User) -> UnitQuerySet:
        """The units of the teams one sees; all for administrators, auditors and reviewers."""
        if not user.is_authenticated:
            return self.none()
        return self if user.sees_everything else self.filter(teams__in=Team.objects.for_user(user)).distinct()


class Unit(models.Model):
    """A part of the organisation that holds teams."""

    name = models.CharField(_("name"), max_length=120, unique=True)

    objects = UnitQuerySet.as_manager()

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class TeamQuerySet(TeamScopedQuerySet):
    """One's own teams and those open to the organisation."""

    team_prefix = ""


class Team(models.Model):
    unit = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="teams", verbose_name=_("unit"))
    name = models.CharField(_("name"), max_length=120, unique=True)
    slug = models.SlugField(max_length=140, unique=True, allow_unicode=True)
    visibility = models.CharField(_("results visible to"), max_length=12, choices=Visibility, default=Visibility.TEAM)
    holidays = models.CharField(
        _("holidays"), max_length=12, blank=True, help_text="A calendar's name, none, or empty for the organisation's"
    )
    created_at = models.DateTimeField(default=now, editable=False)

    objects = TeamQuerySet.as_manager()

    class Meta:
        ordering = ["name"]
        constraints = [
            models.CheckConstraint(condition=Q(visibility__in=Visibility.values), name="team_visibility_known")
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def calendar(self) -> str:
        """The calendar of its business days (`portal.calendars`)."""
        return "" if self.holidays == NO_HOLIDAYS else self.holidays or settings.HOLIDAYS


class MembershipQuerySet(models.QuerySet):
    def for_user(self, user: User) -> MembershipQuerySet:
        """As with people: administrators and auditors see all, others those of their own teams."""
        if not user.is_authenticated:
            return self.none()
        return self if user.is_administrator or user.is_auditor else self.filter(team__in=user.team_ids)


class Membership(models.Model):
    team = models.ForeignKey(Team, on_delete=models.CASCADE, related_name="memberships")
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=8, choices=TeamRole, default=TeamRole.MEMBER)

    objects = MembershipQuerySet.as_manager()

    class Meta:
        ordering = ["user__name"]
        constraints = [
            models.UniqueConstraint(fields=["team", "user"], name="one_membership_a_team"),
            models.CheckConstraint(condition=Q(role__in=TeamRole.values), name="membership_role_known"),
        ]

    def __str__(self) -> str:
        return f"{self.user} in {self.team}"


class InvitationQuerySet(models.QuerySet):
    def for_user(self, user: User) -> InvitationQuerySet:
        return self if user.is_authenticated and user.is_administrator else self.none()

    def open(self) -> InvitationQuerySet:
        return self.filter(accepted_at=None, expires_at__gt=now())


class Invitation(models.Model):
    """An address that may make itself an account, once, with the roles named here. Only the token's hash is kept."""

    email = models.EmailField(_("email address"))
    token_hash = models.CharField(max_length=64, unique=True, editable=False)
    language = models.CharField(_("language"), max_length=2, choices=Language, default=Language.ENGLISH)
    is_administrator = models.BooleanField(_("administrator"), default=False)
    is_auditor = models.BooleanField(_("auditor"), default=False)
    is_reviewer = models.BooleanField(_("reviewer"), default=False)
    team = models.ForeignKey(Team, on_delete=models.CASCADE, null=True, blank=True, verbose_name=_("team"))
    team_role = models.CharField(_("role in the team"), max_length=8, choices=TeamRole, default=TeamRole.MEMBER)
    invited_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(default=now, editable=False)
    expires_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True, blank=True)

    objects = InvitationQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at"]

    def __str__(self) -> str:
        return self.email


class Scope(models.TextChoices):
    READ = "read", _("Read")
    WRITE = "write", _("Read and change")
    PIPELINE = "pipeline", _("Pipeline of a team")


class ApiTokenQuerySet(models.QuerySet):
    def for_user(self, user: User) -> ApiTokenQuerySet:
        return self.filter(user=user) if user.is_authenticated else self.none()


class ApiTokenManager(AuthTokenManager.from_queryset(ApiTokenQuerySet)):
    pass


class ApiToken(AbstractAuthToken):
    """A key for programs: shown once, stored as a digest, limited in scope and time."""

    name = models.CharField(_("name"), max_length=80)
    scope = models.CharField(_("scope"), max_length=8, choices=Scope, default=Scope.READ)
    team = models.ForeignKey(
        Team, on_delete=models.CASCADE, null=True, blank=True, related_name="+", verbose_name=_("team")
    )
    expiry = models.DateTimeField(_("expires"))

    objects = ApiTokenManager()

    class Meta:
        ordering = ["-created"]
        constraints = [
            models.CheckConstraint(condition=Q(scope__in=Scope.values), name="token_scope_known"),
            models.CheckConstraint(
                condition=~Q(scope="pipeline") | Q(team__isnull=False), name="pipeline_token_has_a_team"
            ),
        ]

    def __str__(self) -> str:
        return self.name
