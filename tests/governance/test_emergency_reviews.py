"""The review after an emergency: how it ends, what follows, what the finding names, and how a pack counts a kit."""

from __future__ import annotations

import re
import uuid
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from governance.actions.findings import resolve
from governance.findings import open_finding
from governance.gate_watch import judge_gate
from governance.models import Finding, Move, MoveState, Placement, RegisteredModel
from governance.moves.ending import finish
from governance.pack import collect
from governance.pack_count import Change, Opened, Stray, count, explained
from governance.pack_files import change_rows
from portal.accounts.models import User
from portal.ledger.models import Event
from portal.ledger.signing import checkpoint_now
from portal.message import Message
from portal.web.errors import Forbidden, Invalid
from tests.governance.promotions_made import approved, audited, make_model, make_version
from tests.governance.test_break_glass import opened, people, promotion  # noqa: F401
from tests.governance.test_gate_watch import report, sealed, signed, use
from tests.governance.test_pack import carry_out, strayed, today
from tests.governance.test_pack_count import at, counted

pytestmark = pytest.mark.django_db
WHY = {"reason": "Looked at the logs."}


def move_made(number: int = 7) -> Placement:
    Move.objects.update(state=MoveState.MOVING, replaced=number)
    finish(Move.objects.select_related("promotion__version__model").get(), 1)
    return Placement.objects.get()


# How a review ends


@pytest.mark.parametrize("wrong", ["corrected", "accepted", "reviewed", "ended", ""])
def test_a_review_says_whether_there_was_good_reason_and_nothing_else(cast, opened, wrong):  # noqa: F811
    review = Finding.objects.get()
    with pytest.raises(Invalid, match="good reason for the emergency") as refused:
        resolve(finding=review, resolution=wrong, by=cast.reviewer, **WHY)
    assert set(refused.value.fields) == {"resolution"}
    assert Finding.objects.get().state == "open"


@pytest.mark.parametrize("kind", ["condition", "not_passing", "alias_moved"])
@pytest.mark.parametrize("wrong", ["justified", "unjustified"])
def test_another_finding_is_no_review(cast, kind, wrong):
    model = make_model(cast)
    about = {"about": {"model": model}, "team": model.team}
    title = Message("finding.gate_off", {"registry": "x", "reason": "y"})
    other = open_finding(kind=kind, key="x", severity="low", title=title, **about)
    with pytest.raises(Invalid):
        resolve(finding=other, resolution=wrong, others=True, by=cast.reviewer, **WHY)


def test_the_page_offers_what_a_review_can_come_to(cast, opened, as_user):  # noqa: F811
    review = Finding.objects.get()
    address = reverse("finding-resolve", args=[review.pk])
    page = as_user(cast.reviewer).get(reverse("finding", args=[review.pk])).content.decode()
    offered = [value for value in ("justified", "unjustified", "corrected", "accepted", "reviewed", "ended")
               if f'value="{value}"' in page]  # fmt: skip
    assert offered == ["justified", "unjustified"]
    choices = page[page.index('<select name="resolution"') :]
    assert re.search(r"<option value=\"\"[^>]*>\s*Choose", choices)
    assert "selected" not in choices[choices.index("justified") : choices.index("</select>")]
    assert as_user(cast.reviewer).post(address, WHY).status_code == 422
    assert Finding.objects.open().exists()
    assert as_user(cast.reviewer).post(address, {"resolution": "corrected", **WHY}).status_code == 422
    assert as_user(cast.reviewer).post(address, {"resolution": "justified", **WHY}).status_code == 302
    page = as_user(cast.reviewer).get(reverse("finding", args=[review.pk])).content.decode()
    assert "Justified" in page
    assert not Finding.objects.open().exists()


def test_what_was_not_justified_is_the_owner_teams_to_see_to(cast, opened, people):  # noqa: F811
    place = move_made()
    review = Finding.objects.get()
    assert resolve(finding=review, resolution="unjustified", by=cast.reviewer, **WHY).resolution == "unjustified"
    follows = Finding.objects.open().get()
    assert (follows.kind, follows.severity, follows.team_id) == ("unjustified", "high", cast.team.pk)
    assert (follows.placement, follows.version, follows.environment) == (place, place.version, "production")
    assert follows in Finding.objects.for_user(cast.member)
    said = Message.from_json(follows.title)
    assert said.params["review"] == review.pk
    User.objects.filter(pk=people["Abe"].pk).update(is_reviewer=True)
    with pytest.raises(Forbidden, match="part in this"):
        resolve(finding=follows, resolution="accepted", by=User.objects.get(pk=people["Abe"].pk), **WHY)
    events = list(Event.objects.filter(action__startswith="finding.").order_by("pk").values_list("action", flat=True))
    assert events == ["finding.open", "finding.resolve", "finding.open"]
    resolve(finding=follows, resolution="corrected", by=cast.reviewer, **WHY)
    assert not Finding.objects.open().exists()


# What it names


def test_the_review_names_what_went_where(cast, opened, as_user):  # noqa: F811
    review = Finding.objects.get()
    address = reverse("finding", args=[review.pk])
    assert "Nothing was moved by it." in as_user(cast.reviewer).get(address).content.decode()
    place = move_made(7)
    review.refresh_from_db()
    assert review.placement == place
    page = as_user(cast.reviewer).get(address).content.decode()
    assert f"<code>@champion</code> 7 → {place.version.number}" in page
    assert "stands there now" in page
    told = as_user(cast.reviewer).get(reverse("api-finding", args=[review.pk])).json()
    assert told["placement"] == place.pk


