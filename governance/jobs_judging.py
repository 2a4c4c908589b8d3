"""Judging what is live: a duty for each day, a job when a policy is published, and renewing evidence."""

from __future__ import annotations

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from governance.judging import due_today, judge_live, judge_placed, renew_evidence
from portal.jobs.kinds import every, job_kind

EVERY = 600  # seconds: what is judged already is not judged again that day
RENEWED_EVERY = 3600


@every(EVERY, name="live.judge")
def judge_what_is_due() -> int:
    """Duty: judge what is live and has not been judged today; how many."""
    now = timezone.now()
    due = due_today(now)
    return judge_live(due, now=now) if due else 0


@job_kind("live.judge", title=_("Judging what is live"), lease=60, deadline=1800)
def run(job, progress) -> dict:
    """Job: judge by the policies in force now all that is live, or what has just come there."""
    just_placed = job.params.get("placement")
    return {"judged": judge_placed(just_placed) if just_placed else judge_live()}


@every(RENEWED_EVERY, name="evidence.renew")
def renew() -> int:
    """Duty: ask for audits whose evidence ends soon; of how many versions."""
    return renew_evidence()
