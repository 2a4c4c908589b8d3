"""What the governance half tells: to whom, until when, and in how many queries."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone, translation

from governance.actions import promotions
from governance.models import Promotion, Registry
from portal.accounts.models import User
from portal.inbox.kinds import KINDS, SOURCES
from portal.inbox.models import Notice
from portal.inbox.reminders import remind
from portal.message import Message
from portal.web.say import say
from tests.governance import factories as make

pytestmark = pytest.mark.django_db
OURS = ("promotion.approval", "promotion.decided", "promotion.failed", "audit.failed", "connection.broken")


def look() -> None:
    for source in OURS:
        remind(source)


def told(user, kind: str) -> list[str]:
    """What a person was told of a kind, in English, oldest first; every notice leads to a page."""
    rows = Notice.objects.for_user(User.objects.get(pk=user.pk)).open().filter(kind=kind).order_by("pk")
    return [say(row.message) for row in rows]


@pytest.fixture
def version(cast):
    return make.audit_all(make.make_version(make.make_model(cast.team), author="somebody"))


@pytest.fixture
def asked(cast, version):
    return promotions.request(version=version, environment="production", reason="Better.", by=cast.member)


def test_every_kind_and_source_is_registered():
    assert set(OURS) <= set(SOURCES)
    assert set(OURS) <= set(KINDS)
    assert all(KINDS[name].channel == "now" for name in OURS)


def test_reviewers_are_asked_for_approvals_that_can_be_given(cast, asked):
    assert asked.outcome == "pass"
    look()
    assert told(cast.reviewer, "promotion.approval") == [f"Decide on {asked.version} for Production: its checks pass."]
    notice = Notice.objects.get(kind="promotion.approval")
    assert (notice.url, notice.team, notice.channel) == (f"/promotions/{asked.pk}/", cast.team, "now")
    Promotion.objects.update(outcome="fail")
    look()
    assert not told(cast.reviewer, "promotion.approval")


def test_who_asked_made_or_approved_it_is_not_asked(cast, asked):
    User.objects.filter(pk__in=[cast.member.pk, cast.manager.pk, cast.stranger.pk]).update(is_reviewer=True)
    asked.version.author = cast.manager.email
    asked.version.save()
    look()
    assert not told(cast.member, "promotion.approval")
    assert not told(cast.manager, "promotion.approval")
    assert told(cast.stranger, "promotion.approval")
    promotions.approve(promotion=asked, rev=asked.rev, reason="Fine.", by=cast.reviewer)
    look()
    assert not told(cast.stranger, "promotion.approval")


def test_who_asked_hears_the_decision_and_not_its_reason(cast, asked):
    promotions.send_back(promotion=asked, rev=asked.rev, reason="The gap of one person.", by=cast.reviewer)
    look()
    assert told(cast.member, "promotion.decided") == [f"Sato sent {asked.version} for Production back to you."]
    assert "one person" not in str(list(Notice.objects.values()))
    assert not told(cast.manager, "promotion.decided")
    with translation.override("ja"):
        assert "差し戻" in told(cast.member, "promotion.decided")[0]


def test_a_decision_is_news_for_two_weeks(cast, asked, time_machine):
    promotions.refuse(promotion=asked, rev=asked.rev, reason="No.", by=cast.reviewer)
    look()
    assert len(told(cast.member, "promotion.decided")) == 1
    time_machine.move_to(timezone.now() + timedelta(days=15))
    look()
    assert not told(cast.member, "promotion.decided")


def test_a_move_that_failed_is_told_until_it_is_tried_again(cast, asked):
    asked = promotions.approve(promotion=asked, rev=asked.rev, reason="Fine.", by=cast.reviewer)
    Promotion.objects.filter(pk=asked.pk).update(state="failed")
    look()
    words = [f"{asked.version} could not be put into Production."]
    assert told(cast.member, "promotion.failed") == told(cast.manager, "promotion.failed") == words
    asked.refresh_from_db()
    promotions.retry_move(promotion=asked, by=cast.member)
    look()
    assert not told(cast.member, "promotion.failed")


def test_a_failed_audit_is_told_without_its_figures(cast):
    model = make.make_model(cast.team)
    version = make.audit_all(make.make_version(model, 1), gap=0.4)
    look()
    assert told(cast.manager, "audit.failed") == [f"The fairness audit of {version} fails."]
    assert not told(cast.member, "audit.failed")
    assert not told(cast.stranger, "audit.failed")
    assert "0.4" not in str(list(Notice.objects.filter(kind="audit.failed").values_list("message", flat=True)))
    make.audit_all(make.make_version(model, 2))
    look()
    assert not told(cast.manager, "audit.failed")


def test_administrators_hear_of_a_connection_that_stays_broken(cast):
    error = Message("registry.timeout", {"address": "x", "seconds": 10.0}).to_json()
    now = timezone.now()
    registry = make.make_registry("Legacy", error=error, synced_at=now - timedelta(minutes=5))
    Registry.objects.update(created_at=now - timedelta(days=1))
    look()
    assert not told(cast.admin, "connection.broken")
    Registry.objects.update(synced_at=now - timedelta(hours=1))
    look()
    [words] = told(cast.admin, "connection.broken")
    assert words.startswith("Mend the connection to Legacy.")
    assert not told(cast.auditor, "connection.broken")
    Registry.objects.filter(pk=registry.pk).update(error=None)
    look()
    assert not told(cast.admin, "connection.broken")


def test_more_rows_cost_no_more_queries(cast):
    model = make.make_model(cast.team)

    def cost() -> int:
        look()
        with CaptureQueriesContext(connection) as queries:
            look()
        return len(queries)

    for number in (1, 2):
        version = make.audit_all(make.make_version(model, number), gap=0.4 if number == 2 else 0.0)
        promotions.request(version=version, environment="production", reason="Better.", by=cast.member)
    few = cost()
    for name in ("b", "c", "d", "e"):
        version = make.audit_all(make.make_version(make.make_model(cast.team, name), 1))
        promotions.request(version=version, environment="staging", by=cast.member)
        promotions.request(version=version, environment="production", reason="Better.", by=cast.member)
    assert cost() == few
