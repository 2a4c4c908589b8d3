"""Pages of connections, models, versions and profiles: who sees them, hostile names in them, and what they cost."""

from __future__ import annotations

import pytest
from django.db import connection as database
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from governance.audit_kinds import kinds_for
from governance.models import ModelVersion, Placement, RegisteredModel, Registry
from portal.jobs.models import Job
from portal.ledger.models import Event
from portal.message import Message
from tests.governance import factories as make
from tests.governance.agreed import agree_to

SCRIPT = '<script>alert("x")</script>'
WEIRD = ["=cmd|' /C calc'!A0", "\u202egnp.exe", "%2e%2e%2fetc", "m" * 300, SCRIPT, "名前 {{ 7*7 }}"]


def url(name, *args):
    return reverse(name, args=args)


def text(response) -> str:
    return response.content.decode()


@pytest.fixture
def version(cast):
    return make.make_version(make.make_model(cast.team, aliases={"champion": 1}))


def pages(version) -> list[str]:
    model = version.model
    return [
        url("model", model.pk),
        url("model-profile", model.pk),
        *(
            url(name, model.pk, version.number)
            for name in ("version", "version-lineage", "version-fairness", "version-explanation", "promotion-new")
        ),
    ]


def test_pages_answer_while_the_registry_is_dead(cast, as_user, version):
    """The address of the registry refuses connections; pages are made of the mirror alone."""
    make.audit_all(version)
    registry = version.model.registry
    registry.error = Message("registry.testing").to_json()
    registry.save()
    browser = as_user(cast.admin)
    for address in [*pages(version), url("models"), url("connections"), url("connection", registry.slug)]:
        assert browser.get(address).status_code == 200, address
    assert "note-stale" in text(browser.get(url("model", version.model.pk)))


def test_a_foreign_team_gets_404_everywhere(cast, as_user, version):
    browser = as_user(cast.stranger)
    for address in pages(version):
        assert browser.get(address).status_code == 404, address
    assert browser.post(url("version-audit", version.model.pk, 1)).status_code == 404
    assert version.model.name not in text(browser.get(url("models")))
    assert not Job.objects.exists()


def test_without_signing_in_there_is_only_the_sign_in_page(client, version):
    for address in [*pages(version), url("models"), url("connections")]:
        assert client.get(address).status_code == 302, address


def test_an_unclaimed_model_is_for_those_with_a_role_for_all(cast, as_user):
    model = make.make_model(None, "nobodys", profile=False)
    assert as_user(cast.member).get(url("model", model.pk)).status_code == 404
    assert as_user(cast.reviewer).get(url("model", model.pk)).status_code == 200


def test_what_is_not_there_is_404(cast, as_user, version):
    browser = as_user(cast.member)
    assert browser.get(url("version", version.model.pk, 99)).status_code == 404
    assert browser.get(url("model", 10**9)).status_code == 404
    assert browser.get(url("version-fairness", version.model.pk, 99)).status_code == 404


def test_methods_and_csrf(cast, version):
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(cast.member, backend="allauth.account.auth_backends.AuthenticationBackend")
    audit = url("version-audit", version.model.pk, 1)
    assert strict.get(audit).status_code == 405
    assert strict.post(audit).status_code == 403
    assert strict.post(url("model-profile", version.model.pk), {}).status_code == 403
    assert strict.post(url("model", version.model.pk)).status_code in (403, 405)
    assert not Job.objects.exists()


@pytest.mark.parametrize("name", WEIRD)
def test_hostile_names_are_text(cast, as_user, name):
    fields = {"description": SCRIPT, "tags": {SCRIPT: SCRIPT}}
    model = make.make_model(cast.team, name, profile={"intended_use": SCRIPT, "population": SCRIPT}, **fields)
    version = make.make_version(model, author=SCRIPT, description=SCRIPT, tags={SCRIPT: SCRIPT})
    facts = make.version_facts(name, 1)
    facts["run"] |= {"user": SCRIPT, "name": SCRIPT}
    facts["run"]["datasets"][0] |= {"name": SCRIPT, "source": {"uri": "javascript:alert(1)"}}
    version.lineage, version.run = facts, facts["run"]
    version.save()
    make.audit_lineage(version)
    browser = as_user(cast.member)
    for address in [*pages(version), url("models"), url("models") + "?q=" + "%3Cscript%3E"]:
        page = browser.get(address)
        assert page.status_code == 200, address
        assert "<script>alert" not in text(page), address
        assert 'href="javascript:' not in text(page), address


