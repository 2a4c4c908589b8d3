"""Drafts of policies."""

from __future__ import annotations

from governance.models import PolicyDraft

OVERSEEN = {"governance.PolicyDraft"}


def build(ground, cast) -> dict[str, dict]:
    PolicyDraft.objects.create(key="default", text="key: default", base=ground.promotion.policy, changed_by=cast.admin)
    return {}
