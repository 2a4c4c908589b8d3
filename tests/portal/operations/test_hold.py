"""The hold: seen by everybody, released by another administrator than who restored, with a reason."""

from __future__ import annotations

import pytest
from django.urls import reverse

from portal.ledger.hold import current_hold, release_hold
from portal.ledger.models import Event, Head, Hold
from portal.ledger.restored import begin_epoch
from portal.ledger.signing import checkpoint_now
from portal.web.errors import Conflict, Forbidden, Invalid
from tests.governance.promotions_made import approved

pytestmark = pytest.mark.django_db
PAGE, RELEASE = reverse("operations"), reverse("hold-release")


@pytest.fixture
def held(cast):
    """A site that was restored by the administrator; the reviewer is an administrator too."""
    promotion = approved(cast)
    checkpoint_now()
    cast.reviewer.is_administrator = True
    cast.reviewer.save()
    begin_epoch(by=cast.admin, made="2026-11-02T10:00:00+00:00", manifest="0" * 64, size=7, last_seen=None)
    return promotion


def test_everybody_sees_it(cast, as_user, held):
    for user in (cast.member, cast.reviewer, cast.auditor):
        assert "All moves are held" in as_user(user).get("/").content.decode()
    assert "All moves are held" in as_user(cast.member).get(reverse("promotion", args=[held.pk])).content.decode()
    home = as_user(cast.reviewer).get("/").content.decode()
    assert "Look, and release all moves" in home
    page = as_user(cast.auditor).get(PAGE).content.decode()
    assert "2026-11-02T10:00" in page
    assert "Waiting: 1." in page
    assert "Release all moves" not in page
    assert as_user(cast.member).get(PAGE).status_code == 403


def test_who_restored_does_not_release(cast, as_user, held):
    page = as_user(cast.admin).get(PAGE).content.decode()
    assert "You restored" in page
    assert "Release all moves" not in page
    answer = as_user(cast.admin).post(RELEASE, {"reason": "I looked."})
    assert answer.status_code == 403
    assert "Who restored does not release" in answer.content.decode()
    with pytest.raises(Forbidden):
        release_hold(reason="I looked.", by=cast.auditor)
    assert current_hold()


def test_another_administrator_releases_with_a_reason(cast, as_user, held):
    browser = as_user(cast.reviewer)
    assert "Release all moves" in browser.get(PAGE).content.decode()
    assert browser.post(RELEASE, {"reason": " "}).status_code == 422
    with pytest.raises(Invalid):
        release_hold(reason=" ", by=cast.reviewer)
    assert current_hold()
    assert browser.post(RELEASE, {"reason": "Compared with MLflow."}, follow=True).status_code == 200
    assert current_hold() is None
    event = Event.objects.get(action="ledger.release")
    assert event.actor == cast.reviewer.pseudonym
    assert event.texts.get().text == "Compared with MLflow."
    page = browser.get(PAGE).content.decode()
    assert "Nothing is held" in page
    assert "Moves released" in page
    assert "All moves are held" not in browser.get("/").content.decode()
    with pytest.raises(Conflict):
        release_hold(reason="Again.", by=cast.reviewer)


def test_a_restore_that_was_broken_off_is_not_released(cast, as_user):
    Hold.objects.create(id=1, held=True)
    assert "did not come to its end" in as_user(cast.admin).get(PAGE).content.decode()
    with pytest.raises(Conflict, match="did not come to its end"):
        release_hold(reason="I looked.", by=cast.admin)


def test_no_two_restores_share_an_epoch(cast):
    from portal.ledger.checkpoint import parse_note

    first = checkpoint_now()
    told = {"by": cast.admin, "made": "2026-11-02", "manifest": "0" * 64, "size": 1}
    begin_epoch(**told, last_seen=None)
    later = checkpoint_now()
    assert later.epoch == 2
    # The same backup is restored once more: who kept a checkpoint of epoch 2 names it.
    Head.objects.update(epoch=1)
    found = begin_epoch(**told, last_seen=parse_note(later.note))
    assert found["epoch"] == 3
    assert found["lost"] == later.size - 1
    assert begin_epoch(**told, last_seen=parse_note(first.note))["epoch"] == 4
