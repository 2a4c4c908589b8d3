"""A framework's upgrade carries every answer on, or hands it back."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assessments.framework import from_filled
from assessments.migration import Dropped, MigrationError, path, plan, plan_along
from assessments.scoring import Answer, Review, problems, score
from tests.assessments.random_frameworks import (
    NOW,
    WORDS,
    answers_to,
    chains,
    content,
    live_counts,
    reviews_of,
    upgrades,
    weighed_for,
)

STRENGTH = {"no": 0, "partly": 1, None: 2, "yes": 3, "na": 4}
LATER = NOW + timedelta(days=10)


def version(number, *ids, changes=(), **criteria):
    """A version with one dimension; a keyword changes the criterion of that name."""
    written = [{"id": f"alpha.{name}"} | criteria.get(name, {}) for name in ids]
    fields = {"migrates": {"from": number - 1, "changes": list(changes)}} if number > 1 else {}
    return from_filled(content(["alpha"], written, levels=1, version=number, **fields))


def change(kind, from_, to=(), answers="keep", reviews="drop"):
    names = [[f"alpha.{name}" for name in side] for side in (from_, to)]
    return {"kind": kind, "from": names[0], "to": names[1], "answers": answers, "reviews": reviews, "why": WORDS}


def says(**answers):
    return {f"alpha.{name}": Answer(value, f"{name}: {value}") for name, value in answers.items()}


def values(migrated):
    return {key.partition(".")[2]: answer.value for key, answer in migrated.answers.items()}


# -- each kind of change


def test_what_has_no_entry_is_kept():
    answers, reviews = says(a="yes", b="no"), {"alpha.a": Review("confirmed", NOW, LATER)}
    kept = plan(version(1, "a", "b"), version(2, "a", "b", "c"), answers, reviews)
    assert kept.answers == answers
    assert kept.reviews == reviews
    assert (kept.dropped, kept.changes, kept.reconfirm) == ((), (), frozenset())
    assert kept.sources == {"alpha.a": ("alpha.a",), "alpha.b": ("alpha.b",)}


@pytest.mark.parametrize("answers", ["keep", "reconfirm", "drop"])
@pytest.mark.parametrize("kind", ["renamed", "split", "merged", "tightened"])
def test_each_kind_keeps_asks_again_or_drops(kind, answers):
    sides = {
        "renamed": (["a"], ["x"]),
        "split": (["a"], ["x", "y"]),
        "merged": (["a", "b"], ["x"]),
        "tightened": (["a"], ["a"]),
    }[kind]
    before = says(a="yes", b="yes")
    old = version(1, "a", "b")
    new = version(2, *sides[1], *([] if kind == "merged" else ["b"]), changes=[change(kind, *sides, answers=answers)])
    moved = plan(old, new, before)
    [used] = moved.changes
    assert used.kind == kind
    if answers == "drop":
        assert {one.criterion for one in moved.dropped} == {f"alpha.{name}" for name in sides[0]}
        assert all(one.text == f"{one.criterion[-1]}: yes" and one.why.in_("ja") == "文" for one in moved.dropped)
        assert not any(f"alpha.{name}" in moved.answers for name in sides[1])
    else:
        assert moved.dropped == ()
        assert {moved.answers[f"alpha.{name}"].value for name in sides[1]} == {"yes"}
        asked = {f"alpha.{name}" for name in sides[1]} if answers == "reconfirm" else set()
        assert moved.reconfirm == asked
        assert moved.counted.keys() == moved.answers.keys() - asked


def test_what_is_retired_is_handed_back_with_its_text():
    new = version(2, "b", changes=[change("retired", ["a"], answers="drop")])
    moved = plan(version(1, "a", "b"), new, says(a="partly", b="yes"), {"alpha.a": Review("refused", NOW)})
    assert values(moved) == {"b": "yes"}
    assert [(one.what, one.criterion, one.said, one.text) for one in moved.dropped] == [
        ("answer", "alpha.a", "partly", "a: partly"),
        ("review", "alpha.a", "refused", ""),
    ]


@pytest.mark.parametrize(
    ("parts", "merged"),
    [
        (("yes", "yes"), "yes"),
        (("yes", "no"), "no"),
        (("partly", "no"), "no"),
        (("yes", "partly"), "partly"),
        (("yes", None), None),
        (("no", None), "no"),
        (("na", "yes"), "yes"),
        (("na", "na"), "na"),
        (("na", None), None),
    ],
)
def test_a_merged_answer_is_the_weakest_of_its_parts_with_every_note(parts, merged):
    new = version(2, "x", changes=[change("merged", ["a", "b"], ["x"])], x={"na_reason": WORDS})
    old = version(1, "a", "b", a={"na_reason": WORDS}, b={"na_reason": WORDS})
    moved = plan(old, new, says(a=parts[0], b=parts[1]))
    assert values(moved) == {"x": merged}
    assert moved.answers["alpha.x"].reason == f"a: {parts[0]}\n\nb: {parts[1]}"
    assert moved.sources["alpha.x"] == ("alpha.a", "alpha.b")


def test_a_part_that_nobody_answered_makes_the_merged_unknown():
    new = version(2, "x", changes=[change("merged", ["a", "b"], ["x"])])
    assert values(plan(version(1, "a", "b"), new, says(a="yes"))) == {"x": None}
    assert values(plan(version(1, "a", "b"), new, {})) == {}


def test_merged_reviews_are_kept_where_every_part_was_confirmed():
    new = version(2, "x", changes=[change("merged", ["a", "b"], ["x"], reviews="keep")])
    old, answers = version(1, "a", "b"), says(a="yes", b="yes")
    a, b = Review("confirmed", NOW, LATER), Review("confirmed", NOW, LATER + timedelta(days=1))
    assert plan(old, new, answers, {"alpha.a": a, "alpha.b": b}).reviews == {"alpha.x": a}
    alone = plan(old, new, answers, {"alpha.a": a})
    assert alone.reviews == {}
    assert [one.what for one in alone.dropped] == ["review"]
    refused = Review("refused", NOW, LATER)
    assert plan(old, new, answers, {"alpha.a": a, "alpha.b": refused}).reviews == {"alpha.x": refused}


def test_reviews_of_a_split_and_of_a_change_that_drops_them():
    review = {"alpha.a": Review("confirmed", NOW, LATER)}
    keeps = version(2, "x", "y", changes=[change("split", ["a"], ["x", "y"], reviews="keep")])
    assert plan(version(1, "a"), keeps, says(a="yes"), review).reviews.keys() == {"alpha.x", "alpha.y"}
    drops = version(2, "a", changes=[change("tightened", ["a"], ["a"])])
    moved = plan(version(1, "a"), drops, says(a="yes"), review)
    assert moved.reviews == {}
    assert [(one.what, one.said) for one in moved.dropped] == [("review", "confirmed")]


def test_names_may_be_swapped():
    new = version(2, "a", "b", changes=[change("renamed", ["a"], ["b"]), change("renamed", ["b"], ["a"])])
    moved = plan(version(1, "a", "b"), new, says(a="yes", b="no"))
    assert values(moved) == {"a": "no", "b": "yes"}
    assert moved.targets == {"alpha.a": ("alpha.b",), "alpha.b": ("alpha.a",)}


def test_an_na_that_is_not_accepted_any_more_leaves_its_note_in_place():
    moved = plan(version(1, "a", a={"na_reason": WORDS}), version(2, "a"), says(a="na"))
    assert moved.answers["alpha.a"] == Answer(None, "a: na")
    assert moved.dropped == (Dropped("answer", "alpha.a", "na", "a: na"),)


def test_a_group_of_which_nothing_would_apply_is_asked_again():
    fields = {"a": {"na_reason": WORDS}, "b": {"na_reason": WORDS}}
    new = replace(version(2, "a", "b", **fields), not_all_na=(("alpha.a", "alpha.b"),))
    moved = plan(version(1, "a", "b", **fields), new, says(a="na", b="na"))
    assert moved.reconfirm == {"alpha.a", "alpha.b"}
    assert not list(problems(new, moved.counted))


def test_an_answer_to_nothing_is_handed_back():
    moved = plan(version(1, "a"), version(2, "a"), says(ghost="yes"))
    assert [(one.criterion, one.text) for one in moved.dropped] == [("alpha.ghost", "ghost: yes")]


# -- chains


def test_a_chain_goes_through_every_version():
    one = version(1, "a", "b")
    two = version(2, "x", "b", changes=[change("renamed", ["a"], ["x"], answers="reconfirm")])
    three = version(3, "x", changes=[change("merged", ["x", "b"], ["x"])])
    moved = plan_along(path(one, three, [three, two, one]), says(a="yes", b="yes"))
    assert values(moved) == {"x": "yes"}
    assert moved.reconfirm == {"alpha.x"}  # it has waited since version 2
    assert moved.sources == {"alpha.x": ("alpha.a", "alpha.b")}
    assert moved.targets == {"alpha.a": ("alpha.x",), "alpha.b": ("alpha.x",)}
    assert [used.kind for used in moved.changes] == ["renamed", "merged"]


def test_versions_without_a_way_between_them_are_refused():
    one, three = version(1, "a"), version(3, "a")
    with pytest.raises(MigrationError, match=r"No map leads from version 1 of random to version 3\."):
        path(one, three, [one, three])
    with pytest.raises(MigrationError, match="No map leads"):
        path(three, one, [one, three])
    with pytest.raises(MigrationError, match=r"The map of random does not fit: alpha\.a was in the version before"):
        plan(one, version(2, "b"), {})
    leap = from_filled(content(["alpha"], [{"id": "alpha.a"}], levels=1, version=3, migrates={"from": 1}))
    assert [step.version for step in path(one, leap, [one, leap])] == [1, 3]


# -- properties


def hand_migrated(new, answers):
    """The answers that count, as a person would write them who reads the map line by line."""
    changes = new.migrates.changes
    touched = {key for change in changes for key in change.from_}
    written = {key: answer.value for key, answer in answers.items() if key not in touched}
    unsure = set()
    for one in changes:
        parts = [answers[key].value for key in one.from_ if key in answers]
        if not parts or one.answers == "drop":
            continue
        if one.kind == "merged":
            parts += [None] * (len(one.from_) - len(parts))
        for target in one.to:
            written[target] = min(parts, key=STRENGTH.get)
            if one.answers == "reconfirm":
                unsure.add(target)
    refused = {key for key, value in written.items() if value == "na" and not new.by_id[key].na_allowed}
    written |= dict.fromkeys(refused)
    for group in new.not_all_na:
        if all(written.get(key) == "na" for key in group):
            unsure |= set(group)
    return {key: Answer(value) for key, value in written.items() if key not in unsure}


@settings(deadline=None)
@given(st.data())
def test_migrating_then_scoring_is_scoring_what_was_migrated_by_hand(data):
    old, new = data.draw(upgrades())
    answers, weighed = data.draw(answers_to(old)), data.draw(weighed_for(new))
    reviews, live = data.draw(reviews_of(old)), data.draw(live_counts)
    moved = plan(old, new, answers, reviews)
    by_machine = score(new, moved.counted, weighed, reviews=moved.reviews, live_models=live)
    by_hand = score(new, hand_migrated(new, answers), weighed, reviews=moved.reviews, live_models=live)
    assert by_machine == by_hand


def assert_nothing_lost(answers, reviews, moved):
    handed_back = {(one.what, one.criterion): one for one in moved.dropped}
    for key, answer in answers.items():
        targets = [target for target, sources in moved.sources.items() if key in sources]
        back = handed_back.get(("answer", key))
        assert targets or back, key
        for target in targets:
            kept = moved.answers[target]
            assert answer.reason in kept.reason
            if len(moved.sources[target]) == 1 and not back:
                assert kept.value == answer.value
            assert STRENGTH[kept.value] <= STRENGTH[answer.value] or back
        if back and not targets:
            assert (back.said, back.text) == (answer.value, answer.reason)
    for key, review in reviews.items():
        assert review in moved.reviews.values() or ("review", key) in handed_back or _merged_away(key, moved)


def _merged_away(key, moved):
    return any(change.kind == "merged" and key in change.from_ and change.reviews == "keep" for change in moved.changes)


@settings(deadline=None)
@given(st.data())
def test_no_upgrade_loses_an_answer(data):
    old, new = data.draw(upgrades())
    answers, reviews = data.draw(answers_to(old)), data.draw(reviews_of(old))
    moved = plan(old, new, answers, reviews)
    assert_nothing_lost(answers, reviews, moved)
    assert moved.answers.keys() <= new.by_id.keys()
    assert moved.reviews.keys() <= new.by_id.keys()
    assert not list(problems(new, moved.counted))


@settings(deadline=None)
@given(st.data())
def test_a_chain_loses_nothing_either_and_equals_its_steps(data):
    one, two, three = data.draw(chains())
    answers, reviews = data.draw(answers_to(one)), data.draw(reviews_of(one))
    moved = plan_along(path(one, three, [one, two, three]), answers, reviews)
    first = plan(one, two, answers, reviews)
    second = plan(two, three, first.answers, first.reviews, first.reconfirm)
    assert (moved.answers, moved.reviews, moved.reconfirm) == (second.answers, second.reviews, second.reconfirm)
    assert moved.dropped == first.dropped + second.dropped
    for key, answer in answers.items():
        kept = [target for target, sources in moved.sources.items() if key in sources]
        texts = [one.text for one in moved.dropped] + [moved.answers[target].reason for target in kept]
        assert any(answer.reason in text for text in texts)


@settings(deadline=None)
@given(st.data())
def test_a_better_answer_is_not_worse_after_an_upgrade(data):
    old, new = data.draw(upgrades())
    answers = data.draw(answers_to(old))
    key = data.draw(st.sampled_from(list(old.by_id)))
    better = answers | {key: Answer("yes", "")}
    before = score(new, plan(old, new, answers).counted).overall.claimed
    if answers.get(key, Answer()).value != "na":
        assert score(new, plan(old, new, better).counted).overall.claimed >= before