def test_an_ordinary_move_touches_no_review(cast, opened):  # noqa: F811
    carry_out(approved(cast, audited(make_version(make_model(cast, "other"), 1))))
    assert Finding.objects.get().placement is None


# Kits in the period pack


@pytest.fixture
def kit_used(cast):
    """Version 1 stands by a decision; while Sekisho was down two custodians set the alias to 2."""
    model = make_model(cast)
    checkpoint_now()
    carry_out(approved(cast, audited(make_version(model, 1))))
    jti = str(uuid.uuid4())
    signed(model.registry, jti, sealed(cast, model.registry))
    strayed(model, 2)
    hours_ago = int((timezone.now() - timedelta(hours=30)).timestamp())
    judge_gate(model.registry, report(model.registry, uses=[use(jti, emergency=True, at=hours_ago)]))
    model.registry.__class__.objects.update(synced_at=timezone.now())
    RegisteredModel.objects.filter(pk=model.pk).update(aliases={"champion": 2})
    return model


def test_a_kit_is_an_emergency_in_the_count_once(cast, kit_used, as_user):
    found = collect(today())
    assert (found.count.emergency, found.count.kits, found.count.unexplained) == (1, 1, 0)
    assert (found.count.total, found.count.carried_out, found.count.open, found.count.missing) == (2, 1, 0, 0)
    (server,) = found.registries
    assert server.unexplained == 0
    assert collect(today("staging")).count.total == 0
    page = as_user(cast.auditor).get(reverse("pack")).content.decode()
    assert "emergency kits opened" in page
    assert "not reviewed yet: 1" in page


@pytest.mark.parametrize("at", ["soon", None, -1, 2**70, 1e9, True])
def test_a_servers_clock_that_says_nonsense_is_not_believed(cast, kit_used, at):
    jti = str(uuid.uuid4())
    signed(kit_used.registry, jti, sealed(cast, kit_used.registry))
    judge_gate(kit_used.registry, report(kit_used.registry, uses=[use(jti, new="2", emergency=True, at=at)]))
    event = Event.objects.filter(action="emergency.use").latest("pk")
    assert "used_at" not in event.content["params"]
    assert collect(today()).count.kits == 2


def test_a_kit_is_listed_with_its_reviews_state(cast, kit_used):
    def told() -> str:
        (row,) = collect(today()).of("exceptions")
        assert row.event.action == "emergency.use"
        assert row in collect(today()).exceptions
        return row.reason

    assert "set champion of credit-limit to version 2. Not reviewed yet; due" in told()
    review = Finding.objects.get(kind="review")
    Finding.objects.filter(pk=review.pk).update(due=timezone.localdate() - timedelta(days=1))
    assert "it was due" in told()
    outside = User.objects.create_user("outside@example.org", "x", name="Outside", is_reviewer=True)
    review.refresh_from_db()
    resolve(finding=review, resolution="unjustified", by=outside, **WHY)
    assert told().endswith(": not justified.")
    assert collect(today()).unreviewed == 0
    table = list(change_rows(collect(today())))
    assert [line[10] for line in table if line[3] == "Emergency kit used"] == [told()]
    Finding.objects.filter(pk=review.pk).update(environment="staging")
    assert collect(today()).of("exceptions") == []


def test_questions_do_not_grow_with_kits(cast, kit_used, django_assert_max_num_queries):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    with CaptureQueriesContext(connection) as before:
        collect(today())
    for number in range(3, 6):
        jti = str(uuid.uuid4())
        signed(kit_used.registry, jti, sealed(cast, kit_used.registry))
        judge_gate(kit_used.registry, report(kit_used.registry, uses=[use(jti, new=str(number), emergency=True)]))
    with django_assert_max_num_queries(len(before)):
        assert collect(today()).count.kits == 4


def test_the_same_version_set_by_hand_on_another_day_is_not_the_kits():
    used = [Opened(at(1), at(2), 1, 9)]
    seen = [Stray(at(2), 1, 9), Stray(at(3), 1, None, back=True), Stray(at(5), 1, 9), Stray(at(2), 2, 9)]
    marked = explained(seen, used)
    assert [one.kit for one in marked] == [True, False, False, False]
    assert counted([Change(at(0.5), 1, 1, None, 1, "approved")], marked, {1: 9}, opened=used).unexplained == 2


def test_what_a_kit_set_explains_what_the_next_move_found():
    """Also where no reading came between: the gate's own clock says when it was."""
    moves = [Change(at(1), 1, 1, None, 1, "approved"), Change(at(4), 2, 1, 9, 2, "approved")]
    assert counted(moves, now={1: 2}).missing == 1
    found = counted(moves, now={1: 2}, opened=[Opened(at(3), at(5), 1, 9)])
    assert (found.missing, found.total, found.emergency, found.open) == (0, 3, 1, 0)
    assert count([], [], start=at(5), end=at(6), now={}, read_at=at(6), opened=[Opened(at(3), at(5), 1, 9)]).kits == 1
