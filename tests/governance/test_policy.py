"""Reading policies: what is accepted, what is refused, and what the sentences say."""

from __future__ import annotations

import hashlib

import pytest

from governance.policy import DEFAULT, PolicyError, describe_gate, parse

TEXT = DEFAULT.read_text("utf-8")


def errors(text: str) -> list[str]:
    with pytest.raises(PolicyError) as caught:
        parse(text)
    return [str(message) for message in caught.value.messages]


def line_of(text: str, part: str, nth: int = 1) -> int:
    lines = [i for i, line in enumerate(text.splitlines(), 1) if part in line]
    return lines[nth - 1]


def test_the_shipped_policy_is_read():
    policy = parse(TEXT)
    assert list(policy.environments) == ["staging", "production"]
    production = policy.environments["production"]
    assert production.alias == "champion"
    assert [gate.audit for gate in production.gates] == ["lineage", "fairness", "explanation"]
    assert production.gates[1].needs.tolerance == 0.10
    assert production.approvals.required == 1
    assert policy.title.in_("ja") == "標準ポリシー"
    assert policy.digest == "sha256:" + hashlib.sha256(DEFAULT.read_bytes()).hexdigest()


def test_every_gate_can_be_described():
    for environment in parse(TEXT).environments.values():
        for gate in environment.gates:
            sentence = str(describe_gate(gate))
            assert "gates." not in sentence
            assert "%(" not in sentence
    assert "0.1:" in str(describe_gate(parse(TEXT).environments["production"].gates[1]))


@pytest.mark.parametrize(
    ("old", "new", "field", "reason"),
    [
        ("tolerance: 0.15", "tolerance: 1.5", "gates[fairness].needs.tolerance", "between 0 and 1"),
        ("tolerance: 0.15", 'tolerance: "0.15"', "gates[fairness].needs.tolerance", "a number is expected"),
        ("audit: lineage", "audit: smell", "gates[lineage]", "one of these is expected"),
        ("max_age_days: 90", "max_age: 90", "gates[lineage].max_age_days", "missing"),
        ("required: 1", "required: 0", "approvals.required", "1 or more"),
        ("not_author: true", "not_author: false", "approvals.not_author", "always holds"),
        ("not_requester: true", "not_requester: no", "approvals.not_requester", "always holds"),
        ("alias: staging", "alias: champion", "staging.alias", "cannot share"),
        ("alias: staging", "alias: latest", "staging.alias", "MLflow accepts"),
        ("alias: staging", "alias: V12", "staging.alias", "MLflow accepts"),
        ("alias: staging", "alias: a/b", "staging.alias", "MLflow accepts"),
        ("- id: fairness", "- id: lineage", "gates[lineage].id", "stands twice"),
        ("labels: [replayed, computed]", "labels: [believed]", "gates[lineage].labels[1]", "one of these"),
        ("items: [run,", "items: [horoscope,", "gates[lineage].needs.items[1]", "one of these"),
        ("  staging:", "  Staging!:", "environments.Staging!", "a name of small letters"),
    ],
)
def test_an_error_names_line_and_field(old, new, field, reason):
    text = TEXT.replace(old, new, 1)
    found = errors(text)
    assert any(field in sentence and reason in sentence for sentence in found), found
    assert all(sentence.startswith("Line ") for sentence in found)


def test_the_line_is_that_of_the_field():
    text = TEXT.replace("tolerance: 0.10", "tolerance: 10")
    (sentence,) = errors(text)
    assert sentence.startswith(f"Line {line_of(text, 'tolerance: 10')}, ")


def test_all_errors_are_listed_in_the_order_of_lines():
    text = TEXT.replace("tolerance: 0.15", "tolerance: 2").replace("tolerance: 0.10", "tolerance: 3")
    text = text.replace("required: 1", "required: none", 1)
    found = errors(text)
    assert len(found) == 3
    lines = [int(sentence.split(",")[0].removeprefix("Line ")) for sentence in found]
    assert lines == sorted(lines)
    with pytest.raises(PolicyError) as caught:
        parse(text)
    assert all(sentence in str(caught.value) for sentence in found)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "just words",
        "- a\n- b",
        "key: [unclosed",
        "a: &x [1]\nb: *x",
        "key: one\nkey: two",
        "text: sneaked in",
        "!!python/object/apply:os.system ['true']",
        "a: " + "[" * 100,
        "x: " + "y" * 200_000,
    ],
)
def test_no_text_breaks_the_reader(text):
    assert errors(text)


def test_measures_are_gaps_that_the_engine_computes():
    from typing import get_args

    from governance.engine.fairness.gaps import GAPS
    from governance.policy import Measure

    assert set(get_args(Measure)) <= {name for name, gap in GAPS.items() if gap.kind == "difference"}
