"""Every change of people and their access. Names and addresses stand in `texts` only, so that they can be erased."""

from __future__ import annotations

import hashlib
import secrets
import zoneinfo
from datetime import timedelta

from django.conf import settings
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.mail import send_mail
from django.db import transaction
from django.template.loader import render_to_string
from django.utils import timezone, translation
from django.utils.translation import gettext

from portal.accounts.models import ApiToken, Invitation, Language, Membership, Scope, Team, TeamRole, User
from portal.accounts.permissions import require
from portal.ledger.actions import record
from portal.message import Message
from portal.web.errors import Conflict, Forbidden, Invalid

ROLES = ("is_administrator", "is_auditor", "is_reviewer")
TOKEN_DAYS = range(1, 366)


def person(user: User) -> tuple[str, str, str]:
    """A person as the subject of an event: by pseudonym, never by name."""
    return ("user", str(user.pseudonym), str(user.pseudonym)[:8])


def roles_of(holder: User | Invitation) -> list[str]:
    return [role.removeprefix("is_") for role in ROLES if getattr(holder, role)]


def hash_of(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


@transaction.atomic
def create_administrator(*, email: str, name: str, password: str, by: User | None = None) -> User:
    """Make an administrator; the first one comes by command, with nobody to ask for leave."""
    if by is not None:
        require(by, "people.manage")
    email = _free_address(email)
    _check_password(password, User(email=email, name=name))
    user = User.objects.create_user(email, password, name=name.strip(), is_administrator=True)
    record(
        action="user.create_administrator",
        by=by,
        subject=person(user),
        after={"roles": roles_of(user)},
        texts={"name": user.name, "email": user.email},
    )
    return user


def invite(
    *,
    email: str,
    by: User,
    link,
    language: str = Language.ENGLISH,
    is_administrator: bool = False,
    is_auditor: bool = False,
    is_reviewer: bool = False,
    team=None,
    team_role: str = TeamRole.MEMBER,
) -> tuple[Invitation, str]:
    """Invite an address; gives the invitation and its link, which is mailed and kept nowhere.

    Parameters
    ----------
    link : callable
        From the invitation's token to the address of the page that accepts it.
    """
    require(by, "people.manage")
    token = secrets.token_urlsafe(32)
    address = link(token)
    with transaction.atomic():
        email = _free_address(email)
        Invitation.objects.open().filter(email=email).update(expires_at=timezone.now())  # the newest link holds
        invitation = Invitation.objects.create(
            email=email,
            token_hash=hash_of(token),
            language=Language(language),
            is_administrator=is_administrator,
            is_auditor=is_auditor,
            is_reviewer=is_reviewer,
            team=team,
            team_role=TeamRole(team_role),
            invited_by=by,
            expires_at=timezone.now() + timedelta(days=settings.INVITATION_DAYS),
        )
        record(
            action="user.invite",
            by=by,
            subject=("invitation", invitation.pk, f"#{invitation.pk}"),
            after={"roles": roles_of(invitation), "team": team.slug if team else None, "role": invitation.team_role},
            texts={"email": email},
            team=team,
        )
        transaction.on_commit(lambda: _mail_invitation(invitation, address), robust=True)
    return invitation, address


@transaction.atomic
def withdraw_invitation(*, invitation: Invitation, by: User) -> None:
    """Make an open invitation's link useless."""
    require(by, "people.manage")
    if not Invitation.objects.open().filter(pk=invitation.pk).update(expires_at=timezone.now()):
        raise Conflict("accounts.invitation_invalid")
    record(
        action="user.withdraw_invitation",
        by=by,
        subject=("invitation", invitation.pk, f"#{invitation.pk}"),
        team=invitation.team,
    )


def find_invitation(token: str) -> Invitation:
    """The open invitation of a link; raises `Conflict` if it is used, expired or was never made."""
    invitation = Invitation.objects.open().select_related("team").filter(token_hash=hash_of(token)).first()
    if invitation is None:
        raise Conflict("accounts.invitation_invalid")
    return invitation


@transaction.atomic
def accept_invitation(*, token: str, name: str, password: str, time_zone: str = "UTC") -> User:
    """Make the account an invitation promises: once, with the roles it names and no others."""
    invitation = find_invitation(token)
    if not Invitation.objects.open().filter(pk=invitation.pk).update(accepted_at=timezone.now()):
        raise Conflict("accounts.invitation_invalid")
    email = _free_address(invitation.email)
    _check_password(password, User(email=email, name=name))
    user = User.objects.create_user(
        email,
        password,
        name=name.strip(),
        language=invitation.language,
        timezone=_known_zone(time_zone),
        **{role: getattr(invitation, role) for role in ROLES},
    )
    if invitation.team:
        Membership.objects.create(team=invitation.team, user=user, role=invitation.team_role)
    team = invitation.team
    record(
        action="user.accept_invitation",
        by=user,
        subject=person(user),
        after={
            "roles": roles_of(user),
            "team": team.slug if team else None,
            "role": invitation.team_role if team else None,
        },
        params={"invitation": invitation.pk},
        texts={"name": user.name, "email": user.email},
        team=team,
    )
    return user


@transaction.atomic
def change_profile(*, user: User, by: User, name: str, language: str, time_zone: str) -> None:
    """Change one's own name, language and time zone."""
    if user != by:
        raise Forbidden("accounts.forbidden")
    name = name.strip()
    if not name:
        raise Invalid("accounts.name_missing")
    new = {"language": Language(language).value, "time_zone": _known_zone(time_zone)}
    old = {"language": str(user.language), "time_zone": user.timezone}
    if new == old and name == user.name:
        return
    texts = {} if name == user.name else {"name_before": user.name, "name_after": name}
    user.name, user.language, user.timezone = name, new["language"], new["time_zone"]
    user.save(update_fields=["name", "language", "timezone"])
    record(action="user.change_profile", by=by, subject=person(user), before=old, after=new, texts=texts)


@transaction.atomic
def set_language(*, user: User, language: str) -> None:
    """Save the language of the switch on every page."""
    language = Language(language).value
    old = str(user.language)
    if language == old:
        return
    user.language = language
    user.save(update_fields=["language"])
    record(
        action="user.change_profile",
        by=user,
        subject=person(user),
        before={"language": old},
        after={"language": language},
    )


@transaction.atomic
def change_password(*, user: User, password: str, by: User) -> None:
    """Set a password that was checked already. Sessions elsewhere end, since they carry the old one's hash."""
    user.set_password(password)
    user.save(update_fields=["password"])
    record(action="user.change_password", by=by, subject=person(user))


@transaction.atomic
def set_roles(*, user: User, by: User, is_administrator: bool, is_auditor: bool, is_reviewer: bool) -> None:
    """Set a person's roles in the organisation."""
    require(by, "people.manage")
    user = User.objects.select_for_update().get(pk=user.pk)
    before = roles_of(user)
    if user.is_administrator and not is_administrator:
        _keep_an_administrator(user)
    user.is_administrator, user.is_auditor, user.is_reviewer = is_administrator, is_auditor, is_reviewer
    if roles_of(user) == before:
        return
    user.save(update_fields=[*ROLES])
    record(
        action="user.set_roles",
        by=by,
        subject=person(user),
        before={"roles": before},
        after={"roles": roles_of(user)},
    )


@transaction.atomic
def deactivate(*, user: User, by: User) -> None:
    """Shut an account: its sessions and tokens stop at once, its history stays."""
    require(by, "people.manage")
    if user.is_administrator:
        _keep_an_administrator(user)
    if not User.objects.filter(pk=user.pk, is_active=True).update(is_active=False):
        return
    record(action="user.deactivate", by=by, subject=person(user), before={"active": True}, after={"active": False})


@transaction.atomic
def activate(*, user: User, by: User) -> None:
    """Open a shut account again."""
    require(by, "people.manage")
    if not User.objects.filter(pk=user.pk, is_active=False).update(is_active=True):
        return
    record(action="user.activate", by=by, subject=person(user), before={"active": False}, after={"active": True})


@transaction.atomic
def create_token(*, by: User, name: str, scope: str, days: int, team: Team | None = None) -> tuple[ApiToken, str]:
    """Make a key for programs; it is returned here and never again. A pipeline's acts for one team alone."""
    require(by, "tokens.manage")
    _check_team_of_token(scope, team, by)
    if days not in TOKEN_DAYS:
        raise Invalid("accounts.token_expiry")
    token, key = ApiToken.objects.create(
        user=by, name=name.strip(), scope=Scope(scope), team=team, expiry=timedelta(days=days)
    )
    record(
        action="token.create",
        by=by,
        subject=_token_subject(token),
        after={"scope": token.scope, "days": days} | ({"team": team.slug} if team else {}),
        texts={"name": token.name},
        team=team,
    )
    return token, key


@transaction.atomic
def revoke_token(*, token: ApiToken, by: User) -> None:
    """End a token at once; only its owner can."""
    if token.user_id != by.pk:
        raise Forbidden("accounts.forbidden")
    subject = _token_subject(token)
    deleted, _ = ApiToken.objects.filter(pk=token.pk).delete()
    if deleted:
        record(action="token.revoke", by=by, subject=subject, before={"scope": token.scope}, team=token.team)


def _check_team_of_token(scope: str, team: Team | None, by: User) -> None:
    if scope != Scope.PIPELINE and team is not None:
        raise Invalid("accounts.token_team_unused", {"team": Message("accounts.token_team_unused")})
    if scope == Scope.PIPELINE and team is None:
        raise Invalid("accounts.token_team", {"team": Message("accounts.token_team")})
    if team is not None:
        require(by, "tokens.bind", team)


def _token_subject(token: ApiToken) -> tuple[str, str, str]:
    return ("token", token.digest[:16], token.digest[:8])


def _free_address(email: str) -> str:
    email = User.objects.normalize_email(email.strip()).lower()
    if User.objects.filter(email=email).exists():
        raise Conflict("accounts.email_taken", email=email)
    return email


def _check_password(password: str, user: User) -> None:
    try:
        validate_password(password, user)
    except ValidationError as error:
        raise Invalid("accounts.password_weak", reasons=list(error.messages)) from error


def _known_zone(name: str) -> str:
    if name not in zoneinfo.available_timezones():
        raise Invalid("accounts.time_zone_unknown", name=name)
    return name


def _keep_an_administrator(leaving: User) -> None:
    """Refuse to lose the last active administrator; the rows are locked, so that two cannot leave at once."""
    active = User.objects.select_for_update().filter(is_administrator=True, is_active=True)
    if not [pk for pk in active.order_by("pk").values_list("pk", flat=True) if pk != leaving.pk]:
        raise Conflict("accounts.last_administrator")


def _mail_invitation(invitation: Invitation, address: str) -> None:
    with translation.override(invitation.language):
        send_mail(
            gettext("Your invitation to Sekisho"),
            render_to_string("accounts/invitation_mail.txt", {"invitation": invitation, "address": address}),
            None,
            [invitation.email],
        )
