"""Mirrors a registry: a few calls for everything, since alias and tag changes bump no time stamp in MLflow.

Each sync reads all models with their aliases and all versions, and the runs of versions not seen before. What is
gone from the server is marked as deleted and kept, since promotions and audits refer to it. A version that was
deleted and made anew under its number is another one: what was read of the old one is forgotten.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from governance.connections import connect
from governance.models import ModelVersion, RegisteredModel, Registry
from portal.jobs.actions import enqueue
from portal.jobs.kinds import every, job_kind
from portal.message import Message
from portal.web.errors import DomainError, Unavailable

RECENT = 48
BATCH = 500
SEEN_EACH_TIME = [
    "run_id", "logged_model_id", "source", "status", "description", "tags", "changed_at", "deleted_at",
]  # fmt: skip


@dataclass(frozen=True)
class Synced:
    """What a sync found."""

    models: int
    versions: int
    new_versions: tuple[int, ...]
    deleted: int


@job_kind("registry.mirror", title=_("Mirror a registry"), lease=60, deadline=900)
def run_mirror(job, progress) -> dict:
    """Job: bring the mirror up to date, and ask for the audits of new versions."""
    registry = Registry.objects.get(pk=job.params["registry"])
    started = timezone.now()
    try:
        synced = sync(registry, connect(registry), progress)
    except DomainError as error:
        note_try(registry, started, error=error.message)
        raise
    note_try(registry, started)
    return {"models": synced.models, "versions": synced.versions, "new": len(synced.new_versions)}


def moment(milliseconds: int | None) -> datetime | None:
    """MLflow's time as ours; 0 stands for none."""
    return datetime.fromtimestamp(milliseconds / 1000, UTC) if milliseconds else None


def sync(registry: Registry, remote, progress=None) -> Synced:
    """Read the server, write the mirror, and ask for the audits of new versions.

    Raises
    ------
    Unavailable
        With the reason, when the server does not answer as it should; the mirror then stays as it was.
    """
    from governance.registry import RegistryError

    step = progress or (lambda *args: None)
    try:
        step(1, 3, Message("registry.reading_models"))
        models = [model for model in remote.models() if not model.is_prompt]
        step(2, 3, Message("registry.reading_versions", {"models": len(models)}))
        versions = remote.versions()
        known = set(
            ModelVersion.objects.filter(model__registry=registry)
            .filter(Q(run_id="") | Q(run__isnull=False))
            .values_list("model__name", "number", "run_id")
        )
        wanted = {v.run_id for v in versions if v.run_id and (v.model, int(v.version), v.run_id) not in known}
        step(3, 3, Message("registry.reading_runs", {"runs": len(wanted)}))
        runs = remote.runs(sorted(wanted)) if wanted else {}
    except RegistryError as error:
        raise Unavailable(error.message) from error
    with transaction.atomic():
        rows = _write_models(registry, models)
        synced = _write_versions(registry, rows, versions, runs)
        _ask_for_audits(synced.new_versions)
    return synced


def _write_models(registry: Registry, models) -> dict[str, RegisteredModel]:
    RegisteredModel.objects.bulk_create(
        [
            RegisteredModel(
                registry=registry,
                name=m.name,
                description=m.description,
                tags=dict(m.tags),
                aliases={alias: int(number) for alias, number in m.aliases.items()},
                registered_at=moment(m.created),
                changed_at=moment(m.updated),
                deleted_at=None,
            )
            for m in models
        ],
        update_conflicts=True,
        unique_fields=["registry", "name"],
        update_fields=["description", "tags", "aliases", "registered_at", "changed_at", "deleted_at"],
        batch_size=BATCH,
    )
    registry.models.present().exclude(name__in=[m.name for m in models]).update(deleted_at=timezone.now())
    return {row.name: row for row in registry.models.present()}


