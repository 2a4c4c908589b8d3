"""Registering one version for governance: it is read now, not with the next poll, and audited."""

from __future__ import annotations

from django.db import transaction

from governance.actions.audits import request_audits
from governance.audit_kinds import kinds_for
from governance.evidence import latest_audits
from governance.models import ModelVersion, Profile, RegisteredModel
from portal.accounts.permissions import require
from portal.jobs.actions import enqueue
from portal.jobs.models import Job


def register_version(*, model: RegisteredModel, number: int, by) -> list[Job]:
    """Ask for the audits of a version; one that the mirror does not have yet is read first.

    Returns
    -------
    list of Job
        To follow: the audits, or the reading, whose result names the audits.
    """
    require(by, "version.register", model)
    version = ModelVersion.objects.present().filter(model=model, number=number).first()
    if version is not None:
        return ask_for_lacking(version=version, by=by)
    with transaction.atomic():
        job = enqueue(
            kind="version.register",
            params={"model": model.pk, "number": number},
            by=by,
            team=model.team,
            subject=("model", model.pk, model.name),
            key=f"register:{model.pk}:{number}",
        )
    return [job]


def ask_for_lacking(*, version: ModelVersion, by) -> list[Job]:
    """Ask for the audits that were not made of these files under the profile of now."""
    profile = Profile.objects.filter(model=version.model_id).first()
    now = {"artifact": version.artifact_digest, "profile": profile.digest if profile else ""}

    def is_of_now(audit) -> bool:
        return all(not audit.inputs.get(name) or audit.inputs[name] == digest for name, digest in now.items())

    made = {kind for kind, audit in latest_audits(version).items() if is_of_now(audit)}
    kinds = [kind for kind in kinds_for(profile) if kind not in made]
    return request_audits(version=version, by=by, kinds=kinds) if kinds else []
