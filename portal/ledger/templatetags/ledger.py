"""What pages say of the ledger: the result of the last check, nothing where none was made; and that moves are held."""

from __future__ import annotations

from django import template

from portal.ledger.hold import current_hold
from portal.ledger.models import Check, Hold

register = template.Library()


@register.simple_tag
def last_check() -> Check | None:
    """The last check of the whole ledger by this server."""
    return Check.objects.select_related("checkpoint").first()


@register.simple_tag
def moves_held() -> Hold | None:
    """The hold, while all moves are held."""
    return current_hold()
