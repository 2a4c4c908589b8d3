"""The ledger's tree, checkpoints, keys and checks: of the organisation as a whole."""

from __future__ import annotations

from portal.ledger.models import Check, Event, Hold
from portal.ledger.signing import checkpoint_now

PAGES = {"operations", "pack"}
OF_ALL = {f"ledger.{name}" for name in ("Node", "Checkpoint", "SigningKey", "Check", "Hold")}


def build(ground, cast) -> dict[str, dict]:
    checkpoint = checkpoint_now()
    Check.objects.create(size=checkpoint.size, checkpoint=checkpoint)
    Hold.objects.get_or_create(id=1)
    event = Event.objects.filter(team_id=cast.team.pk, action="promotion.request").latest("id")
    return {"api-event-proof": {"uuid": event.uuid}}
