"""How teams are spread, quarter by quarter, and the weakest link."""

from __future__ import annotations

from datetime import date

from assessments import comparison, distribution, scoring
from assessments.framework import shipped
from assessments.stored_score import to_json

FRAMEWORK = shipped()["mlops-maturity"]
CHECKLIST = shipped()["pipeline-coverage"]


def scored(framework, up_to=0, but=()):
    """A stored score of reviewed answers: all that is required up to a level, but for these."""
    ids = {c.id for c in framework.criteria if c.required and c.level <= up_to}
    answers = {key: scoring.Answer("no" if key in but else "yes") for key in ids}
    reviews = {key: scoring.Review("confirmed") for key in ids}
    return to_json(scoring.score(framework, answers, reviews=reviews))


def weakest(framework, scores):
    cells = {team: comparison.cell(framework, score, "official") for team, score in scores.items()}
    return distribution.weakest_link(framework, scores, cells)


def test_each_team_is_counted_once_and_unknown_apart():
    spread = distribution.spread(FRAMEWORK, [0, 1, 1, 4, None, None])
    assert spread.counts == (1, 2, 0, 0, 1)
    assert spread.unknown == 2
    assert spread.total == 6


def test_a_quarter_shows_the_last_record_before_its_end():
    ends = distribution.quarter_ends(date(2026, 5, 20), number=3)
    records = [(1, 0, 4), (1, 0, 0), (2, 1, 2), (9, 1, 3), (1, 1, 1), (1, 2, 3)]
    found = distribution.quarters(FRAMEWORK, [1, 2, 3], ends, records)
    assert [(one.name, one.end) for one in found] == [
        ("2025 Q4", date(2025, 12, 31)),
        ("2026 Q1", date(2026, 3, 31)),
        ("2026 Q2", date(2026, 5, 20)),
    ]
    assert [one.spread.counts for one in found] == [(1, 0, 0, 0, 0), (0, 1, 1, 0, 0), (0, 0, 1, 1, 0)]
    assert [one.spread.unknown for one in found] == [2, 1, 1]


def test_every_quarters_end_is_its_last_day():
    found = distribution.quarter_ends(date(2026, 12, 31), number=4)
    assert [str(end) for _name, end in found] == ["2026-03-31", "2026-06-30", "2026-09-30", "2026-12-31"]


def test_the_weakest_link_is_the_lowest_team_and_what_most_of_them_lack():
    low = [c.id for c in FRAMEWORK.ladders["training"] if c.level == 1][:2]
    scores = {1: scored(FRAMEWORK, 2), 2: scored(FRAMEWORK, 1, but=low), 3: scored(FRAMEWORK, 1, but=low[1:])}
    link = weakest(FRAMEWORK, scores)
    assert (link.team, link.cell.level, link.criterion) == (2, 0, low[1])
    assert (link.others, link.also) == ((3,), 1)


def test_nothing_known_is_no_weakest_link_and_the_top_has_none():
    assert weakest(FRAMEWORK, {1: scored(FRAMEWORK)}) is None
    assert weakest(FRAMEWORK, {}) is None
    top = comparison.cell(CHECKLIST, scored(CHECKLIST, 1), "claimed")
    assert top.figure == "28/28"


def test_a_checklists_weakest_link_meets_the_least():
    lacking = ["build.train", "build.evaluate"]
    scores = {1: scored(CHECKLIST, 1, but=lacking[:1]), 2: scored(CHECKLIST, 1, but=lacking)}
    link = weakest(CHECKLIST, scores)
    assert (link.team, link.criterion) == (2, "build.train")
    assert link.cell.level is None


def test_a_checklists_top_step_is_all_of_it():
    assert comparison.cell(CHECKLIST, scored(CHECKLIST, 1, but=["build.train"]), "claimed").step == 3
    assert comparison.cell(CHECKLIST, scored(CHECKLIST, 1), "claimed").step == 4
