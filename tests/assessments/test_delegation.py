"""Criteria that members were asked to answer."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from assessments import actions
from assessments.models import Delegation
from portal.ledger.models import Event
from portal.web.errors import Conflict, Forbidden, Invalid

pytestmark = pytest.mark.django_db
BASE = "/teams/credit-risk/assessment/"
TWO = ("training.shared-platform", "release.engineer-performed")


def ask(cast, draft, to=None, by=None, criteria=TWO, due=None):
    return actions.delegate(
        assessment=draft, criteria=criteria, to=to or cast.member, due=due, note="Please.", by=by or cast.manager
    )


def test_a_manager_asks_a_member_and_it_is_recorded(cast, draft):
    ask(cast, draft)
    assert {row.criterion for row in Delegation.objects.filter(to=cast.member)} == set(TWO)
    event = Event.objects.get(action="assessment.delegate")
    assert str(cast.member.pseudonym) in event.body
    assert cast.member.name not in event.body


def test_asking_another_takes_it_from_the_first(cast, draft):
    ask(cast, draft)
    ask(cast, draft, to=cast.japanese, criteria=TWO[:1])
    assert Delegation.objects.get(criterion=TWO[0]).to == cast.japanese
    assert Delegation.objects.count() == 2


def test_only_members_are_asked_and_only_managers_ask(cast, draft):
    with pytest.raises(Invalid, match="member of the team"):
        ask(cast, draft, to=cast.stranger)
    with pytest.raises(Forbidden):
        ask(cast, draft, by=cast.member)
    with pytest.raises(Invalid, match="at least one criterion"):
        ask(cast, draft, criteria=["no.such"])


def test_nothing_is_asked_of_a_submitted_assessment(cast, submitted):
    with pytest.raises(Conflict):
        ask(cast, submitted)


def test_answering_closes_it(cast, draft, answer):
    ask(cast, draft)
    answer(draft, TWO[0], "yes")
    assert Delegation.objects.get(criterion=TWO[0]).done_at is not None
    assert Delegation.objects.get(criterion=TWO[1]).done_at is None


def test_taking_it_back_leaves_the_answer(cast, draft, answer):
    ask(cast, draft)
    answer(draft, TWO[0], "yes")
    actions.take_back(assessment=draft, criterion=TWO[0], by=cast.manager)
    assert not Delegation.objects.filter(criterion=TWO[0]).exists()
    assert draft.answers.get(criterion=TWO[0]).value == "yes"


def test_members_see_their_list_and_walk_through_it_alone(as_user, cast, draft):
    ask(cast, draft, due=timezone.localdate() + timedelta(days=3))
    client = as_user(cast.member)
    html = client.get(f"{BASE}mine/").content.decode()
    assert "<b>Still to answer: 2 of 2.</b>" in html
    first, second = (f"{BASE}{key}/?list=mine" for key in TWO)
    assert f'href="{first}"' in html
    page = client.get(first).content.decode()
    assert "Criterion 1 of 2" in page
    assert f"<b>Delegated to {cast.member}.</b>" in page
    assert client.post(first, {"answer": "yes", "rev": 0, "go": "next"}).url == second
    assert client.post(second, {"answer": "no", "rev": 0, "go": "next"}).url == f"{BASE}mine/?list=mine"
    assert "All answered." in client.get(f"{BASE}mine/").content.decode()


def test_the_page_delegates_and_marks_what_is_delegated(as_user, cast, draft):
    client, page = as_user(cast.manager), f"{BASE}delegate/"
    due = (timezone.localdate() + timedelta(days=7)).isoformat()
    sent = client.post(page, {"criterion": TWO, "to": cast.member.pk, "due": due, "note": "x"}, follow=True)
    assert f"Delegated to {cast.member}: 2." in sent.content.decode()
    assert f"delegated to {cast.member}" in client.get(BASE).content.decode()
    taken = client.post(f"{page}{TWO[0]}/take-back/", follow=True)
    assert "Taken back." in taken.content.decode()
    assert Delegation.objects.count() == 1


def test_the_page_says_what_lacks_and_keeps_what_was_chosen(as_user, cast, draft):
    client, page = as_user(cast.manager), f"{BASE}delegate/"
    nothing = client.post(page, {"to": cast.member.pk})
    assert (nothing.status_code, "Choose at least one criterion." in nothing.content.decode()) == (422, True)
    nobody = client.post(page, {"criterion": TWO, "to": cast.stranger.pk})
    assert nobody.status_code == 422
    assert f'value="{TWO[0]}" checked' in nobody.content.decode()


def test_others_have_no_such_page(as_user, cast, draft):
    assert as_user(cast.member).get(f"{BASE}delegate/").status_code == 403
    assert as_user(cast.stranger).get(f"{BASE}delegate/").status_code == 404
