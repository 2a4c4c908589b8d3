"""Contradictions: claims that evidence denies, as records that people own and settle."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import transaction
from django.utils import timezone

from assessments import actions, collectors, standings
from assessments.actions import contradictions
from assessments.evidence_rules import Fact
from assessments.models import Contradiction
from portal.calendars import business_days_between
from portal.ledger.models import Event
from portal.web.errors import Conflict, Forbidden, Invalid

pytestmark = pytest.mark.django_db
CODE = "training.code-hosted"


@pytest.fixture
def seen(monkeypatch):
    """`seen(team, facts)` is what the systems of a team show now."""
    monkeypatch.setattr(collectors, "COLLECTORS", {})
    found: list[Fact] = []
    collectors.register("git", lambda team, now: list(found))

    def collect(team, *facts):
        found[:] = facts
        assert not collectors.collect_for(team).failed

    return collect


def denying(days=0):
    return Fact("git.unhosted", 2, None, "A", timezone.now() - timedelta(days=days), "limit-old")


def refuting():
    return Fact("git.unhosted", 0, None, "A", timezone.now())


@pytest.fixture
def opened(cast, submitted, seen):
    seen(cast.team, denying())
    return Contradiction.objects.get(state="open")


def official(cast, framework):
    with transaction.atomic():
        return standings.refresh(cast.team, framework).score.official


def test_denied_evidence_opens_one_with_owner_and_due_date(opened, cast, seen):
    assert (opened.criterion, opened.owner) == (CODE, cast.manager)
    assert business_days_between(timezone.localdate(), opened.due, cast.team.calendar) == 10
    seen(cast.team, denying())
    assert Contradiction.objects.count() == 1
    event = Event.objects.get(action="contradiction.open")
    assert event.content["params"]["criterion"] == CODE


def test_a_truthful_no_opens_none(cast, draft, answer, framework, seen):
    answer(draft, CODE, "no")
    actions.submit(assessment=draft, by=cast.manager)
    seen(cast.team, denying())
    assert not Contradiction.objects.exists()


def test_it_closes_by_itself_when_the_claim_is_corrected(opened, cast, framework, answer):
    draft = actions.start_assessment(team=cast.team, framework=framework, by=cast.member)
    answer(draft, CODE, "no")
    actions.submit(assessment=draft, by=cast.manager)
    opened.refresh_from_db()
    assert (opened.state, opened.resolution) == ("resolved", "claim")


def test_it_closes_by_itself_when_evidence_shows_the_opposite(opened, cast, seen):
    seen(cast.team, refuting())
    opened.refresh_from_db()
    assert (opened.state, opened.resolution) == ("resolved", "evidence")


@pytest.mark.parametrize("facts", [(), "old"])
def test_evidence_that_goes_away_or_grows_old_settles_nothing(opened, cast, seen, framework, facts):
    """Nobody gets rid of it by disconnecting a system."""
    seen(cast.team, *([denying(days=91)] if facts else []))
    opened.refresh_from_db()
    assert opened.state == "open"
    assert official(cast, framework)[CODE] == "unmet"


def test_evidence_found_mistaken_denies_no_more_until_that_lapses(opened, cast, seen, framework):
    until = timezone.localdate() + timedelta(days=30)
    contradictions.accept_mistaken(
        contradiction=opened, reason="A mirror, not a repository", until=until, by=cast.reviewer
    )
    opened.refresh_from_db()
    assert (opened.state, opened.resolution, opened.resolved_by) == ("resolved", "mistaken", cast.reviewer)
    assert official(cast, framework)[CODE] == "unknown"
    seen(cast.team, denying())
    assert Contradiction.objects.filter(state="open").count() == 0
    Contradiction.objects.update(accepted_until=timezone.now() - timedelta(seconds=1))
    assert official(cast, framework)[CODE] == "unmet"
    assert Contradiction.objects.get(state="open").criterion == CODE


@pytest.mark.parametrize("who", ["member", "manager", "admin", "stranger"])
def test_who_belongs_to_the_team_cannot_find_its_evidence_mistaken(opened, cast, who):
    with pytest.raises(Forbidden):
        contradictions.accept_mistaken(
            contradiction=opened,
            reason="No",
            until=timezone.localdate() + timedelta(days=2),
            by=getattr(cast, who),
        )


def test_a_reviewer_of_the_team_itself_cannot_either(opened, cast):
    cast.member.is_reviewer = True
    cast.member.save()
    with pytest.raises(Forbidden):
        contradictions.accept_mistaken(
            contradiction=opened, reason="No", until=timezone.localdate() + timedelta(days=2), by=cast.member
        )


@pytest.mark.parametrize(("days", "reason", "field"), [(0, "x", "until"), (400, "x", "until"), (5, "  ", "reason")])
def test_an_acceptance_needs_a_reason_and_a_day(opened, cast, days, reason, field):
    with pytest.raises(Invalid) as caught:
        contradictions.accept_mistaken(
            contradiction=opened, reason=reason, until=timezone.localdate() + timedelta(days=days), by=cast.auditor
        )
    assert field in caught.value.fields


def test_it_is_given_to_a_member_of_the_team(opened, cast):
    due = timezone.localdate() + timedelta(days=3)
    row = contradictions.assign(contradiction=opened, owner=cast.member, due=due, by=cast.manager)
    assert (row.owner, row.due) == (cast.member, due)
    with pytest.raises(Invalid):
        contradictions.assign(contradiction=opened, owner=cast.stranger, due=due, by=cast.manager)
    with pytest.raises(Forbidden):
        contradictions.assign(contradiction=opened, owner=cast.member, due=due, by=cast.reviewer)
    event = Event.objects.get(action="contradiction.assign")
    assert event.content["after"]["owner"] == str(cast.member.pseudonym)


def test_what_is_resolved_stays_resolved(opened, cast, seen):
    seen(cast.team, refuting())
    with pytest.raises(Conflict):
        contradictions.assign(contradiction=opened, owner=cast.member, due=None, by=cast.manager)


def test_one_practice_has_one_contradiction_in_all_frameworks(opened, cast):
    assert Contradiction.objects.filter(state="open", practice=opened.practice).count() == 1
    for found in standings.of([cast.team], standings.catalogue.currents().values()).values():
        for key, framework in standings.catalogue.currents().items():
            if key == found.framework:
                shared = [c.id for c in framework.criteria if c.practice == opened.practice]
                assert all(found.score["official"][name] == "unmet" for name in shared)
