"""Telling: once a thing, to those it concerns, and no longer than it stands."""

from __future__ import annotations

import threading

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.models import F
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from portal.accounts.models import Membership, Team, User
from portal.inbox import actions
from portal.inbox.models import Notice
from portal.ledger.models import Event
from portal.message import Message
from portal.web.errors import Forbidden, Invalid

pytestmark = pytest.mark.django_db
WORDS = Message("test.told", {"thing": "x"})


def keys(user) -> list[str]:
    return list(Notice.objects.for_user(user).unread().values_list("key", flat=True).order_by("key"))


def test_the_same_thing_is_told_once(cast, say_to):
    assert say_to(cast.member, key="test:1") == 1
    assert say_to([cast.member, cast.manager], key="test:1", thing="other words") == 1
    assert keys(cast.member) == keys(cast.manager) == ["test:1"]
    assert Notice.objects.get(user=cast.member).message["params"] == {"thing": "the pipeline"}


def test_the_database_keeps_it_so(cast, say_to):
    say_to(cast.member, key="test:1")
    told = Notice.objects.get()
    told.pk = None
    with pytest.raises(IntegrityError), transaction.atomic():
        told.save(force_insert=True)


def test_what_was_withdrawn_can_be_told_again(cast, say_to):
    say_to([cast.member, cast.manager], key="test:1")
    assert actions.withdraw(key="test:1", to=cast.member) == 1
    assert keys(cast.member) == []
    assert keys(cast.manager) == ["test:1"]
    assert say_to([cast.member, cast.manager], key="test:1") == 1
    assert actions.withdraw(key="test:1") == 2
    assert actions.withdraw(key="test:1") == 0


def test_who_acts_and_who_has_left_is_not_told(cast, say_to):
    User.objects.filter(pk=cast.japanese.pk).update(is_active=False)
    people = User.objects.filter(pk__in=[cast.member.pk, cast.manager.pk, cast.japanese.pk])
    assert say_to(people, by=cast.manager) == 1
    assert Notice.objects.get().user == cast.member


def test_telling_belongs_to_a_transaction_and_a_page_of_ours(cast, say_to):
    for address in ("https://elsewhere.example/", "//elsewhere.example/", "javascript:alert(1)", ""):
        with pytest.raises(ValueError, match="no address"):
            say_to(cast.member, url=address)
    with pytest.raises(KeyError):
        say_to(cast.member, kind="never.registered")


@pytest.mark.django_db(transaction=True)
def test_outside_a_transaction_nothing_is_told(cast):
    with pytest.raises(RuntimeError, match="outside the transaction"):
        actions.tell(to=cast.member, kind="test.calm", message=WORDS, url="/", key="test:1")


@pytest.mark.django_db(transaction=True)
def test_an_action_that_fails_tells_nothing(cast):
    @transaction.atomic
    def fail():
        actions.tell(to=cast.member, kind="test.calm", message=WORDS, url="/", key="test:1")
        return 1 / 0

    with pytest.raises(ZeroDivisionError):
        fail()
    assert not Notice.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_two_who_tell_at_once_tell_once(cast):
    start, failed = threading.Barrier(4), []

    def tell() -> None:
        try:
            start.wait()
            with transaction.atomic():
                actions.tell(to=cast.member, kind="test.calm", message=WORDS, url="/", key="test:1")
        except Exception as error:  # pragma: no cover
            failed.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=tell) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failed
    assert Notice.objects.count() == 1


def test_many_are_told_in_few_queries(cast):
    people = [User.objects.create_user(f"p{n}@example.org", name=f"P{n}") for n in range(30)]

    def cost(count: int, key: str) -> int:
        with (
            CaptureQueriesContext(
                connection,
            ) as queries,
            transaction.atomic(),
        ):
            actions.tell(to=people[:count], kind="test.calm", message=WORDS, url="/", key=key)
        return len(queries)

    assert cost(3, "test:few") == cost(30, "test:many")


def test_who_leaves_the_team_sees_its_notices_no_longer(cast, say_to):
    say_to([cast.member, cast.reviewer], team=cast.team, key="test:team")
    say_to(cast.member, key="test:own")
    assert keys(cast.member) == ["test:own", "test:team"]
    Membership.objects.filter(user=cast.member).delete()
    assert keys(cast.member) == ["test:own"]
    assert keys(cast.reviewer) == ["test:team"]
    Team.objects.update(visibility="organisation")
    assert keys(cast.member) == ["test:own", "test:team"]


def test_reading_is_ones_own(cast, say_to):
    say_to([cast.member, cast.manager])
    mine = Notice.objects.get(user=cast.member)
    with pytest.raises(Forbidden):
        actions.mark_read(notice=mine, by=cast.manager)
    actions.mark_read(notice=mine, by=cast.member)
    mine.refresh_from_db()
    first = mine.read_at
    actions.mark_read(notice=mine, by=cast.member)
    mine.refresh_from_db()
    assert mine.read_at == first
    assert keys(cast.manager) == ["test:the pipeline"]


def test_all_of_a_kind_are_read_together(cast, say_to):
    say_to(cast.member, thing="a")
    say_to(cast.member, kind="test.urgent", thing="b")
    assert actions.mark_all_read(by=cast.member, kind="test.urgent") == 1
    assert keys(cast.member) == ["test:a"]
    assert actions.mark_all_read(by=cast.member) == 1


def test_a_choice_holds_for_what_waits_and_is_recorded(cast, say_to):
    say_to(cast.member, thing="a")
    actions.choose_mail(user=cast.member, by=cast.member, channels={"test.calm": "off", "test.urgent": "now"})
    assert Notice.objects.get().channel == "off"
    say_to(cast.member, thing="b")
    assert Notice.objects.get(key="test:b").channel == "off"
    event = Event.objects.get(action="user.choose_mail")
    assert event.content["before"] == {"mail_digest": ["test.calm"]}
    assert event.content["after"] == {"mail_off": ["test.calm"]}
    actions.choose_mail(user=cast.member, by=cast.member, channels={"test.calm": "off"})
    assert Event.objects.filter(action="user.choose_mail").count() == 1


def test_nobody_chooses_for_others_or_what_is_not_there(cast):
    with pytest.raises(Forbidden):
        actions.choose_mail(user=cast.member, by=cast.admin, channels={"test.calm": "off"})
    with pytest.raises(Invalid):
        actions.choose_mail(user=cast.member, by=cast.member, channels={"nothing": "off"})
    with pytest.raises(ValueError, match="sometimes"):
        actions.choose_mail(user=cast.member, by=cast.member, channels={"test.calm": "sometimes"})


def test_old_ones_are_forgotten(cast, say_to, time_machine):
    from portal.inbox.jobs import KEPT, tidy

    for thing in ("read", "done", "open"):
        say_to(cast.member, thing=thing)
    Notice.objects.update(created_at=F("created_at") - KEPT)
    Notice.objects.filter(key="test:read").update(read_at=timezone.now())
    actions.withdraw(key="test:done")
    say_to(cast.member, thing="new")
    actions.mark_all_read(by=cast.manager)
    tidy()
    assert set(Notice.objects.values_list("key", flat=True)) == {"test:open", "test:new"}
