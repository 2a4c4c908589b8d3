"""The Records pages."""

from __future__ import annotations

import re
import uuid

import pytest
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from portal.accounts import actions, teams
from portal.accounts.models import User
from portal.jobs.models import Job
from portal.jobs.runner import drain
from portal.ledger.actions import record
from portal.ledger.duties import request_check
from portal.ledger.models import Check, Event, EventText, SigningKey
from portal.ledger.sequencer import number_events
from portal.ledger.signing import checkpoint_now

RECORDS = "/records/"


def happen(cast, count: int = 1, **given) -> Event:
    whole = {
        "action": "team.change",
        "by": cast.manager,
        "subject": ("team", "credit-risk", "Credit Risk"),
        "team": cast.team,
    } | given
    with transaction.atomic():
        return [record(**whole) for _ in range(count)][-1]


def test_before_and_after_with_names_and_words(cast, as_user):
    teams.change_team(team=cast.team, by=cast.manager, name="Credit", unit=cast.unit, visibility="organisation")
    membership = teams.add_member(team=cast.team, user=cast.reviewer, by=cast.manager)
    page = as_user(cast.manager).get(RECORDS).content.decode()
    assert "The team only" in page
    assert "The whole organisation" in page
    assert "Ono" in page
    event = Event.objects.get(action="team.add_member")
    detail = as_user(cast.manager).get(reverse("record", args=[event.uuid])).content.decode()
    assert membership.user.name in detail
    assert event.leaf_hash in detail


def test_in_japanese_no_code_is_left(cast, as_user):
    actions.set_roles(user=cast.reviewer, by=cast.admin, is_administrator=False, is_auditor=True, is_reviewer=True)
    User.objects.filter(pk=cast.admin.pk).update(language="ja")
    page = as_user(User.objects.get(pk=cast.admin.pk)).get(RECORDS).content.decode()
    assert "user.set_roles" not in re.sub("<[^>]*>", "", page)


def test_the_search_finds_what_the_page_shows(cast, as_user):
    teams.change_team(team=cast.team, by=cast.manager, name="Credit", unit=cast.unit, visibility="organisation")
    actions.set_roles(user=cast.reviewer, by=cast.admin, is_administrator=False, is_auditor=True, is_reviewer=True)

    def found(person, *typed):
        page = as_user(person).get(RECORDS, {"q": " ".join(typed)})
        return {row.event.action for _day, rows in page.context["days"] for row in rows}

    assert found(cast.auditor, "Ono") == {"team.change"}
    assert found(cast.auditor, "sato") == {"user.set_roles"}  # whose roles they are
    assert found(cast.auditor, "Mori", "roles") == {"user.set_roles"}
    assert found(cast.auditor, "Mori", "team.change") == set()
    assert found(cast.manager, "Mori") == set()  # and nothing that one may not see
    assert found(cast.auditor, "sato@example") == set()  # no address of somebody who is shown by name
    User.objects.filter(pk=cast.manager.pk).update(name="")
    assert found(cast.auditor, "ono@example.org") == {"team.change"}
    happen(cast, by=None, action="ledger.restore")
    assert found(cast.auditor, "Sekisho") == {"ledger.restore"}
    User.objects.filter(pk=cast.auditor.pk).update(language="ja")
    japanese = User.objects.get(pk=cast.auditor.pk)
    assert found(japanese, "役割") == {"user.set_roles"}
    assert found(japanese, "チームの変更") == {"team.change"}


def test_a_typed_word_costs_one_query_for_its_people(cast, as_user):
    happen(cast, 3)

    def asked(typed: str) -> int:
        with CaptureQueriesContext(connection) as queries:
            assert as_user(cast.auditor).get(RECORDS, {"q": typed}).status_code == 200
        return len(queries)

    asked("Credit")
    one = asked("Credit")
    assert asked("Credit Risk Credit Risk") == one + 1
    assert asked("Credit Risk Ono") == one + 2
    assert asked(" ".join("abcdefghijklmnopqrstuvwxyz" * 4)) <= one + 25


