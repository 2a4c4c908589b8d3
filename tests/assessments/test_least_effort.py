from itertools import chain, combinations

from hypothesis import example, given, settings
from hypothesis import strategies as st

from assessments.least_effort import Option, cheapest, cost, possible


def subsets(names):
    return chain.from_iterable(combinations(names, size) for size in range(len(names) + 1))


def by_trying_all(options, wanted):
    """Every subset: those that do what is wanted in some order; then the rule for choosing one."""
    place = {name: number for number, name in enumerate(options)}
    good = [
        chosen
        for chosen in subsets(options)
        if all(set(clause) & set(chosen) for clause in wanted)
        and possible({name: options[name] for name in chosen}) == set(chosen)
    ]
    return min(good, key=lambda chosen: (cost(options, chosen), len(chosen), [place[name] for name in chosen]))


NAMES = "abcdefg"


@st.composite
def problems(draw):
    names = NAMES[: draw(st.integers(1, 7))]
    clause = st.lists(st.sampled_from(names), min_size=1, max_size=3, unique=True).map(tuple)
    options = {
        name: Option(
            draw(st.integers(0, 5)),
            draw(st.sampled_from(["p", "q", "r", name])),
            tuple(draw(st.lists(clause, max_size=2))),
        )
        for name in names
    }
    can = possible(options)
    options = {name: option for name, option in options.items() if name in can}
    wanted = draw(st.lists(clause, max_size=4))
    return options, [c for c in wanted if set(c) & can]


@settings(max_examples=150, deadline=None)
@given(problems())
@example(  # b or c comes before a, but c waits for a: only b will do
    (
        {"a": Option(1, "a", (("b", "c"),)), "b": Option(5, "b"), "c": Option(0, "c", (("a",),))},
        [("a",), ("c",)],
    )
)
@example(  # what HiGHS called infeasible after presolving
    (
        {"a": Option(0, "p"), "b": Option(0, "p", (("c",),)), "c": Option(0, "p", (("a", "b"),))},
        [("a", "b", "c")],
    )
)
def test_it_finds_what_trying_all_finds(problem):
    options, wanted = problem
    assert cheapest(options, wanted) == by_trying_all(options, wanted)


def test_shared_work_is_paid_once():
    options = {"a": Option(3, "platform"), "b": Option(5, "platform"), "c": Option(4, "other")}
    assert cost(options, ("a", "b")) == 5
    assert cheapest(options, [("b",), ("a", "c")]) == ("a", "b")


def test_what_cannot_be_done_is_not_possible():
    options = {"a": Option(1, "a", (("gone",),)), "b": Option(1, "b", (("a", "c"),)), "c": Option(9, "c")}
    assert possible(options) == {"b", "c"}


def test_equal_ways_are_told_apart_by_their_place():
    options = {name: Option(1, name) for name in "dbca"}
    assert cheapest(options, [("a", "b"), ("c", "d")]) == ("d", "b")


def test_many_equal_choices_stay_exact():
    """More free names than one solution decides at a time."""
    options = {f"{pair:02}{side}": Option(2, f"{pair}{side}") for pair in range(25) for side in "xy"}
    chosen = cheapest(options, [(f"{pair:02}y", f"{pair:02}x") for pair in range(25)])
    assert chosen == tuple(f"{pair:02}x" for pair in range(25))
