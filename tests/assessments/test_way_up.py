"""The way up on random small frameworks: never dearer than the cheapest of all subsets."""

from itertools import chain, combinations

from hypothesis import given, settings
from hypothesis import strategies as st

from assessments.framework import Criterion, Dimension, Framework, Level, Text
from assessments.roadmap import DAYS, levels_of, way, what_if

WORDS = Text("words", "言葉")
TOP = 3


def criterion(key, *, level=1, required=True, effort=1, practice="", prerequisites=(), any_of=()):
    return Criterion(
        id=key,
        level=level,
        required=required,
        practice=practice or key.replace(".", "-"),
        theme="all",
        effort=effort,
        auto="N",
        title=WORDS,
        statement=WORDS,
        challenge=WORDS,
        how=WORDS,
        prerequisites=tuple(prerequisites),
        any_of=tuple(any_of),
    )


def small(*criteria, top=TOP):
    dimensions = sorted({c.dimension for c in criteria})
    return Framework(
        key="small",
        version=1,
        title=WORDS,
        description=WORDS,
        themes={"all": WORDS},
        levels=tuple(Level(number, WORDS, WORDS) for number in range(top + 1)),
        dimensions=tuple(Dimension(key, WORDS, WORDS) for key in dimensions),
        criteria=tuple(criteria),
    )


@st.composite
def frameworks(draw):
    """Up to eight criteria with chains of prerequisites, alternatives, and practices in common."""
    names = [f"{draw(st.sampled_from('ab'))}.c{number}" for number in range(draw(st.integers(1, 8)))]
    criteria = []
    for number, name in enumerate(names):
        others = [other for other in names if other != name]
        criteria.append(
            criterion(
                name,
                level=draw(st.integers(1, TOP)),
                required=draw(st.booleans()) or draw(st.booleans()),
                effort=draw(st.integers(1, 5)),
                practice=draw(st.sampled_from(["p", "q", ""])),
                prerequisites=draw(st.lists(st.sampled_from(names[:number]), max_size=2, unique=True))
                if number
                else (),
                any_of=draw(st.lists(st.sampled_from(others), max_size=2, unique=True)) if others else (),
            )
        )
    return small(*criteria)


def with_alternatives(framework, direct, absent=frozenset()):
    """How criteria stand when each is also met by one of its alternatives that is met itself, and applies."""
    lends = {key for key, state in direct.items() if state == "met" and key not in absent}
    return {c.id: "met" if lends.intersection(c.any_of) else direct[c.id] for c in framework.criteria}


def in_some_order(framework, direct, chosen, absent):
    """Whether the chosen can be done one after the other, nothing before what it needs."""
    met, left = {key for key, state in direct.items() if state == "met"}, set(chosen)

    def ready(key):
        standing = with_alternatives(framework, direct | dict.fromkeys(met, "met"), absent)
        return all(standing[name] == "met" for name in framework.by_id[key].prerequisites)

    while now := {key for key in left if ready(key)}:
        met |= now
        left -= now
    return not left


def days(framework, chosen):
    dearest = {}
    for key in chosen:
        c = framework.by_id[key]
        dearest[c.practice] = max(dearest.get(c.practice, 0), DAYS[c.effort])
    return sum(dearest.values())


def reaches(framework, direct, chosen, goals, absent):
    after = with_alternatives(framework, direct | dict.fromkeys(chosen, "met"), absent)
    return all(after[c.id] == "met" for c in framework.criteria if c.required and c.level <= goals.get(c.dimension, 0))


def by_trying_all(framework, direct, goals, without, absent):
    free = [c.id for c in framework.criteria if direct[c.id] != "met" and c.id not in without]
    place = {key: number for number, key in enumerate(free)}
    subsets = chain.from_iterable(combinations(free, size) for size in range(len(free) + 1))
    good = [
        chosen
        for chosen in subsets
        if reaches(framework, direct, chosen, goals, absent) and in_some_order(framework, direct, chosen, absent)
    ]
    best = min(good, key=lambda s: (days(framework, s), len(s), [place[key] for key in s]), default=None)
    return None if best is None else set(best)


@st.composite
def situations(draw):
    framework = draw(frameworks())
    states = st.sampled_from(["met", "unmet", "unknown"])
    direct = {c.id: draw(states) for c in framework.criteria}
    goals = {dimension.key: draw(st.integers(0, TOP)) for dimension in framework.dimensions}
    some = st.sets(st.sampled_from([c.id for c in framework.criteria]), max_size=2)
    return framework, direct, goals, {key for key in draw(some) if direct[key] != "met"}, draw(some)


@settings(max_examples=200, deadline=None)
@given(situations())
def test_the_way_is_the_cheapest_of_all_subsets(situation):
    framework, direct, goals, without, absent = situation
    standing = with_alternatives(framework, direct, absent)
    found = way(framework, standing, goals, without=without, absent=absent)
    best = by_trying_all(framework, direct, goals, without, absent)
    assert found.reachable == (best is not None)
    chosen = [step.criterion for step in found.steps]
    if best is not None:
        assert set(chosen) == best
        assert found.days == days(framework, best)
        assert all(found.reaches[key] >= level for key, level in goals.items())
    else:
        assert found.lacking
        assert any(found.reaches[key] < level for key, level in goals.items())
    for number, step in enumerate(found.steps):
        assert in_some_order(framework, direct, chosen[: number + 1], absent)
        assert set(step.after) <= set(chosen[:number])


