"""The pages of policies: what is in force, what a version says and changed, and publishing the next."""

from __future__ import annotations

import re

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from governance.actions.groups import add_member, make_group
from governance.actions.policies import ensure_default_policy, publish
from governance.models import ApproverGroup, GroupMember, Policy, PolicyDraft
from governance.policy import DEFAULT, parse
from governance.policy_people import few_people
from governance.views.policy_page import policy_view
from portal.web.errors import Invalid
from tests.governance.evidence_made import fairness
from tests.governance.policies_made import SECOND
from tests.governance.promotions_made import audited, make_model, make_version

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
    assert "Draft the next version" not in page


def test_what_is_not_there_is_404(cast, as_user, default):
    browser = as_user(cast.member)
    assert browser.get(url("policy", "default", 2)).status_code == 404
    assert browser.get(url("policy", "other", 1)).status_code == 404


def test_only_administrators_draft_and_publish(cast, as_user, default):
    for who in (cast.member, cast.reviewer, cast.auditor):
        assert as_user(who).get(url("policy-draft", "default")).status_code == 403
        for what in ("policy-draft-save", "policy-draft-preview", "policy-draft-publish", "policy-draft-discard"):
            assert as_user(who).post(url(what, "default"), {"text": STRICTER, "rev": "0"}).status_code == 403
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(cast.admin, backend="allauth.account.auth_backends.AuthenticationBackend")
    assert strict.post(url("policy-draft-save", "default"), {"text": STRICTER, "rev": "0"}).status_code == 403
    assert (Policy.objects.count(), PolicyDraft.objects.count()) == (1, 0)


@pytest.fixture
def second(cast):
    """Another administrator: nobody publishes what they changed last."""
    return type(cast.admin).objects.create_user("kato@example.org", "x", name="Kato", is_administrator=True)


def save(browser, text: str, rev: int = 0, key: str = "default"):
    return browser.post(url("policy-draft-save", key), {"text": text, "rev": str(rev)})


def test_one_writes_and_another_publishes_the_next_version(cast, as_user, default, second):
    browser = as_user(cast.admin)
    assert "tolerance: 0.10" in text(browser.get(url("policy-draft", "default")))
    answer = save(browser, STRICTER.replace("\n", "\r\n"))  # as browsers send it
    assert answer["Location"] == url("policy-draft", "default")
    page = text(browser.get(url("policy-draft", "default")))
    assert "another administrator publishes it" in page
    refused = browser.post(url("policy-draft-publish", "default"), {"rev": "1"})
    assert refused.status_code == 403
    assert "Whoever changed a draft last does not publish it" in text(refused)
    assert Policy.objects.count() == 1
    answer = as_user(second).post(url("policy-draft-publish", "default"), {"rev": "1"})
    assert answer["Location"] == url("policy", "default", 2)
    made = Policy.objects.get(version=2)
    assert (made.text, made.drafted_by, made.published_by) == (STRICTER, cast.admin, second)
    page = text(browser.get(url("policy", "default", 2)))
    assert "Places that differ from version 1: 1." in page
    assert "tolerance: 0.10" in page  # what stood there before
    assert "at most 0.08" in page
    assert "Version 2 is in force" in text(browser.get(url("policy", "default", 1)))


def test_any_two_versions_are_compared(cast, as_user, default):
    publish(text=STRICTER, by=cast.admin)
    publish(text=STRICTER.replace("required: 1", "required: 2"), by=cast.admin)
    browser = as_user(cast.member)
    page = text(browser.get(url("policy", "default", 3) + "?against=1"))
    assert "Difference to version 1" in page
    assert "at most 0.1:" in page
    assert "at most 0.08:" in page
    assert "Difference to version 2" in text(browser.get(url("policy", "default", 3)))
    assert "Difference to version 3" in text(browser.get(url("policy", "default", 1) + "?against=3"))
    for odd in ("99", "x", "1%27", "3"):
        assert browser.get(url("policy", "default", 3) + f"?against={odd}").status_code == 200


def test_errors_name_line_and_field_and_the_text_is_kept(cast, as_user, default):
    broken = STRICTER.replace("tolerance: 0.08", "tolerance: 8").replace("alias: champion", "alias: latest!") + "# mine"
    assert save(as_user(cast.admin), broken).status_code == 302
    page = text(as_user(cast.admin).get(url("policy-draft", "default")))
    for wrong, field in (("tolerance: 8", "tolerance"), ("alias: latest!", "alias")):
        line = next(number for number, row in enumerate(broken.splitlines(), start=1) if row.strip() == wrong)
        assert re.search(rf"<li>[^<]*[Ll]ine {line}\b[^<]*{field}", page)
    assert "# mine</textarea>" in page
    assert PolicyDraft.objects.get().text == broken
    assert Policy.objects.count() == 1


