"""Home shows each role what waits for it, and nothing of others."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from assessments import actions
from assessments.framework import shipped
from governance.models import Audit, Decision, ModelVersion, Policy, Promotion, RegisteredModel, Registry
from governance.policy import DEFAULT, digest_of_text
from portal.accounts.models import Team, Unit
from portal.home.tasks import SHOWN, tasks_for
from portal.jobs.models import Job
from portal.message import Message

pytestmark = pytest.mark.django_db
FRAMEWORK = shipped()["mlops-maturity"]


@pytest.fixture
def version(cast):
    """`version(team, name)`: a model's next version, mirrored."""
    registry = Registry.objects.create(name="mlflow-main", slug="mlflow-main", address="http://127.0.0.1:1")

    def make(team, name="credit-limit"):
        model, _ = RegisteredModel.objects.get_or_create(registry=registry, name=name, defaults={"team": team})
        return ModelVersion.objects.create(model=model, number=model.versions.count() + 1)

    return make


@pytest.fixture
def ask(cast):
    """`ask(version)`: an open request for production."""
    text = DEFAULT.read_text("utf-8")
    policy = Policy.objects.create(key="default", version=1, text=text, digest=digest_of_text(text))

    def make(version, state="open"):
        closed = None if state == "open" else timezone.now()
        return Promotion.objects.create(
            version=version, environment="production", policy=policy, requested_by=cast.member, state=state,
            closed_at=closed, outcome="fail", verdict={"message": Message("accounts.forbidden").to_json()},
        )  # fmt: skip

    return make


def failed(version, kind="fairness", outcome="fail"):
    message = Message("jobs.crashed", {"error": "gap"}).to_json()
    return Audit.objects.create(version=version, kind=kind, outcome=outcome, message=message, digest="d")


def titles(user) -> list[str]:
    fresh = type(user).objects.get(pk=user.pk)
    return [task.title for task in tasks_for(fresh)[0]]


def test_signed_out_is_sent_to_sign_in(client, db):
    response = client.get("/")
    assert response.status_code == 302
    assert response.url == "/account/login/?next=/"


def test_a_new_team_is_asked_to_assess_itself(as_user, cast):
    html = as_user(cast.manager).get("/").content.decode()
    assert "Assess Credit Risk for the first time" in html
    assert f"Criteria: {len(FRAMEWORK.criteria)}." in html  # of the framework that the link opens
    assert "Imaging" not in html


def test_a_draft_is_to_be_finished(cast):
    actions.start_assessment(team=cast.team, framework=FRAMEWORK, by=cast.member)
    assert titles(cast.manager) == ["Finish the assessment of Credit Risk"]
    assert titles(cast.stranger) == ["Assess Imaging for the first time"]


def test_a_draft_opens_in_its_own_framework(as_user, cast):
    actions.start_assessment(team=cast.team, framework=shipped()["cd4ml"], by=cast.member)
    task = tasks_for(type(cast.manager).objects.get(pk=cast.manager.pk))[0][0]
    assert task.url == "/teams/credit-risk/assessment/?framework=cd4ml"
    assert task.why.startswith(shipped()["cd4ml"].title.en)
    page = as_user(cast.manager).get(task.url).content.decode()
    assert 'href="/teams/credit-risk/?framework=cd4ml"' in page


def test_a_draft_of_a_framework_out_of_use_rests(cast):
    draft = actions.start_assessment(team=cast.team, framework=FRAMEWORK, by=cast.member)
    type(draft).objects.filter(pk=draft.pk).update(framework="gone")
    assert titles(cast.manager) == []


def test_a_reviewer_sees_what_waits_for_a_decision(as_user, cast, version, ask):
    promotion = ask(version(cast.team))
    html = as_user(cast.reviewer).get("/").content.decode()
    assert "Decide on credit-limit 1 for Production" in html
    assert f'href="/promotions/{promotion.pk}/"' in html
    assert "Things that wait for you: 1." in html
    assert "Decide one after another" not in html  # it fails: there is nothing to approve
    Promotion.objects.filter(pk=promotion.pk).update(outcome="pass")
    assert "Decide one after another" in as_user(cast.reviewer).get("/").content.decode()


