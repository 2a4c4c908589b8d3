"""Words and addresses of evidence on pages of promotions and policies."""

from __future__ import annotations

from django import template
from django.urls import reverse

from governance.models import EvidenceLabel
from governance.policy import group_name
from portal.web.say import say

register = template.Library()


@register.filter
def label_word(label: str) -> str:
    """The word of an evidence label."""
    return str(EvidenceLabel(label).label) if label in EvidenceLabel.values else label


@register.filter
def group_word(group: str) -> str:
    """A group of approvers in words."""
    return say(group_name(group))


@register.simple_tag
def audit_url(kind: str, version, audit_id: int | None = None) -> str:
    """The page of a version's audit: of the very one that was judged, if it is known; of a team's levels its page."""
    if kind == "maturity":
        team = version.model.team
        return reverse("team", args=[team.slug]) if team else reverse("model", args=[version.model_id])
    if kind in ("checklist", "fact", "after", "again"):
        return reverse("version", args=[version.model_id, version.number])
    kind = "safety" if kind == "replay" else kind
    address = reverse(f"version-{kind}", args=[version.model_id, version.number])
    return f"{address}?audit={audit_id}" if audit_id else address
