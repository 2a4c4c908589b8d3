"""Writing what was read: only what differs, and no alias that a move has changed meanwhile."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from django.utils import timezone

from governance.models import Fact, ModelVersion, RegisteredModel, Registry
from governance.registry.records import moment
from governance.verdicts import outdate

BATCH = 500
OF_MODEL = ["description", "tags", "aliases", "registered_at", "changed_at", "deleted_at"]
SEEN_EACH_TIME = [
    "run_id", "logged_model_id", "source", "status", "description", "tags", "changed_at", "deleted_at",
]  # fmt: skip
OF_ANOTHER = [*SEEN_EACH_TIME, "registered_at", "run", "author", "lineage", "artifact_digest"]


@dataclass(frozen=True)
class Written:
    """Versions that are new or were made anew, and how many were read and are gone."""

    versions: int
    new: tuple[int, ...]
    deleted: int


def aliases_before(registry: Registry) -> dict[str, dict[str, int]]:
    """What the mirror holds of aliases, by model, locked until the transaction ends: moves write them too."""
    return dict(registry.models.select_for_update().order_by("pk").values_list("name", "aliases"))


def write_models(
    registry: Registry, models: Iterable, explained: Collection[tuple[str, str]] = ()
) -> dict[str, RegisteredModel]:
    """Write all models of the server; those that are there, by name.

    An alias that is `explained` by a move stays as it is: what was read of it may be older than the move.
    """
    kept = {row.name: row for row in registry.models.all()}
    rows = [_model_of(registry, model, kept.get(model.name), explained) for model in models]
    RegisteredModel.objects.bulk_create(
        [row for row in rows if _differs(row, kept.get(row.name), OF_MODEL)],
        update_conflicts=True,
        unique_fields=["registry", "name"],
        update_fields=OF_MODEL,
        batch_size=BATCH,
    )
    gone = {row.pk for row in kept.values() if row.deleted_at is None} - {
        kept[r.name].pk for r in rows if r.name in kept
    }
    RegisteredModel.objects.filter(pk__in=gone).update(deleted_at=timezone.now())
    if gone or any(row.name in kept and row.aliases != kept[row.name].aliases for row in rows):
        outdate(registry=registry)
    return {row.name: row for row in registry.models.present()}


def write_versions(
    registry: Registry, rows: Mapping[str, RegisteredModel], versions: Iterable, runs: Mapping, *, whole: bool
) -> Written:
    """Write versions and the runs that were read of them.

    `whole` says that these are all versions of the server: what is not among them is gone.
    """
    read = [_version_of(rows[v.model], v, runs.get(v.run_id)) for v in versions if v.model in rows]
    kept = _kept(registry, None if whole else read)
    fresh, remade, with_run, changed = [], [], [], []
    for version in read:
        before = kept.get((version.model_id, version.number))
        if before is None:
            fresh.append(version)
        elif _is_another(version, before):
            remade.append(version)
        elif version.run:
            with_run.append(version)
        elif _differs(version, before, SEEN_EACH_TIME):
            changed.append(version)
    for batch, fields in (
        (fresh, SEEN_EACH_TIME),
        (remade, OF_ANOTHER),
        (with_run, [*SEEN_EACH_TIME, "run", "author"]),
        (changed, SEEN_EACH_TIME),
    ):
        ModelVersion.objects.bulk_create(
            batch,
            update_conflicts=True,
            unique_fields=["model", "number"],
            update_fields=fields,
            batch_size=BATCH,
        )
    _forget_facts(remade)
    if remade:
        outdate(registry=registry)
    present = {(version.model_id, version.number) for version in read}
    gone = {row.pk for key, row in kept.items() if key not in present and row.deleted_at is None} if whole else set()
    return Written(len(present), _ids_of(registry, (*fresh, *remade)), mark_deleted(registry, gone))


def mark_deleted(registry: Registry, ids: Iterable[int]) -> int:
    """Mark versions as gone, and with them all of models that are gone; how many there were."""
    now = timezone.now()
    lost = ModelVersion.objects.present().filter(model__registry=registry)
    of_models = lost.filter(model__deleted_at__isnull=False).update(deleted_at=now)
    count = of_models + lost.filter(pk__in=set(ids)).update(deleted_at=now)
    if count:  # a version that was live may be among them
        outdate(registry=registry)
    return count


# -- below -------------------------------------------------------------------------------------------------


def _model_of(registry: Registry, model, kept: RegisteredModel | None, explained) -> RegisteredModel:
    aliases = {alias: int(number) for alias, number in model.aliases.items()}
    for name, alias in explained:
        if name == model.name and kept is not None:
            aliases.pop(alias, None)
            if alias in kept.aliases:
                aliases[alias] = kept.aliases[alias]
    return RegisteredModel(
        registry=registry,
        name=model.name,
        description=model.description,
        tags=dict(model.tags),
        aliases=aliases,
        registered_at=moment(model.created),
        changed_at=moment(model.updated),
        deleted_at=None,
    )


def _version_of(model: RegisteredModel, remote, run) -> ModelVersion:
    return ModelVersion(
        model=model,
        number=int(remote.version),
        run_id=remote.run_id,
        logged_model_id=remote.model_id,
        source=remote.source,
        status=remote.status,
        description=remote.description,
        tags=dict(remote.tags),
        registered_at=moment(remote.created),
        changed_at=moment(remote.updated),
        deleted_at=None,
        run=run.to_json() if run else None,
        author=run.user if run else "",
    )


def _kept(registry: Registry, read: list[ModelVersion] | None) -> dict[tuple[int, int], ModelVersion]:
    """The rows that are there: all, or those that could be the ones that were read."""
    rows = ModelVersion.objects.filter(model__registry=registry)
    if read is not None:
        rows = rows.filter(model__in={v.model_id for v in read}, number__in={v.number for v in read})
    fields = {"model_id", "number", "registered_at", *SEEN_EACH_TIME}
    return {(row.model_id, row.number): row for row in rows.only("id", *fields)}


def _differs(row, kept, fields: Iterable[str]) -> bool:
    return kept is None or any(getattr(row, name) != getattr(kept, name) for name in fields)


def _is_another(version: ModelVersion, kept: ModelVersion) -> bool:
    """Whether the number was given again: MLflow changes neither the run nor the birth of a version."""
    born = kept.registered_at
    return version.run_id != kept.run_id or (born is not None and version.registered_at != born)


def _forget_facts(remade: Collection[ModelVersion]) -> None:
    """What pipelines told was told of another version, which had the same number."""
    for version in remade:
        Fact.objects.filter(version__model=version.model_id, version__number=version.number).delete()


def _ids_of(registry: Registry, versions: Iterable[ModelVersion]) -> tuple[int, ...]:
    wanted = {(version.model_id, version.number) for version in versions}
    if not wanted:
        return ()
    rows = ModelVersion.objects.filter(model__in={model for model, _number in wanted})
    found = rows.order_by("pk").values_list("pk", "model_id", "number")
    return tuple(pk for pk, model, number in found if (model, number) in wanted)
