"""The facts that evidence rules may look at: what each counts, in which unit, on how many items.

Pure: no Django. Collectors give facts by these names, and rules that name another are refused,
since a misspelt fact would stay unknown for ever. A third part of a name narrows the second:
``gov.thresholds.retraining`` is the part of ``gov.thresholds`` that speaks of retraining.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from portal.message import gettext_noop, register

Unit = Literal["share", "count", "flag", "days", "hours"]

SOURCES = {
    "mlf": gettext_noop("MLflow"),
    "git": gettext_noop("Git repositories"),
    "ci": gettext_noop("CI files and results"),
    "pipe": gettext_noop("pipeline files and runs"),
    "k8s": gettext_noop("Kubernetes manifests"),
    "iac": gettext_noop("infrastructure files"),
    "gov": gettext_noop("the portal's records"),
    "cloud": gettext_noop("cloud platforms"),
    "push": gettext_noop("pushed events"),
    "team": gettext_noop("the team's page"),
    "live": gettext_noop("the production environment"),
}


@dataclass(frozen=True)
class Kind:
    """One kind of fact.

    ``minimum`` is the least number of items that a value must rest on; a rule may ask for more or
    fewer. Shares of runs need 10 and other shares 5, so that a percentage means something; of live
    models and versions all are counted, so 1 is enough, and with none live there is no fact.
    """

    name: str
    unit: Unit
    minimum: int
    label: str

    @property
    def source(self) -> str:
        return self.name.partition(".")[0]


CATALOGUE: dict[str, Kind] = {}


def _kinds(unit: Unit, minimum: int, labels: dict[str, str]) -> None:
    for name, label in labels.items():
        CATALOGUE[name] = Kind(name, unit, minimum, label)


# -- MLflow ---------------------------------------------------------------------------------------
_kinds(
    "flag",
    0,
    {
        "mlf.server_shared": gettext_noop("Remote tracking server with shared storage and two or more users"),
        "mlf.anonymous_read": gettext_noop("Server answers without a sign-in"),
        "mlf.repeat_pairs.newest_outside": gettext_noop("Newest repeat of a run misses the tolerance"),
    },
)
_kinds(
    "count",
    0,
    {
        "mlf.runs": gettext_noop("Finished runs in 90 days"),
        "mlf.run_users": gettext_noop("Members with runs in 90 days"),
        "mlf.models": gettext_noop("Registered models"),
        "mlf.models.reader_teams": gettext_noop("Teams that read the registry"),
        "mlf.repeat_pairs.inside": gettext_noop("Runs repeated by another within tolerance in 365 days"),
        "mlf.version_lineage.lost_commits": gettext_noop("Commits of live versions found in no repository"),
        "live.models": gettext_noop("Models in the production environment"),
        "mlf.live_local_artifacts": gettext_noop("Live versions with artifacts on a local path"),
        "mlf.live_age.overdue": gettext_noop("Live models past their review date"),
    },
)
_kinds(
    "share",
    10,
    {
        "mlf.run_params_metrics": gettext_noop("Runs with parameters and metrics"),
        "mlf.run_commit": gettext_noop("Runs whose commit is in a connected repository"),
        "mlf.run_dataset": gettext_noop("Runs with training data from a shared or versioned store"),
        "mlf.run_dataset.local": gettext_noop("Data sets of runs that lie on a local path or in code"),
        "mlf.run_model": gettext_noop("Runs with metrics that logged a model or file"),
        "mlf.run_auto": gettext_noop("Runs recorded by autologging or a pipeline"),
    },
)
_kinds(
    "share",
    5,
    {
        "mlf.version_run": gettext_noop("Versions whose run still exists"),
        "mlf.version_env": gettext_noop("Versions with every package pinned"),
    },
)
_kinds(
    "share",
    1,
    {
        "mlf.version_run.live": gettext_noop("Live versions whose run still exists"),
        "mlf.version_lineage": gettext_noop("Live versions with commit, data, packages and run"),
        "mlf.run_notebook": gettext_noop("Live versions trained from a notebook"),
        "mlf.live_age.within": gettext_noop("Live models within their review date"),
    },
)

# -- Git, CI and pipelines ------------------------------------------------------------------------
_kinds(
    "flag",
    0,
    {
        "git.feature_reads": gettext_noop("Training code reads by query or catalogue"),
        "git.container": gettext_noop("Container file for what is deployed"),
        "git.contract": gettext_noop("Interface definition for scoring"),
        "ci.deploy": gettext_noop("CI deploys on merge or tag"),
        "ci.image": gettext_noop("CI builds and pushes the image"),
        "ci.scan": gettext_noop("Security scan in CI"),
        "pipe.def": gettext_noop("Pipeline of two or more stages"),
        "pipe.stages.training": gettext_noop("Stages to prepare, train and evaluate"),
        "pipe.schedule": gettext_noop("Pipeline on a schedule"),
        "pipe.batch": gettext_noop("Pipeline that reads, scores and writes"),
        "pipe.data_versioned": gettext_noop("Versioned data with a shared remote"),
    },
)
_kinds(
    "count",
    0,
    {
        "git.unhosted": gettext_noop("Serving workloads whose source is in no connected repository"),
        "git.file_owners": gettext_noop("Authors of pipeline files in 365 days"),
        "git.file_owners.deploy": gettext_noop("Authors of deployment files in 365 days"),
        "git.tests": gettext_noop("Test files"),
        "git.test_rules.broken": gettext_noop("Repositories under a test rule that have no tests"),
        "git.contract_tests": gettext_noop("Tests of application and model against the interface"),
        "git.release_tags": gettext_noop("Release tags in 180 days"),
        "ci.manual": gettext_noop("CI steps that wait for a hand, approvals apart"),
        "ci.results.red": gettext_noop("Changes that went on without a passed test"),
        "pipe.runs": gettext_noop("Pipeline runs in 180 days"),
        "pipe.data_versioned.teams": gettext_noop("Teams that read the versioned data"),
    },
)
_kinds(
    "share",
    5,
    {
        "git.feature_reads.share": gettext_noop("Training repositories that read by query or catalogue"),
        "git.base_shared": gettext_noop("Repositories on a common template, image or environment file"),
        "ci.template": gettext_noop("Repositories on the organisation's CI template"),
        "ci.results": gettext_noop("Changes and promotions with a test result in 90 days"),
    },
)
_kinds("share", 3, {"ci.steps": gettext_noop("Release steps that apply and are automated")})
_kinds(
    "share",
    1,
    {
        "git.hosted": gettext_noop("Live models whose code is in a hosted repository"),
        "git.model_tests": gettext_noop("Serving repositories with a test that calls the scoring code"),
        "git.test_rules": gettext_noop("Serving repositories with a test rule"),
        "git.notebook_share": gettext_noop("Training code that stands only in notebooks"),
        "git.data_checks.live": gettext_noop("Live models whose inputs are checked in a pipeline"),
        "ci.tests_on_push": gettext_noop("Repositories of live models that test each push"),
        "pipe.deps": gettext_noop("Pipeline stages with inputs and outputs declared"),
        "pipe.trigger": gettext_noop("Live models whose monitor starts the training pipeline"),
    },
)

# -- Kubernetes, infrastructure, clouds, pushed events ---------------------------------------------
_kinds(
    "flag",
    0,
    {
        "k8s.workload.by_flow": gettext_noop("Serving workload deployed by the flow that built it"),
        "k8s.bluegreen": gettext_noop("Blue-green or canary rollout"),
        "k8s.split.unused": gettext_noop("Two routes defined, traffic only ever on one"),
        "k8s.cron": gettext_noop("Scheduled scoring job"),
        "k8s.autoscale": gettext_noop("Compute that scales with demand"),
        "k8s.quota": gettext_noop("Shared pool with quotas or a queue"),
        "k8s.rbac": gettext_noop("Role bindings on the cluster"),
        "iac.rbac": gettext_noop("Role assignments in infrastructure files"),
        "iac.datastore": gettext_noop("Data lake, warehouse or object store defined"),
        "iac.compute.shared": gettext_noop("Shared training compute defined"),
        "iac.compute.elastic": gettext_noop("Elastic training compute defined"),
        "cloud.workspaces": gettext_noop("Shared workspaces on a cloud platform"),
        "cloud.endpoint": gettext_noop("Managed endpoint"),
        "cloud.endpoint.by_flow": gettext_noop("Managed endpoint updated by a pipeline"),
    },
)
_kinds(
    "count",
    0,
    {
        "k8s.workload.unregistered": gettext_noop("Workloads with a model from outside the registry"),
        "k8s.workload.by_hand": gettext_noop("Workloads changed without a commit"),
        "k8s.workload.recreate": gettext_noop("Production workloads that stop before the new version starts"),
        "k8s.pinned.latest": gettext_noop("Production manifests without a fixed version"),
        "k8s.patterns": gettext_noop("Serving patterns in use"),
        "k8s.health.none": gettext_noop("Production workloads without a health check"),
        "cloud.training_job": gettext_noop("Managed training jobs"),
        "cloud.feature_store.teams": gettext_noop("Teams that read the feature store"),
        "push.compute.users": gettext_noop("Persons who use the pooled compute"),
        "push.compute.late": gettext_noop("Jobs that waited past the agreed time"),
        "push.deploys.users": gettext_noop("Persons who deployed"),
        "push.deploys.downtime": gettext_noop("Deployments with downtime"),
    },
)
_kinds(
    "share",
    5,
    {
        "cloud.training_job.starved": gettext_noop("Training jobs that failed for lack of resources"),
        "push.compute.top_share": gettext_noop("Compute used by the heaviest user"),
        "push.deploys.recorded": gettext_noop("Alias changes with a recorded deployment"),
        "push.deploys.engineers": gettext_noop("Deployments by engineers"),
    },
)
_kinds(
    "share",
    1,
    {
        "k8s.pinned": gettext_noop("Production images and models with a fixed version"),
        "k8s.health": gettext_noop("Production workloads with health checks"),
        "k8s.alerts": gettext_noop("Production workloads with alert rules"),
        "cloud.endpoint.watched": gettext_noop("Managed endpoints with metrics and alarms"),
        "cloud.sm_approval": gettext_noop("Models in use with an approved model package"),
        "cloud.sm_monitor.data_quality": gettext_noop("Live models with a data-quality monitor in the cloud"),
        "cloud.sm_clarify.explained": gettext_noop("Live versions with a newer explanation report in the cloud"),
    },
)

# -- The portal's own records ----------------------------------------------------------------------
_kinds(
    "flag",
    0,
    {
        "gov.env_roles": gettext_noop("Environments with roles of their own"),
        "gov.ledger": gettext_noop("The ledger verifies"),
    },
)
_kinds(
    "count",
    0,
    {
        "gov.endpoint.unknown_version": gettext_noop("Endpoints that run a version not known as live"),
        "gov.moves_recorded.unexplained": gettext_noop("Production moves without a promotion in 90 days"),
        "gov.moves_recorded.overdue": gettext_noop("Unexplained production moves past their due date"),
        "gov.gates.skipped": gettext_noop("Live versions moved without gate results"),
        "gov.perf_audit.missing": gettext_noop("Live versions without the performance audit their policy demands"),
        "gov.perf_audit.differs": gettext_noop("Live versions that miss the claimed figure"),
        "gov.fair_audit.missing": gettext_noop("Live versions without the fairness audit their policy demands"),
        "gov.fair_audit.failed": gettext_noop("Live versions that failed the fairness audit without a waiver"),
        "gov.expl_audit.missing": gettext_noop("Live versions without the explanation audit their policy demands"),
        "gov.expl_audit.inexact": gettext_noop("Live versions whose explanation does not add up"),
        "gov.dossier.opened_outside": gettext_noop("Dossiers opened outside the team"),
        "gov.dossier.outdated": gettext_noop("Dossiers older than the live version"),
        "gov.perf_monitor.missing": gettext_noop("Live models without the monitor their policy demands"),
        "gov.drift_monitor.silent": gettext_noop("Drift monitors silent for two periods"),
        "gov.drift_monitor.open": gettext_noop("Open drift findings"),
        "gov.channel.undelivered": gettext_noop("Breaches whose notification was not delivered"),
        "gov.predictions.stopped": gettext_noop("Live models whose predictions stopped for two periods"),
        "gov.predictions.by_hand": gettext_noop("Models whose predictions come from a notebook or person"),
        "gov.first_obs.missing": gettext_noop("New versions unobserved for two periods"),
        "gov.findings": gettext_noop("Findings in 90 days"),
        "gov.findings.used": gettext_noop("Findings of the last quarter that led to a run or version"),
        "gov.action_done.routine": gettext_noop("Routine actions carried out in 365 days, retraining apart"),
        "gov.action_done.missed": gettext_noop("Breaches without an automatic action"),
        "gov.trigger_chain": gettext_noop("Breaches that led to a retrained version in 365 days"),
        "gov.trigger_chain.breaches": gettext_noop("Breaches of a retraining threshold in 365 days"),
        "gov.trigger_chain.missed": gettext_noop("Breaches with no run within the agreed time"),
        "gov.trigger_chain.promoted": gettext_noop("Triggered versions that reached a promotion request"),
        "gov.concurrent": gettext_noop("Decided comparisons on live traffic in 365 days"),
    },
)
_kinds(
    "share",
    5,
    {
        "gov.findings.in_time": gettext_noop("Findings resolved in time"),
    },
)
_kinds(
    "share",
    3,
    {
        "gov.mover": gettext_noop("Production moves by another than the model's author"),
        "gov.by_pipeline": gettext_noop("Promotions requested and moved by a pipeline"),
        "gov.unbroken": gettext_noop("Versions carried from training to request without a hand"),
        "gov.first_obs": gettext_noop("New versions observed within their first period"),
    },
)
_kinds(
    "share",
    1,
    {
        "gov.moves_recorded": gettext_noop("Production moves with a promotion behind them"),
        "gov.second_person": gettext_noop("Promotions approved by a second person"),
        "gov.gates": gettext_noop("Promotions decided under a published policy"),
        "gov.endpoint": gettext_noop("Endpoints and jobs that name a registered version"),
        "gov.endpoint.batch": gettext_noop("Batch jobs that name a registered version"),
        "gov.perf_audit": gettext_noop("Live versions with performance recomputed before release"),
        "gov.fair_audit": gettext_noop("Live versions whose fairness audit passed or was waived"),
        "gov.expl_audit": gettext_noop("Live versions with an explanation audit"),
        "gov.dossier": gettext_noop("Live versions with a current dossier"),
        "gov.profile.metric": gettext_noop("Live models whose profile names a metric and its direction"),
        "gov.predictions": gettext_noop("Live models whose predictions arrive"),
        "gov.perf_monitor": gettext_noop("Live models with a monitor of performance or of a proxy"),
        "gov.drift_monitor": gettext_noop("Live models with a drift monitor"),
        "gov.monitor_owner": gettext_noop("Monitors with an owner and a response time"),
        "gov.thresholds.retraining": gettext_noop("Live models with a retraining threshold"),
        "gov.channel": gettext_noop("Monitors with a channel"),
        "gov.action.retrain": gettext_noop("Live models whose breach starts retraining"),
        "gov.action.routine": gettext_noop("Live models whose breach starts a routine action"),
    },
)
_kinds("hours", 0, {"gov.lag": gettext_noop("Slowest update of a metric, from the arrival of its data")})
_kinds("days", 0, {"gov.channel.delivered": gettext_noop("Days since a notification was seen to arrive")})

# -- The setting -----------------------------------------------------------------------------------
_kinds(
    "count",
    0,
    {
        "team.members": gettext_noop("Members of the team"),
        "live.models": gettext_noop("Live models"),
    },
)

register({f"maturity.fact.{kind.name}": kind.label for kind in CATALOGUE.values()})
register({f"maturity.source.{name}": label for name, label in SOURCES.items()})
