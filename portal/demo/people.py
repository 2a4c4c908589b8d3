"""The people and teams of the demo."""

from __future__ import annotations

from dataclasses import dataclass

from django.db import transaction

from portal.accounts.models import Membership, Team, Unit, User
from portal.ledger.actions import record


@dataclass(frozen=True)
class Person:
    key: str
    name: str
    language: str = "en"
    timezone: str = "Asia/Tokyo"
    role: str = ""
    team: str = ""
    team_role: str = ""

    @property
    def email(self) -> str:
        return f"{self.key}@demo.example"


TEAMS = {
    "lending": ("Lending", "Retail finance", "organisation"),
    "diabetes-care": ("Diabetes care", "Health", "organisation"),
    "imaging": ("Imaging", "Health", "team"),
}

PEOPLE = (
    Person("mori", "Yui Mori", role="is_administrator"),
    Person("sato", "Misaki Sato", role="is_reviewer"),
    Person("nakamura", "中村 恵理", "ja", role="is_auditor"),
    Person("ono", "Daisuke Ono", team="lending", team_role="manager"),
    Person("ito", "Ren Ito", team="lending", team_role="member"),
    Person("suzuki", "鈴木 葵", "ja", team="diabetes-care", team_role="manager"),
    Person("hara", "Naoko Hara", team="imaging", team_role="manager"),
)


def make_people(password: str) -> dict[str, User]:
    """The cast by key; those there are already are left as they are."""
    with transaction.atomic():
        teams = {slug: _team(slug, *about) for slug, about in TEAMS.items()}
        users = {}
        for person in PEOPLE:
            user = User.objects.filter(email=person.email).first()
            if user is None:
                user = _user(person, password, teams)
            users[person.key] = user
    return users


def _team(slug: str, name: str, unit: str, visibility: str) -> Team:
    row, new = Team.objects.get_or_create(
        slug=slug,
        defaults={"name": name, "unit": Unit.objects.get_or_create(name=unit)[0], "visibility": visibility},
    )
    if new:
        record(
            action="team.create", by=None, subject=("team", row.slug, name), after={"visibility": visibility}, team=row
        )
    return row


def _user(person: Person, password: str, teams: dict[str, Team]) -> User:
    roles = {person.role: True} if person.role else {}
    user = User.objects.create_user(
        person.email, password, name=person.name, language=person.language, timezone=person.timezone, **roles
    )
    team = teams.get(person.team)
    if team:
        Membership.objects.create(team=team, user=user, role=person.team_role)
    record(
        action="user.create",
        by=None,
        subject=("user", user.pseudonym, ""),
        after={"role": person.role.removeprefix("is_") or person.team_role},
        texts={"name": person.name},
        team=team,
    )
    return user
