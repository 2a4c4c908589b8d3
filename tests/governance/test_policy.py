"""Reading policies: what is accepted, what is refused, and what the sentences say."""

from __future__ import annotations

import hashlib
import re

import pytest
from django.db import connection

from governance.policy import (
    DEFAULT,
    GATES,
    PolicyError,
    describe_approvals,
    describe_gate,
    describe_more,
    describe_scope,
    parse,
    too_high,
)
from tests.governance.policies_made import SECOND

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
        ("audit: lineage", "audit: smell", "gates[lineage].audit", "one of these is expected"),
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


# Format 2


def test_format_2_is_read():
    policy = parse(SECOND)
    place = policy.environments["production"]
    assert [type(gate) for gate in place.gates] == list(GATES)
    assert [gate.source for gate in place.gates][-3:] == ["checklist", "fact:load_test.p95_ms", "maturity"]
    assert [(stage.group, stage.quorum) for stage in place.approvals.as_stages] == [("owner", 1), ("model-risk", 2)]
    assert place.restore == "off"  # YAML reads a bare off as false
    assert (place.windows[0].from_, str(place.freezes[0].from_)) == ("09:00", "2026-12-26")
    assert policy.groups == {"owner", "model-risk", "on-call", "reviewer"}
    assert policy.is_for("production", "tabular", "high")
    assert not policy.is_for("production", "tabular", "low")
    assert policy.is_for("production", "", ""), "what is not known is no reason to leave a model alone"
    assert not policy.is_for("staging", "tabular", "high")


def test_everything_of_format_2_has_words():
    policy = parse(SECOND)
    place = policy.environments["production"]
    said = [
        *(describe_gate(gate) for gate in place.gates),
        *describe_approvals(place.approvals),
        *describe_more(place),
        describe_scope(policy),
    ]
    for message in said:
        assert "%(" not in str(message)
        assert not re.search(r"\b(gates|policy|safety|drift|performance)\.[a-z]", str(message)), str(message)


@pytest.mark.parametrize(
    ("old", "new", "field", "reason"),
    [
        ("metric: recall", "metric: luck", "gates[floor].needs.metric", "one of these"),
        ("metric: recall", "metric: mae", "gates[floor].needs.at_least", "of mae less is better"),
        ("at_least: 0.75, not_worse: if_live, slices: not_worse", "slices: not_worse", "gates[floor].needs", "needed"),
        ("not_worse: if_live", "not_worse: perhaps", "gates[floor].needs.not_worse", "true or if_live"),
        ("at_least: 0.75", "at_least: .nan", "gates[floor].needs.at_least", "number"),
        ("tolerance: 0.2", "tolerance: 0", "gates[drift].needs.tolerance", "between 0 and 1"),
        ("items: [tree, environment]", "items: [tre]", "gates[safety].needs.items[1]", "one of these"),
        ("min_rows: 100", "min_rows: none", "gates[replay].needs.min_rows", "whole number"),
        ("signers: owner", "signers: []", "items[model-card].signers", "empty"),
        ("id: model-card", "id: Model", "needs.items[Model].id", "small letters"),
        ("at_most: 200", "equals: yes, at_most: 200", "gates[load].needs.equals", "beside"),
        ("at_most: 200", "unit: ms", "gates[load].needs.unit", "not known"),
        ("at_most: 200", "equals: [1]", "gates[load].needs.equals", "a text, a number"),
        ("key: load_test", "key: Load", "gates[load].needs.key", "small letters"),
        ("labels: [attested]", "labels: [declared]", "gates[card].labels[1]", "one of these"),
        ("confidence: 0.95", "confidence: 1", "gates[fair].needs.confidence", "between 0 and 1"),
        ("max_days: 90", "max_days: 0", "gates[floor].waivable.max_days", "1 or more"),
        ("risks: [high]", "risks: [huge]", "applies.risks[1]", "one of these"),
        (
            "applies: {environments: [production]",
            "applies: {environments: [moon]",
            "applies.environments[1]",
            "production",
        ),
        ("after: staging", "after: production", "production.after", "itself"),
        ('"18:00"', "18:00", "windows[1].to", "in quotes"),
        ('"18:00"', '"08:00"', "windows[1].to", "ends after it begins"),
        ("Asia/Tokyo", "Mars/Olympus", "windows[1].timezone", "time zone"),
        ("mon, tue", "mon, someday", "windows[1].days[2]", "one of these"),
        ("2026-12-26", "soon", "freezes[1].from", "a date"),
        ("to: 2027-01-05", "to: 2026-01-05", "freezes[1].to", "or later"),
        ("hours: 4", "hours: 400", "break_glass.hours", "72 or less"),
        ("gates: [lineage]", "gates: [linage]", "rollback.gates[1]", "one of these"),
        ("restore: off", "restore: maybe", "production.restore", "one of these"),
        ("quorum: 2", "quorum: 10", "approvals.stages[2].quorum", "9 or less"),
        ("group: model-risk, quorum", "group: owner, quorum", "approvals.stages[2].group", "twice"),
        ("in_order: true", "in_order: true\n      required: 1", "approvals.required", "no place beside"),
        ("automatic_from: 4, extra_below: 2", "automatic_from: 2, extra_below: 4", "maturity.extra_below", "higher"),
        (", automatic_from: 4, extra_below: 2", "", "approvals.maturity", "are needed"),
    ],
)
def test_an_error_of_format_2_names_line_and_field(old, new, field, reason):
    assert old in SECOND
    text = SECOND.replace(old, new, 1)
    found = errors(text)
    assert any(field in sentence and reason in sentence for sentence in found), found
    assert len(found) == 1, found
    changed = (
        i for i, pair in enumerate(zip(SECOND.splitlines(), text.splitlines(), strict=False), 1) if pair[0] != pair[1]
    )
    assert found[0].startswith(f"Line {next(changed)}, "), found


