"""Stages of approval: groups in their order, deputies, roles that are lost, approvals whose time is over."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest
from django.utils import timezone

from governance import approving, seats
from governance.actions import policies, promotions
from governance.models import ApproverGroup, Decision, Deputy, GroupMember, Move, Promotion
from governance.policy import DEFAULT
from governance.turns import whose_turn
from portal.accounts.models import User
from portal.web.errors import Conflict, Forbidden
from tests.governance.promotions_made import requested

pytestmark = pytest.mark.django_db
STAGES = """approvals:
      stages:
        - {group: model-risk, quorum: 1, due_days: 2}
        - {group: legal, quorum: 2, due_days: 3}
      in_order: true
      expires_days: 14
"""


@pytest.fixture
def people(cast) -> dict[str, User]:
    text = DEFAULT.read_text("utf-8")
    head, _, _tail = text.rpartition("approvals:")
    found = {}
    for key, names in {"model-risk": ["Abe", "Baba"], "legal": ["Chiba", "Doi", "Endo"]}.items():
        group = ApproverGroup.objects.create(key=key, name_en=key, name_ja=key)
        for name in names:
            found[name] = User.objects.create_user(f"{name.lower()}@example.org", "x", name=name, is_auditor=True)
            GroupMember.objects.create(group=group, user=found[name], since=timezone.now() - timedelta(days=1))
    policies.publish(text=head + STAGES.rstrip() + "\n", by=cast.admin)
    return found


def approve(promotion, by, **more) -> Promotion:
    fresh = Promotion.objects.get(pk=promotion.pk)
    return promotions.approve(promotion=fresh, rev=fresh.rev, by=User.objects.get(pk=by.pk), **more)


def deputy(principal, stand_in, **fields) -> Deputy:
    now = timezone.now()
    given = {"since": now - timedelta(hours=1), "until": now + timedelta(days=3), "reason": "Away", "event": uuid4()}
    return Deputy.objects.create(principal=principal, deputy=stand_in, **given | fields)


def test_stages_in_their_order(cast, people):
    promotion = requested(cast)
    with pytest.raises(Conflict, match="model-risk"):
        approve(promotion, people["Chiba"])
    with pytest.raises(Forbidden, match="legal"):
        approve(promotion, cast.reviewer)  # a reviewer is asked by no stage
    assert approve(promotion, people["Abe"]).state == "open"
    with pytest.raises(Conflict):
        approve(promotion, people["Baba"])  # that stage has its quorum
    assert approve(promotion, people["Chiba"]).state == "open"
    with pytest.raises(Conflict, match="approved this already"):
        approve(promotion, people["Chiba"])
    assert not Move.objects.exists()
    assert approve(promotion, people["Doi"]).state == "approved"
    assert list(Decision.objects.values_list("stage", "group")) == [(0, "model-risk"), (1, "legal"), (1, "legal")]
    assert Move.objects.count() == 1


def test_who_is_in_two_groups_counts_once(cast, people):
    GroupMember.objects.create(group=ApproverGroup.objects.get(key="legal"), user=people["Abe"])
    promotion = requested(cast)
    approve(promotion, people["Abe"])
    with pytest.raises(Conflict, match="approved this already"):
        approve(promotion, people["Abe"])


@pytest.mark.parametrize("change", ["left the group", "left the house", "time is over", "group is for elsewhere"])
def test_an_approval_lapses_with_the_role(cast, people, change):
    promotion = requested(cast)
    approve(promotion, people["Abe"])
    if change == "left the group":
        GroupMember.objects.filter(user=people["Abe"]).update(until=timezone.now())
    elif change == "left the house":
        User.objects.filter(pk=people["Abe"].pk).update(is_active=False)
    elif change == "time is over":
        Decision.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    else:
        ApproverGroup.objects.filter(key="model-risk").update(environment="staging")
    seen = Promotion.objects.get(pk=promotion.pk)
    with pytest.raises(Conflict, match="an approval lapsed"):
        promotions.approve(promotion=seen, rev=seen.rev, by=people["Chiba"])
    decision = Decision.objects.get()
    assert decision.lapsed_at
    expected = "promotion.lapsed.expired" if change == "time is over" else "promotion.lapsed.role"
    assert decision.lapsed_because["code"] == expected
    assert seats.progress_of(Promotion.objects.get(pk=promotion.pk)).progress.remaining == 3


def test_a_reviewer_who_is_none_any_more_counts_no_more(cast):
    policies.publish(text=DEFAULT.read_text("utf-8").replace("required: 1", "required: 2"), by=cast.admin)
    promotion = requested(cast)
    approve(promotion, cast.reviewer)
    User.objects.filter(pk=cast.reviewer.pk).update(is_reviewer=False)
    promotions.recompute(promotion=promotion)
    assert Decision.objects.get().lapsed_because["code"] == "promotion.lapsed.role"


def test_a_deputy_approves_in_anothers_place(cast, people):
    promotion = requested(cast)
    with pytest.raises(Forbidden):
        approve(promotion, cast.auditor, acting_for=people["Abe"])
    row = deputy(people["Abe"], cast.auditor)
    with pytest.raises(Forbidden):
        approve(promotion, cast.auditor)  # in their own name they have no say
    assert seats.principals_of(promotion, cast.auditor) == [people["Abe"]]
    approve(promotion, cast.auditor, acting_for=people["Abe"])
    decision = Decision.objects.get()
    assert (decision.by, decision.acting_for, decision.group) == (cast.auditor, people["Abe"], "model-risk")
    with pytest.raises(Conflict):
        approve(promotion, people["Abe"])  # the deputy has spoken for them
    Deputy.objects.filter(pk=row.pk).update(ended_at=timezone.now())
    promotions.recompute(promotion=promotion)
    assert Decision.objects.get().lapsed_because["code"] == "promotion.lapsed.deputy"


@pytest.mark.parametrize("case", ["asked", "principal asked", "principal made it", "over", "another group"])
def test_who_is_no_deputy_here(cast, people, case):
    stand_in, principal, fields = cast.auditor, people["Abe"], {}
    promotion = requested(cast)
    if case == "asked":
        stand_in = cast.member
    elif case == "principal asked":
        GroupMember.objects.create(group=ApproverGroup.objects.get(key="model-risk"), user=cast.member)
        principal = cast.member
    elif case == "principal made it":
        type(promotion.version).objects.update(author="Abe")
    elif case == "over":
        fields = {"since": timezone.now() - timedelta(days=9), "until": timezone.now() - timedelta(days=1)}
    else:
        fields = {"group": ApproverGroup.objects.get(key="legal")}
    deputy(principal, stand_in, **fields)
    with pytest.raises(Forbidden):
        approve(promotion, stand_in, acting_for=principal)
    assert not Decision.objects.exists()


def test_members_of_the_groups_refuse_too(cast, people):
    promotion = requested(cast)
    assert approving.can_refuse(promotion, people["Doi"])
    assert not approving.can_refuse(promotion, cast.manager)
    promotions.refuse(promotion=promotion, rev=promotion.rev, reason="Not so.", by=people["Doi"])


def test_those_are_told_whose_turn_it_is(cast, people):
    promotion = requested(cast)

    def told() -> set[str]:
        rows = Promotion.objects.waiting().select_related("version__model__team", "policy")
        return {user.name for user in whose_turn(list(rows), timezone.now())[promotion.pk]}

    assert told() == {"Abe", "Baba"}
    deputy(people["Abe"], cast.auditor)
    assert told() == {"Abe", "Baba", "Nakamura"}
    approve(promotion, cast.auditor, acting_for=people["Abe"])
    assert told() == {"Chiba", "Doi", "Endo"}
    approve(promotion, people["Chiba"])
    assert told() == {"Doi", "Endo"}
