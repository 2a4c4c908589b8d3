"""Every address of the product × every reader: a foreign object is not there, and nothing changes unasked.

The addresses are walked, not listed: a new one that needs an object fails here until the world below has one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.db import connection
from django.http import HttpRequest, HttpResponse, HttpResponseForbidden
from django.test import Client
from django.urls import get_resolver, reverse
from django.urls.resolvers import URLResolver

from assessments import actions as maturity
from assessments.actions import frameworks as change_frameworks
from assessments.framework import shipped
from assessments.models import FrameworkVersion
from governance.actions import promotions
from governance.actions.data_connections import save_connection
from governance.models import Interpreter, Promotion
from portal.accounts import actions as people
from portal.accounts.models import ApiToken
from portal.inbox.models import MailChoice, Notice
from portal.jobs.models import Job
from portal.ledger.models import Event
from portal.message import Message
from portal.pdf.models import Document
from tests import worlds
from tests.assessments import framework_rows
from tests.governance import factories as make
from tests.governance.agreed import use_set
from tests.governance.evaluation_made import uploaded
from tests.maturity import everything_of
from tests.remembered import remembered

BACKEND = "allauth.account.auth_backends.AuthenticationBackend"
# Open to whoever finds the site: signing in and out, what is said before it, and the language.
OPEN = re.compile(r"^(account_|docs$|invitation$|unsubscribe$|set_language$|health-|api-schema$|api-docs$)")
# Mail programs post to it by themselves; the signed link is the permission, and this world's link is forged.
SIGNED = {"unsubscribe"} | worlds.named("SIGNED")
# The same for everybody who is signed in: policies and frameworks are the organisation's.
SHARED = (
    {"policy", "policy-by-id", "api-framework", "api-framework-yaml"}
    | {f"framework{part}" for part in ("", "-version", "-yaml", "-by-id")}
    | worlds.named("SHARED")
)
# Not there in this world, whoever asks: nobody answers apart, no framework is being edited, no upgrade waits, nobody
# has signed; and the page across teams is for those who answer in several.
ABSENT = {
    *("assessment-apart", "assessments-together-criterion", "api-assessment-reviews", "team-tools"),
    *("framework-edit", "framework-criterion", "framework-publish", "framework-discard"),
    *("framework-upgrade", "api-framework-upgrade"),
} | worlds.named("ABSENT")
WRITES = re.compile(r"^\s*(INSERT|UPDATE|DELETE)\b(?!.*django_session)", re.IGNORECASE)
SECRET = "s3cret-of-the-registry"


def patterns(found=None):
    for pattern in found or get_resolver().url_patterns:
        if isinstance(pattern, URLResolver):
            yield from patterns(pattern.url_patterns)
        else:
            yield pattern


NAMES = [pattern.name for pattern in patterns()]
NEEDS = {pattern.name: set(pattern.pattern.regex.groupindex) for pattern in patterns()}


@pytest.fixture
@remembered
def world(cast):
    """One object of everything, all of the cast's first team, which nobody else may see."""
    from governance.secrets import seal

    registry = make.make_registry(password_encrypted=seal(SECRET), username="robot")
    version = make.make_version(make.make_model(cast.team, registry=registry), author="somebody")
    make.audit_lineage(version)
    promotion = promotions.request(
        version=version, environment="production", reason="Better on new rows.", by=cast.member
    )
    interpreter = {"pk": Interpreter.objects.create(name="Models of 2024", executable="/opt/py/bin/python").pk}
    framework = shipped()["mlops-maturity"]
    draft = maturity.start_assessment(team=cast.team, framework=framework, by=cast.member)
    criterion = framework.of("training", level=1, required=True)[0].id
    framework_rows.row()
    framework_rows.row(2, framework_rows.SECOND, framework_rows.CHANGES, state="published")
    change_frameworks.open_draft(key="ours", by=cast.admin)
    maturity.save_answer(assessment=draft, criterion=criterion, value="yes", note="Ours alone", rev=0, by=cast.member)
    document = Document.objects.create(
        kind="report.maturity", name="x.pdf", language="en", team=cast.team, subject_type="team",
        subject_id="credit-risk", path="documents/x.pdf", size=1, sha256="0" * 64,
    )  # fmt: skip
    document.file.parent.mkdir(parents=True)
    document.file.write_bytes(b"%PDF")
    token, _key = people.create_token(by=cast.member, name="build", scope="read", days=9)
    invitation, _link = people.invite(email="new@example.org", by=cast.admin, link=lambda token: token, team=cast.team)
    note = Event.objects.get(action="assessment.answer")
    ours = everything_of(cast)
    notice = Notice.objects.create(
        user=cast.member, kind="due.soon", key="test:1", url="/teams/credit-risk/", channel="off",
        message=Message("jobs.unknown_kind", {"kind": "Ours alone"}).to_json(), subject_label="Credit Risk",
    )  # fmt: skip
    gold = uploaded(cast.team, cast.member, name="Held out of ours")
    use = use_set(model=version.model, one=gold, role="gold", by=cast.member)
    database = save_connection(
        name="Warehouse", kind="postgres", address="postgres://r@127.0.0.1/d", password=SECRET, by=cast.admin
    )
    held_out = {"pk": gold.pk}
    slug, person, pk = {"slug": cast.team.slug}, {"pseudonym": cast.manager.pseudonym}, {"pk": version.model_id}
    of_version, asked, server = pk | {"number": version.number}, {"pk": promotion.pk}, {"slug": registry.slug}
    job, event = {"pk": Job.objects.filter(team=cast.team).first().pk}, {"uuid": note.uuid}
    reviewed, item, campaign = {"pk": ours.assessment.pk}, {"pk": ours.item.pk}, {"pk": ours.campaign.pk}
    dispute, file, key = {"pk": ours.contradiction.pk}, {"pk": ours.file.pk}, {"key": framework.key}
    given = {
        **dict.fromkeys(("person", "person-roles", "person-account"), person),
        **dict.fromkeys(("team-member-role", "team-member-remove"), slug | person),
        **dict.fromkeys(("job", "job-progress", "job-cancel", "api-job", "api-job-cancel"), job),
        **dict.fromkeys(("record", "api-event"), event),
        **dict.fromkeys(
            ("connection", "connection-change", "connection-remove", "connection-test", "connection-mirror"), server
        ),
        **dict.fromkeys(("interpreter", "interpreter-check", "interpreter-remove"), interpreter),
        **dict.fromkeys(("model", "model-profile", "model-compare", "model-data", "model-columns"), pk),
        **dict.fromkeys((n for n in NAMES if "evaluation-set" in n and NEEDS[n] == {"pk"}), held_out),
        **dict.fromkeys((n for n in NAMES if NEEDS[n] == {"pk", "number"}), of_version),
        **dict.fromkeys((n for n in NAMES if "promotion" in n and NEEDS[n] == {"pk"}), asked),
        **dict.fromkeys((n for n in NAMES if "team" in n and NEEDS[n] == {"slug"}), slug),
        **dict.fromkeys((n for n in NAMES if n.startswith("assessment") and NEEDS[n] == {"slug"}), slug),
        **dict.fromkeys((n for n in NAMES if "roadmap" in n and NEEDS[n] == {"slug"}), slug),
        **dict.fromkeys((n for n in NAMES if NEEDS[n] == {"slug", "criterion_id"}), slug | {"criterion_id": criterion}),
        **dict.fromkeys(("levels-explained", "targets", "milestones", "position", "contradictions"), slug),
        **dict.fromkeys((n for n in NAMES if n.startswith("review") and NEEDS[n] == {"pk"}), reviewed),
        **dict.fromkeys((n for n in NAMES if "roadmap-item" in n and NEEDS[n] == {"pk"}), item),
        **dict.fromkeys((n for n in NAMES if "campaign" in n and NEEDS[n] == {"pk"}), campaign),
        **dict.fromkeys((n for n in NAMES if "contradiction" in n and NEEDS[n] == {"pk"}), dispute),
        **dict.fromkeys(("assessment-file", "assessment-file-remove"), file),
        **dict.fromkeys((n for n in NAMES if "framework" in n and NEEDS[n] == {"key"}), key),
        **dict.fromkeys(("framework-version", "framework-yaml"), key | {"version": framework.version}),
        "framework-criterion": {"key": "ours", "criterion_id": "training.recorded"},
        "framework-by-id": {"pk": FrameworkVersion.objects.get(key=framework.key).pk},
        "assessments-together-criterion": {"criterion_id": criterion},
        "criteria-table": slug | {"form": "csv"},
        "milestone-remove": {"pk": ours.milestone.pk},
        "review-criterion": {"pk": ours.assessment.pk, "criterion_id": ours.criterion},
        "api-assessment-reviews": {"pk": ours.assessment.pk},
        "api-assessment-sign": {"pk": ours.assessment.pk},
        "api-assessment-review": {"pk": ours.assessment.pk, "criterion": ours.criterion},
        "assessment-record": {"pk": draft.pk},
        "api-assessment": {"pk": draft.pk},
        "api-assessment-answer": {"pk": draft.pk, "criterion": criterion},
        "record-text-erase": event | {"name": "note"},
        "document": {"pk": document.pk},
        "token-revoke": {"digest": token.digest},
        "model-data-release": pk | {"use": use.pk},
        "data-connection": {"pk": database.pk},
        "invitation-withdraw": {"pk": invitation.pk},
        "invitation": {"token": "none"},
        "unsubscribe": {"token": "none"},
        "inbox-read": {"pk": notice.pk},
        "account_reset_password_from_key": {"uidb36": "a", "key": "b-c"},
        "policy": {"key": "default", "version": 1},
        "policy-by-id": {"pk": promotion.policy_id},
        "version-by-id": {"pk": version.pk},
        "connection-by-id": {"pk": registry.pk},
    }
    given |= worlds.build(worlds.Ground(version, promotion, worlds.placed(promotion)), cast)
    return {name: reverse(name, kwargs=given.get(name) if NEEDS[name] else None) for name in NAMES}


