"""Template pieces of the governance pages."""

from django import template
from django.utils.translation import gettext_lazy

from governance.models import AuditKind
from governance.policy.words import plain as as_written
from portal.message import Message
from portal.web.names import title_of
from portal.web.say import localised, say

register = template.Library()
register.filter(localised)

USES = {
    "training": gettext_lazy("for training"),
    "train": gettext_lazy("for training"),
    "validation": gettext_lazy("for validation"),
    "evaluation": gettext_lazy("for evaluation"),
    "eval": gettext_lazy("for evaluation"),
    "test": gettext_lazy("for tests"),
    "testing": gettext_lazy("for tests"),
}


@register.simple_tag
def environment_name(key: str) -> str:
    """The title of an environment; one that no policy in force knows is called by its key."""
    return localised(title_of("environment", key))


@register.filter
def data_use(context: str) -> str:
    """What a run used a data set for; a word of its own is said as it is."""
    return str(USES.get(context.lower(), context))


@register.filter
def audit_kind(kind: str) -> str:
    """The word for a kind of audit, or for what else a gate looks at."""
    if kind in ("maturity", "replay", "checklist", "fact", "after", "again"):
        return say(Message(f"gates.audit.{kind}"))
    return str(AuditKind(kind).label) if kind in AuditKind.values else kind


@register.filter
def plain(value) -> str:
    """A JSON list as words with commas, and a single value as the policy's file would say it."""
    return ", ".join(map(str, value)) if isinstance(value, list) else as_written(value)


@register.filter
def mebibytes(size: int) -> int:
    """Bytes as whole mebibytes."""
    return int(size) // 2**20
