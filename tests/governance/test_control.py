"""Are we in control: each figure is of what one sees, leads to its list, and takes no more reads for more models."""

from __future__ import annotations

import csv
import io
import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from governance.control import control
from governance.findings import open_finding
from governance.judging import judge_live
from governance.models import Finding, GateException, LiveJudgement, Placement, Promotion, Registry
from governance.templatetags.way_words import in_days
from portal.message import Message
from tests.governance.evidence_made import fairness
from tests.governance.promotions_made import audit, audited, make_model, make_version, requested
from tests.worlds import placed

pytestmark = pytest.mark.django_db


def live(cast, name: str = "credit-limit", **profile) -> Placement:
    return placed(requested(cast, audited(make_version(make_model(cast, name, **profile)))), "production")


def figures(user):
    return control(user, timezone.now())


def test_with_nothing_live_nothing_is_claimed(cast):
    found = figures(cast.admin)
    assert (found.models, found.share, found.request_to_live, found.blocking) == (0, None, None, ())


def test_live_models_by_risk_and_outcome(cast):
    live(cast)
    worse = live(cast, "scoring", risk="low")
    audit(worse.version, "fairness", fairness(0.17, 0.12, 0.22))
    judge_live()
    live(cast, "new", risk="medium")
    found = figures(cast.admin)
    assert found.live == {("high", "pass"): 1, ("low", "fail"): 1, ("medium", ""): 1}
    assert (found.not_passing, found.in_control, found.share) == (2, False, 1.0)


def test_the_last_judgement_counts(cast):
    place = live(cast)
    day = timezone.localdate()
    LiveJudgement.objects.create(placement=place, day=day - timedelta(days=1), outcome="fail", verdict={})
    LiveJudgement.objects.create(placement=place, day=day, outcome="pass", verdict={})
    assert figures(cast.admin).live == {("high", "pass"): 1}


def test_what_was_not_judged_since_yesterday_is_not_known(cast, as_user):
    place = live(cast)
    day = timezone.localdate()
    kept = LiveJudgement.objects.create(placement=place, day=day - timedelta(days=1), outcome="pass", verdict={})
    assert figures(cast.admin).in_control
    LiveJudgement.objects.filter(pk=kept.pk).update(day=day - timedelta(days=2))
    found = figures(cast.admin)
    assert (found.unjudged, found.in_control, found.only_unknown) == (1, False, True)
    assert "Live models not judged yet: 1 of 1." in as_user(cast.manager).get("/control/").content.decode()


def test_an_alias_without_a_decision_is_not_under_a_policy(cast):
    live(cast)
    make_model(cast, "wild")
    model = make_model(cast, "stray")
    model.aliases = {"champion": 1}
    model.save()
    found = figures(cast.admin)
    assert (found.models, found.ungoverned, found.share, found.in_control) == (2, 1, 0.5, False)


def test_unexplained_moves_waivers_and_how_long_it_took(cast, as_user):
    place, now = live(cast), timezone.now()
    Promotion.objects.filter(pk=place.promotion_id).update(requested_at=place.since - timedelta(days=3))
    words = {"alias": "champion", "model": "m", "found": 2, "expected": 1}
    open_finding(
        kind="alias_moved", key="x", severity="high", title=Message("finding.alias_moved", words),
        about={"model": place.model},
    )  # fmt: skip
    open_finding(
        kind="tag_changed", key="y", severity="low", title=Message("finding.tag_changed"), about={"model": place.model}
    )
    for days, gate in ((10, "a"), (60, "b")):
        GateException.objects.create(
            kind="waiver", model=place.model, environment="production", gate=gate, reason="R", by=cast.reviewer,
            until=now + timedelta(days=days), event="00000000-0000-0000-0000-000000000000",
        )  # fmt: skip
    found = figures(cast.admin)
    assert (found.unexplained, found.waivers, found.went_live) == (1, 1, 1)
    assert found.request_to_live == timedelta(days=3)
    page = as_user(cast.admin).get("/control/").content.decode()
    (link,) = re.findall(r'href="(/findings/[^"]*explained=no)"', page)
    (row,) = as_user(cast.admin).get(link.replace("&amp;", "&")).context["list"].rows
    assert row.kind == "alias_moved"


@pytest.mark.parametrize(
    ("kind", "severity", "grave"),
    [
        ("gate_off", "high", 1),
        ("artifact_changed", "critical", 1),
        ("review", "critical", 1),
        ("tag_changed", "low", 0),
        ("alias_moved", "high", 0),  # counted as a move that nobody explained
        ("not_passing", "high", 0),  # counted by its verdict
    ],
)
def test_what_is_to_be_settled_is_no_yes(cast, as_user, kind, severity, grave):
    place = live(cast)
    judge_live()
    assert figures(cast.admin).in_control
    finding = open_finding(
        kind=kind, key="x", severity=severity, title=Message("finding.reason", {}), about={"model": place.model}
    )
    found = figures(cast.admin)
    assert (found.grave, found.only_unknown) == (grave, False)
    assert found.in_control is not bool(grave or kind == "alias_moved")
    assert figures(cast.stranger).grave == 0
    page = as_user(cast.manager).get("/control/").content.decode()
    assert ("Findings of high or critical severity to settle: 1." in page) is bool(grave)
    assert ("Yes: everything" in page) is found.in_control
    Finding.objects.filter(pk=finding.pk).update(state="resolved", resolution="ended", resolved_at=timezone.now())
    assert figures(cast.admin).in_control


