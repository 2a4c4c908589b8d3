"""Verdicts that are kept."""

from __future__ import annotations

from django.utils import timezone

from governance.models import LiveJudgement, StoredVerdict

PAGES = {"control", "control-live", "control-ungoverned", "control-blocked", "control-waivers"}


def build(ground, cast) -> dict[str, dict]:
    StoredVerdict.objects.create(
        version=ground.version, environment="production", rules_digest="sha256:0", outcome="fail", document={}
    )
    LiveJudgement.objects.create(
        placement=ground.placement, day=timezone.now().date(), outcome="not_evaluated", verdict={}
    )
    return {}
