"""One answer counts in every framework that refers to its practice."""

from __future__ import annotations

from dataclasses import replace

from assessments.claims import Claim, counted
from assessments.framework import shipped

MATURITY, CD4ML = shipped()["mlops-maturity"], shipped()["cd4ml"]
CODE = MATURITY.by_id["training.code-hosted"]


def claim(value, order=0, **changes):
    return replace(Claim(MATURITY.key, CODE.id, CODE.practice, value, order), **changes)


def of(framework, *claims):
    found = counted(framework, claims)
    return {c.id: found[c.id].value for c in framework.criteria if c.practice == CODE.practice and c.id in found}


def test_an_answer_counts_wherever_its_practice_does():
    assert set(of(CD4ML, claim("yes")).values()) == {"yes"}
    assert len(of(CD4ML, claim("yes"))) >= 2


def test_the_newest_answer_counts_wherever_it_was_given():
    other = claim("no", 2, framework="cd4ml", criterion="versions.code")
    assert of(MATURITY, claim("yes", 1), other) == {CODE.id: "no"}
    assert of(MATURITY, claim("yes", 3), other) == {CODE.id: "yes"}


def test_of_one_assessment_the_criterions_own_answer_counts():
    first, second = [c for c in CD4ML.criteria if c.practice == CODE.practice][:2]
    claims = [Claim("cd4ml", first.id, CODE.practice, "yes", 1), Claim("cd4ml", second.id, CODE.practice, "no", 1)]
    found = of(CD4ML, *claims)
    assert (found[first.id], found[second.id]) == ("yes", "no")


def test_what_nobody_touched_says_nothing_but_a_taken_back_answer_does():
    untouched = claim("", 2, given=False)
    assert of(MATURITY, claim("yes", 1), untouched) == {CODE.id: "yes"}
    assert of(MATURITY, claim("yes", 1), claim("", 2)) == {CODE.id: ""}
    assert claim("", 2).answer().value is None


def test_an_answer_that_waits_to_be_confirmed_is_unknown():
    assert claim("yes", reconfirm=True).answer().value is None


def test_not_applicable_travels_only_where_it_is_allowed():
    assert CODE.na_reason is None
    assert of(MATURITY, claim("na", 2, framework="own", criterion="x.y"), claim("yes", 1)) == {CODE.id: "yes"}


def test_a_group_that_must_apply_in_part_is_unknown_where_all_is_na():
    group = MATURITY.not_all_na[0]
    claims = [Claim(MATURITY.key, key, MATURITY.by_id[key].practice, "na", 1) for key in group]
    assert not counted(MATURITY, claims).keys() & set(group)
