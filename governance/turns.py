"""Whose turn it is to approve, for many promotions in as many queries as for one."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from django.conf import settings

from governance.approving import is_author
from governance.environment_roles import APPROVE, has_role
from governance.gates import StageNeed, Verdict
from governance.groups import MANAGER, OWNER, REVIEWER, Belonging
from governance.in_force import parsed, published
from governance.models import Decision, DecisionKind, Deputy, GroupMember, Policy, Promotion
from governance.policy import Rules, Source, of_environment
from governance.quorum import Given, progress
from portal.accounts.models import Membership, User
from portal.calendars import WEEKDAYS_ONLY
from portal.ledger.models import Event


@dataclass(frozen=True)
class Turn:
    """Who may give the next approval, and until when it is due."""

    people: list[User]
    due: date | None


def whose_turn(promotions: Sequence[Promotion], now: datetime) -> dict[int, list[User]]:
    """Promotion → the people who may give the next approval, their deputies among them."""
    return {pk: turn.people for pk, turn in turns_of(promotions, now).items()}


def turns_of(promotions: Sequence[Promotion], now: datetime) -> dict[int, Turn]:
    """Promotion → who may give the next approval, and until when.

    Left out are who has spoken already, who asked for it at first or again, who made the version, and the deputies
    of any of these.

    Parameters
    ----------
    promotions : sequence of Promotion
        Open ones, with their policies and their versions' models at hand.
    """
    given, rules = _given(promotions), _rules(promotions)
    open_: dict[int, list[str]] = {}
    due: dict[int, date | None] = {}
    for one in promotions:
        needs, team = _needs(one), one.version.model.team
        opened = one.requested_at.astimezone(ZoneInfo(settings.TIME_ZONE))
        calendar = team.calendar if team else WEEKDAYS_ONLY
        in_order = any(rule.in_order for rule in rules[one.pk])
        found = progress(needs, in_order, given[one.pk], opened=opened, calendar=calendar)
        open_[one.pk], due[one.pk] = [needs[index].group for index in found.current], found.due
    people = _candidates({group for groups in open_.values() for group in groups}, promotions, now)
    belonging = Belonging(people, now)
    deputies = _deputies(people, now)
    asked = _who_asked(promotions)
    turns = {}
    for one in promotions:
        spoken, barred = _spoken(given[one.pk]), _barred(one, asked[one.pk])
        who = _people(one, open_[one.pk], rules[one.pk], people, belonging, deputies, spoken, barred)
        turns[one.pk] = Turn(who, due[one.pk])
    return turns


def _who_asked(promotions: Iterable[Promotion]) -> dict[int, set[UUID]]:
    """Who asked for each, at first or again, by pseudonym."""
    found: dict[int, set[UUID]] = defaultdict(set)
    asked = Event.objects.filter(
        subject_type="promotion",
        subject_id__in=[str(promotion.pk) for promotion in promotions],
        action__in=("promotion.request", "promotion.resubmit"),
    )
    for identifier, actor in asked.values_list("subject_id", "actor"):
        found[int(identifier)].add(actor)
    return found


def _barred(promotion: Promotion, asked: set[UUID]) -> Callable[[User], bool]:
    """Whether somebody asked for it or made it."""

    def barred(user: User) -> bool:
        return user.pseudonym in asked or user.pk == promotion.requested_by_id or is_author(promotion, user)

    return barred


def _needs(promotion: Promotion) -> Sequence[StageNeed]:
    return Verdict.from_json(promotion.verdict).needs if promotion.verdict else ()


def _given(promotions: Iterable[Promotion]) -> dict[int, list[Given]]:
    rows = Decision.objects.filter(promotion__in=promotions, decision=DecisionKind.APPROVE, lapsed_at=None)
    found: dict[int, list[Given]] = defaultdict(list)
    for row in rows:
        found[row.promotion_id].append(Given(row.by_id, row.stage, row.at, row.acting_for_id))
    return found


def _spoken(given: Iterable[Given]) -> set[int]:
    return {person for one in given for person in one.people}


def _rules(promotions: Iterable[Promotion]) -> dict[int, list[Rules]]:
    """The frozen rules of each, policy by policy."""
    several = {
        one.pk: [Source(kept["policy"], kept["version"], kept["digest"]) for kept in one.rules]
        for one in promotions
        if len(one.rules) > 1
    }
    sources = list(dict.fromkeys(source for kept in several.values() for source in kept))
    rows = dict(zip(sources, published(sources), strict=True)) if sources else {}
    kept = {one.pk: [rows[source] for source in several.get(one.pk, ())] or [one.policy] for one in promotions}
    return {one.pk: [_rules_of(row, one.environment) for row in kept[one.pk]] for one in promotions}


def _rules_of(policy: Policy, environment: str) -> Rules:
    return of_environment(parsed(policy.text).environments[environment])


def _candidates(groups: set[str], promotions: Iterable[Promotion], now: datetime) -> dict[int, User]:
    """Everybody who may belong to one of the groups."""
    found: set[int] = set()
    if REVIEWER in groups:
        found.update(User.objects.active().filter(is_reviewer=True).values_list("pk", flat=True))
    if groups & {OWNER, MANAGER}:
        teams = {one.version.model.team_id for one in promotions}
        found.update(Membership.objects.filter(team__in=teams).values_list("user_id", flat=True))
    found.update(GroupMember.objects.at(now).filter(group__key__in=groups).values_list("user_id", flat=True))
    return User.objects.active().in_bulk(found)


def _deputies(people: Iterable[int], now: datetime) -> list[Deputy]:
    rows = Deputy.objects.at(now).filter(principal__in=list(people), deputy__is_active=True)
    return list(rows.select_related("deputy", "group"))


def _people(
    promotion: Promotion,
    groups: Sequence[str],
    rules: Sequence[Rules],
    people: dict[int, User],
    belonging: Belonging,
    deputies: Sequence[Deputy],
    spoken: set[int],
    barred: Callable[[User], bool],
) -> list[User]:
    def lacking(pk: int) -> frozenset[str]:
        belongs = belonging.of(pk, promotion.version.model.team_id, promotion.environment)
        if not all(has_role(rule, APPROVE, belongs) for rule in rules):
            return frozenset()
        return belongs & set(groups)

    asked = {pk: user for pk, user in people.items() if pk not in spoken and lacking(pk) and not barred(user)}
    found = dict(asked)
    for row in deputies:
        lent = lacking(row.principal_id) if row.principal_id in asked else set()
        if row.deputy_id not in spoken and not barred(row.deputy) and (row.group.key in lent if row.group else lent):
            found.setdefault(row.deputy_id, row.deputy)
    return list(found.values())
