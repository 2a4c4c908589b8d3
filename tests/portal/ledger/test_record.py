"""Recording: in the transaction of the change, pseudonymous, with texts beside the log."""

from __future__ import annotations

import json
from contextlib import suppress

import pytest
from django.db import DatabaseError, IntegrityError, transaction

from portal.accounts.models import Team
from portal.ledger import actions
from portal.ledger.actions import record
from portal.ledger.canonical import canonical_json, leaf_hash, text_hash
from portal.ledger.models import Event, EventText, Head
from portal.web.errors import Conflict, Forbidden


def recorded(cast, **given):
    whole = {"action": "team.change", "by": cast.manager, "subject": ("team", "credit-risk", "Credit Risk")} | given
    with transaction.atomic():
        return record(**whole)


def test_what_was_recorded_is_what_is_read_back(cast):
    """The row is written by SQL of our own, so each column is compared, and what Django knows of a saved row."""
    event = recorded(cast, after={"name": "与信 'risk' %s"}, texts={"reason": "because"}, team=cast.team)
    there = Event.objects.get(uuid=event.uuid)
    for field in Event._meta.concrete_fields:
        assert getattr(there, field.attname) == getattr(event, field.attname), field.name
    assert (event.actor, event.team_id, event.subject_id) == (cast.manager.pseudonym, cast.team.pk, "credit-risk")
    assert (event._state.adding, event._state.db) == (there._state.adding, there._state.db)
    assert [text.event for text in event.texts.all()] == [there]


@pytest.mark.django_db(transaction=True)
def test_a_change_without_its_record_is_taken_back_whoever_swallows_the_error(cast, monkeypatch):
    monkeypatch.setattr(actions, "_insert_sql", lambda: "INSERT INTO nowhere (a) VALUES (1)")
    with transaction.atomic():
        Team.objects.filter(pk=cast.team.pk).update(name="Changed")
        with suppress(DatabaseError):
            record(action="team.change", by=cast.manager, subject=("team", "credit-risk", "Changed"))
    assert Team.objects.get(pk=cast.team.pk).name == "Credit Risk"


@pytest.mark.django_db(transaction=True)
def test_outside_a_transaction_nothing_is_recorded():
    with pytest.raises(RuntimeError, match="outside the transaction"):
        record(action="x", by=None, subject=("team", 1, "x"))
    assert not Event.objects.exists()


def test_a_rollback_takes_the_event_along(cast):
    with transaction.atomic():
        recorded(cast, texts={"reason": "because"})
        transaction.set_rollback(True)
    assert not Event.objects.exists()
    assert not EventText.objects.exists()


def test_the_hash_covers_everything_but_the_number(cast):
    event = recorded(cast, before={"a": 1}, after={"a": "2"}, params={"n": 3}, texts={"reason": "ok"}, team=cast.team)
    assert event.leaf_hash == leaf_hash(event.body.encode())
    assert canonical_json(json.loads(event.body)) == event.body.encode()
    assert set(event.content) == {
        "form",
        "id",
        "at",
        "actor",
        "action",
        "subject",
        "before",
        "after",
        "params",
        "texts",
    }
    assert event.content["id"] == str(event.uuid)
    assert event.content["at"].endswith("Z")
    Event.objects.filter(pk=event.pk).update(seq=7)
    event.refresh_from_db()
    assert event.leaf_hash == leaf_hash(event.body.encode())


def test_a_text_stands_as_a_salted_hash(cast):
    event = recorded(cast, texts={"reason": "Ito knows why", "empty": ""})
    text = EventText.objects.get()
    assert (text.name, text.text) == ("reason", "Ito knows why")
    assert event.content["texts"] == {"reason": text_hash(text.salt, text.text)}
    assert "Ito" not in event.body


def test_a_float_is_refused_and_nothing_is_written(cast):
    with pytest.raises(TypeError, match=r"gap"):
        recorded(cast, after={"gap": 0.17})
    assert not Event.objects.exists()


def test_erasing_leaves_the_log_whole(cast):
    event = recorded(cast, texts={"reason": "Ito knows why"}, team=cast.team)
    before = (event.body, event.leaf_hash)
    actions.erase_text(event_text=event.texts.get(), by=cast.admin)
    event.refresh_from_db()
    text = event.texts.get()
    assert (text.salt, text.text) == ("", "")
    assert (event.body, event.leaf_hash) == before
    erased = Event.objects.first()
    assert (erased.action, erased.subject_id, erased.team_id) == ("ledger.erase_text", str(event.uuid), cast.team.pk)
    with pytest.raises(Conflict, match="erased already"):
        actions.erase_text(event_text=text, by=cast.admin)
    assert Event.objects.count() == 2


def test_only_administrators_erase(cast):
    event = recorded(cast, texts={"reason": "x"})
    for by in (cast.manager, cast.auditor, cast.reviewer):
        with pytest.raises(Forbidden):
            actions.erase_text(event_text=event.texts.get(), by=by)
    assert event.texts.get().text == "x"


def test_a_number_is_given_once(cast):
    one, other = recorded(cast), recorded(cast)
    Event.objects.filter(pk=one.pk).update(seq=1)
    with pytest.raises(IntegrityError), transaction.atomic():
        Event.objects.filter(pk=other.pk).update(seq=1)
    with pytest.raises(IntegrityError), transaction.atomic():
        Event.objects.filter(pk=other.pk).update(seq=0)
    with pytest.raises(IntegrityError), transaction.atomic():
        Head.objects.create(id=2)


def test_who_sees_which_events(cast):
    mine = recorded(cast, team=cast.team)
    other = recorded(cast, by=cast.stranger, team=cast.other_team)
    nobodys = recorded(cast, by=None)
    visible = {
        who: set(Event.objects.for_user(getattr(cast, who))) for who in ("admin", "auditor", "member", "stranger")
    }
    assert visible["admin"] == visible["auditor"] == {mine, other, nobodys}
    assert visible["member"] == {mine}
    assert visible["stranger"] == {other}
