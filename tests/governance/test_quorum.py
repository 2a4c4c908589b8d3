"""Stages and quorums: nobody counts twice, no stage is passed over, and more approvals never make it less."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from governance.gates import StageNeed
from governance.quorum import Given, progress

START = datetime(2026, 11, 20, 9, tzinfo=UTC)  # a Friday
needs = st.lists(st.builds(StageNeed, st.sampled_from("abc"), st.integers(1, 3)), min_size=1, max_size=4)
approvals = st.lists(
    st.builds(
        lambda person, stage, hours, other: Given(person, stage, START + timedelta(hours=hours), other),
        st.integers(1, 6),
        st.integers(0, 4),
        st.integers(0, 99),
        st.one_of(st.none(), st.integers(1, 6)),
    ).filter(lambda one: one.person != one.acting_for),
    max_size=12,
)


@given(needs, st.booleans(), approvals)
def test_nobody_counts_twice(stages, in_order, given_):
    counted = [one for stage in progress(stages, in_order, given_).stages for one in stage.given]
    spoken = [person for one in counted for person in one.people]
    assert len(spoken) == len(set(spoken))


@given(needs, st.booleans(), approvals)
def test_complete_means_that_each_stage_has_its_quorum(stages, in_order, given_):
    found = progress(stages, in_order, given_)
    assert found.complete == all(len(s.given) == need.quorum for s, need in zip(found.stages, stages, strict=True))
    assert found.remaining == sum(stage.missing for stage in found.stages)
    assert found.complete == (not found.current)
    people = {person for one in given_ for person in one.people}
    if found.complete:
        assert len(people) >= sum(need.quorum for need in stages)


@given(needs, approvals)
def test_in_order_one_stage_is_open_and_none_is_before_it(stages, given_):
    found = progress(stages, True, given_)
    assert len(found.current) <= 1
    for index in found.current:
        assert all(stage.missing == 0 for stage in found.stages[:index])


@given(needs, approvals)
def test_without_an_order_each_stage_that_lacks_somebody_is_open(stages, given_):
    found = progress(stages, False, given_)
    assert found.current == tuple(i for i, stage in enumerate(found.stages) if stage.missing)


@given(needs, st.booleans(), approvals, st.integers(0, 3))
def test_one_more_person_never_sets_it_back(stages, in_order, given_, stage):
    before = progress(stages, in_order, given_)
    after = progress(stages, in_order, [*given_, Given("new", stage, START + timedelta(days=9))])
    assert before.remaining - 1 <= after.remaining <= before.remaining


@given(needs, st.booleans(), approvals)
def test_the_order_in_which_they_are_read_does_not_matter(stages, in_order, given_):
    distinct = list({one.at: one for one in given_}.values())
    assert progress(stages, in_order, distinct) == progress(stages, in_order, distinct[::-1])


def test_a_principal_and_the_deputy_are_one():
    stages = [StageNeed("a", 2)]
    as_deputy = Given(1, 0, START, acting_for=2)
    assert progress(stages, True, [as_deputy, Given(2, 0, START + timedelta(hours=1))]).remaining == 1
    assert progress(stages, True, [as_deputy, Given(1, 0, START + timedelta(hours=1))]).remaining == 1
    assert progress(stages, True, [as_deputy, Given(3, 0, START + timedelta(hours=1))]).complete


def test_due_dates_are_business_days_from_when_the_stage_opens():
    stages = [StageNeed("a", 1, due_days=2), StageNeed("b", 1, due_days=1)]
    waiting = progress(stages, True, [], opened=START, calendar="JP")
    assert waiting.due == date(2026, 11, 25)  # Monday is Labour Thanksgiving Day
    then = progress(stages, True, [Given(1, 0, START + timedelta(days=4))], opened=START, calendar="JP")
    assert (then.current, then.due) == ((1,), date(2026, 11, 25))
    assert progress(stages, False, [], opened=START).due == date(2026, 11, 23)
    assert progress(stages, True, []).due is None


def test_nobody_is_asked():
    assert progress([], True, []).complete