def signed_in(user, **options) -> Client:
    client = Client(raise_request_exception=False, **options)
    if user is not None:
        client.force_login(user, backend=BACKEND)
    return client


def with_object(name: str) -> bool:
    return bool(NEEDS[name]) and name not in SHARED | SIGNED and not OPEN.match(name)


def said(*found) -> str:
    return "\n".join(" ".join(map(str, one)) for one in found)


@contextmanager
def writes() -> Iterator[list[str]]:
    """What is written to the database meanwhile; a log of all queries would take longer than the requests."""
    found: list[str] = []

    def note(execute, sql, params, many, context):
        if WRITES.match(sql):
            found.append(sql[:120])
        return execute(sql, params, many, context)

    with connection.execute_wrapper(note):
        yield found


def plainly_refused(_request: HttpRequest, reason: str = "") -> HttpResponse:
    """A refusal without its page, where thousands of them are asked for their status alone."""
    return HttpResponseForbidden(reason)


def state_of_things() -> tuple:
    """What no refused request may change."""
    return (
        Event.objects.count(),
        Job.objects.count(),
        ApiToken.objects.count(),
        Notice.objects.unread().count(),
        MailChoice.objects.count(),
        tuple(Promotion.objects.values_list("pk", "state", "rev")),
    )


def test_every_address_has_a_name_of_its_own():
    assert None not in NAMES
    assert len(NAMES) == len(set(NAMES))


