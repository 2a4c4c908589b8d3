"""The map of tools, computed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from assessments import coverage
from assessments.evidence_rules import Fact
from assessments.framework import shipped

FRAMEWORK = shipped()["pipeline-coverage"]
NOW = datetime(2026, 11, 20, tzinfo=UTC)
TOOLS = {tool.key: tool for tool in FRAMEWORK.tools}


def used(*facts, declared=()):
    return {use.tool.key: use for use in coverage.uses(FRAMEWORK, declared, facts, NOW) if use.used}


def fact(name, value, grade="A", age=1):
    return Fact(name, value, None, grade, NOW - timedelta(days=age))


def test_a_tool_counts_when_declared_or_seen():
    found = used(fact("mlf.runs", 3), declared=["dvc"])
    assert set(found) == {"mlflow", "dvc"}
    assert (found["mlflow"].seen, found["mlflow"].declared) == (True, False)
    assert (found["dvc"].seen, found["dvc"].declared) == (False, True)


@pytest.mark.parametrize("given", [fact("mlf.runs", 0), fact("mlf.runs", 3, grade="C"), fact("mlf.runs", 3, age=200)])
def test_nothing_absent_declared_or_stale_shows_a_tool(given):
    assert used(given) == {}


def test_without_tools_everything_is_a_gap():
    parts = coverage.coverage(FRAMEWORK, [])
    assert len(coverage.gaps(parts)) == len(FRAMEWORK.criteria)


def test_a_row_is_as_covered_as_its_best_tool():
    parts = coverage.coverage(FRAMEWORK, TOOLS.values())
    for part in parts:
        for row in part.rows:
            given = set(row.criterion.covered_by.values())
            assert row.cover == ("full" if "full" in given else "part" if given else "gap")
    assert sum(coverage.count(parts).values()) == len(FRAMEWORK.criteria)


def test_more_tools_never_open_a_gap():
    one = coverage.gaps(coverage.coverage(FRAMEWORK, [TOOLS["mlflow"]]))
    two = coverage.gaps(coverage.coverage(FRAMEWORK, [TOOLS["mlflow"], TOOLS["dvc"]]))
    assert set(map(id, two)) < set(map(id, one))
