"""Which worker hosts have the sandbox: each worker tries at its start, and administrators may have it tried again."""

from __future__ import annotations

import structlog
from django.db import transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from portal.accounts.permissions import require
from portal.jobs.actions import enqueue
from portal.jobs.hosts import remember
from portal.jobs.kinds import at_start, job_kind
from portal.jobs.models import Job
from portal.ledger.actions import record
from portal.message import Message

log = structlog.get_logger("sekisho.sandbox")
TOPIC, KIND = "sandbox", "sandbox.probe"
CHANGES = ("backend", "bounds")


@at_start(TOPIC)
def try_here(by=None) -> dict:
    """Try the walls on this host by real runs, and keep what holds; a change since the last time is recorded."""
    from governance.sandbox.probe import probe

    found = probe().to_json() | {"at": timezone.now().isoformat()}
    say = log.info if found["works"] else log.warning
    say(
        "sandbox tried",
        works=found["works"],
        backend=found["backend"],
        as_root=found["as_root"],
        bounds=found["bounds"],
    )
    with transaction.atomic():
        host, before = remember(TOPIC, found)
        changed = {name for name in CHANGES if before and before.get(name) != found[name]}
        if changed:
            record(
                action="sandbox.change",
                by=by,
                subject=("host", host.name, host.name),
                before={name: before.get(name) or "none" for name in CHANGES if name in changed},
                after={name: found[name] or "none" for name in CHANGES if name in changed},
            )
    return found


@job_kind(KIND, title=_("Try the sandbox"), lease=60, deadline=180, max_attempts=1)
def run(job, progress) -> dict:
    progress(1, 1, Message("sandbox.trying"))
    found = try_here(by=job.created_by)
    return {"works": found["works"], "url": reverse("sandbox")}


def ask_for_try(*, by) -> Job:
    """Have the next free worker try its sandbox."""
    require(by, "sandbox.try")
    with transaction.atomic():
        return enqueue(kind=KIND, params={}, by=by, key=KIND)
