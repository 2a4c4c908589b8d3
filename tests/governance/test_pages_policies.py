"""The pages of policies: what is in force, what a version says and changed, and publishing the next."""

from __future__ import annotations

import re

import pytest
from django.test import Client
from django.urls import reverse

from governance.actions.policies import ensure_default_policy, publish
from governance.models import Policy
from governance.policy import DEFAULT
from governance.views.policy_page import policy_view

TEXT = DEFAULT.read_text("utf-8")
STRICTER = TEXT.replace("tolerance: 0.10", "tolerance: 0.08")
SCRIPT = '<script>alert("x")</script>'


def url(name, *args):
    return reverse(name, args=args)


def text(response) -> str:
    return response.content.decode()


@pytest.fixture
def default(db):
    return ensure_default_policy()


def test_everybody_signed_in_reads_policies(cast, as_user, client, default):
    assert client.get(url("policies")).status_code == 302
    assert "In force" in text(as_user(cast.member).get(url("policies")))
    page = text(as_user(cast.member).get(url("policy", "default", 1)))
    assert "Groups treated alike" in page
    assert "at most 0.15" in page
    assert "at most 0.1:" in page
    assert 'id="L91"' in page
    assert "Publish the next version" not in page


def test_what_is_not_there_is_404(cast, as_user, default):
    browser = as_user(cast.member)
    assert browser.get(url("policy", "default", 2)).status_code == 404
    assert browser.get(url("policy", "other", 1)).status_code == 404


def test_only_administrators_publish(cast, as_user, default):
    for who in (cast.member, cast.reviewer, cast.auditor):
        assert as_user(who).get(url("policy-publish")).status_code == 403
        assert as_user(who).post(url("policy-publish"), {"text": STRICTER}).status_code == 403
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(cast.admin, backend="allauth.account.auth_backends.AuthenticationBackend")
    assert strict.post(url("policy-publish"), {"text": STRICTER}).status_code == 403
    assert Policy.objects.count() == 1


def test_publishing_makes_the_next_version(cast, as_user, default):
    browser = as_user(cast.admin)
    assert "tolerance: 0.10" in text(browser.get(url("policy-publish")))
    answer = browser.post(url("policy-publish"), {"text": STRICTER.replace("\n", "\r\n")})  # as browsers send it
    assert answer["Location"] == url("policy", "default", 2)
    assert Policy.objects.get(version=2).text == STRICTER
    page = text(browser.get(url("policy", "default", 2)))
    assert "Places that differ from version 1: 1." in page
    assert "<code>      needs:" not in page
    assert "tolerance: 0.10" in page  # what stood there before
    assert "Version 2 is in force" in text(browser.get(url("policy", "default", 1)))


def test_errors_name_line_and_field_and_the_text_stays(cast, as_user, default):
    broken = STRICTER.replace("tolerance: 0.08", "tolerance: 8").replace("alias: champion", "alias: latest!") + "# mine"
    answer = as_user(cast.admin).post(url("policy-publish"), {"text": broken})
    assert answer.status_code == 422
    page = text(answer)
    for wrong, field in (("tolerance: 8", "tolerance"), ("alias: latest!", "alias")):
        line = next(number for number, row in enumerate(broken.splitlines(), start=1) if row.strip() == wrong)
        assert re.search(rf"<li>[^<]*[Ll]ine {line}\b[^<]*{field}", page)
    assert "# mine</textarea>" in page
    assert page.count("<li>") >= 2
    assert Policy.objects.count() == 1


@pytest.mark.parametrize("typed", ["", "key: [", SCRIPT, "a: &a [*a]", "- 1\n- 2", "key: default\x00", "x" * 200_000])
def test_what_is_no_policy_is_refused_with_a_sentence(cast, as_user, default, typed):
    answer = as_user(cast.admin).post(url("policy-publish"), {"text": typed})
    assert answer.status_code == 422
    assert "Not published. Your text is kept." in text(answer)
    assert "<script>alert" not in text(answer)


def test_comments_and_titles_are_text(cast, as_user, default):
    hostile = STRICTER.replace("ja: 本番}", f"ja: 本番}} # {SCRIPT}").replace("en: Production", "en: <b>Production</b>")
    made = publish(text=hostile, by=cast.admin)
    for address in (url("policy", "default", made.version), url("policies"), url("policy-publish")):
        page = text(as_user(cast.admin).get(address))
        assert "<script>alert" not in page
        assert "<b>Production</b>" not in page


def test_lines_are_numbered_marked_and_linked_from_their_gates(default, cast):
    view = policy_view(publish(text=STRICTER, by=cast.admin), default)
    assert "".join(f"{li.indent}{li.key}{li.rest}{li.comment}\n" for li in view.lines) == STRICTER
    changed = [line.number for line in view.lines if line.changed]
    assert [STRICTER.splitlines()[number - 1].strip() for number in changed] == ["tolerance: 0.08"]
    for environment in view.environments:
        for gate in environment.gates:
            assert view.lines[gate.line - 1].key == "id"
    marked = [(e.key, gate.title.en) for e in view.environments for gate in e.gates if gate.changed]
    assert marked == [("production", "Groups treated alike")]


def test_a_policy_in_flow_style_has_its_lines_too(default, cast):
    import json

    import yaml

    made = publish(text=json.dumps(yaml.safe_load(TEXT)), by=cast.admin)
    view = policy_view(made, default)
    assert {gate.line for environment in view.environments for gate in environment.gates} == {1}
    assert all(gate.changed for environment in view.environments for gate in environment.gates)


def test_policies_in_japanese(cast, as_user, default):
    page = text(as_user(cast.japanese).get(url("policy", "default", 1)))
    assert "標準ポリシー" in page
    assert "ステージング" in page
    assert "有効" in page


@pytest.mark.parametrize(("body", "status"), [({"text": TEXT}, 200), ({"text": ""}, 422), ({}, 400), ([], 400)])
def test_a_program_checks_a_policy(cast, as_user, body, status):
    answer = as_user(cast.member).post(url("api-policy-check"), body, content_type="application/json")
    assert answer.status_code == status
    if status == 200:
        assert answer.json()["key"] == "default"
