"""Waivers of one gate: where the policy allows them, by whom, for how long, and that the finding stays beside them."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone, translation
from django.utils.html import escape

from governance.actions import policies, promotions
from governance.actions.deputies import end_deputy, name_deputy
from governance.actions.exceptions import end_exception, waive
from governance.actions.groups import add_member, make_group, remove_member
from governance.control import control
from governance.models import (
    ApproverGroup,
    Decision,
    Deputy,
    GateException,
    GroupMember,
    LiveJudgement,
    Placement,
    Promotion,
)
from governance.policy import DEFAULT
from governance.verdict import judge
from portal.accounts.models import Membership, User
from portal.jobs.models import Job
from portal.jobs.runner import run_job
from portal.ledger.models import Event
from portal.web.errors import Conflict, Forbidden, Invalid
from portal.web.say import say
from tests.governance.evidence_made import fairness
from tests.governance.promotions_made import audited, make_model, make_version, requested
from tests.governance.test_pack import carry_out

pytestmark = pytest.mark.django_db
UNFAIR = fairness(0.17, 0.12, 0.22)
GATE = "fairness"


@pytest.fixture
def signer(cast) -> User:
    """A member of the group that may waive the fairness gate for at most 30 days."""
    head, middle, tail = DEFAULT.read_text("utf-8").rpartition("      - id: explanation\n")
    text = f"{head.rstrip()}\n        waivable: {{group: model-risk, max_days: 30}}\n\n{middle}{tail}"
    group = make_group(key="model-risk", name_en="Model risk", name_ja="モデルリスク", by=cast.admin)
    policies.publish(text=text, by=cast.admin)
    user = User.objects.create_user("abe@example.org", "x", name="Abe", is_auditor=True)
    add_member(group=group, user=user, by=cast.admin)
    return user


@pytest.fixture
def promotion(cast, signer) -> Promotion:
    return requested(cast, audited(make_version(make_model(cast), author="chiba"), fairness=UNFAIR))


def sign(promotion, by, days: int = 10, **more) -> GateException:
    given = {"gate": GATE, "reason": "Known, and mended in December.", "until": timezone.now() + timedelta(days=days)}
    return waive(version=promotion.version, environment="production", by=by, **given | more)


def fresh(promotion) -> Promotion:
    return Promotion.objects.select_related("version__model__profile", "policy").get(pk=promotion.pk)


def test_a_waived_gate_keeps_its_finding(cast, promotion, signer):
    assert promotion.outcome == "fail"
    sign(promotion, signer)
    after = fresh(promotion)
    assert after.outcome == "pass"
    [gate] = [result for result in after.verdict["results"] if result["id"] == GATE]
    assert gate["outcome"] == "fail"
    assert gate["waived"]["by"] == "Abe"
    assert after.verdict["waived"] == 1
    assert not after.verdict["clean"]
    assert promotions.approve(promotion=after, rev=after.rev, by=cast.reviewer).state == "approved"
    event = Event.objects.get(action="waiver.sign")
    assert "December" not in event.body


def test_whoever_asks_passes_no_gate_by_with_an_own_signature(cast, signer):
    """Neither signed before asking, nor between two requests, nor where another asks again."""
    version = audited(make_version(make_model(cast), author="chiba"), fairness=UNFAIR)
    Membership.objects.create(team=version.team, user=signer, role="member")
    signer = User.objects.get(pk=signer.pk)
    given = {"gate": GATE, "reason": "Known.", "until": timezone.now() + timedelta(days=9)}
    waive(version=version, environment="production", by=signer, **given)
    own = requested(cast, version, by=signer)
    assert (own.outcome, own.verdict["waived"]) == ("fail", 0)
    assert judge(version, "production").verdict.outcome == "pass"
    promotions.send_back(promotion=own, rev=own.rev, reason="Why?", by=cast.reviewer)
    own = promotions.resubmit(promotion=fresh(own), by=cast.member)
    assert own.outcome == "fail"
    promotions.withdraw(promotion=fresh(own), by=cast.member)
    assert requested(cast, version).outcome == "pass"  # the signer has no part in this one


def test_its_end_lets_approvals_lapse(cast, promotion, signer):
    policies.publish(
        text=promotion.policy.text.replace("required: 1", "required: 2"), by=cast.admin
    )  # two reviewers, so that one approval stands and waits
    promotions.withdraw(promotion=promotion, by=cast.member)
    again = requested(cast, promotion.version)
    waiver = sign(again, signer)
    again = fresh(again)
    promotions.approve(promotion=again, rev=again.rev, by=cast.reviewer)
    end_exception(exception=waiver, by=signer)
    assert Decision.objects.get().lapsed_because["params"]["what"][0]["code"] == "promotion.bound.exceptions"
    assert fresh(again).outcome == "fail"
    with pytest.raises(Conflict):
        end_exception(exception=waiver, by=signer)


def test_who_may_not_sign_it(cast, promotion, signer):
    for user in (cast.reviewer, cast.manager, cast.admin):
        with pytest.raises(Forbidden, match="model-risk"):
            sign(promotion, user)
    group = ApproverGroup.objects.get()
    add_member(group=group, user=cast.member, by=cast.admin)
    with pytest.raises(Forbidden, match="asked for this"):
        sign(promotion, cast.member)
    author = User.objects.create_user("chiba@example.org", "x", name="Chiba")
    add_member(group=group, user=author, by=cast.admin)
    with pytest.raises(Forbidden, match="made this version"):
        sign(promotion, author)
    remove_member(member=GroupMember.objects.get(user=signer), by=cast.admin)
    with pytest.raises(Forbidden):
        sign(promotion, signer)
    assert not GateException.objects.exists()


def test_what_a_waiver_may_not_be(cast, promotion, signer):
    with pytest.raises(Invalid):
        sign(promotion, signer, days=31)
    with pytest.raises(Invalid):
        sign(promotion, signer, days=-1)
    with pytest.raises(Invalid):
        sign(promotion, signer, reason=" ")
    with pytest.raises(Forbidden, match="does not allow"):
        sign(promotion, signer, gate="lineage")
    with pytest.raises(Invalid):
        sign(promotion, signer, gate="nothing")


def test_a_waiver_is_for_one_version_or_for_all_of_a_model(cast, promotion, signer):
    other = audited(make_version(promotion.version.model, 2), fairness=UNFAIR)
    sign(promotion, signer)
    assert judge(other, "production").verdict.outcome == "fail"
    sign(promotion, signer, whole_model=True)
    assert judge(other, "production").verdict.outcome == "pass"
    assert judge(other, "production", now=timezone.now() + timedelta(days=11)).verdict.outcome == "fail"


# -- groups and deputies -------------------------------------------------------------------------------------


def test_only_administrators_keep_groups(cast):
    for user in (cast.manager, cast.reviewer, cast.auditor):
        with pytest.raises(Forbidden):
            make_group(key="legal", name_en="Legal", name_ja="法務", by=user)
    with pytest.raises(Invalid):
        make_group(key="reviewer", name_en="Reviewers", name_ja="レビュアー", by=cast.admin)
    group = make_group(key="legal", name_en="Legal", name_ja="法務", by=cast.admin)
    with pytest.raises(Invalid):
        make_group(key="legal", name_en="Legal", name_ja="法務", by=cast.admin)
    member = add_member(group=group, user=cast.member, by=cast.admin)
    with pytest.raises(Conflict):
        add_member(group=group, user=cast.member, by=cast.admin)
    with pytest.raises(Forbidden):
        remove_member(member=member, by=cast.member)
    remove_member(member=member, by=cast.admin)
    with pytest.raises(Conflict):
        remove_member(member=member, by=cast.admin)
    add_member(group=group, user=cast.member, by=cast.admin)
    assert GroupMember.objects.count() == 2  # the past stays


def test_a_deputyship_has_an_end_and_is_ones_own(cast):
    now = timezone.now()
    given = {"deputy": cast.member, "reason": "Away", "by": cast.manager}
    for wrong in ({"until": now}, {"until": now + timedelta(days=400)}, {"reason": " "}, {"deputy": cast.manager}):
        with pytest.raises(Invalid):
            name_deputy(**{"until": now + timedelta(days=3)} | given | wrong)
    row = name_deputy(until=now + timedelta(days=3), **given)
    assert "Away" not in Event.objects.get(action="deputy.name").body
    for other in (cast.admin, cast.stranger):
        with pytest.raises(Forbidden):
            end_deputy(deputy=row, by=other)
    end_deputy(deputy=row, by=cast.member)  # handed back
    assert Deputy.objects.get().ended_at
    with pytest.raises(Conflict):
        end_deputy(deputy=row, by=cast.manager)


# -- pages ---------------------------------------------------------------------------------------------------


def test_pages_of_waivers(cast, promotion, signer, as_user):
    page = as_user(signer).get(f"/promotions/{promotion.pk}/").content.decode()
    assert f"/promotions/{promotion.pk}/waive/" in page
    url = f"/promotions/{promotion.pk}/waive/"
    until = (timezone.localdate() + timedelta(days=9)).isoformat()
    last = (timezone.localdate() + timedelta(days=29)).isoformat()
    form = as_user(signer).get(url).content.decode()  # from the start: what the gate says, and for how long at most
    [result] = [one for one in fresh(promotion).verdict["results"] if one["id"] == GATE]
    assert escape(say(result["message"])) in form
    assert 'class="st st-fail"' in form
    assert f"At most 30 days: the last day is {last}" in form
    wrong = as_user(signer).post(url, {"gate": GATE, "reason": "<b>Known</b>", "until": "2000-01-01"})
    assert wrong.status_code == 422
    assert "&lt;b&gt;Known" in wrong.content.decode()
    assert as_user(signer).post(url, {"gate": GATE, "reason": "<b>Known</b>", "until": until}).status_code == 302
    page = as_user(cast.member).get(f"/promotions/{promotion.pk}/").content.decode()
    assert "Waived by Abe" in page
    assert "every check passes or is passed by." in page
    assert "every check passes." not in page
    assert "<b>Known</b>" not in page
    listed = as_user(cast.member).get("/waivers/").content.decode()
    assert "Known" in listed
    assert "Known" not in as_user(cast.stranger).get("/waivers/").content.decode()
    row = GateException.objects.get()
    assert as_user(cast.member).post(f"/waivers/{row.pk}/end/").status_code == 403
    assert as_user(signer).post(f"/waivers/{row.pk}/end/").status_code == 302


@pytest.mark.parametrize(("days", "status"), [(29, 302), (30, 422)])
def test_the_last_day_that_the_form_names_is_the_last_that_it_takes(promotion, signer, as_user, days, status):
    until = (timezone.localdate() + timedelta(days=days)).isoformat()
    asked = {"gate": GATE, "reason": "Known.", "until": until}
    assert as_user(signer).post(f"/promotions/{promotion.pk}/waive/", asked).status_code == status


def test_the_form_of_a_waiver_speaks_japanese(promotion, signer, as_user):
    User.objects.filter(pk=signer.pk).update(language="ja")
    page = as_user(User.objects.get(pk=signer.pk)).get(f"/promotions/{promotion.pk}/waive/").content.decode()
    assert "最長30日間" in page
    with translation.override("ja"):
        [result] = [one for one in fresh(promotion).verdict["results"] if one["id"] == GATE]
        assert escape(say(result["message"])) in page


def test_a_group_is_for_an_environment_that_a_policy_has(cast, as_user):
    policies.ensure_default_policy()
    asked = {"key": "legal", "name_en": "Legal", "name_ja": "法務"}
    refused = as_user(cast.admin).post("/groups/", asked | {"environment": "Production!"})
    assert refused.status_code == 422
    assert "slug" not in refused.content.decode()
    words = "A key of small letters, digits, - and _ is needed, beginning with a letter, of at most 40."
    assert words in as_user(cast.admin).post("/groups/", asked | {"key": "Legal!"}).content.decode()
    with pytest.raises(Invalid, match="No published policy has an environment moon"):
        make_group(**asked, environment="moon", by=cast.admin)
    assert as_user(cast.admin).post("/groups/", asked | {"environment": "production"}).status_code == 302
    assert "For Production" in as_user(cast.admin).get("/groups/").content.decode()
    assert "本番用" in as_user(cast.japanese).get("/groups/").content.decode()


def test_pages_of_groups_and_deputies(cast, as_user):
    asked = {"key": "legal", "name_en": "Legal", "name_ja": "法務"}
    assert as_user(cast.manager).post("/groups/", asked).status_code == 403
    assert as_user(cast.admin).post("/groups/", asked | {"key": "no good"}).status_code == 422
    assert as_user(cast.admin).post("/groups/", asked).status_code == 302
    group = ApproverGroup.objects.get()
    added = as_user(cast.admin).post("/groups/members/add/", {"group": group.pk, "user": cast.member.pk})
    assert added.status_code == 302
    assert "Ito" in as_user(cast.admin).get("/groups/").content.decode()
    assert "法務" in as_user(cast.japanese).get("/groups/").content.decode()
    until = (timezone.localdate() + timedelta(days=9)).isoformat()
    named = as_user(cast.manager).post("/deputies/", {"deputy": cast.member.pk, "until": until, "reason": "Away"})
    assert named.status_code == 302
    assert "Away" in as_user(cast.member).get("/deputies/").content.decode()
    assert "Away" not in as_user(cast.stranger).get("/deputies/").content.decode()


def test_what_went_by_a_waiver_is_judged_as_soon_as_it_stands(cast, promotion, signer):
    sign(promotion, signer)
    after = fresh(promotion)
    carry_out(promotions.approve(promotion=after, rev=after.rev, by=cast.reviewer))
    place = Placement.objects.get()
    run_job(Job.objects.get(kind="live.judge", params={"placement": place.pk}).pk)
    row = LiveJudgement.objects.get(placement=place)
    assert (row.outcome, row.verdict["waived"]) == ("pass", 1)
    assert control(cast.admin, timezone.now()).unjudged == 0
