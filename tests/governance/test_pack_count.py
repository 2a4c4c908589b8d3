"""The count of a period: it closes where every change is explained, and says by how much where one is not."""

from __future__ import annotations

import hashlib
from datetime import UTC, date, datetime, timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from governance.pack_count import Change, Stray, breaks, count, coverage, sample

DAY = datetime(2026, 7, 1, tzinfo=UTC)
END = DAY + timedelta(days=92)


def at(day: float) -> datetime:
    return DAY + timedelta(days=day)


def change(day: float, found, left, model: int = 1, way: str = "approved", **more) -> Change:
    return Change(at(day), int(day * 10) + 1000, model, found, left, way, **more)


def counted(changes, strays=(), now=None, read_at=END, **more):
    return count(changes, strays, start=DAY, end=END, now=now or {}, read_at=read_at, **more)


def test_moves_that_follow_from_each_other_close():
    found = counted(
        [change(-9, None, 1), change(1, 1, 2), change(2, 2, 3, way="emergency"), change(3, 3, 2, way="rollback")],
        now={1: 2},
    )
    assert (found.total, found.carried_out, found.ordinary, found.missing) == (3, 3, 2, 0)
    assert found.closes
    assert found.ways == {"approved": 1, "automatic": 0, "emergency": 1, "rollback": 1}


def test_what_a_reading_saw_is_counted_and_explains_what_a_move_found():
    found = counted([change(1, None, 1), change(5, 7, 2)], [Stray(at(3), 1, 7)], {1: 2})
    assert (found.total, found.unexplained, found.breaks, found.closes) == (3, 1, (), True)


def test_what_nobody_saw_shows_at_the_next_move():
    found = counted([change(1, None, 1), change(5, 7, 2)], now={1: 2})
    (one,) = found.breaks
    assert (one.expected, one.found, one.after, one.until) == (1, 7, at(1), at(5))
    assert (found.total, found.missing, found.closes) == (3, 1, False)


def test_what_nobody_saw_since_the_last_move_shows_at_the_last_reading():
    assert counted([change(1, None, 1)], now={1: 4}).missing == 1
    assert counted([change(1, None, 1)], now={1: None}).missing == 1
    assert counted([change(1, None, 1)]).closes  # a registry that cannot be read says nothing: its days say so
    assert counted([change(1, None, 1)], now={1: 4}, read_at=at(0.5)).closes  # read before the move


def test_put_back_by_hand_is_known_as_well():
    gone = [Stray(at(2), 1, 9), Stray(at(3), 1, None, back=True)]
    assert counted([change(1, None, 1), change(5, 1, 2)], gone, {1: 2}).closes
    found = counted([change(1, None, 1), change(5, 9, 2)], gone, {1: 2})
    assert [one.found for one in found.breaks] == [9]


def test_a_break_belongs_to_every_period_that_it_may_lie_in():
    moves = [change(-20, None, 1), change(100, 7, 2)]
    assert counted(moves).missing == 1  # between 20 days before the period and 8 after it
    assert counted([change(-20, None, 1), change(-10, 7, 2)]).closes
    assert counted([change(95, None, 1), change(100, 7, 2)]).closes


def test_each_thing_that_does_not_add_up_is_one():
    assert counted([change(1, None, 1, way="undecided")]).missing == 1
    assert counted([change(1, None, 1, placed=False)]).missing == 1
    assert counted([], unrecorded=2).missing == 2
    assert counted([], unrecorded=2).total == 2
    assert counted([], ledger_gap=3).missing == 3
    assert counted([]).closes


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(st.lists(st.tuples(st.integers(1, 3), st.integers(1, 4)), max_size=12), st.integers(0, 11))
def test_a_hidden_change_never_closes(steps, which):
    """Any chain of moves closes; the same with one found version changed does not."""
    standing: dict[int, int | None] = {}
    moves = []
    for day, (model, version) in enumerate(steps, 1):
        moves.append(change(day, standing.get(model), version, model))
        standing[model] = version
    assert breaks(moves, [], standing, END) == []
    later = [n for n, move in enumerate(moves) if any(one.model == move.model for one in moves[:n])]
    if later:
        n = later[which % len(later)]
        hidden = [*moves]
        hidden[n] = change(n + 1, 99, moves[n].left, moves[n].model)
        assert len(breaks(hidden, [], standing, END)) == 1


def test_days_without_a_reading_are_named():
    days = [date(2026, 7, day) for day in range(1, 11)]
    moments = [(date(2026, 7, day), datetime(2026, 7, day, 12, tzinfo=UTC)) for day in (1, 2, 6, 7, 9, 10)]
    found = coverage(days, moments)
    assert found.missing == ((date(2026, 7, 3), date(2026, 7, 5)), (date(2026, 7, 8), date(2026, 7, 8)))
    assert (found.days, found.read) == (10, 6)
    assert found.longest == timedelta(days=4)
    assert coverage(days, []).read == 0
    assert coverage([], []).days == 0


def test_a_sample_is_drawn_alike_by_everybody_who_has_the_seed():
    numbers = range(1, 200)
    drawn = sample(numbers, "2026Q3-EN", 15)
    assert drawn == sample(reversed(numbers), "2026Q3-EN", 15)
    assert drawn != sample(numbers, "2026Q3-JA", 15)
    assert len(set(drawn)) == 15
    # As somebody with nothing but the description would draw it.
    by_hand = sorted(numbers, key=lambda n: hashlib.sha256(b"2026Q3-EN:%d" % n).digest())[:15]
    assert drawn == sorted(by_hand)
    assert sample([3, 1], "x", 9) == [1, 3]
