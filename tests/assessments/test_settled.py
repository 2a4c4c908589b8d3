"""What evidence settles: shown, not asked, open to dispute, and written down at submission."""

from __future__ import annotations

import pytest

from assessments import actions, levels
from assessments.models import Answer, Target
from portal.ledger.models import Event

pytestmark = pytest.mark.django_db
BASE = "/teams/credit-risk/assessment/"
HOSTED = "training.code-hosted"


def row(draft, key=HOSTED):
    return Answer.objects.get(assessment=draft, criterion=key)


def test_evidence_takes_a_question_off_the_list(as_user, cast, draft, observe):
    client = as_user(cast.member)
    assert "<b>0 of 16 answered.</b>" in client.get(BASE).content.decode()
    observe("git.hosted", 1)
    html = client.get(BASE).content.decode()
    assert "<b>0 of 15 answered.</b>" in html
    assert "settled and not asked: 1" in html
    page = client.get(f"{BASE}{HOSTED}/").content.decode()
    assert "<b>Evidence says: Yes.</b>" in page
    assert "checked>" not in page.split('<div class="opts">')[1].split("</fieldset>")[0]


def test_it_counts_in_the_draft_and_is_written_down_at_submission(cast, draft, answer, observe, framework):
    observe("git.hosted", 1)
    for criterion in framework.of("training", level=1, required=True):
        if criterion.id != HOSTED:
            answer(draft, criterion.id)
    done = actions.submit(assessment=draft, by=cast.manager)
    assert done.score["dimensions"]["training"]["claimed"] == 1
    stored = row(done)
    assert (stored.value, stored.from_evidence, stored.answered_by) == ("yes", True, None)
    assert '"from_evidence":1' in Event.objects.get(action="assessment.submit").body


def test_who_disputes_it_is_heard(as_user, cast, draft, observe):
    observe("git.hosted", 1)
    client = as_user(cast.member)
    sent = client.post(
        f"{BASE}{HOSTED}/", {"answer": "no", "note": "an old copy", "rev": 0}, headers={"X-Autosave": "1"}
    )
    assert sent.status_code == 204
    assert "Evidence says" not in client.get(f"{BASE}{HOSTED}/").content.decode()
    assert (row(draft).value, row(draft).from_evidence) == ("no", False)


def test_a_stale_fact_settles_nothing(as_user, cast, draft, observe):
    fact = observe("git.hosted", 1)
    fact.observed_at = fact.observed_at.replace(year=fact.observed_at.year - 1)
    fact.save()
    assert "<b>0 of 16 answered.</b>" in as_user(cast.member).get(BASE).content.decode()


def test_next_time_it_is_asked_where_the_evidence_is_gone(as_user, cast, draft, answer, observe, framework):
    fact = observe("git.hosted", 1)
    answer(draft, "training.shared-platform")
    actions.submit(assessment=draft, by=cast.manager)
    fact.delete()
    second = actions.start_assessment(team=cast.team, framework=framework, by=cast.member)
    assert (row(second).value, row(second).carried, row(second).from_evidence) == ("yes", True, False)
    assert HOSTED in as_user(cast.member).get(f"{BASE}unchanged/").content.decode()


def test_a_target_asks_for_as_much_as_it_needs(as_user, cast, draft):
    Target.objects.create(team=cast.team, framework="mlops-maturity", dimension="release", level=3, reason="Enough.")
    html = as_user(cast.member).get(BASE).content.decode()
    assert "Wanted: level 3. Asked up to level 4." in html


def test_previous_and_next_walk_the_same_way(as_user, cast, draft):
    """Both skip what is recommended."""
    client = as_user(cast.member)
    first = client.get(f"{BASE}training.shared-platform/").content.decode()
    assert "Criterion 1 of 16" in first
    response = client.post(f"{BASE}training.shared-platform/", {"answer": "yes", "rev": 0, "go": "next"})
    second = client.get(response.url).content.decode()
    assert "Criterion 2 of 16" in second
    assert f'href="{BASE}training.shared-platform/" data-key="k"' in second


def test_counts_speak_of_one_thing(as_user, cast, submitted, framework):
    """What waits to be confirmed is not answered, and only what is asked is counted."""
    actions.start_assessment(team=cast.team, framework=framework, by=cast.member)
    html = as_user(cast.member).get(BASE).content.decode()
    assert "<b>0 of " in html
    assert "to confirm from last time: 3" in html


def test_levels_of_a_draft_count_what_is_settled(cast, draft, observe, framework):
    from assessments import drafts

    observe("git.hosted", 1)
    now = drafts.draft(levels.current(cast.team, framework, assessment=draft))
    assert now.score.claimed[HOSTED] == "met"
    assert levels.current(cast.team, framework, assessment=draft).score.claimed[HOSTED] == "unknown"
