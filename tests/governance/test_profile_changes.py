"""A profile changes only with a second person's agreement, and no running request is softened by it."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from governance.actions import policies
from governance.actions.evaluation_sets import pin
from governance.actions.evaluation_uses import release_set, use_set
from governance.actions.profile_changes import agree, refuse_change, withdraw_change
from governance.actions.profiles import propose_profile, waiting_change
from governance.models import (
    EvaluationSetUse,
    Profile,
    ProfileChange,
    ProfileVersion,
    Promotion,
    RegisteredModel,
)
from governance.notices_profiles import waiting_profiles
from governance.policy import DEFAULT
from governance.profile_deciding import can_agree, can_refuse, can_withdraw
from governance.verdict import judge, judge_request, rules_kept
from portal.accounts.models import Membership, User
from portal.ledger.models import Event
from portal.web.errors import Conflict, Forbidden, Invalid
from tests.governance.agreed import agree_to
from tests.governance.evaluation_made import uploaded
from tests.governance.promotions_made import audited, make_model, make_version, requested

pytestmark = pytest.mark.django_db
SAID = {"intended_use": "Limits of cards", "population": "Adults", "risk": "high", "kind": "tabular"}


def fresh(model: RegisteredModel) -> RegisteredModel:
    return RegisteredModel.objects.select_related("profile", "team").get(pk=model.pk)


def propose(cast, model, by=None, team=None, **fields) -> ProfileChange | None:
    kept = fresh(model).profile
    return propose_profile(
        model=model, team=team or cast.team, fields=kept.content | fields, rev=kept.rev, by=by or cast.member
    )


def agreed(change, by) -> Profile:
    return agree(change=change, digest=change.digest, by=by)


def test_a_proposal_changes_nothing_until_another_agrees(cast):
    model = make_model(cast)
    before = model.profile.digest
    change = propose(cast, model, population="All")
    assert fresh(model).profile.digest == before
    assert not Event.objects.filter(action="profile.change").exists()
    agreed(change, cast.manager)
    profile = fresh(model).profile
    assert (profile.population, profile.rev, profile.digest) == ("All", 2, change.digest)
    version = ProfileVersion.objects.get(model=model, number=2)
    assert (version.proposed_by, version.agreed_by, version.digest) == (cast.member, cast.manager, profile.digest)
    assert Event.objects.get(action="profile.change").actor == cast.manager.pseudonym
    with pytest.raises(Conflict):
        agreed(change, cast.manager)  # twice


def test_nobody_agrees_to_their_own(cast):
    model = make_model(cast)
    for by in (cast.manager, cast.reviewer):
        if by == cast.reviewer:
            Membership.objects.create(user=by, team=cast.team, role="manager")
            by = type(by).objects.get(pk=by.pk)
        change = propose(cast, model, by=by, population=f"As {by} says")
        assert not can_agree(change, fresh(model).profile, by)
        assert not can_refuse(change, fresh(model).profile, by)
        with pytest.raises(Forbidden):
            agreed(change, by)
        withdraw_change(change=change, by=by)


def test_who_may_agree(cast):
    model = make_model(cast)
    change, kept = propose(cast, model, population="All"), model.profile
    may = {user.name for user in everybody(cast) if can_agree(change, kept, user)}
    assert may == {"Mori", "Sato", "Ono"}  # administrator, reviewer, the team's manager
    propose(cast, model, population="All", risk="low")
    softer = waiting_change(model)
    assert {user.name for user in everybody(cast) if can_agree(softer, kept, user)} == {"Sato"}
    with pytest.raises(Forbidden, match="outside the team"):
        agreed(softer, cast.manager)
    assert {user.name for user in everybody(cast) if can_refuse(softer, kept, user)} == {"Mori", "Sato", "Ono"}
    assert {user.name for user in everybody(cast) if can_withdraw(softer, kept, user)} >= {"Ito", "Ono", "Suzuki"}
    assert not can_withdraw(softer, kept, cast.stranger)


def everybody(cast):
    return [cast.admin, cast.auditor, cast.reviewer, cast.manager, cast.member, cast.japanese, cast.stranger]


def test_a_reviewer_of_the_team_that_gets_the_model_agrees_to_no_softening(cast):
    model = make_model(cast)
    Membership.objects.create(user=cast.member, team=cast.other_team, role="member")
    member = type(cast.member).objects.get(pk=cast.member.pk)
    change = propose(cast, model, by=member, team=cast.other_team)
    assert can_agree(change, model.profile, cast.reviewer)
    Membership.objects.create(user=cast.reviewer, team=cast.other_team, role="member")
    inside = type(cast.reviewer).objects.get(pk=cast.reviewer.pk)
    assert not can_agree(change, model.profile, inside)


def test_a_first_profile_is_audited_and_counts_for_nothing_until_agreed_to(cast):
    model = make_model(cast)
    version = audited(make_version(model))
    Profile.objects.filter(model=model).delete()
    model = fresh(version.model)
    change = propose_profile(model=model, team=cast.team, fields={**Profile(**SAID).content}, by=cast.member)
    version = audited(type(version).objects.select_related("model__profile", "model__team").get(pk=version.pk))
    verdict = judge(version, "production").verdict
    on_profile = {r.id: r for r in verdict.results if r.audit in ("fairness", "explanation")}
    assert on_profile
    assert {r.outcome for r in on_profile.values()} == {"not_evaluated"}
    assert {r.message.code for r in on_profile.values()} == {"gates.not-agreed"}
    assert verdict.outcome == "not_evaluated"
    agreed(change, cast.manager)
    version = type(version).objects.select_related("model__profile", "model__team").get(pk=version.pk)
    assert judge(version, "production").verdict.passes  # the audits read just this profile
    assert ProfileVersion.objects.get(model=model).agreed_by == cast.manager


def test_a_first_profile_of_low_risk_is_no_way_round_what_is_asked_of_high_risk(cast):
    """Until somebody agrees it is not known of which risk the model is, so that no policy is left out."""
    text = DEFAULT.read_text("utf-8").replace("key: default", "key: strict") + "applies: {risks: [high]}\n"
    assert "applies" in text
    model = make_model(cast, risk="low")
    policies.publish(text=text.replace("required: 1", "required: 3"), by=cast.admin)
    Profile.objects.filter(model=model).update(agreed=False)
    version = make_version(fresh(model))
    assert len(judge(version, "production").rules.sources) == 2
    Profile.objects.filter(model=model).update(agreed=True)
    version.model = fresh(model)
    assert len(judge(version, "production").rules.sources) == 1


def test_one_waits_at_a_time(cast):
    model = make_model(cast)
    first = propose(cast, model, population="All")
    with pytest.raises(Conflict, match="Ito"):
        propose(cast, model, by=cast.manager, population="None")
    second = propose(cast, model, population="Some")
    first.refresh_from_db()
    assert (first.state, second.state) == ("overtaken", "proposed")
    with pytest.raises(Conflict):
        agreed(first, cast.manager)
    assert propose(cast, model, population="Adults") is None  # as it is: nothing waits any more
    second.refresh_from_db()
    assert second.state == "overtaken"


def test_another_proposal_than_was_read_is_not_agreed_to(cast):
    model = make_model(cast)
    change = propose(cast, model, population="All")
    with pytest.raises(Conflict):
        agree(change=change, digest="sha256:other", by=cast.manager)
    Profile.objects.filter(model=model).update(rev=7)
    with pytest.raises(Conflict):
        agreed(change, cast.manager)
    change.refresh_from_db()
    assert change.state == "proposed"


def test_refusing_needs_a_reason_and_changes_nothing(cast):
    model = make_model(cast)
    change = propose(cast, model, population="All")
    with pytest.raises(Invalid):
        refuse_change(change=change, reason=" ", by=cast.manager)
    with pytest.raises(Forbidden):
        refuse_change(change=change, reason="No", by=cast.auditor)
    refuse_change(change=change, reason="Adults only", by=cast.manager)
    change.refresh_from_db()
    assert (change.state, change.reason, fresh(model).profile.population) == ("refused", "Adults only", "Adults")
    assert "Adults only" not in Event.objects.get(action="profile.refuse").body


# -- running requests ----------------------------------------------------------------------------------------


def test_a_lower_risk_does_not_soften_a_running_request(cast):
    version = audited(make_version(make_model(cast)))
    promotion = requested(cast, version, environment="staging")
    assert promotion.risk_at_request == "high"
    change = propose(cast, version.model, risk="low")
    agreed(change, cast.reviewer)
    promotion = Promotion.objects.select_related("version__model__profile", "version__model__team", "policy").get()
    asked = {r.id: r.outcome for r in judge_request(promotion).verdict.results}
    today = {r.id: r.outcome for r in judge(promotion.version, "staging").verdict.results}
    assert today["fairness"] == "not_applicable"
    assert asked["fairness"] != "not_applicable"


def test_a_higher_risk_brings_the_policies_that_are_for_it(cast):
    version = audited(make_version(make_model(cast, risk="low")))
    text = DEFAULT.read_text("utf-8").replace("key: default", "key: strict") + "applies: {risks: [high]}\n"
    policies.publish(text=text.replace("required: 1", "required: 2"), by=cast.admin)
    promotion = requested(cast, version)
    assert [source.key for source in rules_kept(promotion).sources] == ["default"]
    propose(cast, version.model, risk="high")
    agree_to(version.model)
    promotion = Promotion.objects.select_related("version__model__profile", "policy").get(pk=promotion.pk)
    assert [source.key for source in rules_kept(promotion).sources] == ["default", "strict"]
    assert rules_kept(promotion).approvals_required == 2


# -- sets ----------------------------------------------------------------------------------------------------


def test_sets_are_proposed_and_challengers_are_not(cast):
    model = make_model(cast)
    gold = uploaded(cast.team, cast.member)
    change = use_set(model=model, one=gold, role="gold", by=cast.member)
    assert not EvaluationSetUse.objects.exists()
    hard = uploaded(cast.other_team, cast.stranger, name="Hard", text="income,label\n1,0\n2,1\n")
    use_set(model=model, one=hard, role="challenger", by=cast.reviewer)
    assert fresh(model).profile.pinned == {"challenger": [hard.digest]}
    assert ProfileVersion.objects.filter(model=model, agreed_by=None, proposed_by=cast.reviewer).count() == 1
    change.refresh_from_db()  # what waited is proposed on top of it
    assert change.pinned == {"gold": gold.digest, "challenger": [hard.digest]}
    agreed(change, cast.reviewer)
    assert fresh(model).profile.pinned == change.pinned
    assert {use.role for use in EvaluationSetUse.objects.all()} == {"gold", "challenger"}
    # Taking the challenger away asks less: another reviewer has to agree.
    gone = release_set(use=EvaluationSetUse.objects.get(role="challenger"), by=cast.reviewer)
    assert not can_agree(gone, fresh(model).profile, cast.manager)
    agree_to(model)
    assert not EvaluationSetUse.objects.filter(role="challenger").exists()


def test_one_proposal_may_hold_several_sets(cast):
    model = make_model(cast)
    gold = uploaded(cast.team, cast.member)
    people = uploaded(cast.team, cast.member, name="People", text="id,sex\n1,f\n2,m\n")
    use_set(model=model, one=gold, role="gold", by=cast.member)
    use_set(model=model, one=people, role="sensitive", key_columns=["id"], by=cast.member)
    agree_to(model)
    assert {use.role for use in EvaluationSetUse.objects.all()} == {"gold", "sensitive"}


def test_new_bytes_of_a_set_wait_for_agreement_too(cast):
    model = make_model(cast)
    gold = uploaded(cast.team, cast.member)
    use_set(model=model, one=gold, role="gold", by=cast.member)
    agree_to(model)
    before = fresh(model).profile.digest

    class Measured:
        rows, columns, first, values = 1, [{"name": "income", "type": "int64"}], [], {}

    pin(one=gold, digest="sha256:new", size=1, measured=Measured, by=cast.member)
    assert fresh(model).profile.digest == before
    change = waiting_change(model)
    assert change.pinned == {"gold": "sha256:new"}
    # Nobody agrees to bytes that are others again.
    pin(one=gold, digest="sha256:newer", size=1, measured=Measured, by=cast.japanese)
    with pytest.raises(Conflict):
        agreed(change, cast.reviewer)


# -- pages ---------------------------------------------------------------------------------------------------


def test_the_page_tells_what_softens_and_who_may_agree(cast, as_user):
    model = make_model(cast)
    change = propose(cast, model, risk="low")
    url = f"/models/{model.pk}/profile/changes/{change.pk}/"
    page = as_user(cast.manager).get(url).content.decode()
    assert "asks less" in page
    assert "agree/" not in page
    page = as_user(cast.reviewer).get(url).content.decode()
    assert "agree/" in page
    refused = as_user(cast.manager).post(url + "agree/", {"digest": change.digest})
    assert refused.status_code == 403
    assert "outside the team" in refused.content.decode()
    done = as_user(cast.reviewer).post(url + "agree/", {"digest": change.digest})
    assert done.status_code == 302
    assert fresh(model).profile.risk == "low"
    assert as_user(cast.stranger).get(url).status_code == 404
    versions = as_user(cast.member).get(f"/models/{model.pk}/profile/versions/")
    assert "Sato" in versions.content.decode()


def test_a_reason_that_lacks_keeps_the_page(cast, as_user):
    model = make_model(cast)
    change = propose(cast, model, population="<b>All</b>")
    url = f"/models/{model.pk}/profile/changes/{change.pk}/"
    answer = as_user(cast.manager).post(url + "refuse/", {"reason": " "})
    assert answer.status_code == 422
    assert "<b>All</b>" not in answer.content.decode()
    assert as_user(cast.manager).post(url + "refuse/", {"reason": "No"}).status_code == 302
    assert as_user(cast.member).post(url + "withdraw/").status_code == 409
    assert "refused" in as_user(cast.member).get(f"/models/{model.pk}/profile/changes/").content.decode().lower()


def test_those_who_may_agree_are_told_in_a_bounded_number_of_queries(cast):
    def look() -> tuple[set[str], int]:
        with CaptureQueriesContext(connection) as queries:
            told = {(one.user.name, one.subject[2]) for one in waiting_profiles()}
        return told, len(queries)

    propose(cast, make_model(cast, "first"), population="All")
    told, before = look()
    assert told == {("Sato", "first"), ("Ono", "first")}
    propose(cast, make_model(cast, "second"), risk="low")
    User.objects.create_user("second@example.org", "x", name="Second", is_reviewer=True)
    told, after = look()
    assert {name for name, model in told if model == "second"} == {"Sato", "Second"}
    assert after == before