def test_who_is_not_signed_in_sees_nothing(world):
    browser, wrong = signed_in(None), []
    before = state_of_things()
    for name, address in world.items():
        for method in ("get", "post"):
            if OPEN.match(name):
                continue
            answer = getattr(browser, method)(address)
            to_sign_in = answer.status_code == 302 and answer["Location"].startswith("/account/login/")
            if not (to_sign_in or answer.status_code in (401, 403, 405)):
                wrong.append((method, name, answer.status_code))
    assert not wrong, said(*wrong)
    assert state_of_things() == before


def test_another_teams_objects_are_not_there(cast, world):
    """404 for objects of teams; 403 where a page as a whole needs a role, whatever object it names."""
    roles = re.compile(r"^((data-)?connection|interpreter|(api-)?framework-)")
    by_role = worlds.named("ROLES")
    browser, wrong = signed_in(cast.stranger), []
    before = state_of_things()
    for name, address in world.items():
        if not with_object(name):
            continue
        for method in ("get", "post", "put"):
            status = getattr(browser, method)(address).status_code
            if status not in ((403, 405) if roles.match(name) or name in by_role else (404, 405)):
                wrong.append((method, name, status))
        missing = browser.get(re.sub(r"/\d+/", "/987654321/", address)).status_code
        if missing == 200:
            wrong.append(("missing", name, missing))
    assert not wrong, said(*wrong)
    assert state_of_things() == before


