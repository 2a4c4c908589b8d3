"""Every model of ours says what of it a user may see: nobody who is not signed in, and no foreign row."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.apps import apps
from django.contrib.auth.models import AnonymousUser
from django.utils import timezone

from assessments import actions as maturity
from assessments.actions.roadmap import comment_on, take_up
from assessments.framework import shipped
from assessments.models import Evidence
from governance.actions import promotions
from governance.models import DataConnection, EvaluationSet, EvaluationSetUse, Interpreter, Move, Placement, Registry
from portal.accounts import actions as people
from portal.accounts.models import Invitation, Team, Unit, User
from portal.inbox.models import Mail, MailChoice, Notice
from portal.jobs.models import Host, Tick
from portal.ledger.models import Event, Head
from portal.pdf.models import Document
from tests import worlds
from tests.governance import factories as make
from tests.maturity import everything_of
from tests.remembered import remembered

OURS = ("accounts", "ledger", "jobs", "inbox", "pdf", "assessments", "governance")
MODELS = [model for label in OURS for model in apps.get_app_config(label).get_models()]
# Of the organisation as a whole, and without anything of one team in them.
SHARED = {"ledger.Head", "jobs.Tick", "governance.Policy", "assessments.FrameworkVersion"} | worlds.named("OF_ALL")
CONNECTIONS = (  # for administrators and auditors
    *(Registry, DataConnection, Interpreter, Host),
    *map(apps.get_model, sorted(worlds.named("OVERSEEN"))),
)
PERSONAL = tuple(map(apps.get_model, sorted(worlds.named("PERSONAL"))))


@pytest.fixture
@remembered
def world(cast):
    """A row of every model, all of the cast's first team, which has a unit of its own."""
    unit = Unit.objects.create(name="Elsewhere")
    Team.objects.filter(pk=cast.other_team.pk).update(unit=unit)
    version = make.audit_all(make.make_version(make.make_model(cast.team), author="somebody"))
    asked = promotions.request(version=version, environment="production", reason="Better.", by=cast.member)
    asked = promotions.approve(promotion=asked, rev=asked.rev, reason="Fine.", by=cast.reviewer)
    place = Placement.objects.create(
        model=version.model, environment="production", version=version, promotion=asked, since=timezone.now()
    )
    worlds.build(worlds.Ground(version, asked, place), cast)
    Interpreter.objects.create(name="Models of 2024", executable="/opt/models-2024/bin/python")
    DataConnection.objects.create(name="Warehouse", address="postgres://reader@127.0.0.1/none", team=cast.team)
    gold = EvaluationSet.objects.create(team=cast.team, name="Held out", source="file", place="file:///data/x.csv")
    EvaluationSetUse.objects.create(model=version.model, set=gold, role="gold")
    framework = shipped()["mlops-maturity"]
    draft = maturity.start_assessment(team=cast.team, framework=framework, by=cast.member)
    criterion = framework.of("training", level=1, required=True)[0].id
    maturity.save_answer(assessment=draft, criterion=criterion, value="yes", note="Ours", rev=0, by=cast.member)
    Evidence.objects.create(team=cast.team, fact="x", source="y", grade="A", value=True, observed_at=timezone.now())
    maturity.submit(assessment=draft, by=cast.manager)
    everything_of(cast)
    (item,) = take_up(team=cast.team, framework=framework, criteria=[criterion], by=cast.member)
    comment_on(item=item, framework=framework, text="Ours", by=cast.member)
    Document.objects.create(
        kind="report.maturity", name="x.pdf", language="en", team=cast.team, subject_type="team",
        subject_id="credit-risk", path="documents/x.pdf", size=1, sha256="0" * 64,
    )  # fmt: skip
    people.create_token(by=cast.member, name="build", scope="read", days=9)
    people.invite(email="new@example.org", by=cast.admin, link=lambda token: token, team=cast.team)
    Notice.objects.create(
        user=cast.member, kind="due.soon", key="x", message={}, url="/", channel="off", team=cast.team
    )
    MailChoice.objects.create(user=cast.member, kind="due.soon", channel="off")
    Mail.objects.create(user=cast.member)
    Head.objects.get_or_create(id=1)
    Host.objects.get_or_create(name="worker-1")
    Tick.objects.get_or_create(name="x", defaults={"ran_at": timezone.now() - timedelta(days=1)})
    return cast


def foreign(model, cast):
    """The rows of a model that are not the stranger's own."""
    own = {User: cast.stranger.pk, Team: cast.other_team.pk, Unit: Team.objects.get(pk=cast.other_team.pk).unit_id}
    rows = model._default_manager.all()
    if model in own:
        return rows.exclude(pk=own[model])
    return rows.exclude(team=cast.other_team) if model._meta.label == "accounts.Membership" else rows


def test_every_model_says_what_a_user_may_see():
    assert not [model._meta.label for model in MODELS if not hasattr(model._default_manager, "for_user")]


def test_who_is_not_signed_in_is_given_no_row(world):
    for model in MODELS:
        assert model._default_manager.exists(), f"no {model._meta.label} in the world of this test"
        assert not model._default_manager.for_user(AnonymousUser()).exists(), model._meta.label


def test_a_stranger_is_given_no_foreign_row(world):
    for model in MODELS:
        shown = set(model._default_manager.for_user(world.stranger))
        theirs = set(foreign(model, world))
        if model._meta.label in SHARED:
            assert shown == theirs
        else:
            assert theirs, f"no foreign {model._meta.label} in the world of this test"
            assert not shown & theirs, model._meta.label


def test_a_team_that_opens_its_results_shows_them(world):
    """The stranger of the test above is kept out by the team's wish, not by an empty query."""
    Team.objects.filter(pk=world.team.pk).update(visibility="organisation")
    for model in (*apps.get_app_config("governance").get_models(), Evidence, Document, Unit):
        if model not in (*CONNECTIONS, *PERSONAL):
            assert set(model._default_manager.for_user(world.stranger)) == set(model._default_manager.all())


def test_a_member_is_given_what_is_the_teams(world):
    for model in MODELS:
        if model not in (*CONNECTIONS, Invitation):
            assert model._default_manager.for_user(world.member).exists(), model._meta.label


def test_nobody_reads_a_text_without_its_event(world):
    event = Event.objects.filter(action="assessment.answer").earliest("at")
    assert event.texts.for_user(world.member).get().text == "Ours"
    assert not event.texts.for_user(world.stranger).exists()


def test_a_move_waits_in_the_outbox_of_its_team(world):
    assert Move.objects.for_user(world.member).count() == Move.objects.for_user(world.auditor).count() == 1
