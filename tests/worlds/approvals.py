"""Groups, deputies, comments, exceptions and break-glass."""

from __future__ import annotations

import uuid
from datetime import timedelta

from django.utils import timezone

from governance.models import ApproverGroup, BreakGlass, Comment, Deputy, GateException, GroupMember

PAGES = {
    "groups",
    "deputies",
    "waivers",
    "promotion-queue",
    "promotion-waive",
    "promotion-rule",
    "promotion-break-glass",
    "promotion-discussion",
}
PERSONAL = {"governance.Deputy"}
SECRETS = {"A word on the promotion of ours"}


def build(ground, cast) -> dict[str, dict]:
    now = timezone.now()
    group = ApproverGroup.objects.create(key="model-risk", name_en="Model risk", name_ja="モデルリスク", team=cast.team)
    member = GroupMember.objects.create(group=group, user=cast.reviewer)
    deputy = Deputy.objects.create(
        principal=cast.manager, deputy=cast.member, group=group, since=now, until=now + timedelta(days=5),
        reason="Away", event=uuid.uuid4(),
    )  # fmt: skip
    Comment.objects.create(
        promotion=ground.promotion, by=cast.member, text="A word on the promotion of ours", event=uuid.uuid4()
    )
    waiver = GateException.objects.create(
        kind="waiver", model=ground.model, environment="staging", gate="fairness", reason="Known and small.",
        by=cast.reviewer, until=now + timedelta(days=30), event=uuid.uuid4(),
    )  # fmt: skip
    BreakGlass.objects.create(
        promotion=ground.placement.promotion, reason="Every request is refused.", first_by=cast.member,
        event=uuid.uuid4(),
    )  # fmt: skip
    return {
        "group-member-remove": {"pk": member.pk},
        "deputy-end": {"pk": deputy.pk},
        "waiver-end": {"pk": waiver.pk},
        "promotion-discussion": {"pk": ground.promotion.pk},
        "promotion-waive": {"pk": ground.promotion.pk},
        "promotion-rule": {"pk": ground.promotion.pk},
        "promotion-break-glass": {"pk": ground.promotion.pk},
        "promotion-break-glass-second": {"pk": ground.promotion.pk},
    }
