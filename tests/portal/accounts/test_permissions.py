"""The table of permissions: who of the cast may do what with a thing of their team, and with one's own."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from django.contrib.auth.models import AnonymousUser

from portal.accounts.rules import PERMISSIONS

EVERYBODY = "admin auditor reviewer manager member stranger"
TEAM = "manager member"
# Asked with a thing of the team of manager and member, which nobody made, proposed or owns.
MAY = {
    "people.view": "admin auditor",
    "people.manage": "admin",
    "team.manage": "admin manager",
    "tokens.manage": EVERYBODY,
    "tokens.bind": TEAM,
    "connection.view": "admin auditor",
    "connection.manage": "admin",
    "sandbox.view": "admin auditor",
    "sandbox.try": "admin",
    "jobs.view": EVERYBODY,
    "jobs.cancel": f"admin {TEAM}",
    "records.view": EVERYBODY,
    "records.erase": "admin",
    "records.verify": "admin auditor",
    "pack.make": "admin auditor",
    "hold.release": "admin",
    "hold.view": "admin auditor",
    "assessment.answer": TEAM,
    "assessment.start": TEAM,
    "assessment.submit": "manager",
    "assessment.review": "reviewer",
    "campaign.create": "admin manager stranger",  # the stranger manages another team
    "campaign.close": "admin",
    "pulse.open": "manager",
    "pulse.answer": TEAM,
    "assessment.delegate": "manager",
    "contradiction.assign": TEAM,
    "contradiction.accept": "auditor reviewer",
    "target.set": "manager",
    "milestone.change": TEAM,
    "roadmap.change": TEAM,
    "roadmap.comment": f"admin auditor reviewer {TEAM}",
    "investments.view": "admin auditor reviewer manager stranger",
    "portfolio.view": "admin auditor reviewer manager stranger",
    "tools.choose": TEAM,
    "report.request": EVERYBODY,
    "framework.manage": "admin",
    "profile.change": f"admin {TEAM}",
    "profile.claim": "admin reviewer",
    "profile.agree": "admin reviewer manager",
    "profile.soften": "reviewer",
    "audit.request": f"admin reviewer {TEAM}",
    "promotion.request": TEAM,
    "promotion.decide": "reviewer",
    "promotion.withdraw": TEAM,
    "promotion.rollback": EVERYBODY,
    "checklist.sign": EVERYBODY,
    "waiver.sign": EVERYBODY,
    "ruling.sign": EVERYBODY,
    "breakglass.open": EVERYBODY,
    "group.manage": "admin",
    "deputy.name": "",
    "version.register": TEAM,
    "fact.push": TEAM,
    "finding.assign": f"admin {TEAM}",
    "finding.resolve": "reviewer",
    "control.view": "admin auditor reviewer manager stranger",
    "place.manage": "admin",
    "gate.manage": "admin",
    "emergency.seal": "admin",
    "evaluation.create": f"admin {TEAM}",
    "evaluation.change": f"admin {TEAM}",
    "evaluation.rows": TEAM,
    "evaluation.use": f"admin reviewer {TEAM}",
    "challenger.add": "reviewer",
    "policy.view": EVERYBODY,
    "policy.draft": "admin",
    "policy.publish": "admin",
}


def thing(team, **fields):
    return SimpleNamespace(team_id=team.pk, **fields)


def test_every_permission_stands_in_the_table():
    assert MAY.keys() == PERMISSIONS.keys()


@pytest.mark.parametrize("permission", PERMISSIONS)
def test_who_may(cast, permission):
    asked = thing(cast.team)
    allowed = {who for who in EVERYBODY.split() if getattr(cast, who).has_perm(permission, asked)}
    assert allowed == set(MAY[permission].split())


@pytest.mark.parametrize("permission", PERMISSIONS)
def test_nobody_may_without_signing_in_or_after_they_left(cast, permission):
    assert not AnonymousUser().has_perm(permission, thing(cast.team))
    cast.admin.is_active = False
    assert not cast.admin.has_perm(permission, thing(cast.team))


def test_nobody_agrees_to_what_they_proposed(cast):
    for who in (cast.admin, cast.reviewer, cast.manager):
        assert who.has_perm("profile.agree", thing(cast.team, proposed_by_id=cast.member.pk))
        assert not who.has_perm("profile.agree", thing(cast.team, proposed_by_id=who.pk))
    assert not cast.reviewer.has_perm("profile.soften", thing(cast.team, proposed_by_id=cast.reviewer.pk))


def test_a_reviewer_of_the_team_softens_nothing_of_it(cast):
    cast.manager.is_reviewer = True
    assert not cast.manager.has_perm("profile.soften", thing(cast.team))
    assert cast.manager.has_perm("profile.soften", thing(cast.other_team))


def test_who_changed_a_draft_last_does_not_publish_it(cast):
    assert cast.admin.has_perm("policy.publish", thing(cast.team, changed_by_id=cast.member.pk))
    assert not cast.admin.has_perm("policy.publish", thing(cast.team, changed_by_id=cast.admin.pk))


def test_one_names_a_deputy_for_oneself(cast):
    assert cast.reviewer.has_perm("deputy.name", cast.reviewer)
    assert cast.reviewer.has_perm("deputy.name", thing(cast.team, principal_id=cast.reviewer.pk))
    assert not cast.admin.has_perm("deputy.name", cast.reviewer)
    assert not cast.admin.has_perm("deputy.name", None)


def test_the_owner_of_a_finding_resolves_it_unless_it_is_critical(cast):
    owned = {"owner_id": cast.member.pk}
    assert cast.member.has_perm("finding.resolve", thing(cast.team, severity="high", **owned))
    assert not cast.member.has_perm("finding.resolve", thing(cast.team, severity="critical", **owned))


def test_a_critical_finding_is_resolved_by_a_reviewer_from_outside_the_team(cast):
    cast.manager.is_reviewer = True
    assert cast.reviewer.has_perm("finding.resolve", thing(cast.team, severity="critical"))
    assert cast.manager.has_perm("finding.resolve", thing(cast.team, severity="high"))
    assert not cast.manager.has_perm("finding.resolve", thing(cast.team, severity="critical"))
