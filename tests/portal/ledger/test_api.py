"""The records by API."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import transaction

from portal.ledger.actions import erase_text, record
from portal.ledger.canonical import leaf_hash
from portal.ledger.models import Event

EVENTS = "/api/v1/events/"


def happen(cast, **given) -> Event:
    whole = {
        "action": "team.change",
        "by": cast.manager,
        "subject": ("team", "credit-risk", "Credit Risk"),
        "team": cast.team,
    } | given
    with transaction.atomic():
        return record(**whole)


def test_an_event_can_be_hashed_by_its_reader(cast, as_user):
    event = happen(cast, texts={"reason": "why"})
    told = as_user(cast.manager).get(f"{EVENTS}{event.uuid}/").json()
    assert leaf_hash(told["entry"].encode()) == told["leaf_hash"] == event.leaf_hash
    assert told["texts"] == {"reason": "why"}
    assert told["seq"] is None
    erase_text(event_text=event.texts.get(), by=cast.admin)
    assert as_user(cast.manager).get(f"{EVENTS}{event.uuid}/").json()["texts"] == {"reason": None}


@pytest.mark.parametrize("name", ["after", "before"])
@pytest.mark.parametrize("moment", ["0001-01-01", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"])
def test_a_moment_at_the_end_of_the_calendar_is_refused(cast, as_user, name, moment):
    assert as_user(cast.manager).get(EVENTS, {name: moment}).status_code in (200, 400)


def test_filters(cast, as_user):
    old = happen(cast)
    Event.objects.filter(pk=old.pk).update(at=old.at - timedelta(days=2))
    new = happen(cast, action="job.cancel", subject=("job", 5, "audit 5"))
    browser = as_user(cast.manager)

    def found(**asked) -> list[str]:
        return [row["uuid"] for row in browser.get(EVENTS, asked).json()["results"]]

    yesterday = (new.at - timedelta(days=1)).isoformat()
    assert found() == [str(new.uuid), str(old.uuid)]
    assert found(after=yesterday) == [str(new.uuid)]
    assert found(before=yesterday) == [str(old.uuid)]
    assert found(action="job.cancel") == [str(new.uuid)]
    assert found(subject_type="team", subject_id="credit-risk") == [str(old.uuid)]
    assert browser.get(EVENTS, {"after": "someday"}).status_code == 400


def test_only_ones_own(cast, as_user):
    event = happen(cast)
    assert as_user(cast.stranger).get(EVENTS).json()["results"] == []
    answer = as_user(cast.stranger).get(f"{EVENTS}{event.uuid}/")
    assert answer.status_code == 404
    assert answer["Content-Type"] == "application/problem+json"


def test_nobody_writes_events(cast, as_user):
    event = happen(cast)
    browser = as_user(cast.admin)
    for method in (browser.post, browser.put, browser.patch, browser.delete):
        assert method(f"{EVENTS}{event.uuid}/", {}, content_type="application/json").status_code == 405
    assert browser.post(EVENTS, {}, content_type="application/json").status_code == 405
    assert Event.objects.count() == 1


def test_cursor_pages(cast, as_user):
    for _ in range(5):
        happen(cast)
    browser = as_user(cast.manager)
    page = browser.get(EVENTS, {"page_size": 2}).json()
    happen(cast)
    seen = [row["uuid"] for row in page["results"]]
    while page["next"]:
        page = browser.get(page["next"]).json()
        seen += [row["uuid"] for row in page["results"]]
    assert len(seen) == len(set(seen)) == 5
