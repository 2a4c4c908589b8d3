"""Every change of units, teams and memberships."""

from __future__ import annotations

from django.db import transaction
from django.utils.text import slugify

from portal.accounts.models import NO_HOLIDAYS, Membership, Team, TeamRole, Unit, User, Visibility
from portal.accounts.permissions import require
from portal.calendars import known
from portal.ledger.actions import record
from portal.message import Message
from portal.web.errors import Conflict, Invalid

# Words that stand in addresses beside a team's slug.
RESERVED = {"new", "compare", "settings"}


@transaction.atomic
def create_unit(*, name: str, by: User) -> Unit:
    """Make a part of the organisation that holds teams."""
    require(by, "people.manage")
    name = _named(name)
    if Unit.objects.filter(name__iexact=name).exists():
        raise Conflict("accounts.unit_name_taken", name=name)
    unit = Unit.objects.create(name=name)
    record(action="unit.create", by=by, subject=("unit", unit.pk, unit.name), after={"name": unit.name})
    return unit


@transaction.atomic
def create_team(*, name: str, unit: Unit, by: User, visibility: str = Visibility.TEAM) -> Team:
    """Make a team; its address keeps the name it was born with."""
    require(by, "people.manage")
    name = _free_team_name(name)
    team = Team.objects.create(name=name, unit=unit, slug=_free_slug(name), visibility=Visibility(visibility))
    record(action="team.create", by=by, subject=subject_of(team), after=_settings_of(team), team=team)
    return team


@transaction.atomic
def change_team(*, team: Team, by: User, name: str, unit: Unit, visibility: str, holidays: str | None = None) -> None:
    """Change a team's name, who sees its results, its calendar of holidays, and (administrators only) its unit."""
    require(by, "team.manage", team)
    team = Team.objects.select_for_update().select_related("unit").get(pk=team.pk)
    before = _settings_of(team)
    if unit.pk != team.unit_id:
        require(by, "people.manage")
    if name.strip() != team.name:
        team.name = _free_team_name(name, besides=team)
    team.unit, team.visibility = unit, Visibility(visibility)
    if holidays is not None:
        team.holidays = _known_calendar(holidays)
    after = _settings_of(team)
    if after == before:
        return
    team.save(update_fields=["name", "unit", "visibility", "holidays"])
    record(action="team.change", by=by, subject=subject_of(team), before=before, after=after, team=team)


@transaction.atomic
def add_member(*, team: Team, user: User, by: User, role: str = TeamRole.MEMBER) -> Membership:
    """Bring a person into a team."""
    require(by, "team.manage", team)
    if not user.is_active:
        raise Conflict("accounts.inactive", name=str(user))
    membership, fresh = Membership.objects.get_or_create(team=team, user=user, defaults={"role": TeamRole(role)})
    if not fresh:
        raise Conflict("accounts.already_member", name=str(user))
    _record(membership, "team.add_member", by, before={}, after={"role": str(membership.role)})
    return membership


@transaction.atomic
def change_member_role(*, membership: Membership, role: str, by: User) -> None:
    """Make a member a manager, or the other way round."""
    require(by, "team.manage", membership.team)
    before, role = str(membership.role), TeamRole(role).value
    if not Membership.objects.filter(pk=membership.pk).exclude(role=role).update(role=role):
        return
    _record(membership, "team.change_member_role", by, before={"role": before}, after={"role": role})


@transaction.atomic
def remove_member(*, membership: Membership, by: User) -> None:
    """Take a person out of a team; what they did there stays recorded."""
    require(by, "team.manage", membership.team)
    deleted, _ = Membership.objects.filter(pk=membership.pk).delete()
    if deleted:
        _record(membership, "team.remove_member", by, before={"role": str(membership.role)}, after={})


def subject_of(team: Team) -> tuple[str, str, str]:
    return ("team", team.slug, team.name)


def _record(membership: Membership, action: str, by: User, *, before: dict, after: dict) -> None:
    record(
        action=action,
        by=by,
        subject=subject_of(membership.team),
        before=before,
        after=after,
        params={"user": str(membership.user.pseudonym)},
        team=membership.team,
    )


def _settings_of(team: Team) -> dict[str, str]:
    return {
        "name": team.name,
        "unit": team.unit.name,
        "visibility": str(team.visibility),
        "holidays": team.holidays,
    }


def _known_calendar(name: str) -> str:
    name = name.strip()
    if name.lower() == NO_HOLIDAYS:
        return NO_HOLIDAYS
    name = name.upper()
    if name and not known(name):
        unknown = Message("accounts.calendar_unknown", {"name": name})
        raise Invalid(unknown, {"holidays": unknown})
    return name


def _named(name: str) -> str:
    name = " ".join(name.split())
    if not name:
        raise Invalid("accounts.name_missing")
    return name


def _free_team_name(name: str, besides: Team | None = None) -> str:
    name = _named(name)
    others = Team.objects.filter(name__iexact=name)
    if besides is not None:
        others = others.exclude(pk=besides.pk)
    if others.exists():
        raise Conflict("accounts.team_name_taken", name=name)
    return name


def _free_slug(name: str) -> str:
    stem = slugify(name, allow_unicode=True)[:120] or "team"
    slug, number = stem, 2
    while slug in RESERVED or Team.objects.filter(slug=slug).exists():
        slug, number = f"{stem}-{number}", number + 1
    return slug
