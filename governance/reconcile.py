"""What was decided, as `reconcile_rules` compares it with what a registry says, and what comes of the comparison.

The caller holds the transaction in which the mirror is written: what was there before and what is found commit
together, so that nothing that happened in between is taken for something old.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from django.db.models import F, Q

from governance.findings import end_finding, open_finding, short_key
from governance.in_force import environments
from governance.models import (
    Finding,
    FindingState,
    ModelVersion,
    Move,
    MoveState,
    Place,
    PlaceKind,
    Placement,
    RegisteredModel,
    Registry,
    Resolution,
)
from governance.reconcile_rules import Closed, Compared, Difference, Placed, Seen, compare, graver
from governance.restoring import MOVED, restore
from portal.message import Message

ENDED = (MoveState.DONE, MoveState.FAILED, MoveState.OVERTAKEN)


def prefix(registry: Registry) -> str:
    """How the keys of findings about a registry begin."""
    return f"registry:{registry.pk}:"


def governed_in(registry: Registry) -> dict[str, str]:
    """The aliases of a registry that are environments → the environment."""
    places = {place.environment: place for place in Place.objects.filter(registry=registry)}
    found = {}
    for key, environment in environments().items():
        place = places.get(key)
        if place is None or place.kind == PlaceKind.ALIAS:
            found[(place.alias if place else "") or environment.alias] = key
    return found


def placed_in(registry: Registry) -> list[Placed]:
    """What stands in a registry by our decisions, and how it was when they were made; four queries."""
    alias_of = {environment: alias for alias, environment in governed_in(registry).items()}
    open_ones = _open_details(registry)
    rows = Placement.objects.filter(until=None)
    own = rows.filter(copy=None, model__registry=registry).annotate(
        name=F("model__name"), number=F("version__number"), run=F("version__run_id"), tags=F("version__tags"),
        born=F("version__registered_at"), audited=F("version__lineage__run__metrics"),
        mirrored=F("version__run__metrics"), set_alias=F("promotion__move__alias"),
    )  # fmt: skip
    copies = rows.filter(copy__model__registry=registry).annotate(
        name=F("copy__model__name"), number=F("copy__number"), run=F("copy__run_id"), tags=F("copy__tags"),
        born=F("copy__registered_at"), mirrored=F("copy__run__metrics"), set_alias=F("promotion__move__alias"),
    )  # fmt: skip
    beside = copies.filter(model__registry=registry).annotate(audited=F("version__lineage__run__metrics"))
    brought = copies.exclude(model__registry=registry).annotate(audited=F("copy__lineage__run__metrics"))  # own runs
    fields = ("environment", "name", "number", "run", "tags", "born", "audited", "mirrored", "set_alias")
    return [
        _placed(dict(zip(fields, row, strict=True)), alias_of, open_ones, prefix(registry))
        for which in (own, beside, brought)
        for row in which.values_list(*fields)
    ]


def experiments_of(registry: Registry) -> set[str]:
    """The experiments of the runs behind what stands in a registry."""
    rows = ModelVersion.objects.filter(
        Q(placements__until=None, placements__isnull=False)
        | Q(placed_as_copy__until=None, placed_as_copy__isnull=False),
        model__registry=registry,
    )
    return {str(one) for one in rows.values_list("run__experiment_id", flat=True) if one is not None}


@dataclass(frozen=True)
class Unended:
    """The moves that had not ended at a moment, and the newest one there was."""

    ids: frozenset[int]
    newest: int


def closed_in(registry: Registry, names: Iterable[str]) -> list[Closed]:
    """Those of the models of a registry that are environments, and the copies that moves made in them.

    Ask in the transaction that writes the mirror, before it is written.
    """
    places = Place.objects.filter(
        Q(kind=PlaceKind.MODEL, registry=registry) | Q(kind=PlaceKind.REGISTRY, target=registry)
    )
    if not places:
        return []
    patterns = {place.name_pattern: place.environment for place in places if place.name_pattern}
    same = {place.registry_id: place.environment for place in places if not place.name_pattern}
    origins = registry.models.filter(origin__registry__in=same).values_list("name", "origin__registry")
    brought = {name: same[source] for name, source in origins}
    names = {name: where for name in names if (where := brought.get(name) or _of(name, patterns))}
    made, there, marks = defaultdict(set), defaultdict(set), defaultdict(set)
    moves = Move.objects.filter(target_model__registry=registry, target_model__name__in=names)
    for name, number, tag, state in moves.values_list("target_model__name", "target_number", "tag", "state"):
        if number is not None:
            made[name].add(number)
        if state not in ENDED:
            marks[name].add(str(tag))
    versions = ModelVersion.objects.present().filter(model__registry=registry, model__name__in=names)
    for name, number, source in versions.values_list("model__name", "number", "copied_from"):
        (there if source is None else made)[name].add(number)
    return [
        Closed(name, where, frozenset(made[name]), frozenset(there[name]), frozenset(marks[name]))
        for name, where in names.items()
    ]


def unended(registry: Registry) -> Unended:
    """The moves into a registry that have not ended, asked before anything is read of it."""
    moves = _moves_into(registry)
    rows = moves.exclude(state__in=ENDED)
    newest = moves.order_by("-pk").values_list("pk", flat=True).first() or 0
    return Unended(frozenset(rows.values_list("pk", flat=True)), newest)


def explained_since(registry: Registry, before: Unended) -> dict[tuple[str, str], frozenset[int | None]]:
    """(model, alias) → the versions that moves take it from and to, which are under way, or ended since `unended`.

    No clock is asked: those of several hosts may differ.
    """
    found: dict[tuple[str, str], frozenset[int | None]] = {}
    ended_since = Q(state=MoveState.DONE) & (Q(pk__in=before.ids) | Q(pk__gt=before.newest))
    under_way = Q(state=MoveState.MOVING) | ended_since
    for move in _moves_into(registry).filter(under_way).select_related("model", "target_model"):
        name = (move.target_model or move.model).name
        number = move.target_number if move.target_model_id else move.number
        found[name, move.alias] = found.get((name, move.alias), frozenset()) | {number, move.replaced}
    return found


def reconcile(
    registry: Registry,
    seen: Seen,
    placed: Iterable[Placed],
    *,
    before: Mapping[str, Mapping[str, int]],
    explained: Mapping[tuple[str, str], frozenset[int | None]],
    closed: Iterable[Closed] = (),
) -> Compared:
    """Compare what was read with what stands decided, open what differs and end what is right again.

    Parameters
    ----------
    placed : iterable of Placed
        As `placed_in` said in this transaction, before the mirror was written: it holds how things were.
    before : mapping
        The aliases that the mirror held until now, by model.
    explained : mapping
        As `explained_since` says, read in this transaction.
    closed : iterable of Closed
        As `closed_in` said in this transaction, before the mirror was written.
    """
    if not before:  # nothing was mirrored until now: all of it was there before anybody could decide on it
        before = seen.aliases
        closed = [replace(one, there=frozenset(n for m, n in seen.versions if m == one.model)) for one in closed]
    governed = governed_in(registry)
    compared = compare(seen, placed, governed=governed, before=before, explained=explained, closed=closed)
    start = prefix(registry)
    keys = {short_key(start + one.key): one for one in compared.differences}
    right = {short_key(start + key) for key in compared.right}
    known = Finding.objects.filter(key__startswith=start).select_related("model__team", "version__model", "registry")
    for finding in known.filter(state=FindingState.OPEN):
        if finding.key in right:
            end_finding(finding)
    past = known.exclude(state=FindingState.OPEN)
    settled = _settled(past.filter(Q(key__in=list(keys)) | Q(resolution=Resolution.ACCEPTED)), right)
    _open(registry, {key: one for key, one in keys.items() if not _is_settled(settled.get(key), one)}, settled)
    return compared


# -- below -------------------------------------------------------------------------------------------------


def _moves_into(registry: Registry):
    return Move.objects.filter(Q(target_model=None, model__registry=registry) | Q(target_model__registry=registry))


def _placed(row: dict[str, Any], alias_of: Mapping[str, str], open_ones: Mapping[str, dict], start: str) -> Placed:
    where = f"{row['name']}:{row['number']}"
    metrics = row["audited"] if row["audited"] is not None else row["mirrored"]
    born = int(row["born"].timestamp() * 1000 + 0.5) if row["born"] else 0
    approved = (open_ones.get(short_key(f"{start}version:{where}")) or {}).get("expected")
    if not isinstance(approved, dict):  # not made anew: the mirror holds the one that was approved
        approved = {"run": row["run"], "registered": born}
    elif approved["run"] != row["run"]:
        metrics = None  # those that are kept now are of the other's run
    return Placed(
        model=row["name"],
        number=row["number"],
        environment=row["environment"],
        alias=row["set_alias"] if row["set_alias"] is not None else alias_of.get(row["environment"], ""),
        run_id=approved["run"],
        born=approved["registered"],
        tags=_as_it_was(row["tags"], open_ones.get(short_key(f"{start}tags:{where}"))),
        metrics=_as_it_was(metrics, open_ones.get(short_key(f"{start}metrics:{where}"))),
    )


def _of(name: str, patterns: Mapping[str, str]) -> str:
    """The environment whose pattern a model's name follows; empty if none."""
    for pattern, environment in patterns.items():
        head, _hole, tail = pattern.partition("{name}")
        if name.startswith(head) and name.endswith(tail) and len(name) > len(head) + len(tail):
            return environment
    return ""


