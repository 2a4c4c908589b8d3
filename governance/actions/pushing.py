"""Evaluation files that pipelines push: a set of its team, and at most a proposal to judge a model on it."""

from __future__ import annotations

from django.db import transaction

from governance.actions.evaluation_sets import create_set
from governance.models import EvaluationSet, RegisteredModel, SetRole, SetSource
from portal.accounts.models import Team
from portal.accounts.permissions import require
from portal.jobs.actions import enqueue
from portal.jobs.models import Job

# A challenger set comes into force at once, by a reviewer's word: no pipeline brings one.
PROPOSED = (SetRole.GOLD, SetRole.SENSITIVE, SetRole.TRAINING, SetRole.REFERENCE)


def push_set(
    *, team: Team, name: str, upload, model: RegisteredModel | None = None, role: str = "", key_columns=(), by
) -> tuple[EvaluationSet, list[Job]]:
    """Keep a pushed file as a set. No model is judged on it before somebody else has agreed.

    Parameters
    ----------
    model, role : RegisteredModel or None, str
        That the model be judged on the set in this role is proposed when it is measured.
    """
    require(by, "evaluation.create", team)
    if model is not None:
        require(by, "profile.change", model)
    with transaction.atomic():
        one = create_set(team=team, name=name, source=SetSource.UPLOAD, upload=upload, by=by)
        jobs = list(Job.objects.about("evaluation", one.pk).active())
        if model is not None:
            jobs.append(
                enqueue(
                    kind="evaluation.propose",
                    params={"set": one.pk, "model": model.pk, "role": role, "key_columns": list(key_columns)},
                    by=by,
                    team=team,
                    subject=("model", model.pk, model.name),
                )
            )
    return one, jobs
