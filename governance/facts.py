"""The facts that a team's mirrored models give to its maturity (the `mlf.*` facts of the catalogue).

The mirror knows the runs behind registered versions, not every trial of a team: shares are of those runs, and
counts are at least what is said. What is not mirrored is not claimed: commits are not compared with repositories.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from urllib.parse import urlsplit

from django.db.models import Q

from assessments import collectors
from assessments.evidence_rules import Fact
from governance.in_force import PRODUCTION, environments
from governance.models import ModelVersion, Placement, RegisteredModel
from portal.accounts.models import Team

WINDOW = timedelta(days=90)
LOOPBACK = ("localhost", "127.0.0.1", "::1")
LOCAL_SOURCES = ("code", "local", "")
PIPELINE_TAGS = ("mlflow.autologging", "mlflow.databricks.jobRunID", "kubeflow.run_id", "airflow.run_id", "dvc.stage")
NOTEBOOK_MARKS = (".ipynb", "ipykernel_launcher")


def collect(team: Team, now: datetime) -> list[Fact]:
    """The facts of one team, read from the mirror."""
    models = RegisteredModel.objects.present().filter(team=team)
    count = models.count()
    if not count:
        return []
    versions = list(ModelVersion.objects.present().filter(model__in=models).select_related("model__registry"))
    live = set(
        Placement.objects.filter(model__in=models, environment=PRODUCTION, until=None).values_list(
            "version_id", flat=True
        )
    )
    emails = _member_names(team)
    looked = min((v.model.registry.synced_at for v in versions if v.model.registry.synced_at), default=now)
    facts = [
        Fact("mlf.models", count, None, "A", looked),
        Fact("live.models", live_models(models), None, "A", looked),
        *server_facts(versions, live, looked),
    ]
    facts += run_facts(_recent_runs(versions, now), emails, looked)
    facts += version_facts(versions, [v for v in versions if v.pk in live], looked)
    return facts


def live_models(models) -> int:
    """How many models are in production: placed there by a promotion, or under its alias in MLflow.

    With none, what is said of "each live model" is unknown, whoever says it.
    """
    alias = production.alias if (production := environments().get(PRODUCTION)) else None
    placed = set(Placement.objects.filter(model__in=models, environment=PRODUCTION, until=None).values_list("model_id"))
    return sum((model.pk,) in placed or (alias is not None and alias in model.aliases) for model in models)


def _member_names(team: Team) -> dict[str, int]:
    """How runs may name the team's members: by address, its local part, or name."""
    names = {}
    for pk, email, name in team.memberships.filter(Q(user__is_active=True)).values_list(
        "user_id", "user__email", "user__name"
    ):
        names.update({email.lower(): pk, email.split("@")[0].lower(): pk, name.lower(): pk})
    return names


def _recent_runs(versions: list[ModelVersion], now: datetime) -> list[dict]:
    """The finished runs of the last 90 days behind the versions, each once."""
    since = (now - WINDOW).timestamp() * 1000
    runs = {
        v.run["run_id"]: v.run
        for v in versions
        if v.run and v.run.get("status") == "FINISHED" and (v.run.get("ended") or 0) >= since
    }
    return list(runs.values())


def server_facts(versions: list[ModelVersion], live: set[int], at: datetime) -> list[Fact]:
    """Whether the team's server is one that several people share, and whether live files lie on somebody's disk."""
    if not versions:
        return []
    remote = all(urlsplit(v.model.registry.address).hostname not in LOOPBACK for v in versions)
    users = {v.author for v in versions if v.author}
    shared = remote and len(users) >= 2 and not any(map(_lies_on_a_local_path, versions))
    local = sum(_lies_on_a_local_path(v) for v in versions if v.pk in live)
    return [
        Fact("mlf.server_shared", shared, None, "A", at),
        *([Fact("mlf.live_local_artifacts", local, None, "A", at)] if live else []),
    ]


def _lies_on_a_local_path(version: ModelVersion) -> bool:
    """By the place that the logged model or the run names for its files."""
    logged = ((version.lineage or {}).get("logged_model") or {}).get("artifact_uri", "")
    place = logged or (version.run or {}).get("artifact_uri", "")
    return place.startswith(("/", "file:"))


def run_facts(runs: list[dict], members: dict[str, int], at: datetime) -> list[Fact]:
    """Facts about runs; shares of them where there is at least one."""
    users = {members[name] for run in runs if (name := str(run.get("user", "")).lower()) in members}
    facts = [Fact("mlf.runs", len(runs), None, "A", at), Fact("mlf.run_users", len(users), len(runs), "A", at)]
    if not runs:
        return facts
    measured = [run for run in runs if run.get("metrics")]
    sets = [data for run in runs for data in run.get("datasets", ())]
    facts += [
        _share("mlf.run_params_metrics", [bool(r.get("params")) and bool(r.get("metrics")) for r in runs], at),
        _share("mlf.run_dataset", [any(map(_is_shared_training_data, r.get("datasets", ()))) for r in runs], at),
        _share("mlf.run_model", [bool(r.get("model_ids")) for r in measured], at),
        _share("mlf.run_auto", [any(tag in r.get("tags", {}) for tag in PIPELINE_TAGS) for r in runs], at),
        _share("mlf.run_dataset.local", [data.get("source_type", "") in LOCAL_SOURCES for data in sets], at),
    ]
    return [fact for fact in facts if fact]


def version_facts(versions: list[ModelVersion], live: list[ModelVersion], at: datetime) -> list[Fact]:
    """Facts about versions; of environments only where the lineage audit has read them."""
    read = [v for v in versions if v.lineage]
    facts = [
        _share("mlf.version_run", [_run_exists(v) for v in versions], at),
        _share("mlf.version_env", [_pinned(v.lineage) for v in read], at),
        _share("mlf.version_run.live", [_run_exists(v) for v in live], at),
        _share("mlf.run_notebook", [_from_notebook(v.run) for v in live if v.run], at),
        _share("mlf.version_lineage", [_has_lineage(v) for v in live if v.lineage], at),
    ]
    return [fact for fact in facts if fact]


def _share(name: str, truths: list[bool], at: datetime) -> Fact | None:
    """A share of what was looked at; no fact where there was nothing to look at."""
    return Fact(name, sum(truths) / len(truths), len(truths), "A", at) if truths else None


def _is_shared_training_data(data: dict) -> bool:
    return data.get("context") in ("training", "train") and data.get("source_type", "") not in LOCAL_SOURCES


def _run_exists(version: ModelVersion) -> bool:
    return bool(version.run) and version.run.get("lifecycle") == "active"


def _from_notebook(run: dict) -> bool:
    tags = run.get("tags", {})
    source = str(tags.get("mlflow.source.name", ""))
    return tags.get("mlflow.source.type") == "NOTEBOOK" or any(mark in source for mark in NOTEBOOK_MARKS)


def _pinned(lineage: dict) -> bool:
    lines = ((lineage.get("files") or {}).get("requirements")) or []
    return bool(lines) and all("==" in line or " @ " in line for line in lines)


def _has_lineage(version: ModelVersion) -> bool:
    run = version.run or {}
    return (
        _run_exists(version)
        and bool(run.get("tags", {}).get("mlflow.source.git.commit"))
        and any(map(_is_shared_training_data, run.get("datasets", ())))
        and _pinned(version.lineage)
    )


collectors.register("mlflow", collect)
