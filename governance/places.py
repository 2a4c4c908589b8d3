"""Where an environment lies for a model: an alias of its own, a model made for the environment, another registry."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from django.db.models import Q, QuerySet

from governance.models import UNDER_WAY, Move, MoveKind, Place, PlaceKind, Promotion, RegisteredModel, Registry
from governance.policy import Rules
from portal.message import Message
from portal.web.errors import Conflict

LONGEST_NAME = 256  # what MLflow accepts
HOLE = "{name}"
NOT_IN_NAMES = frozenset("/:?\t\r\n")  # MLflow refuses the first two, and cannot copy what has one of the others


@dataclass(frozen=True)
class Lies:
    """What is to be set for a model in an environment: which alias, of itself or of the model named.

    `registry` is where that model lies, if not beside it.
    """

    alias: str
    target: str = ""
    registry: Registry | None = None

    @property
    def kind(self) -> MoveKind:
        if self.registry:
            return MoveKind.TRANSFER
        return MoveKind.COPY if self.target else MoveKind.ALIAS


def lies(model: RegisteredModel, rules: Rules) -> Lies:
    """Where the environment of some rules lies for a model; by the policy's alias unless its registry has a place.

    Raises
    ------
    Conflict
        The name that the pattern makes of the model's is none that MLflow takes.
    """
    places = Place.objects.filter(registry=model.registry_id, environment=rules.environment)
    place = places.select_related("target").first()
    if place is None:
        return Lies(rules.alias)
    alias = place.alias or rules.alias
    if place.kind == PlaceKind.ALIAS:
        return Lies(alias)
    name = name_there(place.name_pattern, model.name)
    if why := wrong_name(name):
        raise Conflict(why)
    return Lies(alias, name, place.target)


def name_there(pattern: str, name: str) -> str:
    """The name of the copy: the pattern is text, and only its hole is filled. Without one the name is the same."""
    return pattern.replace(HOLE, name) if pattern else name


def wrong_name(name: str) -> Message | None:
    """Why MLflow would not take a name."""
    if len(name) > LONGEST_NAME:
        return Message("place.name-long", {"name": name[:60] + "…", "limit": LONGEST_NAME})
    if set(name) & NOT_IN_NAMES or not name.strip():
        return Message("place.name", {"name": name})
    return None


def outbox_fields(promotion: Promotion, rules: Rules) -> dict[str, Any]:
    """What the outbox has to know of the place, within the transaction of the decision.

    A copy has a mark of its own, so that a second attempt finds it; one that was begun keeps it.
    """
    version = promotion.version
    found = lies(version.model, rules)
    fields: dict[str, Any] = {"kind": found.kind, "alias": found.alias, "target_model": None, "target_number": None}
    if not found.target:
        return fields | {"tag": None}
    known = Move.objects.filter(promotion=promotion).values_list("tag", flat=True).first()
    return fields | {"target_model": copy_of(version.model, found), "tag": known or uuid4()}


def copy_of(model: RegisteredModel, found: Lies) -> RegisteredModel:
    """The row of the model that stands for the environment, which is nobody's but for its origin."""
    row, _made = RegisteredModel.objects.select_for_update().get_or_create(
        registry=found.registry or model.registry, name=found.target, defaults={"origin": model}
    )
    if not stands_for(row, model):
        raise Conflict(taken(row.name, found.registry))
    return row


def stands_for(row: RegisteredModel, model: RegisteredModel) -> bool:
    """Whether a model stands for an environment of another one; from now on, where it is nobody's yet.

    The caller holds its row.
    """
    itself = RegisteredModel.objects.filter(pk=row.pk)
    beside = row.registry_id == model.registry_id
    if row.origin_id is None and not others(itself, beside=beside).exists():
        row.origin = model
        row.save(update_fields=["origin"])
    return row.origin_id == model.pk


def others(rows: QuerySet[RegisteredModel], *, beside: bool) -> QuerySet[RegisteredModel]:
    """Those of some models that are somebody's, and cannot stand for an environment of another model.

    In another registry only an empty one can: a model of the same name there is another model.
    """
    taken = Q(team__isnull=False) | Q(copies__isnull=False)
    if not beside:
        taken |= Q(versions__isnull=False, versions__deleted_at=None)
    return rows.filter(taken, origin=None).distinct()


def taken(name: str, elsewhere: Registry | None) -> Message:
    """That a model cannot be taken for an environment of another."""
    if elsewhere is None:
        return Message("place.taken", {"name": name})
    return Message("place.taken-there", {"name": name, "registry": elsewhere.name})


def moves_under_way(place: Place) -> bool:
    """Whether something is on its way into the environment from the registry."""
    return Move.objects.filter(
        state__in=UNDER_WAY, model__registry=place.registry_id, promotion__environment=place.environment
    ).exists()
