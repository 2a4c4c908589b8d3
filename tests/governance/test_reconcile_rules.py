"""What a registry says against what was decided: nothing that differs is passed over, nothing unread is judged."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from governance.reconcile_rules import MARK, Closed, Placed, Seen, SeenRun, SeenVersion, compare, graver

GOVERNED = {"champion": "production", "staging": "staging"}
BORN = 1_700_000_000_123
PLACED = Placed(
    "churn", 14, "production", "champion", run_id="r14", born=BORN, tags={"team": "crm"}, metrics={"auc": 0.9}
)
VERSION = SeenVersion("churn", 14, "r14", BORN, {"team": "crm"})
RUN = SeenRun(metrics={"auc": 0.9})


def seen(aliases=None, version=VERSION, run=RUN, **more) -> Seen:
    given = {"churn": {"champion": 14} if aliases is None else aliases, **more}
    return Seen(given, {("churn", 14): version}, {"r14": run})


def check(seen, placed=(PLACED,), before=None, explained=None):
    before = {"churn": {"champion": 14}} if before is None else before
    return compare(seen, placed, governed=GOVERNED, before=before, explained=explained)


def only(compared):
    (difference,) = compared.differences
    assert difference.key not in compared.right
    return difference


def test_what_is_as_decided_differs_in_nothing_and_says_so():
    compared = check(seen())
    assert compared.differences == ()
    assert compared.right == {
        *("alias:churn:champion", "model:churn", "version:churn:14", "tags:churn:14", "run:churn:14"),
        "metrics:churn:14",
    }


@pytest.mark.parametrize(
    ("aliases", "kind", "found"),
    [({"champion": 15}, "alias_moved", 15), ({}, "alias_removed", None)],
)
def test_an_alias_elsewhere(aliases, kind, found):
    one = only(check(seen(aliases)))
    assert (one.kind, one.severity, one.expected, one.found) == (kind, "high", 14, found)
    assert (one.model, one.alias, one.environment) == ("churn", "champion", "production")


def test_an_alias_that_was_there_before_us_is_told_from_one_set_since():
    before = only(check(seen(), placed=()))
    since = only(check(seen(), placed=(), before={"churn": {}}))
    new_model = only(check(seen(), placed=(), before={}))
    assert [(one.kind, one.severity) for one in (before, since, new_model)] == [
        ("never_approved", "low"),
        ("never_approved", "high"),
        ("never_approved", "high"),
    ]


def test_an_alias_that_nobody_approved_and_that_is_gone_again_is_right():
    compared = check(seen({}), placed=(), before={"churn": {"champion": 3}})
    assert compared.differences == ()
    assert "alias:churn:champion" in compared.right


def test_an_alias_that_nobody_approved_and_whose_model_is_gone_is_right():
    compared = check(Seen({}), placed=(), before={"churn": {"champion": 3}})
    assert compared.differences == ()
    assert "alias:churn:champion" in compared.right


@pytest.mark.parametrize("spelling", ["Champion", "CHAMPION", "cha\u0301mpion", " champion", "champion\u200b"])
def test_another_spelling_of_an_alias_is_governed_too(spelling):
    one = only(check(seen({"champion": 14, spelling: 9})))
    assert (one.kind, one.severity, one.alias, one.environment) == ("never_approved", "high", spelling, "production")


def test_other_aliases_are_free():
    assert not check(seen({"champion": 14, "latest": 15})).differences


@pytest.mark.parametrize("value", [14, 15])
def test_what_a_move_explains_is_neither_right_nor_wrong(value):
    """Version 15 is placed already, and what was read may be older: 14 was on its way to 15."""
    placed = replace(PLACED, number=15)
    explained = {("churn", "champion"): frozenset({14, 15})}
    compared = check(Seen({"churn": {"champion": value}}), (placed,), explained=explained)
    assert not compared.differences
    assert ("alias:churn:champion" in compared.right) == (value == 15)


def test_a_third_version_is_found_even_while_a_move_is_under_way():
    explained = {("churn", "champion"): frozenset({14, 15})}
    assert only(check(seen({"champion": 9}), explained=explained)).found == 9


def test_a_deleted_version():
    one = only(check(seen({"champion": 14}, version=None)))
    assert (one.kind, one.severity, one.found) == ("version_deleted", "high", None)


@pytest.mark.parametrize("again", [replace(VERSION, born=BORN + 1), replace(VERSION, run_id="r99")])
def test_a_version_made_anew_under_its_number_is_the_gravest(again):
    one = only(check(seen(version=again)))
    assert (one.kind, one.severity) == ("remade", "critical")


def test_a_birth_that_was_not_kept_accuses_nobody():
    assert not check(seen(version=replace(VERSION, born=0))).differences


@pytest.mark.parametrize(
    ("tags", "severity"),
    [
        ({"team": "other"}, "low"),
        ({}, "low"),
        ({"team": "crm", "new": "1"}, "low"),
        ({"team": "crm", "sekisho.move": "x"}, "high"),
    ],
)
def test_tags(tags, severity):
    one = only(check(seen(version=replace(VERSION, tags=tags))))
    assert (one.kind, one.severity) == ("tag_changed", severity)
    assert one.expected != one.found


@pytest.mark.parametrize("run", [None, SeenRun(deleted=True)])
def test_a_run_that_is_gone(run):
    compared = check(seen(run=run))
    assert only(compared).kind == "run_deleted"
    assert "metrics:churn:14" not in compared.right


@pytest.mark.parametrize("metrics", [{"auc": 0.91}, {}, {"auc": 0.9, "f1": 0.5}, {"auc": None}])
def test_metrics_that_were_logged_afterwards(metrics):
    assert only(check(seen(run=SeenRun(metrics=metrics)))).kind == "run_changed"


def test_a_model_that_is_gone_and_one_that_has_a_new_name():
    gone = Seen({}, {("churn", 14): None}, {"r14": RUN})
    assert only(check(gone)).kind == "model_deleted"
    renamed = Seen({"chum": {}}, {("churn", 14): None, ("chum", 14): replace(VERSION, model="chum")}, {"r14": RUN})
    one = only(check(renamed))
    assert (one.kind, one.found) == ("model_renamed", "chum")


def test_what_was_not_read_is_neither_right_nor_wrong():
    compared = check(Seen({"churn": {"champion": 14}}))
    assert compared.differences == ()
    assert compared.right == {"alias:churn:champion", "model:churn"}


def test_a_version_in_two_environments_is_one_matter():
    both = (PLACED, replace(PLACED, environment="staging", alias="staging"))
    assert only(check(seen({"champion": 14, "staging": 14}, version=None), both)).kind == "version_deleted"


def strays(*versions: SeenVersion, there=(), gone=(), aliases=True):
    """What is found in `prod.churn`, into which moves put 1 and 2, and a third one is on its way."""
    read = {(v.model, v.number): v for v in versions} | {("prod.churn", number): None for number in gone}
    closed = Closed("prod.churn", "production", frozenset({1, 2}), frozenset(there), frozenset({"mark"}))
    return compare(Seen({"prod.churn": {}} if aliases else {}, read), (), governed=GOVERNED, before={}, closed=[closed])


def test_a_version_that_no_move_put_into_an_environment():
    one = only(strays(SeenVersion("prod.churn", 1), SeenVersion("prod.churn", 3)))
    assert (one.kind, one.severity, one.number, one.environment) == ("stray_version", "high", 3, "production")
    assert only(strays(there=[3])).severity == "low"
    assert only(strays(SeenVersion("prod.churn", 3), there=[3])).severity == "low"


def test_a_copy_that_a_move_is_making_is_none():
    making = SeenVersion("prod.churn", 3, tags={MARK: "mark"})
    assert strays(making) == strays()
    assert only(strays(replace(making, tags={MARK: "another"}))).kind == "stray_version"


@pytest.mark.parametrize("how", [{"gone": [3]}, {"aliases": False}])
def test_a_stray_version_that_is_gone_again_is_right(how):
    compared = strays(there=[3], **how)
    assert not compared.differences
    assert "stray:prod.churn:3" in compared.right


NAMES = st.sampled_from(["champion", "staging", "other"])
NUMBERS = st.integers(1, 4)
MODELS = st.sampled_from(["a", "b:c", "=cmd|calc", "\u202egnp"])


@given(
    aliases=st.dictionaries(MODELS, st.dictionaries(NAMES, NUMBERS, max_size=3), max_size=4),
    placed=st.dictionaries(st.tuples(MODELS, st.sampled_from(["champion", "staging"])), NUMBERS, max_size=6),
    before=st.dictionaries(MODELS, st.dictionaries(NAMES, NUMBERS, max_size=3), max_size=4),
)
def test_every_governed_alias_is_as_decided_or_a_difference(aliases, placed, before):
    """Whatever was there before: nothing that differs from the decisions is passed over."""
    rows = [Placed(model, number, alias, alias) for (model, alias), number in placed.items()]
    compared = compare(Seen(aliases), rows, governed=GOVERNED, before=before)
    told = {one.key for one in compared.differences}
    for model in aliases:
        for alias in GOVERNED:
            key, number = f"alias:{model}:{alias}", aliases[model].get(alias)
            assert (key in told) == (number != placed.get((model, alias)))
    assert {m for m, _alias in placed if m not in aliases} == {
        one.model for one in compared.differences if one.kind == "model_deleted"
    }
    assert not told & compared.right


def test_the_graver_of_two():
    assert graver("low", "critical") == graver("critical", "high") == "critical"
