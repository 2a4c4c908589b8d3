"""Saying where an environment lies in a registry."""

from __future__ import annotations

from typing import Any

from django.db import transaction

from governance.models import Place, PlaceKind, Registry
from governance.places import HOLE, moves_under_way, name_there, others, taken, wrong_name
from governance.policy.reading import RESERVED_ALIAS
from governance.verdict import environments
from portal.accounts.permissions import require
from portal.ledger.actions import record
from portal.message import Message
from portal.web.errors import Conflict, Invalid

ALIAS_LETTERS = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-")


def set_place(
    *,
    registry: Registry,
    environment: str,
    kind: str,
    alias: str = "",
    name_pattern: str = "",
    target: Registry | None = None,
    by,
) -> Place:
    """Let an environment lie elsewhere for the models of a registry, from the next approval on.

    Parameters
    ----------
    kind : {"alias", "model", "registry"}
    alias : str
        Empty for the policy's.
    name_pattern : str
        For a model of its own, such as ``prod.{name}``; in another registry it may be empty, for the same name.
    target : Registry, optional
        The other registry.
    """
    require(by, "place.manage")
    pattern, elsewhere = name_pattern.strip(), kind == PlaceKind.REGISTRY
    if kind == PlaceKind.ALIAS or (elsewhere and pattern == HOLE):
        pattern = ""
    wanted = {
        "kind": kind,
        "alias": alias.strip(),
        "name_pattern": pattern,
        "target": target if elsewhere else None,
    }
    _check(registry, environment, wanted)
    with transaction.atomic():
        known = Place.objects.select_for_update().filter(registry=registry, environment=environment).first()
        place = known or Place(registry=registry, environment=environment)
        before = _said(place) if known else {}
        if moves_under_way(place):
            raise Conflict("place.moving")
        for name, value in wanted.items():
            setattr(place, name, value)
        place.save()
        _keep_record("place.set", place, by, before=before, after=_said(place))
    return place


def remove_place(*, place: Place, by) -> None:
    """Let the policy's alias stand for the environment again."""
    require(by, "place.manage")
    with transaction.atomic():
        if moves_under_way(place):
            raise Conflict("place.moving")
        _keep_record("place.remove", place, by, before=_said(place), after={})
        place.delete()


def _check(registry: Registry, environment: str, wanted: dict[str, Any]) -> None:
    wrong: dict[str, Message] = {}
    if environment not in environments():
        wrong["environment"] = Message("policy.no-environment", {"environment": environment})
    if wanted["kind"] not in PlaceKind.values:
        wrong["kind"] = Message("place.kind")
    if wanted["alias"] and (why := _wrong_alias(registry, environment, wanted["alias"])):
        wrong["alias"] = why
    pattern, elsewhere = wanted["name_pattern"], wanted["kind"] == PlaceKind.REGISTRY
    if (pattern or wanted["kind"] == PlaceKind.MODEL) and (why := _wrong_pattern(registry, pattern)):
        wrong["name_pattern"] = why
    if elsewhere and (why := _wrong_target(registry, wanted["target"])):
        wrong["target"] = why
    elif elsewhere and "name_pattern" not in wrong and (why := _names_taken(registry, wanted["target"], pattern)):
        wrong["name_pattern"] = why
    if wrong:
        raise Invalid(next(iter(wrong.values())), wrong)


def _wrong_alias(registry: Registry, environment: str, alias: str) -> Message | None:
    if not ALIAS_LETTERS.issuperset(alias) or len(alias) > 100 or RESERVED_ALIAS.fullmatch(alias):
        return Message("policy.alias")
    places = {place.environment: place for place in Place.objects.filter(registry=registry)}
    for key, other in environments().items():
        there = places.get(key)
        taken = (there.alias if there else "") or other.alias
        if key != environment and taken.lower() == alias.lower():
            return Message("policy.alias-twice", {"alias": alias})
    return None


def _wrong_pattern(registry: Registry, pattern: str) -> Message | None:
    """It names another model for each, of a name that MLflow takes for every model that is there now."""
    if pattern.count(HOLE) != 1 or pattern == HOLE or "{" in pattern.replace(HOLE, ""):
        return Message("place.pattern")
    if len(pattern) > 200:
        return Message("place.name-long", {"name": pattern[:60] + "…", "limit": 200})
    names = set(registry.models.present().values_list("name", flat=True))
    return next((why for name in sorted(names) if (why := wrong_name(name_there(pattern, name)))), None)


def _wrong_target(registry: Registry, target: Registry | None) -> Message | None:
    """What speaks against a registry as the place of an environment, as far as its last readings tell."""
    if target is None:
        return Message("place.target")
    if target.pk == registry.pk:
        return Message("place.target-same")
    named = {"registry": target.name}
    if not target.enabled:
        return Message("place.target-paused", named)
    if target.error:
        return Message("place.target-away", named | {"reason": Message.from_json(target.error)})
    if target.synced_at is None:
        return Message("place.target-unread", named)
    return Message("place.target-rights", named) if target.server.get("rights") == "read" else None


def _names_taken(registry: Registry, target: Registry, pattern: str) -> Message | None:
    """The first model there that is another's, though one of the registry would get its name."""
    rows = registry.models.present().filter(origin=None)
    wanted = {name_there(pattern, name): pk for pk, name in rows.values_list("pk", "name")}
    there = [*others(target.models.all(), beside=False), *target.models.exclude(origin=None)]
    for row in sorted(there, key=lambda row: row.name):
        if row.name in wanted and row.origin_id != wanted[row.name]:
            return taken(row.name, target)
    return None


def _said(place: Place) -> dict[str, str]:
    said = {"place_kind": place.kind, "alias": place.alias, "name_pattern": place.name_pattern}
    return said | ({"into_registry": place.target.name} if place.target else {})


def _keep_record(action: str, place: Place, by, **states: dict[str, Any]) -> None:
    record(
        action=action,
        by=by,
        subject=("registry", place.registry_id, place.registry.name),
        params={"environment": place.environment},
        **states,
    )
