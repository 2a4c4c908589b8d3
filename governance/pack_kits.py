"""Emergency kits that were opened, as a period pack counts and lists them, each with the state of its review."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils import timezone
from django.utils.dateparse import parse_datetime

from governance.models import EmergencyKit, Finding, FindingState, RegisteredModel
from governance.pack_count import Opened
from governance.reconcile import governed_in
from portal.ledger.models import Event
from portal.message import Message

USED = "emergency.use"


@dataclass(frozen=True)
class Use:
    """One use: its entry in the ledger, what it set where, and the finding that asks for the review."""

    event: Event
    environment: str
    model: str
    number: str
    alias: str
    kit: str
    opened: Opened
    review: Finding | None

    @property
    def message(self) -> Message:
        """What it did, and whether somebody has looked at it since."""
        words = {"model": self.model, "alias": self.alias, "number": self.number, "kit": self.kit}
        return Message("pack.kit", words | {"review": self.reviewed})

    @property
    def is_reviewed(self) -> bool:
        return self.review is not None and self.review.state == FindingState.RESOLVED

    @property
    def reviewed(self) -> Message:
        if self.review is None:
            return Message("pack.review.none")
        if self.review.state == FindingState.OPEN:
            late = self.review.due is not None and self.review.due < timezone.localdate()
            return Message("pack.review.late" if late else "pack.review.open", {"day": str(self.review.due)})
        day = timezone.localtime(self.review.resolved_at).date()
        return Message(f"pack.review.{self.review.resolution}", {"day": str(day)})


def kit_uses(environment: str) -> list[Use]:
    """All uses of kits in an environment, of all time, in the order of the ledger."""
    events = list(Event.objects.filter(action=USED).order_by("id"))
    if not events:
        return []
    kits = (
        EmergencyKit.objects.select_related("registry")
        .defer("sealed")
        .in_bulk([int(event.subject_id) for event in events])
    )
    reviews = list(Finding.objects.filter(kind="review", detail__has_key="kit").select_related("model"))
    by_token = {review.detail.get("jti"): review for review in reviews}
    registries = {kit.registry_id: kit.registry for kit in kits.values()}
    rows = RegisteredModel.objects.filter(registry__in=registries).values_list("registry", "name", "pk", "origin")
    models = {(registry, name): origin or pk for registry, name, pk, origin in rows}
    aliases = {pk: governed_in(registry) for pk, registry in registries.items()}
    found = []
    for event in events:
        content, kit = event.content, kits[int(event.subject_id)]
        after, params = content["after"], content["params"]
        review = by_token.get(params.get("token")) or _of_kit(reviews, kit.pk, after)
        place = review.environment if review else aliases[kit.registry_id].get(after.get("alias"), "")
        if place == environment:
            model = models.get((kit.registry_id, after["model"]), -event.pk)
            number = after.get("to") or ""
            left = int(number) if number.isdecimal() else None
            used_at = parse_datetime(params.get("used_at", "")) or event.at
            opened = Opened(min(used_at, event.at), event.at, model, left)
            found.append(Use(event, place, after["model"], number, after["alias"], str(kit.pk), opened, review))
    return found


def _of_kit(reviews: list[Finding], kit: int, after: dict[str, str]) -> Finding | None:
    """The review of a use whose entry does not name its token."""
    for review in reviews:
        said = review.title["params"]
        if review.detail["kit"] == kit and (said["model"], said["number"]) == (after["model"], after.get("to") or "–"):
            return review
    return None