def test_the_list_finds_and_filters(cast, as_user):
    make.make_model(cast.team, "credit-limit", profile={"risk": "high"})
    make.make_model(cast.team, "churn", profile={"risk": "low"})
    browser = as_user(cast.member)
    assert "churn" in text(browser.get(url("models")))
    only = text(browser.get(url("models") + "?risk=high"))
    assert "credit-limit" in only
    assert ">churn<" not in only
    assert ">churn<" in text(browser.get(url("models") + "?q=chur"))


def test_a_list_costs_the_same_for_one_and_for_many(cast, as_user):
    browser = as_user(cast.member)

    def queries(address) -> int:
        browser.get(address)  # sessions and content types are warm
        with CaptureQueriesContext(
            database,
        ) as caught:
            assert browser.get(address).status_code == 200
        return len(caught)

    first = make.make_version(make.make_model(cast.team, "m0"))
    make.audit_lineage(first)
    models, model = queries(url("models")), queries(url("model", first.model.pk))
    for number in range(1, 12):
        make.make_version(make.make_model(cast.team, f"m{number}"))
        make.audit_lineage(make.make_version(first.model, number + 1))
    assert queries(url("models")) == models
    assert queries(url("model", first.model.pk)) == model


def test_the_model_page_says_what_ran_on_a_day(cast, as_user, version):
    from governance.actions import promotions

    make.audit_all(version)
    promotion = promotions.request(version=version, environment="production", by=cast.member)
    Placement.objects.create(
        model=version.model, environment="production", version=version, promotion=promotion, since=timezone.now()
    )
    browser = as_user(cast.member)
    page = text(browser.get(url("model", version.model.pk)))
    assert "Version 1 is in place." in page
    today = timezone.now().date().isoformat()
    assert "ran version 1" in text(browser.get(url("model", version.model.pk) + f"?on={today}"))
    assert "no promoted version" in text(browser.get(url("model", version.model.pk) + "?on=2020-01-01"))
    for wrong in ("2026-13-45", "yesterday", SCRIPT):
        said = text(browser.get(url("model", version.model.pk), {"on": wrong}))
        assert "year-month-day" in said
        assert "<script>alert" not in said


def test_an_alias_that_no_promotion_set_is_named(cast, as_user, version):
    assert "which no promotion put there" in text(as_user(cast.member).get(url("model", version.model.pk)))


def test_asking_for_audits(cast, as_user, version):
    browser = as_user(cast.member)
    asked = browser.post(url("version-audit", version.model.pk, 1), {"kind": ["fairness", "nonsense"]})
    assert asked.status_code == 302
    assert [job.kind for job in Job.objects.all()] == ["audit.fairness"]
    assert as_user(cast.auditor).post(url("version-audit", version.model.pk, 1)).status_code == 403
    assert Event.objects.about("version", version.pk).filter(action="audit.request").count() == 1


def test_a_version_page_names_what_every_environment_asks(cast, as_user, version):
    page = text(as_user(cast.member).get(url("version", version.model.pk, 1)))
    assert page.count("has not run on this version") == 2
    assert "st-pass" not in page


def test_a_deleted_version_keeps_its_page(cast, as_user, version):
    ModelVersion.objects.update(deleted_at=timezone.now())
    assert "no longer has this version" in text(as_user(cast.member).get(url("version", version.model.pk, 1)))


# Profiles


def profile_form(cast, **fields) -> dict:
    given = {"team": cast.team.pk, "kind": "tabular", "risk": "high", "metric_direction": "higher"}
    return given | {"intended_use": "Limits", "population": "Adults"} | fields


def test_a_profile_is_written_and_asks_for_audits(cast, as_user):
    model = make.make_model(cast.team, profile=False)
    make.make_version(model)
    saved = as_user(cast.member).post(
        url("model-profile", model.pk), profile_form(cast, sensitive_columns="sex, age,sex")
    )
    assert saved.status_code == 302
    profile = RegisteredModel.objects.get(pk=model.pk).profile
    assert profile.sensitive_columns == ["sex", "age"]
    asked = Job.objects.filter(kind__startswith="audit.").values_list("kind", flat=True)
    assert sorted(asked) == sorted(f"audit.{kind}" for kind in kinds_for(profile))