def test_somebody_must_agree():
    head, rest = SECOND.split("      stages:\n")
    text = head + "      stages: []\n" + "      in_order" + rest.split("      in_order", 1)[1]
    assert any("somebody must agree" in sentence for sentence in errors(text))


def test_neither_form_of_approvals_is_half_a_form():
    text = TEXT.replace("      required: 1\n", "", 1)
    assert any("approvals.required: it is missing" in sentence or "missing" in sentence for sentence in errors(text))


@pytest.mark.parametrize("many", ["stages", "items", "windows", "freezes"])
def test_there_are_limits(many):
    lists = {
        "stages": ("        - {group: owner,", "".join(f"        - {{group: g{i}, quorum: 1}}\n" for i in range(6))),
        "items": (
            "items: [{id: model-card",
            ", ".join(f"{{id: i{i}, title: {{en: x, ja: x}}, signers: a}}" for i in range(31)),
        ),
        "windows": ("windows: [", ", ".join('{days: [mon], from: "01:00", to: "02:00"}' for _ in range(21))),
        "freezes": (
            "freezes: [",
            ", ".join("{from: 2026-01-01, to: 2026-01-02, why: {en: x, ja: x}}" for _ in range(51)),
        ),
    }
    found, more = lists[many]
    assert found in SECOND
    glue = more + found if many == "stages" else found.replace("{id: model-card", more + ", {id: model-card")
    glue = glue if many in ("stages", "items") else found + more + ", "
    assert any("there are more than" in sentence for sentence in errors(SECOND.replace(found, glue, 1)))


def test_names_of_metrics_and_items_are_the_engines():
    from typing import get_args

    from governance.engine.performance.metrics import METRICS
    from governance.engine.safety.checks import ITEMS
    from governance.policy.fields import HIGHER_IS_BETTER, LOWER_IS_BETTER, Metric
    from governance.policy.needs import SafetyKey
    from governance.readings.performance import SCORED

    assert set(get_args(Metric)) == set(METRICS)
    assert {name for name, metric in METRICS.items() if metric.direction == "lower"} == LOWER_IS_BETTER
    assert {name for name, metric in METRICS.items() if metric.direction == "higher"} == HIGHER_IS_BETTER
    assert {name for name, metric in METRICS.items() if metric.scored} == SCORED
    assert get_args(SafetyKey) == ITEMS


@pytest.mark.parametrize("field", ["level: 1", "automatic_from: 4", "extra_below: 2"])
def test_levels_that_a_framework_lacks_are_told_with_line_and_field(field):
    name = field.partition(": ")[0]
    text = SECOND.replace(field, f"{name}: 5")
    if name == "extra_below":
        text = text.replace("automatic_from: 4", "automatic_from: 5")
    policy = parse(text)
    wrong = [str(message) for message in too_high(policy, {"mlops-maturity": 4})]
    assert any(f".{name}: mlops-maturity has the levels 0 to 4" in sentence for sentence in wrong), wrong
    assert all(re.match(r"Line \d+, environments\.production\.", sentence) for sentence in wrong)
    assert (
        too_high(policy, {"mlops-maturity": 5})
        == too_high(policy, {})
        == too_high(parse(SECOND), {"mlops-maturity": 4})
        == []
    )


@pytest.mark.django_db
def test_the_command_checks_a_file(tmp_path, capsys):
    from django.core.management import CommandError, call_command

    good, bad = tmp_path / "good.yaml", tmp_path / "bad.yaml"
    good.write_text(SECOND, "utf-8")
    bad.write_text(SECOND.replace("quorum: 2", "quorum: 20"), "utf-8")
    call_command("policy", "check", str(good))
    assert parse(SECOND).digest in capsys.readouterr().out
    with pytest.raises(SystemExit) as end:
        call_command("policy", "check", str(bad))
    assert end.value.code == 1
    assert "approvals.stages[2].quorum" in capsys.readouterr().err
    with pytest.raises(CommandError):
        call_command("policy", "check", str(tmp_path / "none.yaml"))
    bad.write_text(SECOND.replace("level: 1}", "level: 9}"), "utf-8")
    with pytest.raises(SystemExit) as end:
        call_command("policy", "check", str(bad))
    assert end.value.code == 1
    assert "gates[team].needs.level: mlops-maturity has the levels 0 to 4" in capsys.readouterr().err


@pytest.mark.django_db
@pytest.mark.parametrize("known", [True, False])
def test_the_command_warns_of_groups_that_are_too_small_where_it_can_know(tmp_path, capsys, monkeypatch, known):
    from django.core.management import call_command

    from governance.management.commands import policy as command

    if not known:
        monkeypatch.setitem(connection.settings_dict, "NAME", str(tmp_path / "none.sqlite3"))
        monkeypatch.setattr(connection, "vendor", "sqlite")
        assert not command.has_database()
    file = tmp_path / "good.yaml"
    file.write_text(SECOND, "utf-8")
    call_command("policy", "check", str(file))
    told = capsys.readouterr()
    assert parse(SECOND).digest in told.out
    assert ("the group model-risk: 2. It has: 0." in told.err) == known
    assert not (tmp_path / "none.sqlite3").exists()
