"""One sequencer: without a gap, without a double, in the order of insertion, whoever asks at once."""

from __future__ import annotations

import threading

import pytest
from django.db import connection, transaction

from portal.ledger import sequencer
from portal.ledger.actions import record
from portal.ledger.models import Event, Head, Node
from portal.ledger.sequencer import grow, number_events
from portal.ledger.tree import append
from portal.web.errors import Conflict

WRITERS, EACH = 6, 15


def write(count: int, label: str) -> None:
    for number in range(count):
        with transaction.atomic():
            record(action="test.write", by=None, subject=("test", f"{label}-{number}", label))


def in_threads(work) -> list[BaseException]:
    failures: list[BaseException] = []

    def run(number: int) -> None:
        try:
            work(number)
        except BaseException as error:
            failures.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(number,)) for number in range(WRITERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return failures


def numbers() -> list[int]:
    return list(Event.objects.order_by("seq").values_list("seq", flat=True))


@pytest.mark.django_db(transaction=True)
def test_many_writers_make_one_gapless_order():
    def work(writer: int) -> None:
        write(EACH, f"w{writer}")
        number_events()  # beside the others, who still write

    assert in_threads(work) == []
    assert number_events() == 0
    assert numbers() == list(range(1, WRITERS * EACH + 1))
    assert Head.objects.get().size == WRITERS * EACH
    for writer in range(WRITERS):
        own = Event.objects.filter(subject_label=f"w{writer}").order_by("seq")
        assert [event.subject_id for event in own] == [f"w{writer}-{number}" for number in range(EACH)]


@pytest.mark.django_db(transaction=True)
def test_many_sequencers_give_no_number_twice(monkeypatch):
    monkeypatch.setattr(sequencer, "BATCH", 7)
    write(50, "bulk")
    assert not Event.objects.exclude(seq=None).exists()
    assert in_threads(lambda _number: number_events()) == []
    assert numbers() == list(range(1, 51))


@pytest.mark.django_db(transaction=True)
def test_the_tree_grows_once_whoever_asks(monkeypatch):
    monkeypatch.setattr(sequencer, "BATCH", 7)
    write(50, "bulk")
    number_events()
    assert in_threads(lambda _number: grow()) == []
    leaves = [bytes.fromhex(leaf) for leaf in Event.objects.order_by("seq").values_list("leaf_hash", flat=True)]
    nodes, peaks = append(0, [], leaves)
    assert {(node.level, node.index): node.hash for node in Node.objects.all()} == {
        place: digest.hex() for place, digest in nodes.items()
    }
    head = Head.objects.get()
    assert (head.hashed, head.peaks) == (50, [peak.hex() for peak in peaks])


@pytest.mark.django_db(transaction=True)
def test_a_writer_waits_for_no_number():
    write(2, "x")
    assert Event.objects.filter(seq=None).count() == 2
    assert number_events() == 2
    assert numbers() == [1, 2]
    assert number_events() == 0


def test_a_record_that_was_deleted_before_it_was_hashed_stops_the_tree(db):
    write(5, "x")
    number_events()
    Event.objects.filter(seq=3).delete()
    with pytest.raises(Conflict, match="Records 3 to 3 are missing"):
        grow()
    Event.objects.filter(seq__gt=2).delete()
    with pytest.raises(Conflict, match="Records 3 to 5 are missing"):
        grow()
    assert Head.objects.get().hashed == 0


def test_a_number_that_is_rolled_back_is_given_again(db):
    with transaction.atomic():
        record(action="test.write", by=None, subject=("test", "1", "lost"))
        number_events()
        transaction.set_rollback(True)
    with transaction.atomic():
        record(action="test.write", by=None, subject=("test", "2", "kept"))
    number_events()
    assert list(Event.objects.values_list("seq", "subject_label")) == [(1, "kept")]
