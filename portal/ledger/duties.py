"""What workers do for the ledger: keep a key, sign checkpoints, and check the whole once a day."""

from __future__ import annotations

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from portal.jobs.kinds import at_start, every, job_kind
from portal.message import Message

if settings.KEYS_ROOT:  # a host that is not to sign does not take the turn of one that is

    @every(2, name="ledger.sign")
    def sign() -> None:
        """Sign what is new."""
        from portal.ledger.signing import checkpoint_now

        checkpoint_now()

    @at_start("ledger.key")
    def first_key() -> None:
        """A site that has never had a key gets one, or it would never move an alias."""
        from portal.ledger.key_actions import ensure_key

        ensure_key()


@job_kind("ledger.verify", title=_("Check of the ledger"), lease=60, deadline=3600)
def verify(job, progress) -> dict:
    """Check the whole ledger, and keep what was found for the page of records."""
    from portal.ledger.checking import check_ledger
    from portal.ledger.models import Check

    report = check_ledger(
        progress=lambda done, of: progress(done, of, Message("ledger.checking", {"done": done, "of": of}))
    )
    problems = [problem.to_json() for problem in report.problems]
    Check.objects.create(size=report.size, checkpoint=report.checkpoint, problems=problems)
    return {"size": report.size, "problems": len(problems)}


@every(24 * 3600, name="ledger.verify")
def ask_for_check() -> None:
    """Once a day the whole is checked."""
    request_check(by=None)


def request_check(*, by) -> None:
    """Ask a worker for a check; one that waits or runs already is enough."""
    from portal.jobs.actions import enqueue

    with transaction.atomic():
        enqueue(kind="ledger.verify", params={}, by=by, subject=("ledger", "1", "Ledger"), key="ledger.verify")