@pytest.mark.parametrize("typed", ["", "key: [", SCRIPT, "a: &a [*a]", "- 1\n- 2", "key: default\x00", "x" * 200_000])
def test_what_is_no_policy_is_kept_and_never_published(cast, as_user, default, second, typed):
    assert save(as_user(cast.admin), typed).status_code == 302
    page = text(as_user(second).get(url("policy-draft", "default")))
    assert "What you save is kept all the same" in page
    assert "<script>alert" not in page
    refused = as_user(second).post(url("policy-draft-publish", "default"), {"rev": "1"})
    assert refused.status_code == 422
    assert PolicyDraft.objects.get().text == typed.replace("\x00", "")
    assert Policy.objects.count() == 1


def test_two_who_write_at_once_lose_nothing(cast, as_user, default, second):
    save(as_user(cast.admin), STRICTER)
    answer = save(as_user(second), TEXT + "# theirs", rev=0)
    assert answer.status_code == 409
    page = text(answer)
    assert "# theirs</textarea>" in page
    assert "What is kept of the other person" in page
    assert PolicyDraft.objects.get().text == STRICTER
    assert save(as_user(second), TEXT + "# theirs", rev=1).status_code == 302


def test_the_preview_says_what_the_text_says_and_keeps_nothing(cast, as_user, default):
    browser = as_user(cast.admin)
    page = text(browser.post(url("policy-draft-preview", "default"), {"text": STRICTER}))
    assert "at most 0.08" in page
    assert "Difference to version 1" in page
    wrong = text(browser.post(url("policy-draft-preview", "default"), {"text": "key: ["}))
    assert "Not a policy yet" in wrong
    unfit = SECOND.replace("alias: champion", "alias: other")
    unfit = text(browser.post(url("policy-draft-preview", "production-high-risk"), {"text": unfit}))
    assert "There is no group of approvers model-risk, on-call" in unfit
    assert "the alias champion, not other" in unfit
    assert not PolicyDraft.objects.exists()


def test_a_new_policy_begins_under_its_own_key(cast, as_user, default):
    browser = as_user(cast.admin)
    assert browser.get(url("policy-new")).status_code == 200
    assert browser.post(url("policy-new"), {"key": "No!"}).status_code == 422
    assert browser.post(url("policy-new"), {"key": "research"})["Location"] == url("policy-draft", "research")
    assert "key: research" in PolicyDraft.objects.get(key="research").text
    assert browser.post(url("policy-new"), {"key": "default"})["Location"] == url("policy-draft", "default")
    assert browser.get(url("policy-draft", "nothing")).status_code == 404
    browser.post(url("policy-draft-discard", "research"), {"rev": "1"})
    assert not PolicyDraft.objects.exists()


def test_the_dry_run_has_a_page(cast, as_user, default):
    one = audited(make_version(make_model(cast)), fairness=fairness(0.05, 0.03, 0.09))
    browser = as_user(cast.admin)
    assert browser.get(url("policy-dry-run", "default")).status_code == 404
    save(browser, STRICTER)
    page = text(browser.get(url("policy-dry-run", "default")))
    assert "Of the last 1 versions it would have refused 1, for: Groups treated alike (1)" in page
    assert str(one) in page
    save(browser, "key: [", rev=1)
    assert "there is nothing to try" in text(browser.get(url("policy-dry-run", "default")))


def test_comments_and_titles_are_text(cast, as_user, default):
    hostile = STRICTER.replace("ja: 本番}", f"ja: 本番}} # {SCRIPT}").replace("en: Production", "en: <b>Production</b>")
    made = publish(text=hostile, by=cast.admin)
    save(as_user(cast.admin), hostile)
    for address in (
        url("policy", "default", made.version),
        url("policies"),
        url("policy-draft", "default"),
        url("policy-dry-run", "default"),
    ):
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


def test_a_program_reads_and_tries_policies(cast, as_user, default):
    browser = as_user(cast.member)
    listed = browser.get(url("api-policies")).json()["results"]
    assert [(row["key"], row["version"], row["digest"]) for row in listed] == [("default", 1, default.digest)]
    assert browser.get(url("api-policy", "default", 1)).json()["text"] == TEXT
    assert browser.get(url("api-policy", "default", 2)).status_code == 404
    audited(make_version(make_model(cast)), fairness=fairness(0.05, 0.03, 0.09))
    body = browser.post(url("api-policy-dry-run"), {"text": STRICTER}, content_type="application/json").json()
    production = body["environments"][1]
    assert (production["versions"], production["would_refuse"], production["would_let_pass"]) == (1, 1, 0)
    assert production["changes"][0]["gate"] == "fairness"
    nobodys = as_user(cast.stranger).post(
        url("api-policy-dry-run"), {"text": STRICTER}, content_type="application/json"
    )
    assert nobodys.json()["environments"][1]["versions"] == 0
    assert browser.post(url("api-policy-dry-run"), {"text": "x"}, content_type="application/json").status_code == 422
    assert browser.delete(url("api-policy", "default", 1)).status_code == 405


