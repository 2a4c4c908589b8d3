"""Who may ask and who may approve in an environment, where the policy names groups for it."""

from __future__ import annotations

import pytest
from django.utils import timezone

from governance.actions import policies, promotions
from governance.actions.rollback import rollback
from governance.in_force import in_force
from governance.models import ApproverGroup, GroupMember
from governance.turns import whose_turn
from portal.web.errors import Forbidden
from tests.governance.fake_registry import FakeRegistry
from tests.governance.promotions_made import audited, make_model, make_version, requested
from tests.governance.test_move_steps import again, fake  # noqa: F401

pytestmark = pytest.mark.django_db


@pytest.fixture
def group(cast):
    """Releasers may approve, and the owner team's manager may ask."""
    made = ApproverGroup.objects.create(key="releasers", name_en="Releasers", name_ja="リリース担当")
    make_model(cast, "other")
    text = in_force()[0].text
    roles = "    alias: champion\n    roles: {request: author-team-manager, approve: [releasers]}\n"
    policies.publish(text=text.replace("    alias: champion\n", roles), by=None)
    return made


@pytest.fixture
def version(cast):
    return audited(make_version(make_model(cast)))


def join(group, user) -> GroupMember:
    return GroupMember.objects.create(group=group, user=user)


def test_only_the_groups_ask(cast, group, version, client):
    with pytest.raises(Forbidden, match="Only these ask"):
        requested(cast, version)
    client.force_login(cast.member)
    page = client.get(f"/models/{version.model_id}/versions/1/promote/?environment=production").content.decode()
    assert "Ask for promotion</button>" not in page
    assert requested(cast, version, by=cast.manager).state == "open"
    assert requested(cast, version, environment="staging").state == "open"  # staging names no groups


def test_only_the_groups_approve_and_are_asked_to(cast, group, version):
    promotion = requested(cast, version, by=cast.manager)
    with pytest.raises(Forbidden):
        promotions.approve(promotion=promotion, rev=promotion.rev, by=cast.reviewer)
    assert whose_turn([promotion], timezone.now()) == {promotion.pk: []}
    join(group, cast.reviewer)
    assert whose_turn([promotion], timezone.now()) == {promotion.pk: [cast.reviewer]}
    assert promotions.approve(promotion=promotion, rev=promotion.rev, by=cast.reviewer).state == "approved"


def test_who_is_in_the_group_alone_does_not_fill_a_stage(cast, group, version):
    join(group, cast.stranger)
    promotion = requested(cast, version, by=cast.manager)
    with pytest.raises(Forbidden):
        promotions.approve(promotion=promotion, rev=promotion.rev, by=cast.stranger)


def test_an_approval_lapses_when_its_giver_leaves_the_group(cast, group, version, fake: FakeRegistry):  # noqa: F811
    seat = join(group, cast.reviewer)
    promotion = requested(cast, version, by=cast.manager)
    promotion = promotions.approve(promotion=promotion, rev=promotion.rev, by=cast.reviewer)
    GroupMember.objects.filter(pk=seat.pk).update(until=timezone.now())
    again(promotion)
    assert (promotion.state, fake.aliases) == ("open", {})
    assert promotion.decisions.get().lapsed_because["code"] == "promotion.lapsed.place-role"


def test_going_back_is_for_those_who_approve(cast, group, fake: FakeRegistry):  # noqa: F811
    join(group, cast.reviewer)
    model = make_model(cast)
    one, two = (audited(make_version(model, number)) for number in (1, 2))
    for version in (one, two):
        promotion = requested(cast, version, by=cast.manager)
        again(promotions.approve(promotion=promotion, rev=promotion.rev, by=cast.reviewer))
    asked = {"version": one, "environment": "production", "reason": "Wrong limits."}
    with pytest.raises(Forbidden, match="releasers"):
        rollback(**asked, by=cast.manager)
    again(back := rollback(**asked, by=cast.reviewer))
    assert (back.state, fake.aliases) == ("done", {"champion": "1"})
