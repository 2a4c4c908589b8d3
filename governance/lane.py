"""What stands where: the lane of a model's environments, and whether MLflow says the same."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from governance.models import Placement, Promotion, RegisteredModel
from governance.verdict import environments


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
    def agrees(self) -> bool:
        return self.seen == (self.placement.version.number if self.placement else None)


def lane(model: RegisteredModel) -> list[Stop]:
    """The environments in their order, in three queries."""
    standing = model.placements.filter(until=None).select_related("version", "promotion__requested_by")
    placed = {placement.environment: placement for placement in standing}
    active = Promotion.objects.filter(version__model=model, state__in=("open", "approved")).select_related("version")
    asked = {promotion.environment: promotion for promotion in active.order_by("pk")}
    return [
        Stop(
            key=key,
            title={"en": environment.title.en, "ja": environment.title.ja},
            alias=environment.alias,
            placement=placed.get(key),
            seen=model.aliases.get(environment.alias),
            request=asked.get(key),
        )
        for key, environment in environments().items()
    ]


def placed_on(model: RegisteredModel, environment: str, at: datetime) -> Placement | None:
    """What stood in an environment at a moment."""
    past = model.placements.filter(environment=environment, since__lte=at).exclude(until__lte=at)
    return past.select_related("version", "promotion").first()
