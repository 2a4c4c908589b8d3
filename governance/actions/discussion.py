"""What people say of a promotion, on the whole or on one of its checks. Nothing said is changed afterwards."""

from __future__ import annotations

from django.db import transaction

from governance.actions.approvals import subject_of
from governance.models import Comment, Promotion
from portal.ledger.actions import record
from portal.message import Message
from portal.web.errors import Invalid, Missing

LONGEST = 5000


def comment(*, promotion: Promotion, text: str, gate: str = "", by) -> Comment:
    """Say something; whoever sees the promotion may, whatever has become of it.

    Parameters
    ----------
    gate : str
        The id of a check of the last verdict; empty for the whole.
    """
    if not Promotion.objects.for_user(by).filter(pk=promotion.pk).exists():
        raise Missing("comment.nowhere")
    text = text.strip()
    if not text or len(text) > LONGEST:
        raise Invalid(Message("comment.text"), {"text": Message("comment.text")})
    if gate and gate not in {result["id"] for result in (promotion.verdict or {}).get("results", ())}:
        raise Invalid(Message("waiver.no-gate"), {"gate": Message("waiver.no-gate")})
    with transaction.atomic():
        event = record(
            action="promotion.comment",
            by=by,
            subject=subject_of(promotion),
            params={"environment": promotion.environment, **({"check": gate} if gate else {})},
            texts={"comment": text},
            team=promotion.version.team,
        )
        return Comment.objects.create(promotion=promotion, gate=gate, by=by, text=text, event=event.uuid)
