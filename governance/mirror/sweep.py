"""A sweep: everything that a registry holds, in a few calls."""

from __future__ import annotations

from dataclasses import dataclass

from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from governance.connections import connect
from governance.gate_watch import watch_gate
from governance.mirror.asking import ask_for_audits, note_try, registry_of
from governance.mirror.write import aliases_before, write_models, write_versions
from governance.models import ModelVersion, Registry
from governance.polling import runs_of, seen_of
from governance.reconcile import closed_in, experiments_of, explained_since, placed_in, reconcile, unended
from portal.jobs.kinds import job_kind
from portal.message import Message
from portal.web.errors import DomainError, Unavailable


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
    registry = registry_of(job)
    started = timezone.now()
    try:
        remote = connect(registry)
        synced = sync(registry, remote, progress)
    except DomainError as error:
        note_try(registry, started, error=error.message)
        raise
    note_try(registry, started)
    Registry.objects.filter(pk=registry.pk).update(swept_at=started)
    watch_gate(registry, remote, always=True)
    return {"models": synced.models, "versions": synced.versions, "new": len(synced.new_versions)}


def sync(registry: Registry, remote, progress=None) -> Synced:
    """Read the server, write the mirror, ask for the audits of new versions, and open findings.

    Raises
    ------
    Unavailable
        With the reason, when the server does not answer as it should; the mirror then stays as it was.
    """
    from governance.registry import RegistryError

    step = progress or (lambda *args: None)
    moves = unended(registry)
    wanted_runs = sorted({one.run_id for one in placed_in(registry) if one.run_id})
    try:
        step(1, 3, Message("registry.reading_models"))
        models = [model for model in remote.models() if not model.is_prompt]
        step(2, 3, Message("registry.reading_versions", {"models": len(models)}))
        versions = remote.versions()
        wanted = _unknown(registry, versions)
        step(3, 3, Message("registry.reading_runs", {"runs": len(wanted)}))
        runs = remote.runs(sorted(wanted)) if wanted else {}
        used = runs_of(remote, wanted_runs, experiments_of(registry))
    except RegistryError as error:
        raise Unavailable(error.message) from error
    with transaction.atomic():
        before, placed = aliases_before(registry), placed_in(registry)
        explained = explained_since(registry, moves)
        closed = closed_in(registry, {*before, *(model.name for model in models)})
        rows = write_models(registry, models, explained)
        written = write_versions(registry, rows, versions, runs, whole=True)
        ask_for_audits(written.new)
        listed = [version for version in versions if version.model in rows]
        there = {(version.model, int(version.version)) for version in listed}
        gone = {(one.model, one.number) for one in placed if one.model in rows} - there
        seen = seen_of(models, listed, gone, used, wanted_runs)
        reconcile(registry, seen, placed, before=before, explained=explained, closed=closed)
        newest = max((version.updated for version in versions), default=0)
        Registry.objects.filter(pk=registry.pk, watermark__lt=newest).update(watermark=newest)
    return Synced(len(rows), written.versions, written.new, written.deleted)


def _unknown(registry: Registry, versions) -> set[str]:
    """The runs that were not read yet."""
    known = set(
        ModelVersion.objects.filter(model__registry=registry)
        .filter(Q(run_id="") | Q(run__isnull=False))
        .values_list("model__name", "number", "run_id")
    )
    return {v.run_id for v in versions if v.run_id and (v.model, int(v.version), v.run_id) not in known}