def test_an_unknown_code_shows_itself(cast, as_user):
    happen(cast, action="future.thing", after={"strange_key": "value"})
    page = as_user(cast.manager).get(RECORDS).content.decode()
    assert "future.thing" in page
    assert "strange_key" in page


def test_numbers_only_after_the_sequencer(cast, as_user):
    event = happen(cast)
    address = reverse("record", args=[event.uuid])
    assert "being numbered" in as_user(cast.manager).get(address).content.decode()
    number_events()
    page = as_user(cast.manager).get(address).content.decode()
    assert "being numbered" not in page
    assert "Number 1" in page


CLAIM = re.compile(r"\b(no change found|proof|proves?|proven|verified|tamper)\b")


def main_of(page: str) -> str:
    return re.search("<main.*</main>", page, re.DOTALL)[0].lower()


def test_no_page_claims_what_nobody_checked(cast, as_user):
    event = happen(cast)
    for address in (RECORDS, reverse("record", args=[event.uuid])):
        assert not CLAIM.search(main_of(as_user(cast.manager).get(address).content.decode()))
    first = checkpoint_now()
    page = main_of(as_user(cast.manager).get(RECORDS).content.decode())
    assert "signed up to record 2" in page
    assert not CLAIM.search(page)
    request_check(by=None)
    drain()
    happen(cast)
    checkpoint_now()
    page = main_of(as_user(cast.manager).get(RECORDS).content.decode())
    assert f"no change found since checkpoint {first.size}" in page
    assert "a server cannot vouch for itself" in page
    assert "no change found since checkpoint 2" in as_user(cast.manager).get("/teams/").content.decode().lower()


def test_a_change_is_told_to_everybody(cast, as_user):
    event = happen(cast)
    checkpoint_now()
    Event.objects.filter(pk=event.pk).update(action="team.other")
    request_check(by=None)
    drain()
    page = as_user(cast.manager).get(RECORDS).content.decode()
    assert "Record 1 is not what was recorded" in page
    assert "No change found" not in page
    assert "The records were changed" in as_user(cast.manager).get("/teams/").content.decode()


def test_a_check_is_asked_for_by_those_who_may(cast, as_user):
    happen(cast)
    checkpoint_now()
    for user, status in ((cast.manager, 403), (cast.auditor, 302), (cast.admin, 302)):
        assert as_user(user).post("/records/verify/").status_code == status
    assert Job.objects.filter(kind="ledger.verify").count() == 1  # one that waits is enough
    drain()
    assert Check.objects.get().problems == []
    assert as_user(cast.admin).get("/records/verify/").status_code == 405


def test_checkpoints_and_keys_have_a_page(cast, as_user):
    checkpoint = checkpoint_now() or happen(cast)
    page = as_user(cast.manager).get(reverse("checkpoints")).content.decode()
    assert "No checkpoint is signed yet" not in page
    happen(cast)
    checkpoint = checkpoint_now()
    page = as_user(cast.manager).get(reverse("checkpoints")).content.decode()
    key = SigningKey.objects.get()
    assert key.key_id in page
    assert key.public in page.replace("&#x2B;", "+")
    for line in checkpoint.note.splitlines()[:3]:
        assert line in page.replace("&#x2B;", "+")


def test_a_proof_is_offered_once_it_is_there(cast, as_user):
    event = happen(cast)
    address, proof = reverse("record", args=[event.uuid]), reverse("api-event-proof", args=[event.uuid])
    assert proof not in as_user(cast.manager).get(address).content.decode()
    checkpoint_now()
    assert proof in as_user(cast.manager).get(address).content.decode()


