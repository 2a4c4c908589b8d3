"""A small world of teams, models and promotions to look at."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from governance.models import ModelVersion, Promotion
from portal.accounts.models import User


@dataclass
class World:
    """Who opens the pages, and their addresses by a name for messages."""

    walks: list[tuple[User, dict[str, str]]]


@dataclass(frozen=True)
class Begun:
    """A first assessment and a second, and requests for promotion; the addresses of their pages by name."""

    addresses: dict[str, str]
    passing: ModelVersion
    ready: Promotion


@pytest.fixture
def signed_in(browser, client, live_server):
    """`signed_in(user)`: a page of the user's browser."""
    from tests.e2e.walking import sign_in

    contexts = []

    def start(user, language="en"):
        context = browser.new_context(viewport={"width": 1280, "height": 900}, locale=language)
        contexts.append(context)
        sign_in(context, client, user, live_server, language)
        return context.new_page()

    yield start
    for context in contexts:
        context.close()


@pytest.fixture
def begun(transactional_db, cast) -> Begun:
    """What a journey needs."""
    from assessments import actions
    from assessments.framework import shipped
    from governance.actions import promotions
    from portal.accounts.actions import create_token
    from tests.governance import factories

    framework = shipped()["mlops-maturity"]
    assessment = actions.start_assessment(team=cast.team, framework=framework, by=cast.manager)
    for criterion in framework.criteria[:20]:
        actions.save_answer(
            assessment=assessment,
            criterion=criterion.id,
            value="yes" if criterion.level < 2 else "partly",
            note="As seen in the last quarter.",
            rev=assessment.answers.filter(criterion=criterion.id).values_list("rev", flat=True).first() or 0,
            by=cast.manager,
        )
    actions.submit(assessment=assessment, by=cast.manager)
    actions.start_assessment(team=cast.team, framework=framework, by=cast.manager)

    model = factories.make_model(cast.team)
    refused = factories.audit_all(factories.make_version(model, 1), gap=0.4)
    passing = factories.audit_all(factories.make_version(model, 2))
    bare = factories.make_version(model, 3)
    shut = promotions.request(version=refused, environment="production", reason="First try.", by=cast.member)
    ready = promotions.request(version=passing, environment="production", reason="Mitigated.", by=cast.member)
    promotions.refuse(promotion=shut, rev=shut.rev, reason="The gap is certain.", by=cast.reviewer)
    factories.make_registry("Legacy", error={"code": "registry.timeout", "params": {"address": "x", "seconds": 10.0}})
    create_token(name="pipeline", scope="read", days=30, by=cast.admin)
    _told(cast)
    _taken_up(cast, framework)
    return Begun(_addresses(cast, model, refused, bare, shut, ready, framework), passing, ready)


@pytest.fixture
def world(cast, begun) -> World:
    """Full pages and empty ones: one object of everything, for who walks through all pages."""
    from assessments.framework import shipped
    from tests import worlds
    from tests.e2e import evaluated, matured

    full = begun.addresses | evaluated.addresses(cast)
    full |= worlds.pages(worlds.Ground(begun.passing, begun.ready, worlds.placed(begun.ready)), cast)
    looked_at = matured.addresses(cast, shipped()["mlops-maturity"])
    return World([(cast.admin, full), *looked_at, (cast.stranger, _empty(cast))])


def _told(cast) -> None:
    """Notices to look at: new, overdue, read, done."""
    from django.utils import timezone

    from portal.inbox.models import Notice
    from portal.message import Message

    now = timezone.now()
    message = Message("evidence.collecting", {"team": cast.team.name}).to_json()
    for n, fields in enumerate(({}, {"due": now.date()}, {"due": now.date().replace(year=2020)}, {"read_at": now})):
        Notice.objects.create(
            user=cast.admin, kind="due.soon", key=f"test:{n}", message=message, url="/teams/", team=cast.team,
            subject_label="Credit Risk", channel="digest", emailed_at=now, **fields,
        )  # fmt: skip
    Notice.objects.filter(key="test:0").update(withdrawn_at=now)


