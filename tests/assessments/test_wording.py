"""Sentences about levels, in both languages."""

from __future__ import annotations

import pytest
from django.utils.translation import override

from assessments import levels, wording
from assessments.framework import Rule

pytestmark = pytest.mark.django_db


def test_the_sentence_names_the_lowest_dimensions_and_what_they_lack(cast, submitted, framework):
    now = levels.current(cast.team, framework)
    with override("en"):
        assert wording.lead(now) == "Level 0, claimed and evidenced."
        said = wording.reason(now)
    assert said.startswith("Lowest: Release, Integration into the application. Not met: “An engineer or a pipeline")
    assert said.endswith("and 2 more. Above it: Training 1.")


def test_the_sentence_before_any_assessment(cast, framework):
    now = levels.current(cast.team, framework)
    assert wording.lead(now) == "Not assessed yet."
    assert wording.reason(now) == "Evidence alone shows level 0."


def test_the_sentence_at_the_top(cast, draft, answer, framework):
    for criterion in framework.criteria:
        answer(draft, criterion.id)
    now = levels.current(cast.team, framework, assessment=draft)
    assert wording.lead(now) == "Level 4 claimed, level 0 evidenced."
    assert wording.reason(now) == "Every required criterion is claimed to be met."


def test_the_range_is_one_figure_once_all_is_known(cast, draft, answer, framework):
    before = levels.current_score(cast.team, framework, assessment=draft).overall
    assert wording.span(before) == "at least 0, at most 4"
    for criterion in framework.criteria:
        answer(draft, criterion.id, "no")
    assert wording.span(levels.current_score(cast.team, framework, assessment=draft).overall) == "0"


def test_rules_are_said_in_words():
    rule = Rule(
        any=(
            Rule(all=(Rule(fact="mlf.server_shared", **{"is": True}), Rule(fact="mlf.runs", at_least=5.0))),
            Rule(fact="mlf.run_params_metrics", at_least=0.8),
        )
    )
    (line,) = wording.rule(rule)
    assert line.endswith("Finished runs in 90 days ≥ 5 or Runs with parameters and metrics ≥ 80%")
    assert ": yes + " in line
    assert wording.needed(rule, "mlf.run_params_metrics") == 0.8
    assert wording.needed(rule, "mlf.models") is None
    assert wording.rule(None) == []
