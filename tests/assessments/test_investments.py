"""Shared investments: whom they would lift, checked against doing them."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from assessments.framework import shipped
from assessments.investments import Place, credited, investments
from assessments.roadmap import DAYS, what_if
from tests.assessments.test_way_up import criterion, frameworks, small, with_alternatives

ONE = small(
    criterion("a.host", practice="host"),
    criterion("a.log", practice="log", effort=2),
    criterion("a.watch", level=2, practice="watch", effort=3),
)


def place(team, met, framework=ONE):
    return Place(team, framework, {c.id: "met" if c.id in met else "unmet" for c in framework.criteria})


def by_practices(found):
    return {(one.kind, *one.practices): one for one in found}


def test_a_practice_lifts_those_who_lack_nothing_else():
    found = by_practices(investments([place(1, ["a.host"]), place(2, []), place(3, ["a.host", "a.log"])]))
    log = found["practice", "log"]
    assert (log.days, log.lacking, log.needing, log.lifted) == (DAYS[2], {1, 2}, {1, 2}, {1})
    assert found["practice", "host"].lifted == set()
    assert found["practice", "watch"].lifted == {3}
    assert found["package", "host", "log"].lifted == {1, 2}


def test_the_most_lifted_teams_per_day_come_first():
    found = investments([place(1, ["a.host"]), place(2, ["a.host"]), place(3, ["a.host", "a.log"])])
    assert [tuple(one.practices) for one in found] == [("log",), ("log", "watch"), ("watch",)]
    assert found[0].lifted_per_day == 2 / DAYS[2]


def test_a_practice_of_two_frameworks_is_paid_once_and_named_by_its_home():
    other = small(criterion("b.host", practice="host", effort=4))
    (one,) = [
        one for one in investments([place(1, ["a.log"]), place(1, [], other)]) if tuple(one.practices) == ("host",)
    ]
    assert (one.days, one.lifted) == (DAYS[4], {1})


def test_each_area_of_a_checklist_is_a_step_of_its_own():
    checklist = next(f for f in shipped().values() if f.is_checklist)
    area = checklist.dimensions[0].key
    required = checklist.of(area, required=True)
    met = {c.id for c in checklist.criteria} - {required[0].id}
    found = by_practices(investments([place(7, met, checklist)]))
    assert found["practice", required[0].practice].lifted == {7}


def test_nothing_to_do_at_the_top():
    assert investments([place(1, ["a.host", "a.log", "a.watch"])]) == ()
    assert investments([]) == ()


def test_what_is_claimed_and_not_denied_needs_no_investment():
    official = {"a": "met", "b": "unknown", "c": "unmet", "d": "unknown"}
    claimed = {"a": "unknown", "b": "met", "c": "met", "d": "unmet"}
    assert credited(official, claimed) == {"a": "met", "b": "met", "c": "unmet", "d": "unknown"}


@settings(max_examples=100, deadline=None)
@given(frameworks(), st.data())
def test_lifted_are_those_whose_level_rises_when_it_is_done(framework, data):
    states = st.sampled_from(["met", "unmet", "unknown"])
    places = []
    for team in range(data.draw(st.integers(1, 4))):
        direct = {c.id: data.draw(states) for c in framework.criteria}
        places.append(Place(team, framework, with_alternatives(framework, direct)))
    for one in investments(places):
        for each in places:
            # what is met already is not done again: an alternative that is met lends what it lends
            done = [c.id for c in framework.criteria if c.practice in one.practices and each.standing[c.id] != "met"]
            found = what_if(framework, each.standing, done)
            assert (each.team in one.lifted) == (found.overall_after > found.overall_before)
            lacks = any(c.practice in one.practices and each.standing[c.id] != "met" for c in framework.criteria)
            assert (each.team in one.lacking) == lacks
        assert one.lifted <= one.needing <= one.lacking
        assert one.needing
