"""The files of what is live, compared with what was approved: a job of its own for each, spread over the day."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from governance import webhooks  # noqa: F401  (registers its duty)
from governance.connections import connect
from governance.findings import end_finding, open_finding, short_key
from governance.models import Finding, ModelVersion, Placement
from portal.jobs.actions import enqueue
from portal.jobs.kinds import every, job_kind
from portal.jobs.models import Job, State
from portal.message import Message
from portal.web.errors import Conflict, Unavailable

EVERY = 300  # seconds
AT_ONCE = 4  # checks that one round asks for


@every(EVERY, name="artifacts.check")
def check_what_is_due() -> int:
    """Duty: ask for a check of the files of what is live and was not looked at for long; of how many.

    A check that could not be made is asked for again: that nobody could look does not say that nothing changed.
    """
    since = timezone.now() - timedelta(hours=settings.ARTIFACT_HOURS)
    jobs = Job.objects.filter(kind="artifacts.check", created_at__gt=since, subject_type="placement")
    looked_at = jobs.exclude(state__in=(State.FAILED, State.CANCELLED)).values_list("subject_id", flat=True)
    looked_at = {int(one) for one in looked_at}
    whole = "model__team", "version__model__registry", "copy__model__registry"
    live = Placement.objects.filter(until=None, since__lte=since).select_related(*whole)
    failed = {int(one) for one in jobs.filter(state=State.FAILED).values_list("subject_id", flat=True)}
    due = [one for one in live.order_by("since", "pk") if one.pk not in looked_at and one.there.model.registry.enabled]
    due.sort(key=lambda one: one.pk in failed)  # one that cannot be read does not keep the others waiting
    for placement in due[:AT_ONCE]:
        ask_for_check(placement=placement)
    return len(due[:AT_ONCE])


def ask_for_check(*, placement: Placement, by=None) -> Job:
    """Enqueue a check of a placement's files, unless one is under way."""
    with transaction.atomic():
        return enqueue(
            kind="artifacts.check",
            params={"placement": placement.pk},
            by=by,
            team=placement.model.team,
            subject=("placement", placement.pk, str(placement)),
            key=f"artifacts:{placement.pk}",
        )


@job_kind("artifacts.check", title=_("Check of the files of what is live"), lease=60, deadline=1800, max_attempts=2)
def run_check(job: Job, progress) -> dict:
    """Job: read every byte of a version's files, or of its copy's, and hold their digest against the approved one."""
    from governance.registry import NotFound, RegistryError

    whole = "model__team", "version__model__registry", "copy__model__registry", "promotion", "model__registry"
    placement = Placement.objects.select_related(*whole).get(pk=job.params["placement"])
    if placement.until is not None:
        return {"state": "ended"}
    lies = placement.there
    words = {"model": lies.model.name, "number": lies.number}
    expected = (placement.promotion.bound or {}).get("artifact", "")
    if not expected:
        raise Conflict("finding.no-digest", **words)
    progress(1, 1, Message("finding.checking", words))
    try:
        found = connect(lies.model.registry).model_files(lies.model.name, lies.number).digest
    except NotFound as error:
        raise Conflict(error.message) from error  # that it is gone is what polls find
    except RegistryError as error:
        raise Unavailable(error.message) from error
    with transaction.atomic():
        compare_files(placement, lies, expected, found)
    return {"expected": expected, "found": found}


def compare_files(placement: Placement, lies: ModelVersion, expected: str, found: str) -> Finding | None:
    """Open a finding where the files are others, and end it where they are right again."""
    kind = "copy_differs" if placement.copy_id else "artifact_changed"
    key = short_key(f"files:{lies.pk}:{expected}")
    if found == expected:
        for finding in Finding.objects.open().filter(key=key).select_related("model__team", "version__model"):
            end_finding(finding)
        return None
    accepted = Finding.objects.filter(key=key, resolution="accepted").order_by("-pk").first()
    if accepted and accepted.detail.get("found") == found:
        return None
    words = {"model": lies.model.name, "number": lies.number, "environment": placement.environment}
    return open_finding(
        kind=kind,
        key=key,
        severity="critical",
        title=Message(f"finding.{kind}", words),
        about={
            "registry": lies.model.registry,
            "model": placement.model,
            "version": lies,
            "environment": placement.environment,
            "placement": placement,
            "promotion": placement.promotion,
        },
        team=placement.model.team,
        detail={"expected": expected, "found": found},
    )
