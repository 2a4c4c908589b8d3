"""Findings: opened once, assigned, settled with a reason by who may, and never by who did it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from governance.actions.findings import assign, resolve, who_may_settle
from governance.findings import end_finding, open_finding, short_key
from governance.models import Finding
from governance.notices_findings import findings as waiting
from portal.accounts.models import User
from portal.inbox.kinds import SOURCES
from portal.ledger.models import Event
from portal.message import Message
from portal.web.errors import Conflict, Forbidden, Invalid
from tests.governance import factories as make

pytestmark = pytest.mark.django_db


@pytest.fixture
def version(cast):
    return make.make_version(make.make_model(cast.team))


def found(version, kind: str = "alias_moved", severity: str = "high", **more) -> Finding:
    model = version.model
    words = {"alias": "champion", "model": model.name, "expected": 1, "found": 2, "environment": "production"}
    words |= {"number": version.number}
    with transaction.atomic():
        return open_finding(
            kind=kind,
            key=f"{kind}:{model.pk}",
            severity=severity,
            title=Message(f"finding.{kind}" if kind != "condition" else "finding.reason", words),
            about={"model": model, "version": version, "environment": "production", "registry": model.registry},
            team=model.team,
            detail={"expected": 1, "found": 2, "alias": "champion"},
            **more,
        )


def told(finding) -> list[str]:
    return list(Event.objects.about("finding", finding.pk).order_by("id").values_list("action", flat=True))


def settle(finding, by, **changes):
    given = {"resolution": "accepted", "reason": "Agreed by phone.", "others": True}
    return resolve(finding=finding, by=by, **(given | changes))


def test_one_thing_is_one_finding_and_only_gets_graver(version):
    first = found(version, severity="high")
    assert found(version, severity="low") == first
    first.refresh_from_db()
    assert first.severity == "high"
    assert told(first) == ["finding.open"]
    found(version, severity="critical")
    first.refresh_from_db()
    assert (first.severity, told(first)) == ("critical", ["finding.open", "finding.change"])
    assert Event.objects.get(uuid=first.event).action == "finding.open"


def test_the_due_date_is_in_business_days_by_severity(version):
    critical = found(version, kind="remade", severity="critical")
    low = found(version, kind="tag_changed", severity="low")
    today = timezone.localdate()
    assert today < critical.due <= today + timedelta(days=4)
    assert critical.due < low.due
    assert critical.due.weekday() < 5


def test_a_finding_ends_by_itself_once(version):
    one = found(version)
    assert end_finding(one)
    assert not end_finding(one)
    one.refresh_from_db()
    assert (one.state, one.resolution, one.resolved_by) == ("resolved", "ended", None)
    assert told(one) == ["finding.open", "finding.end"]
    assert found(version) != one


def test_long_keys_stay_apart():
    keys = {short_key("x" * 400), short_key("x" * 399 + "y"), short_key("x" * 200), short_key("x")}
    assert len(keys) == 4
    assert all(len(key) <= 200 for key in keys)


def test_the_team_says_who_sees_to_it(cast, version):
    one, day = found(version), timezone.localdate() + timedelta(days=3)
    assign(finding=one, owner=cast.member, due=day, by=cast.manager)
    one.refresh_from_db()
    assert (one.owner, one.due) == (cast.member, day)
    assert told(one) == ["finding.open", "finding.assign"]
    for by in (cast.stranger, cast.reviewer, cast.auditor):
        with pytest.raises(Forbidden):
            assign(finding=one, owner=cast.member, due=day, by=by)
    with pytest.raises(Invalid):
        assign(finding=one, owner=cast.stranger, due=day, by=cast.manager)
    with pytest.raises(Invalid):
        assign(finding=one, owner=cast.member, due=timezone.localdate() - timedelta(days=1), by=cast.manager)


def test_who_may_settle(cast, version):
    one = found(version)
    for by in (cast.member, cast.manager, cast.stranger, cast.auditor, cast.admin):
        with pytest.raises(Forbidden):
            settle(one, by)
    assign(finding=one, owner=cast.member, due=None, by=cast.manager)
    one.refresh_from_db()
    settle(one, cast.member)
    one.refresh_from_db()
    assert (one.state, one.resolution, one.resolved_by) == ("resolved", "accepted", cast.member)
    with pytest.raises(Conflict):
        settle(one, cast.member)
    assert told(one) == ["finding.open", "finding.assign", "finding.resolve"]


def test_a_critical_one_is_settled_by_a_reviewer_outside_the_team(cast, version):
    one = found(version, severity="critical")
    assign(finding=one, owner=cast.member, due=None, by=cast.manager)
    one.refresh_from_db()
    with pytest.raises(Forbidden):
        settle(one, cast.member)
    cast.team.memberships.create(user=cast.reviewer, role="member")
    with pytest.raises(Forbidden):
        settle(one, type(cast.reviewer).objects.get(pk=cast.reviewer.pk))
    cast.team.memberships.filter(user=cast.reviewer).delete()
    settle(one, type(cast.reviewer).objects.get(pk=cast.reviewer.pk))


@pytest.mark.parametrize(
    "changes",
    [
        {"reason": "  \x00"},
        {"reason": "x" * 4001},
        {"resolution": "ended"},
        {"resolution": "corrected"},
        {"resolution": "nonsense"},
        {"others": False},
    ],
)
def test_what_is_no_settlement(cast, version, changes):
    one = found(version)
    with pytest.raises(Invalid):
        settle(one, cast.reviewer, **changes)
    one.refresh_from_db()
    assert one.state == "open"


def test_whoever_did_it_cannot_settle_it(cast, version):
    one = found(version)
    with pytest.raises(Forbidden):
        settle(one, cast.reviewer, done_by=cast.reviewer)
    settle(one, cast.reviewer, done_by=cast.member)
    (event,) = Event.objects.about("finding", one.pk).filter(action="finding.resolve")
    assert event.content["params"]["done_by"] == str(cast.member.pseudonym)
    assert "Agreed by phone" not in event.body


def test_what_no_registry_shows_may_be_corrected(cast, version):
    one = found(version, kind="condition", owner=cast.member, due=timezone.localdate())
    settle(one, cast.member, resolution="corrected", others=False)
    one.refresh_from_db()
    assert one.resolution == "corrected"


# people are told


def test_owners_managers_and_administrators_are_told(cast, version):
    assert "finding.open" in SOURCES
    one = found(version)
    assert {row.user for row in waiting()} == {cast.manager}
    assign(finding=one, owner=cast.member, due=None, by=cast.manager)
    assert {row.user for row in waiting()} == {cast.member}
    type(version.model).objects.update(team=None)
    Finding.objects.update(owner=None)
    assert {row.user for row in waiting()} == {cast.admin}
    end_finding(one)
    assert not list(waiting())


def test_a_low_one_waits_until_its_date_is_near(version):
    found(version, severity="low")
    assert [row.kind for row in waiting()] == [""]
    type(version.model).objects.update(team=None)
    assert not list(waiting()), "what nobody owns and matters little is on the list alone"


# pages and the API


def test_the_list_and_a_finding(cast, version, as_user):
    one = found(version)
    for user in (cast.member, cast.reviewer, cast.auditor):
        page = as_user(user).get(reverse("findings"))
        assert "Alias moved" in page.content.decode()
        body = as_user(user).get(reverse("finding", args=[one.pk])).content.decode()
        assert "names version 2" in body
    assert as_user(cast.stranger).get(reverse("finding", args=[one.pk])).status_code == 404
    assert "Alias moved" not in as_user(cast.stranger).get(reverse("findings")).content.decode().split("<tbody>")[-1]
    assert "エイリアス" in as_user(cast.japanese).get(reverse("finding", args=[one.pk])).content.decode()


def test_only_kinds_that_occur_are_offered(cast, version, as_user):
    found(version)
    page = as_user(cast.member).get(reverse("findings"))
    (kinds,) = [facet for facet in page.context["list"].facets if facet.name == "kind"]
    assert [(str(option.label), option.count) for option in kinds.options] == [("Alias moved", 1)]


def test_settling_on_the_page_keeps_what_was_typed(cast, version, as_user):
    one = found(version)
    browser, address = as_user(cast.reviewer), reverse("finding-resolve", args=[one.pk])
    refused = browser.post(address, {"reason": "A long story", "done_by": ""})
    assert refused.status_code == 422
    assert "A long story" in refused.content.decode()
    own = browser.post(address, {"reason": "A long story", "done_by": cast.reviewer.pk})
    assert own.status_code == 403
    done = browser.post(address, {"reason": "A long story", "done_by": "others"})
    assert done.status_code == 302
    assert "A long story" in browser.get(done["Location"]).content.decode()


def test_assigning_on_the_page(cast, version, as_user):
    one, day = found(version), timezone.localdate() + timedelta(days=3)
    answer = as_user(cast.member).post(
        reverse("finding-assign", args=[one.pk]), {"owner": cast.member.pk, "due": day.isoformat()}
    )
    assert answer.status_code == 302
    one.refresh_from_db()
    assert (one.owner, one.due) == (cast.member, day)


def test_the_api_shows_ones_own(cast, version, as_user):
    one = found(version)
    mine = as_user(cast.member).get(reverse("api-findings"), {"state": "open"}).json()
    rows = mine["results"] if isinstance(mine, dict) else mine
    assert [(row["id"], row["kind"], row["detail"]["found"]) for row in rows] == [(one.pk, "alias_moved", 2)]
    assert as_user(cast.stranger).get(reverse("api-finding", args=[one.pk])).status_code == 404
    assert as_user(cast.member).post(reverse("api-finding", args=[one.pk]), {"state": "resolved"}).status_code == 405


def test_who_had_a_part_in_it_cannot_settle_it(cast, version):
    one = found(version, kind="condition")
    Finding.objects.filter(pk=one.pk).update(detail={"not_by": [str(cast.reviewer.pseudonym)]})
    one.refresh_from_db()
    with pytest.raises(Forbidden):
        settle(one, cast.reviewer, resolution="reviewed", others=False)


@pytest.mark.parametrize("severity", ["low", "high", "critical"])
@pytest.mark.parametrize("owned", [False, True])
@pytest.mark.parametrize("in_team", [False, True])
@pytest.mark.parametrize("had_part", [False, True])
def test_those_who_are_named_are_those_who_may(cast, version, severity, owned, in_team, had_part):
    User.objects.filter(pk=cast.japanese.pk).update(is_reviewer=True, is_active=False)
    one = found(version, kind="condition", severity=severity)
    if in_team:
        cast.team.memberships.create(user=cast.reviewer, role="member")
    owner = cast.member if owned else None
    detail = {"not_by": [str(cast.reviewer.pseudonym)] if had_part else []}
    Finding.objects.filter(pk=one.pk).update(owner=owner, detail=detail)
    one.refresh_from_db()
    may = []
    for user in User.objects.order_by("name", "pk"):
        with transaction.atomic():
            try:
                settle(one, user, resolution="reviewed", others=False)
            except Forbidden:
                continue
            transaction.set_rollback(True)
        may.append(user)
    assert who_may_settle(Finding.objects.get()) == may


def test_who_cannot_settle_it_reads_who_can(cast, version, as_user):
    one = found(version, kind="condition", severity="critical")
    address = reverse("finding", args=[one.pk])
    page = as_user(cast.member).get(address).content.decode()
    assert "Can settle it" in page
    assert "Sato" in page
    assert "Can settle it" not in as_user(cast.reviewer).get(address).content.decode()
    Finding.objects.filter(pk=one.pk).update(detail={"not_by": [str(cast.reviewer.pseudonym)]})
    page = as_user(cast.member).get(address).content.decode()
    assert "nobody at the moment" in page
    assert "an administrator appoints them" in page
    settled = Finding.objects.filter(pk=one.pk)
    settled.update(
        state="resolved", resolution="reviewed", reason="x", resolved_by=cast.admin, resolved_at=timezone.now()
    )
    assert "Can settle it" not in as_user(cast.member).get(address).content.decode()
