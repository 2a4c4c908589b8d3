"""Who may do what: the one table of permissions.

A permission is asked with an object (a team, or anything with a ``team``) or with none.
"""

from __future__ import annotations

import rules

from portal.accounts.models import Team, TeamRole


def team_id_of(thing) -> int | None:
    return thing.pk if isinstance(thing, Team) else getattr(thing, "team_id", None)


@rules.predicate
def signed_in(user) -> bool:
    return user.is_authenticated and user.is_active


@rules.predicate
def administrator(user) -> bool:
    return user.is_authenticated and user.is_administrator


@rules.predicate
def auditor(user) -> bool:
    return user.is_authenticated and user.is_auditor


@rules.predicate
def reviewer(user) -> bool:
    return user.is_authenticated and user.is_reviewer


@rules.predicate
def team_manager(user, thing) -> bool:
    return thing is not None and user.is_authenticated and user.team_roles.get(team_id_of(thing)) == TeamRole.MANAGER


@rules.predicate
def manages_a_team(user) -> bool:
    return user.is_authenticated and TeamRole.MANAGER in user.team_roles.values()


@rules.predicate
def team_member(user, thing) -> bool:
    return thing is not None and user.is_authenticated and team_id_of(thing) in user.team_roles


@rules.predicate
def open_to_reviewers(user, thing) -> bool:
    return bool(getattr(thing, "rows_for_reviewers", False))


@rules.predicate
def shared_with_all(user, thing) -> bool:
    return user.is_authenticated and bool(getattr(thing, "shared", False))


@rules.predicate
def took_part(user, thing) -> bool:
    """The thing is in some part the user's own word."""
    return thing is not None and user.is_authenticated and hasattr(thing, "took_part") and thing.took_part(user)


@rules.predicate
def made_it(user, thing) -> bool:
    return thing is not None and user.is_authenticated and getattr(thing, "created_by_id", None) == user.pk


@rules.predicate
def changed_it_last(user, thing) -> bool:
    return thing is not None and user.is_authenticated and getattr(thing, "changed_by_id", None) == user.pk


@rules.predicate
def proposed_it(user, thing) -> bool:
    return thing is not None and user.is_authenticated and getattr(thing, "proposed_by_id", None) == user.pk


@rules.predicate
def owns_it(user, thing) -> bool:
    return thing is not None and user.is_authenticated and getattr(thing, "owner_id", None) == user.pk


@rules.predicate
def critical(user, thing) -> bool:
    return getattr(thing, "severity", None) == "critical"


@rules.predicate
def oneself(user, thing) -> bool:
    """The user, or what stands for the user's own part, such as a deputy whom they named."""
    return user.is_authenticated and (thing == user or getattr(thing, "principal_id", None) == user.pk)


# A policy names the groups: the action asks it whether the person is a member at that moment.
member_of_the_policys_group = signed_in


PERMISSIONS = {
    # people and teams
    "people.view": administrator | auditor,
    "people.manage": administrator,
    "team.manage": administrator | team_manager,
    "tokens.manage": signed_in,
    "tokens.bind": team_member,
    # connections and jobs
    "connection.view": administrator | auditor,
    "connection.manage": administrator,
    "sandbox.view": administrator | auditor,
    "sandbox.try": administrator,
    "jobs.view": signed_in,
    "jobs.cancel": administrator | team_member,
    # records
    "records.view": signed_in,
    "records.erase": administrator,
    "records.verify": administrator | auditor,
    "pack.make": administrator | auditor,
    "hold.view": administrator | auditor,
    "hold.release": administrator,
    # maturity
    "assessment.answer": team_member,
    "assessment.start": team_member,
    "assessment.submit": team_manager,
    "assessment.review": reviewer & ~team_member & ~took_part,
    "campaign.create": administrator | manages_a_team,
    "campaign.close": administrator | made_it,
    "pulse.open": team_manager,
    "pulse.answer": team_member,
    "assessment.delegate": team_manager,
    "contradiction.assign": team_member,
    "contradiction.accept": (auditor | reviewer) & ~team_member,
    "target.set": team_manager,
    "milestone.change": team_member,
    "roadmap.change": team_member,
    "roadmap.comment": administrator | auditor | reviewer | team_member,
    "investments.view": administrator | auditor | reviewer | manages_a_team,
    "portfolio.view": administrator | auditor | reviewer | manages_a_team,
    "tools.choose": team_member,
    "report.request": signed_in,
    "framework.manage": administrator,
    # models
    "profile.change": administrator | team_member,
    "profile.claim": administrator | reviewer,
    "audit.request": administrator | reviewer | team_member,
    "promotion.request": team_member,
    "promotion.decide": reviewer,
    "promotion.withdraw": team_member,
    "promotion.rollback": member_of_the_policys_group,
    "profile.agree": (administrator | reviewer | team_manager) & ~proposed_it,
    "profile.soften": reviewer & ~team_member & ~proposed_it,
    "checklist.sign": member_of_the_policys_group,
    "waiver.sign": member_of_the_policys_group,
    "ruling.sign": member_of_the_policys_group,
    "breakglass.open": member_of_the_policys_group,
    "group.manage": administrator,
    "deputy.name": oneself,
    "version.register": team_member,
    "fact.push": team_member,
    # what is watched
    "finding.assign": administrator | team_member,
    "finding.resolve": (owns_it & ~critical) | (reviewer & (~critical | ~team_member)),
    "control.view": administrator | auditor | reviewer | manages_a_team,
    "place.manage": administrator,
    "gate.manage": administrator,
    "emergency.seal": administrator,
    # evaluation sets: an administrator keeps them in order, and sees no rows
    "evaluation.create": administrator | team_member,
    "evaluation.change": administrator | team_member,
    "evaluation.rows": team_member | (reviewer & open_to_reviewers),
    "evaluation.use": administrator | reviewer | team_member | shared_with_all,
    "challenger.add": reviewer,
    # policies
    "policy.view": signed_in,
    "policy.draft": administrator,
    "policy.publish": administrator & ~changed_it_last,
}

for name, predicate in PERMISSIONS.items():
    rules.set_perm(name, signed_in & predicate)  # whoever left may nothing, whatever roles they had