def _as_it_was(now: Mapping[str, Any] | None, detail: Mapping[str, Any] | None) -> Mapping[str, Any] | None:
    """What the mirror holds, without the change that an open finding is about."""
    if now is None or detail is None:
        return now
    expected, found = detail.get("expected") or {}, detail.get("found") or {}
    return {name: value for name, value in now.items() if name not in found} | expected


def _open_details(registry: Registry) -> dict[str, dict]:
    rows = Finding.objects.open().filter(
        key__startswith=prefix(registry), kind__in=("tag_changed", "run_changed", "remade")
    )
    return dict(rows.values_list("key", "detail"))


def _settled(rows: Iterable[Finding], right: set[str]) -> dict[str, Finding]:
    """The last settled finding of each key; an acceptance is over once the thing was right again."""
    found: dict[str, Finding] = {}
    for row in sorted(rows, key=lambda row: row.pk):
        if row.key in right and row.resolution == Resolution.ACCEPTED and not row.detail.get("over"):
            row.detail = {**row.detail, "over": True}
            row.save(update_fields=["detail"])
        found[row.key] = row
    return found


def _is_settled(last: Finding | None, one: Difference) -> bool:
    """Whether a person accepted just this."""
    accepted = last is not None and last.resolution == Resolution.ACCEPTED and not last.detail.get("over")
    return accepted and last.detail.get("found") == one.found and last.kind == one.kind


