"""What a draft shows: its answers, what evidence settles in their place, and what is still to ask."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from django.utils import timezone

from assessments import levels, position, questions, standing
from assessments.framework import Framework
from assessments.levels import Current
from assessments.models import Answer


def draft(now: Current) -> Current:
    """A draft as `levels.current` gives it, with what evidence settles counted as answered."""
    rows = settled(now.framework, now.answers, now)
    return _judged(
        now, {**now.answers, **rows}, {**now.judged.position.answers, **levels.scorable(now.framework, rows)}
    )


def with_answers(now: Current, answers: Mapping[str, Answer]) -> Current:
    """The same with one person's answers alone, and what evidence settles beside them."""
    filled = {**answers, **settled(now.framework, answers, now)}
    return _judged(now, filled, levels.scorable(now.framework, filled))


def _judged(now: Current, answers: Mapping[str, Answer], said: Mapping[str, standing.Answer]) -> Current:
    result = position.judge(replace(now.judged.position, answers=said))
    return replace(now, answers=answers, score=result.score, weighed=result.weighed, judged=result)


def settled(framework: Framework, answers: Mapping[str, Answer], now: Current) -> dict[str, Answer]:
    """The answers that evidence gives, as rows that are not saved: by criterion."""
    live = levels.live_models(now.facts, timezone.now())
    rows = {}
    for criterion in framework.criteria:
        row = answers.get(criterion.id)
        value = questions.presumed(criterion, said(row), now.weighed.get(criterion.id), live)
        if value:
            kept = {"value": value, "carried": False, "reconfirm": False, "from_evidence": True}
            rows[criterion.id] = _copy(row, kept) if row else Answer(criterion=criterion.id, **kept)
    return rows


def said(row: Answer | None) -> questions.Said:
    """An answer as `questions` takes it."""
    if row is None or not row.value:
        return questions.Said()
    return questions.Said(row.value, row.carried or row.reconfirm)


def plan(now: Current) -> tuple[questions.Part, ...]:
    """What is asked of a draft that `draft` or `with_answers` gave."""
    targets = {key: aim.level for key, aim in now.aims.items()}
    spoken = {key: said(row) for key, row in now.answers.items() if not row.from_evidence}
    claimed = {key: part.claimed for key, part in now.score.dimensions.items()}
    live = levels.live_models(now.facts, timezone.now())
    return questions.plan(now.framework, spoken, now.weighed, claimed, targets=targets, live_models=live)


def _copy(row: Answer, changes: dict) -> Answer:
    kept = {field.attname: getattr(row, field.attname) for field in row._meta.concrete_fields}
    return Answer(**{**kept, **changes})
