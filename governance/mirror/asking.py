"""When a registry is read, how a try went, and what is asked for after one."""

from __future__ import annotations

from dataclasses import asdict
from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from governance.actions.audits import request_audits
from governance.connections import connect
from governance.models import ModelVersion, Registry
from portal.jobs.actions import enqueue
from portal.jobs.kinds import every, job_kind
from portal.jobs.models import ACTIVE, Job
from portal.message import Message
from portal.web.errors import Missing, Unavailable

RECENT = 48
KEPT = timedelta(hours=2)  # for which the jobs of polls are listed


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


def ask_for_audits(version_ids) -> None:
    """A version that appears is audited at once if its model has a profile."""
    profiled = ModelVersion.objects.filter(pk__in=version_ids, model__profile__isnull=False, model__origin=None)
    for version in profiled.select_related("model__profile", "model__team"):
        request_audits(version=version, by=None)


def registry_of(job: Job) -> Registry:
    """The registry that a job is about.

    Raises
    ------
    Missing
        The connection was removed while the job waited.
    """
    registry = Registry.objects.filter(pk=job.params["registry"]).first()
    if registry is None:
        raise Missing("registry.gone")
    return registry


@job_kind("registry.test", title=_("Test a connection"), lease=30, deadline=120, max_attempts=1)
def run_test(job, progress) -> dict:
    """Job: reach the server, and say what was found or why not."""
    from governance.registry import RegistryError

    registry = registry_of(job)
    started = timezone.now()
    progress(1, 1, Message("registry.testing"))
    try:
        found = connect(registry).check()
    except RegistryError as error:
        note_try(registry, started, error=error.message)
        raise Unavailable(error.message) from error
    note_try(registry, started, server=asdict(found))
    return asdict(found)


@every(5, name="registry.mirror")
def mirror_what_is_due() -> None:
    """Duty: sweep each registry whose last sweep is old, and poll each whose last try is."""
    now = timezone.now()
    old = now - timedelta(seconds=settings.MIRROR_INTERVAL)
    late = now - timedelta(seconds=settings.POLL_INTERVAL)
    for registry in Registry.objects.filter(enabled=True).filter(Q(tried_at=None) | Q(tried_at__lt=late)):
        if registry.swept_at is None or registry.swept_at < old:
            ask_for_mirror(registry=registry)
        else:
            ask_for_poll(registry=registry)


@every(3600, name="registry.forget_polls")
def forget_polls() -> int:
    """Duty: the jobs of polls are not kept for ever; how many there were."""
    polls = Job.objects.filter(kind="registry.poll", created_at__lt=timezone.now() - KEPT)
    return polls.exclude(state__in=ACTIVE).delete()[0]


def ask_for_mirror(*, registry: Registry, by=None) -> Job:
    """Enqueue a sweep of a registry, unless it is being read."""
    return _ask(registry, "registry.mirror", by)


def ask_for_poll(*, registry: Registry, by=None) -> Job:
    """Enqueue a poll of a registry, unless it is being read."""
    return _ask(registry, "registry.poll", by)


def _ask(registry: Registry, kind: str, by) -> Job:
    """One at a time: of two that read side by side, the slower would write what is old."""
    with transaction.atomic():
        return enqueue(
            kind=kind,
            params={"registry": registry.pk},
            by=by,
            subject=("registry", registry.pk, registry.name),
            key=f"mirror:{registry.pk}",
        )
