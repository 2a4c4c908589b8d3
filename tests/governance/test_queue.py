"""The queue: only what one may approve now, those that are due first, and in as many queries for many as for few."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from governance.actions import policies, promotions
from governance.models import Promotion
from governance.policy import DEFAULT
from governance.queue import place_in, queue_of
from portal.accounts.models import User
from portal.calendars import add_business_days
from portal.inbox.models import Notice
from portal.inbox.reminders import remind
from tests.governance.evidence_made import fairness
from tests.governance.promotions_made import audited, make_model, make_version, requested

pytestmark = pytest.mark.django_db
STAGES = """approvals:
      stages:
        - {group: reviewer, quorum: 2, due_days: 8}
"""


@pytest.fixture
def due_in_eight(cast):
    head, _, _tail = DEFAULT.read_text("utf-8").rpartition("approvals:")
    policies.publish(text=head + STAGES, by=cast.admin)


def versions(cast, count: int, model=None, **fields):
    model = model or make_model(cast)
    first = model.versions.count() + 1
    return [audited(make_version(model, number, **fields)) for number in range(first, first + count)]


def queued(user) -> list[Promotion]:
    return [one.promotion for one in queue_of(User.objects.get(pk=user.pk), timezone.now())]


def test_only_what_one_may_approve_now(cast, due_in_eight):
    model = make_model(cast)
    good, own, made, failing = versions(cast, 4, model)
    waiting = requested(cast, good)
    reviewer = User.objects.create_user("kimura@example.org", "x", name="Kimura", is_reviewer=True)
    cast.team.memberships.create(user=reviewer, role="member")
    requested(cast, own, by=User.objects.get(pk=reviewer.pk))
    type(made).objects.filter(pk=made.pk).update(author="kimura@example.org")
    requested(cast, made)
    audit_failing = audited(make_version(model, 9), fairness=fairness(0.17, 0.12, 0.22))
    requested(cast, audit_failing)
    assert queued(reviewer) == [waiting]
    assert len(queued(cast.reviewer)) == 3
    assert queued(cast.manager) == queued(cast.stranger) == []
    promotions.approve(promotion=waiting, rev=waiting.rev, by=reviewer)
    assert queued(reviewer) == []
    assert waiting in queued(cast.reviewer)
    failing.refresh_from_db()


def test_those_that_are_due_first_come_first(cast, due_in_eight):
    early, late = (requested(cast, version) for version in versions(cast, 2))
    staging = requested(cast, early.version, environment="staging")  # due on no day
    Promotion.objects.filter(pk=late.pk).update(requested_at=timezone.now() - timedelta(days=9))
    queue = queue_of(cast.reviewer, timezone.now())
    assert [one.promotion for one in queue] == [late, early, staging]
    assert queue[1].due == add_business_days(timezone.localdate(), 8, cast.team.calendar)
    assert queue[2].due is None
    place = place_in(queue, early)
    assert (place.number, place.of, place.previous, place.next) == (2, 3, late, staging)


def test_many_take_no_more_queries_than_few(cast, due_in_eight, as_user):
    model = make_model(cast)

    def count(address: str) -> int:
        client = as_user(cast.reviewer)
        client.get(address)
        with CaptureQueriesContext(
            connection,
        ) as found:
            assert client.get(address).status_code == 200
        return len(found)

    for version in versions(cast, 2, model):
        requested(cast, version)
    few = count("/promotions/queue/")
    for version in versions(cast, 10, model):
        requested(cast, version)
    assert count("/promotions/queue/") == few
    assert few < 30


def test_one_goes_from_one_to_the_next(cast, as_user):
    first, second = (requested(cast, version) for version in versions(cast, 2))
    client = as_user(cast.reviewer)
    page = client.get("/promotions/queue/").content.decode()
    assert f"/promotions/{first.pk}/?queue=1" in page
    page = client.get(f"/promotions/{first.pk}/?queue=1").content.decode()
    assert "1 of 2 in your queue" in page
    assert f'href="/promotions/{second.pk}/?queue=1" data-key="j"' in page
    plain = client.get(f"/promotions/{first.pk}/").content.decode()
    assert "in your queue" not in plain
    asked = {"rev": first.rev, "decision": "approve", "queue": "1"}
    wrong = client.post(f"/promotions/{first.pk}/decide/", asked | {"decision": "refuse"})
    assert "1 of 2 in your queue" in wrong.content.decode()  # what was refused stays in the queue
    answer = client.post(f"/promotions/{first.pk}/decide/", asked)
    assert answer["Location"] == f"/promotions/{second.pk}/?queue=1"
    answer = client.post(f"/promotions/{second.pk}/decide/", asked | {"rev": second.rev})
    assert answer["Location"] == "/promotions/queue/"
    assert "Nothing waits for your approval" in client.get("/promotions/queue/").content.decode()


def test_the_inbox_reminds_when_the_day_is_near_and_past(cast, due_in_eight):
    promotion = requested(cast, versions(cast, 1)[0])
    remind("promotion.approval")
    rows = Notice.objects.open().filter(user=cast.reviewer)
    assert [row.kind for row in rows] == ["promotion.approval"]
    Promotion.objects.filter(pk=promotion.pk).update(requested_at=timezone.now() - timedelta(days=30))
    remind("promotion.approval")
    kinds = set(Notice.objects.open().filter(user=cast.reviewer).values_list("kind", flat=True))
    assert kinds == {"promotion.approval", "due.overdue"}