@pytest.mark.parametrize(
    "changes", [{"error": {"code": "registry.unasked", "params": {}}}, {"enabled": False}, {"tried_at": "long ago"}]
)
def test_a_registry_that_is_not_read_leaves_it_unknown(cast, as_user, changes):
    place = live(cast)
    judge_live()
    if "tried_at" in changes:
        changes = {"tried_at": timezone.now() - timedelta(days=1)}
    Registry.objects.create(name="Empty", slug="empty", address="http://127.0.0.1:9", enabled=False)  # nothing live
    assert figures(cast.admin).unread == 0
    Registry.objects.filter(pk=place.model.registry_id).update(**changes)
    found = figures(cast.manager)
    assert (found.unread, found.in_control, found.only_unknown) == (1, False, True)
    assert figures(cast.stranger).unread == 0
    page = as_user(cast.manager).get("/control/").content.decode()
    assert "What stands there now is not known." in page
    assert "Yes: everything" not in page
    assert 'class="verdict verdict-na"' in page
    answer = as_user(cast.manager).get("/api/v1/control/").json()
    assert (answer["in_control"], answer["unread_registries"], answer["grave_findings"]) == (False, 1, 0)


def test_the_checks_that_block_most(cast):
    for number in range(2):
        version = audited(make_version(make_model(cast, f"m{number}")), fairness=fairness(0.17, 0.12, 0.22))
        requested(cast, version)
    requested(cast, make_version(make_model(cast, "bare")))
    counts = {one.gate: one.count for one in figures(cast.admin).blocking}
    assert counts == {"fairness": 3, "lineage": 1, "explanation": 1}


def test_everybody_sees_their_own(cast):
    live(cast)
    judge_live()
    assert figures(cast.manager).models == figures(cast.auditor).models == 1
    assert figures(cast.stranger).models == 0


@pytest.mark.parametrize(
    ("who", "status"),
    [("admin", 200), ("auditor", 200), ("reviewer", 200), ("manager", 200), ("member", 403), ("japanese", 403)],
)
def test_who_may_open_it(client, cast, who, status):
    client.force_login(getattr(cast, who))
    for address in ("/control/", "/control/live/", "/control/blocked/?gate=fairness", "/api/v1/control/"):
        assert client.get(address).status_code == status, address


def test_each_figure_leads_to_its_list(client, cast):
    worse = live(cast, "scoring", risk="low")
    live(cast)
    audit(worse.version, "fairness", fairness(0.17, 0.12, 0.22))
    judge_live()
    client.force_login(cast.manager)
    page = client.get("/control/").content.decode()
    assert "Live models that do not pass today's policies: 1 of 2." in page
    assert "/control/live/?risk=low&amp;outcome=fail" in page
    rows = client.get("/control/live/?risk=low&outcome=fail").content.decode()
    assert "scoring" in rows
    assert "credit-limit" not in rows
    client.force_login(cast.stranger)
    assert "scoring" not in client.get("/control/live/").content.decode()


def test_what_no_policy_has_judged_is_listed_by_a_dash(client, cast):
    live(cast)
    client.force_login(cast.manager)
    assert "risk=high&amp;outcome=-" in client.get("/control/").content.decode()
    assert "credit-limit" in client.get("/control/live/?risk=high&outcome=-").content.decode()


def test_the_table_runs_nothing_in_a_spreadsheet(client, cast):
    live(cast, "=cmd|calc")
    judge_live()
    client.force_login(cast.manager)
    rows = list(csv.reader(io.StringIO(client.get("/control/live/?format=csv").content.decode("utf-8-sig"))))
    assert rows[1][1] == "'=cmd|calc"
    assert rows[1][4:6] == ["High", "Pass"]


def test_the_api_says_the_same(client, cast):
    live(cast)
    judge_live()
    client.force_login(cast.manager)
    answer = client.get("/api/v1/control/").json()
    assert answer["live"] == [{"risk": "high", "outcome": "pass", "models": 1}]
    assert (answer["in_control"], answer["share_under_policy"], answer["models"]) == (True, 1.0, 1)


def test_more_models_take_no_more_reads(client, cast):
    live(cast)
    judge_live()
    client.force_login(cast.manager)

    def reads() -> int:
        with CaptureQueriesContext(connection) as queries:
            client.get("/control/")
        return len(queries)

    reads()
    before = reads()
    for number in range(4):
        live(cast, f"more-{number}")
        requested(cast, make_version(make_model(cast, f"bare-{number}")))
    judge_live()
    assert reads() == before
    assert before < 25


def test_what_is_not_judged_yet_is_told_as_unknown(client, cast):
    live(cast)
    client.force_login(cast.admin)
    page = client.get("/control/").content.decode()
    assert "Live models not judged yet: 1 of 1." in page
    assert "verdict-na" in page
    assert "do not pass" not in page
    assert "verdict-fail" not in page
    judge_live()
    assert "verdict-pass" in client.get("/control/").content.decode()


def test_less_than_an_hour_is_told_in_minutes():
    assert (in_days(timedelta(minutes=12)), in_days(timedelta(hours=3))) == ("12 min", "3.0 h")
