"""Is the site alive, and is it ready for visitors?"""

from __future__ import annotations

from datetime import timedelta

from django.db import DEFAULT_DB_ALIAS, DatabaseError, connections
from django.db.migrations.executor import MigrationExecutor
from django.db.models import Max
from django.db.models.functions import Now
from django.http import HttpRequest, JsonResponse
from django.views.decorators.http import require_safe

from portal.jobs.models import Tick

WORKER_LATE = timedelta(minutes=1)


@require_safe
def live(request: HttpRequest) -> JsonResponse:
    """The process answers."""
    return JsonResponse({"status": "live"})


@require_safe
def ready(request: HttpRequest) -> JsonResponse:
    """The database answers and is migrated; whether a worker ticks is told, but pages do without one."""
    try:
        migrated = _migrated()
        worker = _worker() if migrated else "unknown"
    except DatabaseError:
        return JsonResponse({"status": "unready", "database": "fails"}, status=503)
    return JsonResponse(
        {
            "status": "ready" if migrated else "unready",
            "database": "answers",
            "migrations": "applied" if migrated else "missing",
            "worker": worker,
        },
        status=200 if migrated else 503,
    )


def _migrated() -> bool:
    executor = MigrationExecutor(connections[DEFAULT_DB_ALIAS])
    return not executor.migration_plan(executor.loader.graph.leaf_nodes())


def _worker() -> str:
    if Tick.objects.filter(ran_at__gt=Now() - WORKER_LATE).exists():
        return "ticks"
    return "late" if Tick.objects.aggregate(last=Max("ran_at"))["last"] else "never seen"