def test_a_stale_or_wrong_profile_keeps_what_was_typed(cast, as_user, version):
    browser = as_user(cast.member)
    address = url("model-profile", version.model.pk)
    stale = browser.post(address, profile_form(cast, rev=0, intended_use="My new sentence"))
    assert stale.status_code == 422
    assert "changed this profile meanwhile" in text(stale)
    assert "My new sentence" in text(stale)
    wrong = browser.post(address, profile_form(cast, rev=1, bins="age 30", intended_use=SCRIPT))
    assert wrong.status_code == 422
    assert "rising edges" in text(wrong)
    assert "<script>alert" not in text(wrong)


def test_pools_are_declared_in_the_profile(cast, as_user, version):
    browser, address = as_user(cast.member), url("model-profile", version.model.pk)
    lines = "age_band: young and middle = 18-29, 30-44"
    for wrong in ("age_band: alone = 60+", "age_band 18-29", f"{lines}\nage_band: again = 30-44, 60+"):
        refused = browser.post(address, profile_form(cast, rev=1, sensitive_columns="age_band", pools=wrong))
        assert refused.status_code == 422
        assert "each group once" in text(refused)
        assert wrong.splitlines()[-1] in text(refused)
    strange = browser.post(address, profile_form(cast, rev=1, sensitive_columns="sex", pools=lines))
    assert "Not among the sensitive columns: age_band." in text(strange)
    saved = browser.post(address, profile_form(cast, rev=1, sensitive_columns="age_band", pools=lines))
    assert saved.status_code == 302
    assert lines in text(browser.get(address))  # one goes on from one's own proposal
    agree_to(version.model)
    version.model.profile.refresh_from_db()
    assert version.model.profile.pools == {"age_band": {"young and middle": ["18-29", "30-44"]}}
    assert lines in text(browser.get(address))


def test_an_auditor_reads_the_profile_and_cannot_change_it(cast, as_user, version):
    address = url("model-profile", version.model.pk)
    assert "Proposes a card limit" in text(as_user(cast.auditor).get(address))
    assert as_user(cast.auditor).post(address, profile_form(cast, rev=1)).status_code in (403, 422)
    version.model.profile.refresh_from_db()
    assert version.model.profile.rev == 1


# Connections


def test_connections_are_for_administrators_and_auditors(cast, as_user, version):
    assert as_user(cast.member).get(url("connections")).status_code == 403
    assert as_user(cast.auditor).get(url("connections")).status_code == 200
    assert as_user(cast.auditor).get(url("connection-new")).status_code == 403
    assert as_user(cast.auditor).post(url("connection-test", "main")).status_code == 403


def test_an_administrator_connects_changes_and_tests(cast, as_user):
    browser = as_user(cast.admin)
    made = browser.post(
        url("connection-new"), {"name": "Main", "address": "http://127.0.0.1:9", "password": "s3cret-word"}
    )
    assert made.status_code == 302
    registry = Registry.objects.get()
    assert "s3cret-word" not in registry.password_encrypted
    for address in (url("connection", "main"), url("connection-change", "main"), url("connections")):
        assert "s3cret-word" not in text(browser.get(address))
    wrong = browser.post(url("connection-new"), {"name": "Two", "address": "ftp://x"})
    assert wrong.status_code == 422
    assert "ftp://x" in text(wrong)
    assert browser.post(url("connection-test", "main")).status_code == 302
    assert browser.get(url("connection-mirror", "main")).status_code == 405
    assert Job.objects.filter(kind="registry.test").count() == 1


def test_pages_in_japanese(cast, as_user, version):
    page = text(as_user(cast.japanese).get(url("version", version.model.pk, 1)))
    assert 'lang="ja"' in page
    for words in ("リネージ", "公平性", "昇格を申請", "未評価"):
        assert words in page


def test_filters_count_models_and_not_their_versions(cast, as_user):
    model = make.make_model(cast.team)
    for number in (1, 2, 3):
        make.make_version(model, number)
    page = as_user(cast.manager).get("/models/").context["list"]
    assert {option.count for facet in page.facets for option in facet.options if option.count} == {1}
