"""A poll: what is new, and what stands somewhere, every half minute."""

from __future__ import annotations

from dataclasses import dataclass

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from governance.connections import connect
from governance.gate_watch import watch_gate
from governance.mirror.asking import ask_for_audits, note_try, registry_of
from governance.mirror.write import aliases_before, mark_deleted, write_models, write_versions
from governance.models import ModelVersion, Registry
from governance.polling import News, read_news
from governance.reconcile import closed_in, experiments_of, explained_since, placed_in, reconcile, unended
from portal.jobs.kinds import job_kind
from portal.message import Message
from portal.web.errors import DomainError, Unavailable


@dataclass(frozen=True)
class Polled:
    """What a poll found."""

    models: int
    versions: int
    new_versions: tuple[int, ...]
    differences: int


@job_kind("registry.poll", title=_("Ask a registry what is new"), lease=60, deadline=300)
def run_poll(job, progress) -> dict:
    """Job: bring the mirror up to date with what is new, and look for what no decision explains."""
    registry = registry_of(job)
    started = timezone.now()
    progress(1, 1, Message("registry.polling"))
    try:
        remote = connect(registry)
        found = poll(registry, remote)
    except DomainError as error:
        note_try(registry, started, error=error.message)
        raise
    note_try(registry, started)
    watch_gate(registry, remote)
    return {"versions": found.versions, "new": len(found.new_versions), "differences": found.differences}


def poll(registry: Registry, remote) -> Polled:
    """Read what is new, write the mirror, and open findings.

    Raises
    ------
    Unavailable
        With the reason, when the server does not answer as it should; nothing is changed or judged then.
    """
    from governance.registry import RegistryError

    moves = unended(registry)
    placed = placed_in(registry)
    try:
        news = read_news(remote, registry.watermark, placed, experiments_of(registry))
        runs = _runs_of_new(registry, remote, news)
    except RegistryError as error:
        raise Unavailable(error.message) from error
    with transaction.atomic():
        before, placed = aliases_before(registry), placed_in(registry)
        explained = explained_since(registry, moves)
        closed = closed_in(registry, {*before, *news.seen.aliases})
        rows = write_models(registry, news.models, explained)
        written = write_versions(registry, rows, news.versions, runs, whole=False)
        mark_deleted(registry, _ids(registry, news.gone))
        ask_for_audits(written.new)
        compared = reconcile(registry, news.seen, placed, before=before, explained=explained, closed=closed)
        Registry.objects.filter(pk=registry.pk, watermark__lt=news.watermark).update(watermark=news.watermark)
    return Polled(len(rows), written.versions, written.new, len(compared.differences))


def _runs_of_new(registry: Registry, remote, news: News) -> dict:
    """The runs of versions that the mirror does not have, or has of another run."""
    numbers = {int(version.version) for version in news.versions}
    rows = ModelVersion.objects.filter(model__registry=registry, number__in=numbers, run__isnull=False)
    known = set(rows.values_list("model__name", "number", "run_id"))
    wanted = {v.run_id for v in news.versions if v.run_id and (v.model, int(v.version), v.run_id) not in known}
    return remote.runs(sorted(wanted)) if wanted else {}


def _ids(registry: Registry, gone) -> set[int]:
    rows = ModelVersion.objects.filter(model__registry=registry, number__in={number for _name, number in gone})
    return {pk for pk, name, number in rows.values_list("pk", "model__name", "number") if (name, number) in set(gone)}