def test_a_reviewer_does_not_decide_on_an_own_request(cast, version, ask):
    promotion = ask(version(cast.team))
    Promotion.objects.filter(pk=promotion.pk).update(requested_by=cast.reviewer)
    assert titles(cast.reviewer) == []


def test_a_team_sees_its_requests_and_not_those_of_others(cast, version, ask):
    first, other = version(cast.team), version(cast.other_team, "edge")
    ask(first, "sent_back")
    ask(other)
    assert "Mend credit-limit 1 and ask again for Production" in titles(cast.member)
    assert not any("edge" in title for title in titles(cast.member))
    ask(version(cast.team))  # the next version's request makes the old one history
    assert "Mend credit-limit 1 and ask again for Production" not in titles(cast.member)
    assert "credit-limit 2 for Production waits for a decision" in titles(cast.member)


def test_a_failed_audit_waits_until_it_passes_or_a_newer_version_comes(cast, version):
    first = version(cast.team)
    failed(first)
    assert "Fairness: credit-limit 1" in titles(cast.member)
    failed(first, outcome="pass")
    assert "Fairness: credit-limit 1" not in titles(cast.member)
    failed(first, kind="lineage")
    assert "Lineage: credit-limit 1" in titles(cast.member)
    version(cast.team)
    assert "Lineage: credit-limit 1" not in titles(cast.member)


def test_an_administrator_sees_connections_and_jobs_in_trouble(cast, version):
    version(cast.team)
    Registry.objects.update(error=Message("accounts.forbidden").to_json(), tried_at=timezone.now())
    now = timezone.now()
    common = {"kind": "evidence.collect", "state": "failed", "error": Message("jobs.unknown_kind").to_json()}
    Job.objects.create(**common, ended_at=now, subject_label="this week")
    Job.objects.create(**common, ended_at=now - timedelta(days=8), subject_label="long ago")
    assert titles(cast.admin) == ["Mend the connection to mlflow-main", "Collect evidence · this week"]
    assert titles(cast.auditor) == []


def test_an_auditor_sees_recent_decisions(as_user, cast, version, ask):
    import uuid

    promotion = ask(version(cast.team), "refused")
    Decision.objects.create(
        promotion=promotion, decision="refuse", by=cast.reviewer, reason="label leaks", event=uuid.uuid4()
    )
    assert "label leaks" in as_user(cast.auditor).get("/").content.decode()
    assert "label leaks" not in as_user(cast.stranger).get("/").content.decode()


def test_at_most_seven_tasks_in_a_constant_number_of_queries(as_user, cast, version, ask):
    client = as_user(cast.reviewer)
    ask(version(cast.team, "model-0"))
    client.get("/")
    with CaptureQueriesContext(connection) as few:
        client.get("/")
    for number in range(1, 12):
        ask(version(cast.team, f"model-{number}"))
    with CaptureQueriesContext(connection) as many:
        html = client.get("/").content.decode()
    assert len(many) == len(few)
    assert html.count('<li class="task">') == SHOWN
    assert "The 7 most urgent are shown." in html


def test_a_new_administrator_is_led_through_the_first_steps(db, django_user_model, client):
    admin = django_user_model.objects.create_user("a@example.org", name="A", is_administrator=True)
    steps = ["Make the first team", "Invite people, a reviewer among them", "Connect an MLflow server"]
    assert titles(admin) == steps
    client.force_login(admin)
    page = client.get("/").content.decode()
    for address in ("/people/", "/connections/new/"):
        assert f'href="{address}"' in page
        assert client.get(address).status_code == 200
    Registry.objects.create(name="main", slug="main", address="http://127.0.0.1:1")
    django_user_model.objects.create_user("r@example.org", name="R", is_reviewer=True)
    assert titles(admin) == steps[:1]
    Team.objects.create(name="T", slug="t", unit=Unit.objects.create(name="U"))
    assert titles(admin) == []
