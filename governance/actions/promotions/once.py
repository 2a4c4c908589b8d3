"""Asking for a promotion once, however often a program sends the request."""

from __future__ import annotations

import hashlib

from django.db import IntegrityError, transaction

from governance.actions.promotions.requesting import request
from governance.models import ModelVersion, Promotion, RequestKey, digest_of
from portal.message import Message
from portal.web.errors import Conflict, Invalid

LONGEST = 200


def request_once(*, version: ModelVersion, environment: str, reason: str = "", key: str, by) -> tuple[Promotion, bool]:
    """Ask for a promotion under a key of the caller's; the same key again gives the same promotion.

    Returns
    -------
    (Promotion, bool)
        And whether it is new.

    Raises
    ------
    Conflict
        If the key came with another request.
    """
    if not 1 <= len(key) <= LONGEST or not key.isprintable():
        message = Message("idempotency.length", {"longest": LONGEST})
        raise Invalid(message, {"Idempotency-Key": message})
    hashed = hashlib.sha256(key.encode()).hexdigest()
    asked = digest_of({"version": version.pk, "environment": environment, "reason": reason})
    if earlier := _earlier(hashed, asked, by):
        return earlier, False
    try:
        with transaction.atomic():
            promotion = request(version=version, environment=environment, reason=reason, by=by)
            RequestKey.objects.create(user=by, key=hashed, asked=asked, promotion=promotion)
    except (Conflict, IntegrityError):
        # The same request at the same moment: whoever came second finds what the first has made.
        if earlier := _earlier(hashed, asked, by):
            return earlier, False
        raise
    return promotion, True


def _earlier(hashed: str, asked: str, by) -> Promotion | None:
    known = RequestKey.objects.select_related("promotion").filter(user=by, key=hashed).first()
    if known is None:
        return None
    if known.asked != asked:
        raise Conflict("idempotency.other")
    return known.promotion