@settings(max_examples=100, deadline=None)
@given(situations(), st.data())
def test_what_if_is_the_score_with_those_met(situation, data):
    framework, direct, _goals, _without, absent = situation
    done = data.draw(st.sets(st.sampled_from([c.id for c in framework.criteria])))
    before = with_alternatives(framework, direct, absent)
    found = what_if(framework, before, done, absent=absent)
    after = with_alternatives(framework, direct | dict.fromkeys(done, "met"), absent)
    assert found.after == levels_of(framework, after)
    assert set(found.met) == {key for key in after if after[key] == "met" and before[key] != "met"}
    assert all(found.after[key] >= level for key, level in found.before.items())


def test_the_cheaper_alternative_is_taken_and_says_what_it_stands_for():
    framework = small(
        criterion("a.own", effort=4, any_of=["a.shared"]), criterion("a.shared", effort=2, required=False), top=1
    )
    (step,) = way(framework, {}).steps
    assert (step.criterion, step.days) == ("a.shared", DAYS[2])
    assert step.why.params == {"counts_as": "a.own"}


def test_an_alternative_with_dear_prerequisites_is_not_cheap():
    framework = small(
        criterion("a.own", effort=3, any_of=["a.shared"]),
        criterion("a.before", effort=4, required=False),
        criterion("a.shared", effort=1, required=False, prerequisites=["a.before"]),
        top=1,
    )
    assert [step.criterion for step in way(framework, {}).steps] == ["a.own"]


def test_work_that_two_criteria_share_is_counted_once():
    framework = small(
        criterion("a.one", effort=3, practice="p"), criterion("b.two", effort=3, practice="p"), criterion("b.three")
    )
    found = way(framework, {}, 1)
    assert len(found.steps) == 3
    assert found.days == DAYS[3] + DAYS[1]


def test_five_small_things_are_less_than_one_large_one():
    many = [criterion(f"a.c{number}", required=False) for number in range(5)]
    chain_end = criterion("a.end", required=False, prerequisites=[c.id for c in many])
    framework = small(criterion("a.large", effort=5, any_of=["a.end"]), *many, chain_end, top=1)
    assert "a.large" not in {step.criterion for step in way(framework, {}).steps}


def test_what_is_claimed_only_has_to_be_shown():
    framework = small(criterion("a.one", effort=5), criterion("a.two", effort=1), criterion("a.three", effort=2))
    found = way(framework, {"a.two": "unmet"}, 1, claimed={"a.one": "met", "a.two": "met"})
    assert [(step.criterion, step.todo, step.days) for step in found.steps] == [
        ("a.one", "prove", 0),
        ("a.two", "do", DAYS[1]),  # claimed, but denied
        ("a.three", "find-out", DAYS[2]),
    ]
    assert found.days == DAYS[1] + DAYS[2]
    assert [step.why.code.rpartition(".")[-1] for step in found.steps] == ["prove", "denied", "unknown"]


def test_a_target_that_nothing_reaches_says_what_lacks_and_goes_as_far_as_it_can():
    framework = small(criterion("a.one"), criterion("a.two", level=2), criterion("a.three", level=3))
    found = way(framework, {}, 3, without={"a.three"})
    assert not found.reachable
    assert found.lacking == ("a.three",)
    assert found.reaches == {"a": 2}
    assert [step.criterion for step in found.steps] == ["a.one", "a.two"]


def test_what_waits_for_the_impossible_is_impossible_too():
    framework = small(criterion("a.first", required=False), criterion("a.then", prerequisites=["a.first"]), top=1)
    assert way(framework, {}, without={"a.first"}).lacking == ("a.then",)


def test_a_level_above_the_highest_says_so():
    framework = small(criterion("a.one"), top=1)
    found = way(framework, {}, 4)
    assert (found.problem.code, found.problem.params) == ("maturity.way.top", {"asked": 4, "top": 1})
    assert found.reaches == {"a": 1}


def test_what_if_tells_what_still_has_to_come_before():
    framework = small(criterion("a.first"), criterion("a.then", prerequisites=["a.first"]))
    found = what_if(framework, {}, ["a.then"])
    assert found.waiting == {"a.then": ("a.first",)}
    assert (found.overall_before, found.overall_after) == (0, 0)
    assert found.missing == ("a.first",)
    assert found.days == DAYS[1]


def test_what_if_everything_of_a_level_were_done():
    framework = small(criterion("a.one"), criterion("b.two"), criterion("b.three", level=2))
    found = what_if(framework, {}, ["a.one", "b.two"])
    assert (found.after, found.overall_after) == ({"a": 3, "b": 1}, 1)
    assert found.missing == ("b.three",)
