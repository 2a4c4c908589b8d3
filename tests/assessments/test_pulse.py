"""The pulse: who is asked, once each; and that nothing anywhere tells who said what."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from django.apps import apps
from django.db import connection, models
from django.utils import timezone

from assessments import pulses
from assessments.actions import pulse as actions
from assessments.framework import shipped
from assessments.models import Pulse, PulseAnswer, PulseInvitation
from portal.accounts.models import Membership, User
from portal.ledger.models import Event, EventText
from portal.web.errors import Conflict, Forbidden, Invalid

pytestmark = pytest.mark.django_db
FRAMEWORK = shipped()["mlops-maturity"]
SENTENCES = [criterion.id for criterion in FRAMEWORK.criteria if criterion.pulse]
BASE = "/teams/credit-risk/pulse/"


def page(response) -> str:
    assert response.status_code == 200, response.status_code
    return response.content.decode()


def soon(days=7):
    return timezone.localdate() + timedelta(days=days)


@pytest.fixture
def people(cast):
    """Six members besides the manager: the cast's two, and four more."""
    more = [User.objects.create_user(f"p{n}@example.org", name=f"P{n}") for n in range(4)]
    Membership.objects.bulk_create(Membership(team=cast.team, user=user, role="member") for user in more)
    return [cast.member, cast.japanese, *(User.objects.get(pk=user.pk) for user in more)]


@pytest.fixture
def opened(cast, people):
    return actions.open_pulse(team=cast.team, framework=FRAMEWORK, closes_on=soon(), by=cast.manager)


def say(pulse, user, step=4, **given):
    actions.answer_pulse(pulse=pulse, agreements=given or dict.fromkeys(SENTENCES, step), by=user)


def test_members_are_asked_and_managers_are_not(cast, opened, people):
    asked = set(opened.invitations.values_list("person", flat=True))
    assert asked == {user.pk for user in people}
    with pytest.raises(Forbidden):
        say(opened, cast.manager)
    for user in (cast.admin, cast.reviewer, cast.auditor, cast.stranger):
        with pytest.raises(Forbidden):
            say(opened, user)


def test_only_a_manager_opens_one(cast, people):
    for user in (cast.member, cast.admin, cast.reviewer, cast.stranger):
        with pytest.raises(Forbidden):
            actions.open_pulse(team=cast.team, framework=FRAMEWORK, closes_on=soon(), by=user)


def test_a_team_too_small_to_hide_anybody_is_not_asked(cast):
    with pytest.raises(Invalid) as refused:
        actions.open_pulse(team=cast.team, framework=FRAMEWORK, closes_on=soon(), by=cast.manager)
    assert refused.value.message.params == {"members": 2, "least": 5}


def test_a_framework_without_sentences_asks_nothing(cast, people):
    silent = next(f for f in shipped().values() if not any(c.pulse for c in f.criteria))
    with pytest.raises(Invalid):
        actions.open_pulse(team=cast.team, framework=silent, closes_on=soon(), by=cast.manager)


def test_one_pulse_at_a_time_and_none_soon_after(cast, opened, people):
    with pytest.raises(Conflict) as refused:
        actions.open_pulse(team=cast.team, framework=FRAMEWORK, closes_on=soon(), by=cast.manager)
    assert refused.value.message.code == "pulse.running"
    actions.close_pulse(pulse=opened, by=cast.manager)
    with pytest.raises(Conflict) as refused:
        actions.open_pulse(team=cast.team, framework=FRAMEWORK, closes_on=soon(), by=cast.manager)
    assert refused.value.message.code == "pulse.too_soon"
    Pulse.objects.update(closed_at=timezone.now() - actions.PAUSE - timedelta(days=1))
    assert actions.open_pulse(team=cast.team, framework=FRAMEWORK, closes_on=soon(), by=cast.manager)


def test_each_answers_once(opened, people):
    say(opened, people[0])
    with pytest.raises(Conflict):
        say(opened, people[0], 1)
    assert set(PulseAnswer.objects.values_list("agreement", flat=True)) == {4}


