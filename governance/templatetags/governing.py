"""Template pieces of the governance pages."""

from django import template
from django.utils.translation import get_language

from governance.in_force import environments
from governance.models import AuditKind
from governance.policy.words import plain as as_written
from portal.message import Message
from portal.web.say import say

register = template.Library()


@register.simple_tag(takes_context=True)
def environment_name(context, key: str) -> str:
    """The title of an environment, read once a page; one that no policy in force knows is called by its key."""
    titles = context.render_context.get(environments)
    if titles is None:
        titles = {known: one.title for known, one in environments().items()}
        context.render_context[environments] = titles
    return localised(titles.get(key, key))


@register.filter
def localised(text) -> str:
    """A bilingual text (`{"en", "ja"}` or an object with both) in the reader's language."""
    language = "ja" if (get_language() or "").startswith("ja") else "en"
    if isinstance(text, dict):
        return text.get(language) or text.get("en", "")
    return getattr(text, language, "") or str(text)


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
