"""Drafts of policies."""

from __future__ import annotations

from governance.models import PolicyDraft

OVERSEEN = {"governance.PolicyDraft"}
OF_DRAFTS = {f"policy-{what}" for what in ("draft", "draft-save", "draft-preview", "dry-run")} | {
    f"policy-draft-{what}" for what in ("publish", "discard")
}
ROLES = OF_DRAFTS
PAGES = {"policy-draft", "policy-dry-run", "policy-new"}
SHARED = {"api-policy"}


def build(ground, cast) -> dict[str, dict]:
    published = ground.promotion.policy
    text = published.text.replace("tolerance: 0.10", "tolerance: 0.05")
    PolicyDraft.objects.create(key=published.key, text=text, base=published, changed_by=cast.admin)
    of_version = {"key": published.key, "version": published.version}
    return {name: {"key": published.key} for name in OF_DRAFTS} | {"api-policy": of_version}
