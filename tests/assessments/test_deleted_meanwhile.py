"""A row that was deleted while somebody acted on it: a sentence, never a traceback."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from assessments import actions
from assessments.actions.campaigns import close_campaign, create_campaign
from assessments.actions.contradictions import assign
from assessments.actions.pulse import close_pulse
from assessments.actions.review import save_verdict
from assessments.actions.roadmap import comment_on, move_item, take_up
from assessments.framework import shipped
from assessments.models import Contradiction, Pulse
from portal.ledger.models import Event
from portal.web.errors import Conflict, Missing

pytestmark = pytest.mark.django_db
FRAMEWORK = shipped()["mlops-maturity"]
CODE = "training.code-hosted"


def forgotten(row):
    """The row as somebody still holds it, deleted by another."""
    type(row).objects.filter(pk=row.pk).delete()
    return row


def test_an_item_of_the_roadmap(cast):
    (item,) = take_up(team=cast.team, framework=FRAMEWORK, criteria=[CODE], by=cast.member)
    events = Event.objects.count()
    forgotten(item)
    with pytest.raises(Missing):
        move_item(item=item, framework=FRAMEWORK, state="doing", rev=0, by=cast.member)
    with pytest.raises(Missing):
        comment_on(item=item, framework=FRAMEWORK, text="Why not?", by=cast.member)
    assert Event.objects.count() == events


def test_a_contradiction(cast):
    row = Contradiction.objects.create(
        team=cast.team, framework=FRAMEWORK.key, criterion=CODE, practice="p", because={}
    )
    with pytest.raises(Missing):
        assign(contradiction=forgotten(row), owner=cast.manager, due=None, by=cast.manager)


def test_a_campaign_and_a_pulse(cast):
    day = timezone.localdate() + timedelta(days=7)
    campaign = create_campaign(
        title="Autumn", framework=FRAMEWORK, teams=[cast.team], due=day, note="", by=cast.manager
    )
    with pytest.raises(Missing):
        close_campaign(campaign=forgotten(campaign), by=cast.manager)
    pulse = Pulse.objects.create(
        team=cast.team, framework=FRAMEWORK.key, framework_digest=FRAMEWORK.digest, closes_on=day
    )
    with pytest.raises(Missing):
        close_pulse(pulse=forgotten(pulse), by=cast.manager)


def test_a_draft_that_a_reviewer_still_has_open(cast, draft):
    cast.team.visibility = "organisation"
    cast.team.save()
    seen = type(draft).objects.get(pk=draft.pk)
    actions.discard_draft(assessment=draft, by=cast.manager)
    with pytest.raises(Conflict, match="was discarded"):
        save_verdict(
            assessment=seen, criterion=CODE, verdict="confirmed", note="", rev=0, answer_rev=0, by=cast.reviewer
        )