def _open(registry: Registry, differences: Mapping[str, Difference], settled: Mapping[str, Finding]) -> None:
    names = {one.model for one in differences.values()}
    models = {row.name: row for row in registry.models.filter(name__in=names).select_related("team", "origin__team")}
    numbers = {one.number for one in differences.values() if one.number is not None}
    rows = ModelVersion.objects.filter(model__in=models.values(), number__in=numbers).defer("run", "lineage")
    versions = {(row.model_id, row.number): row for row in rows}
    places = {
        (row.model_id, row.environment): row
        for row in Placement.objects.filter(
            until=None, model__in=[owner_of(model).pk for model in models.values()]
        ).select_related("promotion__move", "version__model__profile", "copy__model", "model__team")
    }
    for key, one in differences.items():
        model = models.get(one.model)
        owner = owner_of(model) if model else None
        version = versions.get((model.pk, one.number)) if model else None
        if version is not None:
            version.model = model
        last = settled.get(key)
        again = last is not None and last.kind == one.kind and last.detail.get("found") == one.found
        placement = places.get((owner.pk, one.environment)) if owner else None
        finding = open_finding(
            kind=one.kind,
            key=key,
            # Said to be corrected, and it is not: as grave as before, although the mirror has known it since.
            severity=graver(one.severity, last.severity) if again and last.resolution != "ended" else one.severity,
            title=said(one),
            about={
                "registry": registry,
                "model": owner,  # a copy is its team's matter, who know it by its origin
                "version": version,
                "environment": one.environment[:40],
                "placement": placement,
            },
            team=owner.team if owner else None,
            detail={"expected": one.expected, "found": one.found, "alias": one.alias},
        )
        if placement and one.kind in MOVED:
            restore(placement=placement, finding=finding)


def owner_of(model: RegisteredModel) -> RegisteredModel:
    """The model that is governed: of a copy, the one that it copies."""
    return model.origin if model.origin_id else model


def said(one: Difference) -> Message:
    """A difference in a sentence."""
    words: dict[str, Any] = {"model": one.model, "environment": one.environment}
    if one.kind in ("alias_moved", "alias_removed", "never_approved"):
        words |= {"alias": one.alias, "expected": one.expected, "found": one.found}
    elif one.kind in ("model_renamed", "model_deleted"):
        words |= {"found": one.found}
    elif one.kind in ("tag_changed", "run_changed"):
        words |= {"number": one.number, "names": sorted({*one.expected, *one.found})[:20]}
    else:
        words |= {"number": one.number}
    return Message(f"finding.{one.kind}", words)