def _write_versions(registry: Registry, rows: dict[str, RegisteredModel], versions, runs) -> Synced:
    before = {
        (model_id, number): seen
        for model_id, number, *seen in ModelVersion.objects.filter(model__registry=registry).values_list(
            "model_id", "number", "run_id", "registered_at"
        )
    }
    fresh, remade, written = [], [], []
    for remote in versions:
        model = rows.get(remote.model)
        if model is None:
            continue
        version = _version_of(model, remote, runs.get(remote.run_id))
        seen = before.get((model.pk, version.number))
        group = fresh if seen is None else remade if _is_another(version, *seen) else written
        group.append(version)
    for batch, extra in (
        (fresh, []),
        (remade, ["registered_at", "run", "author", "lineage", "artifact_digest"]),
        ([v for v in written if v.run], ["run", "author"]),
        (written, []),
    ):
        ModelVersion.objects.bulk_create(
            batch,
            update_conflicts=True,
            unique_fields=["model", "number"],
            update_fields=[*SEEN_EACH_TIME, *extra],
            batch_size=BATCH,
        )
    present = {(v.model.pk, v.number) for v in (*fresh, *remade, *written)}
    deleted = _mark_deleted(registry, before.keys() - present)
    new = {(v.model.pk, v.number) for v in (*fresh, *remade)}
    ids = [
        pk
        for pk, model_id, number in ModelVersion.objects.filter(model__registry=registry)
        .order_by("pk")
        .values_list("pk", "model_id", "number")
        if (model_id, number) in new
    ]
    return Synced(len(rows), len(present), tuple(ids), deleted)


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


def _is_another(version: ModelVersion, run_id: str, registered_at: datetime | None) -> bool:
    """Whether the number was given again: MLflow changes neither the run nor the birth of a version."""
    return version.run_id != run_id or (registered_at is not None and version.registered_at != registered_at)


def _mark_deleted(registry: Registry, lost) -> int:
    if not lost:
        return 0
    rows = ModelVersion.objects.present().filter(model__registry=registry).values_list("pk", "model_id", "number")
    ids = [pk for pk, model_id, number in rows if (model_id, number) in lost]
    return ModelVersion.objects.filter(pk__in=ids).update(deleted_at=timezone.now())


def note_try(registry: Registry, started, *, error: Message | None = None, server: dict | None = None) -> None:
    """Keep how a try went: pages show when the mirror is old, and why."""
    now = timezone.now()
    took = int((now - started).total_seconds() * 1000)
    registry.recent = [*registry.recent, {"at": now.isoformat(), "ok": error is None, "ms": took}][-RECENT:]
    registry.tried_at = now
    registry.error = error.to_json() if error else None
    fields = ["recent", "tried_at", "error"]
    if error is None and server is None:
        registry.synced_at = now
        fields.append("synced_at")
    if server is not None:
        registry.server = server
        fields.append("server")
    registry.save(update_fields=fields)


def _ask_for_audits(version_ids) -> None:
    """A version that appears is audited at once if its model has a profile."""
    from governance.actions.audits import request_audits

    profiled = ModelVersion.objects.filter(pk__in=version_ids, model__profile__isnull=False)
    for version in profiled.select_related("model__profile", "model__team"):
        request_audits(version=version, by=None)


@job_kind("registry.test", title=_("Test a connection"), lease=30, deadline=120, max_attempts=1)
def run_test(job, progress) -> dict:
    """Job: reach the server, and say what was found or why not."""
    from governance.registry import RegistryError

    registry = Registry.objects.get(pk=job.params["registry"])
    started = timezone.now()
    progress(1, 1, Message("registry.testing"))
    try:
        found = connect(registry).check()
    except RegistryError as error:
        note_try(registry, started, error=error.message)
        raise Unavailable(error.message) from error
    note_try(registry, started, server=asdict(found))
    return asdict(found)


@every(10, name="registry.mirror")
def mirror_what_is_due() -> None:
    """Duty: enqueue a mirror of each registry whose last try is old."""
    old = timezone.now() - timedelta(seconds=settings.MIRROR_INTERVAL)
    for registry in Registry.objects.filter(enabled=True).filter(Q(tried_at=None) | Q(tried_at__lt=old)):
        ask_for_mirror(registry=registry)


def ask_for_mirror(*, registry: Registry, by=None):
    """Enqueue a mirror of a registry, unless one is under way."""
    with transaction.atomic():
        return enqueue(
            kind="registry.mirror",
            params={"registry": registry.pk},
            by=by,
            subject=("registry", registry.pk, registry.name),
            key=f"mirror:{registry.pk}",
        )