def test_lists_and_pages_without_an_object_show_nothing_foreign(cast, world):
    browser, wrong = signed_in(cast.stranger), []
    secrets = (
        "Held out of ours",
        "credit-limit",
        "Ours alone",
        "Better on new rows",
        "Credit Risk",
        SECRET,
        "new@example.org",
        *worlds.named("SECRETS"),
    )
    for name, address in world.items():
        if NEEDS[name]:
            continue
        answer = browser.get(address)
        if answer.status_code >= 500:
            wrong.append((name, answer.status_code))
        body = b"".join(answer) if answer.streaming else answer.content
        wrong += [(name, secret) for secret in secrets if secret.encode() in body]
    assert not wrong, said(*wrong)


def test_a_draft_stays_with_its_team_though_its_results_are_open(cast, world):
    """Its answers and notes stand in the records too."""
    cast.team.visibility = "organisation"
    cast.team.save()
    browser = signed_in(cast.stranger)
    assert browser.get(world["team"]).status_code == 200
    assert browser.get(world["record"]).status_code == 404
    assert browser.get(world["api-event"]).status_code == 404
    for name in ("records", "api-events"):
        body = browser.get(world[name]).content.decode()
        assert "credit-limit" in body  # what is open is there
        assert "Ours alone" not in body
        assert "assessment.answer" not in body
    assert signed_in(cast.member).get(world["record"]).status_code == 200
    assert signed_in(cast.reviewer).get(world["record"]).status_code == 200


@pytest.mark.parametrize("who", ["admin", "auditor", "reviewer", "manager", "member"])
def test_who_may_see_sees_without_an_error_or_a_change(cast, world, who):
    """The 404 of the stranger means something only if others get the page; and a GET writes nothing."""
    hidden = {  # theirs alone, or a role's
        "admin": {"token-revoke"},
        "auditor": {"token-revoke", "invitation-withdraw"},
        "reviewer": {"token-revoke", "invitation-withdraw", "person"},
        "manager": {"token-revoke", "invitation-withdraw"},
        "member": {"invitation-withdraw"},
    }[who]
    hidden |= ABSENT | worlds.hidden(who)
    browser, wrong = signed_in(getattr(cast, who)), []
    for name, address in world.items():
        with writes() as written:
            answer = browser.get(address)
        allowed = (200, 302, 400, 403, 405) if not OPEN.match(name) else (200, 302, 404, 405)
        if name not in hidden and answer.status_code not in allowed:
            wrong.append((name, answer.status_code))
        if written:
            wrong.append((name, "wrote", written))
        if SECRET.encode() in (b"".join(answer) if answer.streaming else answer.content):
            wrong.append((name, "shows a secret"))
    assert not wrong, said(*wrong)


def test_no_unsafe_request_is_taken_without_a_csrf_token(cast, world, settings):
    settings.CSRF_FAILURE_VIEW = f"{__name__}.plainly_refused"
    browser, wrong = signed_in(cast.admin, enforce_csrf_checks=True), []
    before = state_of_things()
    for name, address in world.items():
        for method in ("post", "put", "patch", "delete"):
            status = getattr(browser, method)(address, data="{}", content_type="application/json").status_code
            if status not in ((401, 404, 405) if name in SIGNED else (403, 405)):
                wrong.append((method, name, status))
            if method == "post" and status == 405 and not name.startswith(("api-", "health-")):
                wrong.append((method, name, "was read before its token was asked for"))
    assert not wrong, said(*wrong)
    assert state_of_things() == before


def test_a_token_that_may_read_changes_nothing(cast, world):
    _token, key = people.create_token(by=cast.admin, name="reader", scope="read", days=9)
    before, wrong = state_of_things(), []
    program = Client(headers={"Authorization": f"Bearer {key}"})
    for name, address in world.items():
        if not name.startswith("api-") or OPEN.match(name) or name in SIGNED:
            continue
        for method in ("post", "put", "patch", "delete"):
            status = getattr(program, method)(address, data="{}", content_type="application/json").status_code
            if status not in (403, 405):
                wrong.append((method, name, status))
    assert not wrong, said(*wrong)
    assert state_of_things() == before
