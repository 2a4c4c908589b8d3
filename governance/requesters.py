"""Who asked for a promotion, at first or again: they neither decide on it nor pass its gates by."""

from __future__ import annotations

from uuid import UUID

from governance.models import ModelVersion, Promotion
from portal.ledger.models import Event

ASKING = ("promotion.request", "promotion.resubmit")


def requesters_of(promotion: Promotion) -> frozenset[UUID]:
    """Their pseudonyms."""
    asked = Event.objects.about("promotion", promotion.pk).filter(action__in=ASKING, actor__isnull=False)
    first = {promotion.requested_by.pseudonym} if promotion.requested_by else set()
    return frozenset(first | set(asked.values_list("actor", flat=True)))


def would_ask(version: ModelVersion, user) -> frozenset[UUID]:
    """The pseudonym of somebody who may ask for promotions of a version, and looks whether it would pass.

    What they signed counts for others' requests and not for their own. Who may not ask looks for others.
    """
    asks = user is not None and user.is_authenticated and user.has_perm("promotion.request", version)
    return frozenset({user.pseudonym}) if asks else frozenset()
