"""Jobs that a pipeline asks for: reading one version from its registry, and proposing a set that was pushed."""

from __future__ import annotations

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from governance.actions.evaluation_uses import use_set
from governance.actions.registering import ask_for_lacking
from governance.connections import connect
from governance.mirror.write import write_versions
from governance.models import EvaluationSet, ModelVersion, RegisteredModel, SetState
from portal.jobs.kinds import job_kind
from portal.message import Message
from portal.web.errors import Missing, Unavailable


@job_kind("version.register", title=_("Register a version"), lease=60, deadline=300)
def run_register(job, progress) -> dict:
    """Job: read the version as it is at the server, write it to the mirror, and ask for its audits."""
    from governance.registry import NotFound, RegistryError

    model = RegisteredModel.objects.select_related("registry", "team").get(pk=job.params["model"])
    number = int(job.params["number"])
    named = {"registry": model.registry.slug, "model": model.name, "version": number}
    progress(1, 2, Message("register.reading", named))
    remote = connect(model.registry)
    try:
        found = remote.version(model.name, number)
        runs = remote.runs([found.run_id]) if found.run_id else {}
    except NotFound as error:
        raise Missing("register.absent", **named) from error
    except RegistryError as error:
        raise Unavailable(error.message) from error
    progress(2, 2, Message("register.reading", named))
    with transaction.atomic():
        write_versions(model.registry, {model.name: model}, [found], runs, whole=False)
        version = ModelVersion.objects.select_related("model__team").get(model=model, number=number)
        audits = ask_for_lacking(version=version, by=job.created_by)
    return {"version": version.pk, "audits": [one.pk for one in audits]}


@job_kind("evaluation.propose", title=_("Propose a pushed evaluation set"), lease=60, deadline=1800)
def run_propose(job, progress) -> dict:
    """Job: measure the set if nobody has, and propose that the model be judged on it; somebody else agrees."""
    from governance.auditing.evaluation_jobs import run_measure

    one = EvaluationSet.objects.select_related("team").get(pk=job.params["set"])
    if one.state == SetState.WAITING:
        run_measure(job, progress)
        one.refresh_from_db()
    progress(3, 3, Message("push.proposing"))
    model = RegisteredModel.objects.select_related("team", "profile").get(pk=job.params["model"])
    asked = {"role": job.params["role"], "key_columns": job.params["key_columns"]}
    change = use_set(model=model, one=one, **asked, by=job.created_by)
    return {"set": one.pk, "change": change.pk if change else None}
