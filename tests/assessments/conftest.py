"""What the tests of assessments share."""

from __future__ import annotations

import pytest
from django.utils import timezone

from assessments import actions
from assessments.framework import shipped
from assessments.models import Evidence
from tests.remembered import remembered


@pytest.fixture
def framework():
    return shipped()["mlops-maturity"]


@pytest.fixture
@remembered
def draft(cast, framework):
    """A draft of the cast's team, with nothing answered."""
    return actions.start_assessment(team=cast.team, framework=framework, by=cast.member)


@pytest.fixture
def answer(cast):
    """`answer(draft, criterion, value, note)` saves as the member, whatever the revision."""

    def save(draft, criterion, value="yes", note="", by=None):
        row = draft.answers.get(criterion=criterion)
        return actions.save_answer(
            assessment=draft, criterion=criterion, value=value, note=note, rev=row.rev, by=by or cast.member
        )

    return save


@pytest.fixture
@remembered
def submitted(cast, draft, answer, framework):
    """A submitted assessment: level 1 of training is claimed."""
    for criterion in framework.of("training", level=1, required=True):
        answer(draft, criterion.id)
    return actions.submit(assessment=draft, by=cast.manager)


@pytest.fixture
def observe(cast):
    """`observe(fact, value)`: a fresh fact of grade A about the cast's team."""

    def found(fact, value, items=50, team=None):
        return Evidence.objects.create(
            team=team or cast.team,
            fact=fact,
            source="test",
            grade="A",
            value=value,
            items=items,
            observed_at=timezone.now(),
        )

    return found
