"""Every action, subject and field that is recorded has words in both languages."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import pytest
from django.test import Client
from django.utils import translation

from assessments import actions as maturity
from assessments.framework import shipped
from governance.actions import policies, promotions
from governance.actions.approvals import lapse_all
from governance.actions.registries import change_registry, connect_registry
from governance.models import (
    AuditKind,
    Decision,
    Direction,
    EvidenceLabel,
    Kind,
    Outcome,
    Profile,
    PromotionState,
    Risk,
)
from governance.moves.ending import finish as place
from governance.policy import DEFAULT
from portal.accounts import actions as people
from portal.jobs.kinds import KINDS
from portal.ledger import words
from portal.ledger.models import Event
from portal.ledger.reading import read
from portal.message import Message
from tests.governance import factories as make
from tests.governance.agreed import set_profile

ROOT = Path(__file__).resolve().parent.parent
JAPANESE = re.compile(r"[\u3040-\u30ff\u4e00-\u9fff]")
PARTS = ("before", "after", "params", "texts")
CHOICES = {
    "kind": [*Kind.values, *AuditKind.values],
    "kinds": AuditKind.values,
    "outcome": Outcome.values,
    "label": EvidenceLabel.values,
    "risk": Risk.values,
    "metric_direction": Direction.values,
    "state": PromotionState.values,
    "bound": ["artifact", "policy", "profile", "evidence"],
    "inputs": ["artifact", "data", "profile"],
    "because": [
        *("promotion.lapsed", "promotion.lapsed.sent_back", "promotion.lapsed.verdict"),
        *("promotion.lapsed.expired", "promotion.lapsed.role", "promotion.lapsed.deputy"),
        *("promotion.lapsed.automatic", "promotion.lapsed.passage"),
        *("move.no-decision", "move.given-up", "move.gone", "move.overtaken"),
    ],
}


@cache
def recording() -> list[tuple[Path, str, ast.Call]]:
    """The calls that record, in all modules: `record` itself and what passes its fields on."""
    found = []
    for path in (path for top in ("portal", "assessments", "governance") for path in (ROOT / top).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            name = getattr(getattr(node, "func", None), "id", "")
            if isinstance(node, ast.Call) and name in ("record", "_record", "_tell"):
                found.append((path, name, node))
    return found


def strings(node: ast.AST | None) -> set[str]:
    """The keys of a dict as written, also where it is one of several or stands in a dict of dicts."""
    found = (key for part in ast.walk(node) if isinstance(part, ast.Dict) for key in part.keys) if node else ()
    return {key.value for key in found if isinstance(key, ast.Constant)}


def test_every_key_that_a_module_writes_has_a_word():
    lost, seen = [], set()
    for path, name, call in recording():
        given = {keyword.arg: keyword.value for keyword in call.keywords}
        keys = set().union(*(strings(given.get(part)) for part in PARTS))
        if name == "_tell" and path.name == "ending.py":
            keys |= set(given) - {"before", "after", None}
        seen |= keys
        lost += [(path.name, key) for key in sorted(keys) if words.field_text(key) == key]
    assert {"decision_number", "password_changed", "answer_rev", "reason"} <= seen
    assert not lost


def test_every_action_that_a_module_names_has_a_word():
    actions = set()
    for _path, name, call in recording():
        given = {keyword.arg: keyword.value for keyword in call.keywords}
        if name == "record" and isinstance(given.get("action"), ast.Constant):
            actions.add(given["action"].value)
        elif name == "_tell" and call.args and isinstance(call.args[0], ast.Constant):
            actions.add(f"promotion.{call.args[0].value}")
    assert len(actions) > 25
    assert not [action for action in actions if words.action_text(action) == action]


def test_every_value_that_is_a_code_has_a_word():
    assert not [(key, value) for key, values in CHOICES.items() for value in values if not words.value_text(key, value)]
    assert not [kind for kind in KINDS if kind.startswith("report.") and not words.value_text("kind", kind)]


@pytest.fixture
def history(cast, settings):
    """What one team's week leaves in the records."""
    settings.REGISTRY_HOSTS = ["127.0.0.1"]
    registry = connect_registry(name="Main", address=make.DEAD, by=cast.admin)
    change_registry(registry=registry, address=make.DEAD, username="", password=None, enabled=False, by=cast.admin)
    text = DEFAULT.read_text("utf-8")
    policies.publish(text=text, by=cast.admin)
    model = make.make_model(cast.team, registry=registry, profile={"bins": {"age": [30, 60]}})
    version = make.audit_all(make.make_version(model, author="somebody"))
    asked = promotions.request(version=version, environment="production", reason="Better.", by=cast.member)
    asked = promotions.send_back(promotion=asked, rev=asked.rev, reason="Say more.", by=cast.reviewer)
    asked = promotions.resubmit(promotion=asked, reason="More.", by=cast.member)
    asked = promotions.approve(promotion=asked, rev=asked.rev, by=cast.reviewer)
    asked.move.replaced, asked.move.state = 7, "moving"
    asked.move.save()
    place(asked.move, 1)
    other = promotions.request(version=version, environment="staging", by=cast.member)
    promotions.withdraw(promotion=other, by=cast.member)
    profile = Profile.objects.get(model=model)
    fields = profile.content | {"population": "Adults.", "risk": "low"}
    set_profile(model=model, team=cast.team, fields=fields, rev=profile.rev, by=cast.member)
    framework = shipped()["mlops-maturity"]
    draft = maturity.start_assessment(team=cast.team, framework=framework, by=cast.member)
    criterion = framework.of("training", level=1, required=True)[0].id
    maturity.save_answer(assessment=draft, criterion=criterion, value="yes", note="Ours", rev=0, by=cast.member)
    maturity.submit(assessment=draft, by=cast.manager)
    people.create_token(by=cast.member, name="build", scope="read", days=9)
    return list(Event.objects.prefetch_related("texts"))


