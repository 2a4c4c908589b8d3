"""Whether there are as many people as a policy asks for, today; they may still come."""

from __future__ import annotations

from django.utils import timezone

from governance.groups import REVIEWER
from governance.models import GroupMember
from governance.policy import BUILT_IN_GROUPS, Environment, Policy, group_name
from governance.policy.words import both
from portal.accounts.models import User
from portal.message import Message

TWO = 2  # open an emergency passage


def few_people(policy: Policy) -> list[Message]:
    """A sentence for each group of which an environment asks more people than belong to it.

    The owner team and its managers are others for each model, and nothing is said of them.
    """
    kept = _kept(policy)
    found = []
    for key, environment in policy.environments.items():
        for group, needed in _asked(environment).items():
            if group in BUILT_IN_GROUPS and group != REVIEWER:
                continue
            count = len(kept.get((group, ""), set()) | kept.get((group, key), set()))
            if count < needed:
                words = {"place": both(environment.title), "group": group_name(group)}
                found.append(Message("policy.few-people", words | {"needed": needed, "count": count}))
    return found


def _asked(environment: Environment) -> dict[str, int]:
    """Group → how many of it must agree at once."""
    stages = [*environment.approvals.as_stages]
    if environment.rollback:
        stages += environment.rollback.approvals.stages
    asked = {stage.group: 0 for stage in stages}
    for stage in stages:
        asked[stage.group] = max(asked[stage.group], stage.quorum)
    if glass := environment.break_glass:
        asked[glass.group] = max(asked.get(glass.group, 0), TWO)
    return asked


def _kept(policy: Policy) -> dict[tuple[str, str], set[int]]:
    """Group and the one environment that it is for, or none → who belongs to it now."""
    found: dict[tuple[str, str], set[int]] = {}
    rows = GroupMember.objects.at(timezone.now()).filter(user__is_active=True, group__key__in=policy.groups)
    for key, environment, user in rows.values_list("group__key", "group__environment", "user_id"):
        found.setdefault((key, environment), set()).add(user)
    if REVIEWER in policy.groups:
        found[REVIEWER, ""] = set(User.objects.active().filter(is_reviewer=True).values_list("pk", flat=True))
    return found
