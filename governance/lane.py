"""What stands where: the lane of a model's environments, and whether MLflow says the same."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from governance.models import MoveState, Placement, Promotion, PromotionState, RegisteredModel
from governance.verdict import environments
from portal.ledger.models import Event


@dataclass(frozen=True)
class Stop:
    """One environment of the lane.

    `seen` is the version that the mirror saw under the alias: where it differs from the placement, somebody moved
    it elsewhere.
    """

    key: str
    title: dict[str, str]
    alias: str
    placement: Placement | None
    seen: int | None
    request: Promotion | None

    @property
    def waits(self) -> dict | None:
        """Until when the move that is to come waits, and why, as a message."""
        move = getattr(self.request, "move", None)
        return move.why if move and move.state == MoveState.WAITING else None

    @property
    def agrees(self) -> bool:
        return self.seen == (self.placement.version.number if self.placement else None)


def lane(model: RegisteredModel) -> list[Stop]:
    """The environments in their order, in three queries."""
    whole = "version", "promotion__requested_by", "promotion__move", "copy__model__registry"
    standing = model.placements.filter(until=None).select_related(*whole)
    placed = {placement.environment: placement for placement in standing}
    active = Promotion.objects.filter(version__model=model, state__in=("open", "approved"))
    active = active.select_related("version", "move")
    asked = {promotion.environment: promotion for promotion in active.order_by("pk")}
    return [
        Stop(
            key=key,
            title={"en": environment.title.en, "ja": environment.title.ja},
            alias=_alias(placed.get(key)) or environment.alias,
            placement=placed.get(key),
            seen=_seen(model, placed.get(key), environment.alias),
            request=asked.get(key),
        )
        for key, environment in environments().items()
    ]


def _alias(placement: Placement | None) -> str:
    """The alias by which it was put there."""
    move = getattr(placement.promotion, "move", None) if placement else None
    return move.alias if move else ""


def _seen(model: RegisteredModel, placement: Placement | None, alias: str) -> int | None:
    """The version that the mirror saw in the environment; of copies, that of which the right one stands there."""
    if placement is None or placement.copy is None:
        return model.aliases.get(_alias(placement) or alias)
    seen = placement.copy.model.aliases.get(_alias(placement))
    return placement.version.number if seen == placement.copy.number else seen


def standing_in(model: RegisteredModel, environment: str) -> Placement | None:
    """What stands in an environment now."""
    return model.placements.filter(environment=environment, until=None).select_related("version").first()


def placed_on(model: RegisteredModel, environment: str, at: datetime) -> Placement | None:
    """What stood in an environment at a moment."""
    past = model.placements.filter(environment=environment, since__lte=at).exclude(until__lte=at)
    return past.select_related("version", "promotion").first()


def overtaken_by(promotion: Promotion) -> Promotion | None:
    """The later promotion that was carried out in its place."""
    if promotion.state != PromotionState.OVERTAKEN:
        return None
    told = Event.objects.about("promotion", promotion.pk).filter(action="promotion.overtaken").order_by("id").last()
    return Promotion.objects.filter(pk=told.content["params"].get("later")).first() if told else None
