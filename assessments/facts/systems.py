"""What manifests, infrastructure files, clouds and pushed events tell.

Pure: no Django.
"""

from assessments.facts.kinds import kinds
from portal.message import gettext_noop

KINDS = (
    *kinds(
        "flag",
        0,
        {
            "k8s.workload.by_flow": gettext_noop("Serving workload deployed by the flow that built it"),
            "k8s.workload.graph": gettext_noop("Serving workload that joins preparation and model"),
            "k8s.bluegreen": gettext_noop("Blue-green or canary rollout"),
            "k8s.split.unused": gettext_noop("Two routes defined, traffic only ever on one"),
            "k8s.split": gettext_noop("Traffic split over two model versions"),
            "k8s.split.segments": gettext_noop("Traffic routed to model versions by user segment"),
            "k8s.cron": gettext_noop("Scheduled scoring job"),
            "k8s.autoscale": gettext_noop("Compute that scales with demand"),
            "k8s.quota": gettext_noop("Shared pool with quotas or a queue"),
            "k8s.rbac": gettext_noop("Role bindings on the cluster"),
            "k8s.rolling": gettext_noop("Rolling update with a readiness check"),
            "k8s.shadow": gettext_noop("Traffic mirrored to a second version"),
            "k8s.multi": gettext_noop("Several models behind one route"),
            "k8s.accelerator": gettext_noop("GPU or other accelerator on offer"),
        },
    ),
    *kinds(
        "count",
        0,
        {
            "k8s.workload.unregistered": gettext_noop("Workloads with a model from outside the registry"),
            "k8s.workload.by_hand": gettext_noop("Workloads changed without a commit"),
            "k8s.workload.recreate": gettext_noop("Production workloads that stop before the new version starts"),
            "k8s.pinned.latest": gettext_noop("Production manifests without a fixed version"),
            "k8s.patterns": gettext_noop("Serving patterns in use"),
            "k8s.health.none": gettext_noop("Production workloads without a health check"),
        },
    ),
    *kinds(
        "share",
        1,
        {
            "k8s.workload": gettext_noop("Live models with a serving workload that names them"),
            "k8s.workload.platform": gettext_noop("Online models on a serving platform of the cluster"),
            "k8s.pinned": gettext_noop("Production images and models with a fixed version"),
            "k8s.health": gettext_noop("Production workloads with health checks"),
            "k8s.alerts": gettext_noop("Production workloads with alert rules"),
        },
    ),
    *kinds(
        "flag",
        0,
        {
            "iac.rbac": gettext_noop("Role assignments in infrastructure files"),
            "iac.datastore": gettext_noop("Data lake, warehouse or object store defined"),
            "iac.datastore.data_team": gettext_noop("Data stores defined by data engineers"),
            "iac.compute.shared": gettext_noop("Shared training compute defined"),
            "iac.compute.elastic": gettext_noop("Elastic training compute defined"),
            "iac.compute": gettext_noop("Training compute defined"),
            "iac.compute.accelerator": gettext_noop("Training compute with accelerators defined"),
            "iac.present": gettext_noop("Infrastructure files for the ML resources"),
            "iac.present.complete": gettext_noop("Infrastructure files hold storage, registry, compute and endpoint"),
            "iac.present.infrastructure_team": gettext_noop("Infrastructure files kept by the infrastructure team"),
            "iac.present.production": gettext_noop("Infrastructure files of production, changed in 365 days"),
            "iac.present.managed": gettext_noop("Managed ML or data services in infrastructure files"),
        },
    ),
    *kinds(
        "count",
        0,
        {
            "iac.envs": gettext_noop("Environments built from one definition"),
        },
    ),
    *kinds(
        "share",
        5,
        {
            "iac.present.unfiled": gettext_noop("Cloud resources that no file holds"),
            "iac.datastore.by_authors": gettext_noop("Changes of data stores by authors of models"),
        },
    ),
    *kinds(
        "flag",
        0,
        {
            "cloud.workspaces": gettext_noop("Shared workspaces on a cloud platform"),
            "cloud.watson": gettext_noop("Watson Studio, Machine Learning or OpenScale in use"),
            "cloud.sagemaker": gettext_noop("SageMaker in use"),
            "cloud.azure_ml": gettext_noop("Azure Machine Learning in use"),
            "cloud.endpoint": gettext_noop("Managed endpoint"),
            "cloud.endpoint.by_flow": gettext_noop("Managed endpoint updated by a pipeline"),
        },
    ),
    *kinds(
        "count",
        0,
        {
            "cloud.workspaces.environments": gettext_noop("Environments with a workspace of their own"),
            "cloud.training_job": gettext_noop("Managed training jobs"),
            "cloud.training_job.distributed": gettext_noop("Distributed training jobs"),
            "cloud.feature_store.teams": gettext_noop("Teams that read the feature store"),
            "cloud.feature_store": gettext_noop("Feature groups read by two or more models"),
            "cloud.sm_pipeline": gettext_noop("Executions of cloud pipelines in 180 days"),
            "cloud.labelling": gettext_noop("Labelling jobs in 180 days"),
            "cloud.human_loop": gettext_noop("Predictions sent to human review in 90 days"),
            "cloud.debug": gettext_noop("Training jobs with rules of a debugger or profiler"),
            "cloud.compile": gettext_noop("Compiled or optimised model artifacts"),
            "cloud.ingest": gettext_noop("Jobs that bring in outside data"),
            "cloud.ai_service": gettext_noop("Ready-made AI services in use"),
        },
    ),
    *kinds(
        "share",
        5,
        {
            "cloud.training_job.starved": gettext_noop("Training jobs that failed for lack of resources"),
        },
    ),
    *kinds(
        "share",
        1,
        {
            "cloud.endpoint.watched": gettext_noop("Managed endpoints with metrics and alarms"),
            "cloud.endpoint.live": gettext_noop("Live models on a managed endpoint"),
            "cloud.endpoint.online": gettext_noop("Online models on a managed endpoint"),
            "cloud.sm_approval": gettext_noop("Models in use with an approved model package"),
            "cloud.sm_monitor.data_quality": gettext_noop("Live models with a data-quality monitor in the cloud"),
            "cloud.sm_monitor": gettext_noop("Live models with a monitor that runs in the cloud"),
            "cloud.sm_clarify.explained": gettext_noop("Live versions with a newer explanation report in the cloud"),
            "cloud.sm_clarify": gettext_noop("Live versions with a bias or explanation report in the cloud"),
            "cloud.sm_clarify.data_bias": gettext_noop(
                "Live versions with a report on bias in the training data in the cloud"
            ),
            "cloud.sm_lineage": gettext_noop("Live versions with complete lineage in the cloud"),
            "cloud.catalogue": gettext_noop("Data sources of live models found in the data catalogue"),
            "cloud.compile.checked": gettext_noop("Optimised artifacts checked against the original"),
            "cloud.ai_service.owned": gettext_noop("Ready-made AI services with owner, tests and monitor"),
        },
    ),
    *kinds(
        "flag",
        0,
        {
            "push.compute": gettext_noop("Use of compute is reported"),
            "push.compute.cost": gettext_noop("Cost of compute is reported by team"),
        },
    ),
    *kinds(
        "count",
        0,
        {
            "push.compute.users": gettext_noop("Persons who use the pooled compute"),
            "push.compute.late": gettext_noop("Jobs that waited past the agreed time"),
            "push.compute.accelerator_late": gettext_noop("Jobs that waited for an accelerator past the agreed time"),
            "push.deploys.users": gettext_noop("Persons who deployed"),
            "push.deploys.downtime": gettext_noop("Deployments with downtime"),
            "push.deploys": gettext_noop("Deployments reported in 180 days"),
            "push.deploys.unstaged": gettext_noop("Production deployments with none to staging before"),
            "push.incidents": gettext_noop("Incidents reported in 180 days"),
            "push.incidents.by_hand": gettext_noop("Incidents ended by editing production by hand"),
        },
    ),
    *kinds(
        "share",
        20,
        {
            "push.deploys.failed": gettext_noop("Deployments that caused an incident"),
        },
    ),
    *kinds(
        "share",
        5,
        {
            "push.compute.top_share": gettext_noop("Compute used by the heaviest user"),
            "push.compute.idle": gettext_noop("Hours in which the compute stood idle"),
            "push.deploys.recorded": gettext_noop("Alias changes with a recorded deployment"),
            "push.deploys.engineers": gettext_noop("Deployments by engineers"),
        },
    ),
)