@pytest.mark.parametrize(("who", "title"), [("admin", "Policies"), ("member", "Policies"), ("japanese", "ポリシー")])
def test_the_page_is_headed_by_its_own_name(cast, as_user, default, who, title):
    """For administrators too, whose tabs stand below."""
    user = getattr(cast, who)
    if who == "japanese":
        type(user).objects.filter(pk=user.pk).update(is_administrator=True)
    assert f"<h1>{title}</h1>" in text(as_user(user).get(url("policies")))


def test_who_saved_it_in_another_window_is_told_so(cast, as_user, default, second):
    browser = as_user(cast.admin)
    save(browser, STRICTER)
    late = save(browser, TEXT + "# of this window\n")
    assert late.status_code == 409
    assert "You have saved this draft yourself meanwhile, in another window." in text(late)
    assert "Somebody else" not in text(late)
    assert "What you saved in the other window" in text(late)
    assert "# of this window" in text(late)
    assert "Somebody else has saved this draft meanwhile." in text(save(as_user(second), TEXT))
    gone = as_user(cast.admin).post(url("policy-draft-discard", "default"), {"rev": "7"})
    assert "yourself meanwhile" in text(gone)
    type(cast.admin).objects.filter(pk=cast.admin.pk).update(language="ja")
    late = save(as_user(type(cast.admin).objects.get(pk=cast.admin.pk)), TEXT)
    assert "あなた自身が先にこの下書きを保存しました" in text(late)


QUORUM = TEXT.replace("required: 1", "required: 3")


def test_too_few_people_are_warned_of_and_block_nothing(cast, as_user, default, second):
    """In the preview, beside the button and after publishing; with the group and both numbers."""
    warning = "In Production the policy asks for people of the group reviewers: 3. It has: 1."
    browser = as_user(cast.admin)
    assert warning in text(browser.post(url("policy-draft-preview", "default"), {"text": QUORUM}))
    assert "Fewer people" not in text(browser.post(url("policy-draft-preview", "default"), {"text": TEXT}))
    save(browser, QUORUM)
    page = text(as_user(second).get(url("policy-draft", "default")))
    assert page.count(warning) == 2
    assert "disabled" not in page.split('id="pb"')[1]
    done = as_user(second).post(url("policy-draft-publish", "default"), {"rev": "1"}, follow=True)
    assert Policy.objects.get(version=2).text == QUORUM
    assert warning in text(done)
    type(second).objects.filter(pk=second.pk).update(language="ja")
    page = text(
        as_user(type(second).objects.get(pk=second.pk)).post(url("policy-draft-preview", "default"), {"text": QUORUM})
    )
    assert "3人を求めていますが、現在のメンバーは1人です" in page


def test_people_of_a_group_count_where_the_group_is_for(cast, default):
    """Those of other environments and those who left do not; two open an emergency passage."""
    people = parse(SECOND)
    for key, where in (("model-risk", ""), ("on-call", "production")):
        group = make_group(key=key, name_en=key.title(), name_ja=key, environment=where, by=cast.admin)
        for user in (cast.member, cast.manager):
            add_member(group=group, user=user, by=cast.admin)
    assert few_people(people) == []
    ApproverGroup.objects.filter(key="on-call").update(environment="staging")
    GroupMember.objects.filter(group__key="model-risk", user=cast.member).update(until=timezone.now())
    assert [str(one) for one in few_people(people)] == [
        "In Production the policy asks for people of the group model-risk: 2. It has: 1.",
        "In Production the policy asks for people of the group on-call: 2. It has: 0.",
    ]


def test_a_level_that_the_framework_lacks_is_refused_with_line_and_field(cast, as_user, default):
    wrong = SECOND.replace("level: 1}", "level: 9}")
    line = next(i for i, row in enumerate(wrong.splitlines(), 1) if "level: 9" in row)
    said = f"Line {line}, environments.production.gates[team].needs.level: mlops-maturity has the levels 0 to 4"
    page = text(as_user(cast.admin).post(url("policy-draft-preview", "default"), {"text": wrong}))
    assert said in page
    answer = as_user(cast.member).post(reverse("api-policy-check"), {"text": wrong}, "application/json")
    assert answer.status_code == 422
    assert said in answer.json()["title"]
    with pytest.raises(Invalid):
        publish(text=wrong, by=cast.admin)
    page = text(as_user(cast.japanese).post(reverse("api-policy-check"), {"text": wrong}, "application/json"))
    assert "レベルは0から4まで" in page
