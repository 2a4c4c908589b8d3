"""Verdicts that are kept: what is kept is what would be judged, whatever happened in between."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import governance
from governance import verdicts
from governance.actions import policies
from governance.actions.exceptions import end_exception, waive
from governance.actions.profile_changes import agree
from governance.actions.profiles import propose_profile
from governance.jobs_verdicts import keep_verdicts
from governance.mirror.write import write_models
from governance.models import (
    ApproverGroup,
    Audit,
    GateException,
    GroupMember,
    ModelVersion,
    Placement,
    Profile,
    StoredVerdict,
)
from governance.policy import DEFAULT
from governance.verdict import as_messages, judge, spoken
from tests.governance.evidence_made import fairness, lineage
from tests.governance.promotions_made import audit, audited, make_model, make_version, requested
from tests.worlds import placed

pytestmark = pytest.mark.django_db
WAIVABLE = DEFAULT.read_text("utf-8").replace(
    "audit: fairness\n", "audit: fairness\n        waivable: {group: risk, max_days: 30}\n"
)


@pytest.fixture
def version(cast):
    return audited(make_version(make_model(cast)))


def asked(client, cast, version, environment: str = "production") -> dict:
    client.force_login(cast.member)
    model = version.model
    query = {"registry": model.registry.slug, "model": model.name, "version": 1, "environment": environment}
    return client.get("/api/v1/verdict/", query).json()


def fresh(version: ModelVersion) -> ModelVersion:
    return ModelVersion.objects.select_related("model__registry", "model__team", "model__profile").get(pk=version.pk)


def without_time(document: dict) -> dict:
    return {name: value for name, value in document.items() if name != "computed_at"}


def test_what_is_kept_is_answered_as_it_would_be_judged(client, cast, version):
    judged = asked(client, cast, version)
    assert verdicts.keep([fresh(version)], "production") == 1
    assert without_time(asked(client, cast, version)) == without_time(judged)
    assert asked(client, cast, version)["reasons"][1]["sentence"].startswith("The largest gap")


def test_a_kept_verdict_takes_no_more_reads_than_the_sign_in_and_one(client, cast, version):
    verdicts.keep([fresh(version)], "production")
    asked(client, cast, version)
    with CaptureQueriesContext(
        connection,
    ) as queries:
        asked(client, cast, version)
    of_ours = [q["sql"] for q in queries if "governance_" in q["sql"]]
    assert len(of_ours) == 1
    assert "governance_storedverdict" in of_ours[0]


def test_a_stranger_does_not_see_it(client, cast, version):
    verdicts.keep([fresh(version)], "production")
    model = version.model
    query = {"registry": model.registry.slug, "model": model.name, "version": 1, "environment": "production"}
    client.force_login(cast.stranger)
    assert client.get("/api/v1/verdict/", query).status_code == 404


def test_it_is_in_the_language_of_who_asks(client, cast, version):
    verdicts.keep([fresh(version)], "production")
    model = version.model
    query = {"registry": model.registry.slug, "model": model.name, "version": 1, "environment": "production"}
    client.force_login(cast.japanese)
    answer = client.get("/api/v1/verdict/", query, headers={"accept-language": "ja"}).json()
    assert re.search(r"[ぁ-ん]", answer["sentence"])


def test_a_verdict_ends_with_what_it_stands_on(cast, version):
    verdicts.keep([fresh(version)], "production")
    row = StoredVerdict.objects.get()
    assert timezone.now() < row.holds_until <= timezone.now() + verdicts.LONGEST
    StoredVerdict.objects.update(holds_until=timezone.now() - timedelta(seconds=1))
    assert verdicts.kept(cast.admin, **_where(version)) is None
    assert keep_verdicts() == 2  # production and staging
    assert verdicts.kept(cast.admin, **_where(version))["outcome"] == "pass"


def test_a_sentence_that_counts_days_is_not_kept_beyond_the_day(version):
    observed = timezone.now() - timedelta(days=200, hours=20)
    Audit.objects.filter(kind="lineage").update(created_at=observed)
    verdicts.keep([fresh(version)], "production")
    row = StoredVerdict.objects.get()
    assert "200 days old" in spoken(row.document)["sentence"]
    assert row.holds_until == observed + timedelta(days=201)


def test_smaller_groups_may_be_told_of_now_so_the_old_document_is_not_answered(cast, version, settings):
    verdicts.keep([fresh(version)], "production")
    settings.LEAST_CELL = 50
    assert verdicts.kept(cast.admin, **_where(version)) is None


def test_verdicts_on_people_are_not_kept(cast, version):
    text = DEFAULT.read_text("utf-8").replace(
        "    approvals:\n",
        "      - {id: team, audit: maturity, title: {en: Team, ja: チーム},\n"
        "         needs: {framework: mlops-maturity, level: 1}}\n"
        "    approvals:\n",
    )
    policies.publish(text=text, by=None)
    assert verdicts.keep([fresh(version)], "production") == 0
    assert keep_verdicts() == 0


def test_outdating_says_what_is_outdated():
    with pytest.raises(TypeError), transaction.atomic():
        verdicts.outdate()


def _where(version) -> dict:
    model = version.model
    return {
        "registry": model.registry.slug,
        "model": model.name,
        "version": version.number,
        "environment": "production",
    }


# -- whatever happens ----------------------------------------------------------------------------------------

ACTIONS = ("audit-fail", "audit-pass", "lineage", "profile", "publish", "waive", "end", "digest", "alias", "gone")


def act(what: str, version: ModelVersion, cast, number: int) -> None:
    model = version.model
    if what == "audit-fail":
        audit(version, "fairness", fairness(0.17, 0.12, 0.22))
    elif what == "audit-pass":
        audit(version, "fairness")
    elif what == "lineage":
        audit(version, "lineage", lineage(("run",) if number % 2 else ()))
    elif what == "profile":
        kept = Profile.objects.get(model=model)
        fields = {**kept.content, "population": f"Adults {number}"}
        change = propose_profile(model=model, team=cast.team, fields=fields, rev=kept.rev, by=cast.member)
        if change:
            agree(change=change, digest=change.digest, by=cast.manager)
    elif what == "publish":
        days = 30 + number
        policies.publish(text=WAIVABLE.replace("max_age_days: 90", f"max_age_days: {days}"), by=None)
    elif what == "waive":
        if not GateException.objects.filter(ended_at=None).exists():
            until = timezone.now() + timedelta(days=3)
            waive(version=version, environment="production", gate="fairness", reason="R", until=until, by=cast.reviewer)
    elif what == "end":
        for one in GateException.objects.filter(ended_at=None):
            end_exception(exception=one, by=cast.reviewer)
    elif what == "digest":
        with transaction.atomic():  # as the lineage audit does
            ModelVersion.objects.filter(pk=version.pk).update(artifact_digest=f"sha256:{number}")
            verdicts.outdate(version=version)
    elif what == "alias":
        write_models(model.registry, [_remote(model, {"champion": number % 3 + 1})])
    elif what == "gone":
        write_models(model.registry, [_remote(model, {})])


def _remote(model, aliases):
    return SimpleNamespace(name=model.name, description="", tags={}, aliases=aliases, created=0, updated=0)


@given(st.lists(st.tuples(st.sampled_from(ACTIONS), st.integers(0, 5)), min_size=1, max_size=5))
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_what_is_kept_equals_what_is_judged_after_whatever_was_done(cast, actions):
    point = transaction.savepoint()
    try:
        group = ApproverGroup.objects.create(key="risk", name_en="Risk", name_ja="リスク")
        policies.publish(text=WAIVABLE, by=None)
        GroupMember.objects.create(group=group, user=cast.reviewer, since=timezone.now() - timedelta(days=1))
        made = audited(make_version(make_model(cast)))
        for number, (what, size) in enumerate(actions):
            verdicts.keep([fresh(made)], "production")
            act(what, made, cast, size + number)
            now = timezone.now()
            row = StoredVerdict.objects.filter(version=made, environment="production", holds_until__gt=now).first()
            if row is not None:
                judged = as_messages(fresh(made), judge(fresh(made), "production", now=now))
                assert without_time(row.document) == without_time(judged), actions[: number + 1]
    finally:
        transaction.savepoint_rollback(point)


def test_a_version_that_goes_live_outdates_those_compared_with_it(cast, version):
    verdicts.keep([fresh(version)], "production")
    with transaction.atomic():
        promotion = requested(cast, version)
        Placement.objects.filter(pk=placed(promotion, "production").pk)
        verdicts.outdate(model=version.model)
    assert not StoredVerdict.objects.exists()


def test_whoever_writes_what_verdicts_stand_on_outdates_them():
    """A file that writes one of these rows and does not call `outdate` would leave verdicts that are not true."""
    root = Path(governance.__file__).parent
    of = "Audit|Fact|ChecklistMark|GateException|Placement|Policy"
    rows = rf"({of})\.objects\.(create|bulk_create|filter\([^\n]*update\()"
    writes = re.compile(rf"\b{rows}|artifact_digest=(changed|found|digest)\b|\"artifact_digest\"\]\)")
    lacking = [
        str(path.relative_to(root))
        for path in root.rglob("*.py")
        if "migrations" not in path.parts and writes.search(text := path.read_text("utf-8")) and "outdate(" not in text
    ]
    # Checklists: verdicts on them are not kept
    assert lacking == ["actions/checklists.py"]