def test_others_records_are_out_of_sight(cast, as_user):
    event = happen(cast, texts={"reason": "x"})
    browser = as_user(cast.stranger)
    assert browser.get(RECORDS).context["list"].total == 0
    assert browser.get(reverse("record", args=[event.uuid])).status_code == 404
    assert browser.get(reverse("record", args=[uuid.uuid4()])).status_code == 404
    assert browser.post(reverse("record-text-erase", args=[event.uuid, "reason"])).status_code == 404
    assert as_user(cast.auditor).get(reverse("record", args=[event.uuid])).status_code == 200


def test_facets_and_search(cast, as_user):
    happen(cast, 2)
    happen(cast, action="job.cancel", subject=("job", 5, "audit 5"), by=None)
    browser = as_user(cast.manager)
    day = Event.objects.first().at.date().isoformat()

    def found(**asked) -> int:
        return browser.get(RECORDS, asked).context["list"].found

    assert found() == 3
    assert found(kind="team") == 2
    assert found(action="job.cancel") == 1
    assert found(person=str(cast.manager.pseudonym)) == 2
    assert found(person="-") == 1
    assert found(team=cast.team.pk) == 3
    assert found(day=day) == 3
    assert found(day="2001-01-01") == 0
    assert found(q="audit") == 1
    assert found(q="nothing like it") == 0


@pytest.mark.parametrize("asked", [{"person": "x"}, {"team": "x"}, {"day": "x"}, {"page": "-3"}, {"q": "\x00%"}])
def test_strange_filters_break_nothing(cast, as_user, asked):
    happen(cast)
    assert as_user(cast.manager).get(RECORDS, asked).status_code == 200


def test_the_number_of_queries_does_not_grow(cast, as_user):
    happen(cast)
    browser = as_user(cast.auditor)
    browser.get(RECORDS)
    with CaptureQueriesContext(connection) as few:
        browser.get(RECORDS)
    for number in range(10):
        user = User.objects.create_user(f"p{number}@example.org", name=f"Person {number}")
        happen(cast, 3, by=user, action="team.add_member", params={"user": str(user.pseudonym)})
    with CaptureQueriesContext(connection) as many:
        page = browser.get(RECORDS)
    assert len(page.context["list"].rows) > 25
    assert "Person 9" in page.content.decode()
    assert len(many) == len(few)
    assert len(many) < 25


def test_erasing_by_page(cast, as_user):
    event = happen(cast, texts={"reason": "Ito knows why"})
    target, address = reverse("record-text-erase", args=[event.uuid, "reason"]), reverse("record", args=[event.uuid])
    assert "Ito knows why" in as_user(cast.manager).get(address).content.decode()
    assert as_user(cast.manager).post(target).status_code == 403
    assert as_user(cast.admin).get(target).status_code == 405
    assert as_user(cast.admin).post(target).status_code == 302
    page = as_user(cast.admin).get(address).content.decode()
    assert "Ito knows why" not in page
    assert "Erased." in page
    assert as_user(cast.admin).post(target).status_code == 409
    assert as_user(cast.admin).post(reverse("record-text-erase", args=[event.uuid, "other"])).status_code == 404


def test_csrf_is_enforced(cast):
    event = happen(cast, texts={"reason": "x"})
    client = Client(enforce_csrf_checks=True)
    client.force_login(cast.admin, backend="allauth.account.auth_backends.AuthenticationBackend")
    assert client.post(reverse("record-text-erase", args=[event.uuid, "reason"])).status_code == 403
    assert EventText.objects.get().text == "x"


def test_hostile_text_is_shown_as_text(cast, as_user):
    event = happen(cast, subject=("team", "x", "<script>alert(1)</script>"), texts={"reason": "<img src=x>"})
    for address in (RECORDS, reverse("record", args=[event.uuid])):
        page = as_user(cast.manager).get(address).content.decode()
        assert "<script>alert" not in page
        assert "<img src=x>" not in page


def test_a_person_who_is_gone_is_a_pseudonym(cast, as_user):
    happen(cast, by=cast.member)
    pseudonym = str(cast.member.pseudonym)
    cast.member.delete()
    assert f"Person {pseudonym[:8]}" in as_user(cast.manager).get(RECORDS).content.decode()