def test_a_reader_meets_no_code(history, cast):
    actions = {event.action for event in history}
    assert {"promotion.moved", "promotion.send_back", "profile.change", "registry.change"} <= actions
    with translation.override("ja"):
        for row in read(history):
            for word in (row.action, row.kind, *(change.label for change in (*row.changes, *row.params))):
                assert JAPANESE.search(word), (row.event.action, word)
            for text in row.event.texts.all():
                assert JAPANESE.search(translation.gettext(words.field_text(text.name))), text.name


def test_values_are_words_too(history):
    [row] = read(event for event in history if event.action == "promotion.approve")
    shown = {change.label: change.after for change in (*row.changes, *row.params)}
    assert shown["State"] == "Approved, being moved"
    assert shown["Outcome"] == "Pass"
    assert shown["Bound digests"].startswith("Model files: sha256:")


def test_an_approver_is_named(cast):
    version = make.audit_all(make.make_version(make.make_model(cast.team), author="somebody"))
    asked = promotions.request(version=version, environment="production", reason="Better.", by=cast.member)
    event = Event.objects.get(action="promotion.request")
    Decision.objects.create(promotion=asked, decision="approve", by=cast.reviewer, event=event.uuid)
    lapse_all(promotion=asked, because=Message("promotion.lapsed.sent_back"))
    [row] = read([Event.objects.get(action="promotion.lapse")])
    shown = {param.label: param.after for param in row.params}
    assert shown["Approved by"] == "Sato"
    assert shown["Because"] == "The promotion was sent back"


def test_a_record_leads_to_what_it_is_about(history, cast):
    browser, kinds = Client(), set()
    browser.force_login(cast.admin, backend="allauth.account.auth_backends.AuthenticationBackend")
    for row in read(history):
        if row.event.subject_type != "token":
            assert browser.get(row.url, follow=True).status_code == 200, (row.event.subject_type, row.url)
            kinds.add(row.event.subject_type)
    assert {"registry", "model", "version", "promotion", "policy", "assessment"} <= kinds
