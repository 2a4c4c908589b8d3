"""What every page says of the ledger: the result of the last check, and nothing where none was made."""

from __future__ import annotations

from django import template

from portal.ledger.models import Check

register = template.Library()


@register.simple_tag
def last_check() -> Check | None:
    """The last check of the whole ledger by this server."""
    return Check.objects.select_related("checkpoint").first()
