"""Who may ask, and who may approve, in an environment: the groups that the policies name for it, besides all else."""

from __future__ import annotations

from collections.abc import Set

from django.utils import timezone

from governance.groups import Belonging
from governance.models import ModelVersion
from governance.policy import Rules, group_name
from portal.web.errors import Forbidden, asking

ASK, APPROVE = "request", "approve"


def has_role(rules: Rules, what: str, groups: Set[str]) -> bool:
    """Whether somebody of these groups may; each policy that names groups must be content."""
    return all(set(named) & groups for named in _named(rules, what))


def check_may_ask(version: ModelVersion, rules: Rules, user) -> None:
    """Refuse who belongs to none of the groups that may ask."""
    asked = _named(rules, ASK)
    if not asked:
        return
    groups = Belonging([user.pk], timezone.now()).of(user.pk, version.model.team_id, rules.environment)
    for named in asked:
        if not set(named) & groups:
            raise Forbidden("promotion.ask-group", groups=[group_name(group) for group in named])


def may_ask(version: ModelVersion, rules: Rules, user) -> bool:
    return asking(check_may_ask)(version, rules, user) and user.has_perm("promotion.request", version)


def _named(rules: Rules, what: str) -> list[tuple[str, ...]]:
    return [named for roles in rules.roles if (named := getattr(roles, what))]