@pytest.mark.parametrize("given", [{}, {SENTENCES[0]: 0}, {SENTENCES[0]: 6}, {"training.code-hosted": 3}])
def test_what_is_no_answer_is_refused_and_nobody_counts_as_answered(opened, people, given):
    with pytest.raises(Invalid):
        actions.answer_pulse(pulse=opened, agreements=given, by=people[0])
    assert not PulseInvitation.objects.filter(answered=True).exists()


def test_an_answer_holds_no_person_and_no_time():
    """Of all models, only the invitation knows a person, and it knows no answer."""
    kinds = {field.name: type(field) for field in PulseAnswer._meta.get_fields()}
    assert set(kinds) == {"id", "pulse", "criterion", "agreement"}
    assert not [f for f in PulseAnswer._meta.fields if isinstance(f, models.DateField | models.DateTimeField)]
    pointing = [
        model._meta.label
        for model in apps.get_models()
        for field in model._meta.fields
        if field.related_model is PulseAnswer
    ]
    assert pointing == []
    assert {field.name for field in PulseInvitation._meta.fields} == {"id", "pulse", "person", "answered"}


def test_the_ledger_knows_neither_who_nor_what(opened, people):
    for step, user in enumerate(people[:5], 1):
        say(opened, user, step)
    events = list(Event.objects.filter(action="pulse.answer"))
    assert len(events) == 5
    for event in events:
        entry = json.loads(event.body)
        assert event.actor is None
        assert entry["actor"] is None
        assert (entry["before"], entry["after"], entry["params"], entry["texts"]) == ({}, {}, {}, {})
    told = [event.body for event in Event.objects.filter(subject_type="pulse")]
    assert not [body for body in told for user in people if str(user.pseudonym) in body]
    assert not EventText.objects.filter(event__in=events).exists()


def test_no_order_of_rows_tells_who_said_what(opened, people, monkeypatch):
    """The rows are laid anew at each answer, in an order that chance alone makes."""
    shuffled = []

    class Chance:
        def shuffle(self, rows):
            shuffled.append(list(rows))
            rows.reverse()

    monkeypatch.setattr(actions.secrets, "SystemRandom", Chance)
    (first, second), before = people[:2], None
    for user, step in ((first, 1), (second, 5)):
        kept = set(PulseAnswer.objects.values_list("id", flat=True))
        assert before is None or kept == before
        say(opened, user, step)
        before = set(PulseAnswer.objects.values_list("id", flat=True))
        assert not kept & before  # no row outlives the next answer
    assert [len(rows) for rows in shuffled] == [len(SENTENCES), 2 * len(SENTENCES)]
    if connection.vendor == "sqlite":  # the rows' places in the file follow the shuffle, not the people
        with connection.cursor() as cursor:
            cursor.execute("select agreement from assessments_pulseanswer order by rowid")
            laid = [step for (step,) in cursor.fetchall()]
        assert laid == [5] * len(SENTENCES) + [1] * len(SENTENCES)


def test_chance_is_the_systems_own():
    assert actions.secrets.SystemRandom().__class__.__name__ == "SystemRandom"


def test_nothing_shows_while_it_is_open_so_that_no_difference_tells_the_last_answer(opened, people):
    for user in people[:5]:
        say(opened, user)
        assert pulses.results(opened.team, FRAMEWORK) == {}
    actions.close_pulse(pulse=opened, by=None)
    found = pulses.results(opened.team, FRAMEWORK)
    assert set(found) == set(SENTENCES)
    assert found[SENTENCES[0]].counts == (0, 5, 0, 0, 0)


def test_too_few_answers_are_never_shown_and_not_kept(opened, people):
    for user in people[:4]:
        say(opened, user)
    actions.close_pulse(pulse=opened, by=None)
    assert pulses.results(opened.team, FRAMEWORK) == {}
    assert not PulseAnswer.objects.exists()