def _taken_up(cast, framework) -> None:
    """Items of a roadmap in each state, one of them overdue."""
    from assessments.actions.roadmap import comment_on, move_item, take_up
    from assessments.models import RoadmapItem

    keys = [criterion.id for criterion in framework.criteria[:5]]
    items = take_up(team=cast.team, framework=framework, criteria=keys, by=cast.member, owner=cast.member)
    for item, state in zip(items[1:4], ("doing", "done", "dropped"), strict=True):
        move_item(item=item, framework=framework, state=state, rev=item.rev, by=cast.member, reason="ML-2")
    comment_on(item=items[0], framework=framework, text="ML-1", by=cast.member)
    RoadmapItem.objects.filter(pk=items[0].pk).update(due="2026-01-05", link="https://tracker.example.org/ML-1")


def _addresses(cast, model, refused, bare, shut, ready, framework) -> dict[str, str]:
    from assessments.models import RoadmapItem
    from governance.models import Policy
    from portal.jobs.models import Job
    from portal.ledger.models import Event

    team, of = f"/teams/{cast.team.slug}/", f"/models/{model.pk}/versions/"
    policy = Policy.objects.first()
    return {
        "home": "/",
        "teams": "/teams/",
        "team": team,
        "team settings": f"{team}settings/",
        "assessment": f"{team}assessment/",
        "criterion": f"{team}assessment/{framework.criteria[0].id}/",
        "check": f"{team}assessment/check/",
        "delegated to me": f"{team}assessment/mine/",
        "roadmap": f"{team}roadmap/",
        "roadmap, claimed": f"{team}roadmap/?kind=claimed",
        "what if": f"{team}roadmap/what-if/?do={framework.criteria[0].id}",
        "roadmap items": f"{team}roadmap/items/",
        "roadmap board": f"{team}roadmap/board/",
        "roadmap item": f"/roadmap-items/{RoadmapItem.objects.first().pk}/",
        "roadmap of a checklist": f"{team}roadmap/?framework=mlops-practices",
        "investments": "/investments/",
        "history": f"{team}history/",
        "models": "/models/",
        "model": f"/models/{model.pk}/",
        "model profile": f"/models/{model.pk}/profile/",
        "version": f"{of}{refused.number}/",
        "lineage": f"{of}{refused.number}/lineage/",
        "fairness": f"{of}{refused.number}/fairness/",
        "explanation": f"{of}{refused.number}/explanation/",
        "version, not audited": f"{of}{bare.number}/",
        "fairness, not audited": f"{of}{bare.number}/fairness/",
        "ask for promotion": f"{of}{bare.number}/promote/",
        "promotions": "/promotions/",
        "promotion, refused": f"/promotions/{shut.pk}/",
        "promotion, open": f"/promotions/{ready.pk}/",
        "policies": "/policies/",
        "policy": f"/policies/{policy.key}/{policy.version}/",
        "publish a policy": "/policies/publish/",
        "records": "/records/",
        "record": f"/records/{Event.objects.first().uuid}/",
        "connections": "/connections/",
        "connection": "/connections/legacy/",
        "new connection": "/connections/new/",
        "people": "/people/",
        "person": f"/people/{cast.member.pseudonym}/",
        "invite": "/people/invite/",
        "jobs": "/jobs/",
        "job": f"/jobs/{Job.objects.first().pk}/" if Job.objects.exists() else "/jobs/",
        "tokens": "/tokens/",
        "profile": "/profile/",
        "notifications": "/profile/notifications/",
        "inbox": "/inbox/",
        "inbox, read": "/inbox/?state=read",
        "documentation": "/docs/",
        "password": "/account/password/change/",
        "nothing found": "/models/?q=nothing-of-that-name",
        "404": "/models/999999/",
    }


def _empty(cast) -> dict[str, str]:
    team = f"/teams/{cast.other_team.slug}/"
    return {
        "home, empty": "/",
        "inbox, empty": "/inbox/",
        "teams, empty": "/teams/",
        "team, not assessed": team,
        "assessment, not started": f"{team}assessment/",
        "roadmap, empty": f"{team}roadmap/",
        "roadmap board, empty": f"{team}roadmap/board/",
        "history, empty": f"{team}history/",
        "models, empty": "/models/",
        "evaluation sets, empty": "/evaluation-sets/",
        "promotions, empty": "/promotions/",
        "records, empty": "/records/",
        "jobs, empty": "/jobs/",
        "403": "/people/",
    }