def test_a_sentence_that_few_answered_is_not_shown(opened, people):
    for user in people[:4]:
        say(opened, user)
    say(opened, people[4], **{SENTENCES[0]: 2})
    actions.close_pulse(pulse=opened, by=None)
    assert set(pulses.results(opened.team, FRAMEWORK)) == {SENTENCES[0]}


def test_the_minimum_is_a_setting(opened, people, settings):
    settings.PULSE_MINIMUM = 6
    for user in people[:5]:
        say(opened, user)
    actions.close_pulse(pulse=opened, by=None)
    assert pulses.results(opened.team, FRAMEWORK) == {}


def test_the_last_answer_closes_it(opened, people):
    for user in people:
        say(opened, user)
    opened.refresh_from_db()
    assert opened.closed_at
    with pytest.raises(Conflict):
        say(opened, people[0])


def test_the_duty_closes_what_is_over(opened, people):
    assert actions.close_what_is_over() == 0
    Pulse.objects.update(closes_on=timezone.localdate() - timedelta(days=1))
    opened.refresh_from_db()
    with pytest.raises(Conflict):
        say(opened, people[0])
    assert actions.close_what_is_over() == 1


def test_it_raises_no_level(opened, people, cast):
    from assessments import levels

    before = levels.to_json(levels.current_score(cast.team, FRAMEWORK))
    for user in people:
        say(opened, user, 5)
    assert levels.to_json(levels.current_score(cast.team, FRAMEWORK)) == before


def test_members_answer_by_the_page(as_user, cast, opened, people):
    client = as_user(people[0])
    html = page(client.get(BASE))
    assert FRAMEWORK.by_id[SENTENCES[0]].pulse.en.replace("'", "&#x27;") in html
    assert client.post(f"{BASE}answer/", {SENTENCES[0]: "9"}).status_code == 422
    assert client.post(f"{BASE}answer/", {SENTENCES[0]: "5"}).status_code == 302
    html = page(client.get(BASE))
    assert "You have answered." in html
    assert "1 of 6 members have answered." in html
    assert client.post(f"{BASE}answer/", {SENTENCES[0]: "1"}).status_code == 409


def test_what_was_said_shows_beside_the_criterion_once_it_is_closed(as_user, cast, opened, people):
    for user in people[:5]:
        say(opened, user, 5)
    address = f"/teams/credit-risk/assessment/{SENTENCES[0]}/"
    manager = as_user(cast.manager)
    assert "Pulse of the members" not in page(manager.get(address))
    assert "Agree strongly" not in page(manager.get(BASE))  # the manager is not asked
    manager.post(f"{BASE}close/")
    assert "Pulse of the members" in page(manager.get(address))
    assert "What members said" in page(manager.get(BASE))


def test_no_role_is_shown_more(as_user, cast, opened, people):
    say(opened, people[0], 1)
    for user in (cast.admin, cast.auditor, cast.reviewer, cast.manager):
        html = page(as_user(user).get(BASE))
        assert "1 of 6 members have answered." in html
        assert people[0].name not in html
        assert "Disagree" not in html


def test_others_do_not_see_it_though_results_are_open(as_user, cast, opened):
    cast.team.visibility = "organisation"
    cast.team.save()
    client = as_user(cast.stranger)
    assert client.get(BASE).status_code == 404
    for name in ("open", "answer", "close"):
        assert client.post(f"{BASE}{name}/").status_code == 404


def test_opening_by_the_page(as_user, cast, people):
    client = as_user(cast.manager)
    assert "Ask the members" in page(client.get(BASE))
    assert client.post(f"{BASE}open/", {"closes_on": "yesterday"}).status_code == 422
    assert client.post(f"{BASE}open/", {"closes_on": soon().isoformat()}).status_code == 302
    assert Pulse.objects.get().invitations.count() == 6
    assert as_user(cast.member).post(f"{BASE}open/", {"closes_on": soon().isoformat()}).status_code == 403
