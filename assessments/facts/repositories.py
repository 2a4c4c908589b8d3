"""What repositories, CI and pipelines tell.

Pure: no Django.
"""

from assessments.facts.kinds import kinds
from portal.message import gettext_noop

KINDS = (
    *kinds(
        "flag",
        0,
        {
            "git.feature_reads": gettext_noop("Training code reads by query or catalogue"),
            "git.container": gettext_noop("Container file for what is deployed"),
            "git.contract": gettext_noop("Interface definition for scoring"),
            "git.data_checks": gettext_noop("Data checks in code or pipeline"),
        },
    ),
    *kinds(
        "count",
        5,
        {
            "git.change_size": gettext_noop("Median of changed lines per merge"),
            "git.change_size.per_week": gettext_noop("Merges per author and week"),
        },
    ),
    *kinds(
        "count",
        0,
        {
            "git.feature_reads.copied": gettext_noop("Live models whose preparation was copied for scoring"),
            "git.container.own_server": gettext_noop("Repositories with a scoring server written by hand"),
            "git.unhosted": gettext_noop("Serving workloads whose source is in no connected repository"),
            "git.file_owners": gettext_noop("Authors of pipeline files in 365 days"),
            "git.file_owners.deploy": gettext_noop("Authors of deployment files in 365 days"),
            "git.tests": gettext_noop("Test files"),
            "git.test_rules.broken": gettext_noop("Repositories under a test rule that have no tests"),
            "git.contract_tests": gettext_noop("Tests of application and model against the interface"),
            "git.release_tags": gettext_noop("Release tags in 180 days"),
            "git.authors": gettext_noop("Authors of commits in 180 days"),
            "git.rollbacks": gettext_noop("Reverts and redeployed older tags in 365 days"),
            "git.version_names": gettext_noop("Files and folders with a version or date in their name"),
            "git.version_names.data": gettext_noop("Data folders with a version or date in their name"),
            "git.reviews_kept": gettext_noop("Dated retrospectives and incident reviews in 365 days"),
            "git.data_files": gettext_noop("Files of outside data copied into repositories"),
            "git.data_files.labels": gettext_noop("Label files edited by hand in repositories"),
            "git.run_docs": gettext_noop("Commands in install guides that no script or file holds"),
        },
    ),
    *kinds(
        "share",
        10,
        {
            "git.pr_share": gettext_noop("Commits on the main branch that came by a pull request"),
        },
    ),
    *kinds(
        "share",
        5,
        {
            "git.feature_reads.share": gettext_noop("Training repositories that read by query or catalogue"),
            "git.base_shared": gettext_noop("Repositories on a common template, image or environment file"),
            "git.file_owners.by_authors": gettext_noop("Changes of deployment files by authors of models"),
            "git.pinned": gettext_noop("Dependencies with a fixed version"),
        },
    ),
    *kinds(
        "share",
        3,
        {
            "git.authors.on_call": gettext_noop("Members who both commit and handle findings or incidents"),
        },
    ),
    *kinds(
        "share",
        1,
        {
            "git.feature_reads.shared": gettext_noop("Live models whose training and scoring use one preparation"),
            "git.test_rules": gettext_noop("Serving repositories with a test rule"),
            "git.hosted": gettext_noop("Live models whose code is in a hosted repository"),
            "git.model_tests": gettext_noop("Serving repositories with a test that calls the scoring code"),
            "git.notebook_share": gettext_noop("Training code that stands only in notebooks"),
            "git.data_checks.live": gettext_noop("Live models whose inputs are checked in a pipeline"),
            "git.authors.mixed": gettext_noop("Serving repositories with authors of two or more roles"),
        },
    ),
    *kinds(
        "days",
        5,
        {
            "git.branch_age": gettext_noop("Median of days from branch to merge"),
        },
    ),
    *kinds(
        "flag",
        0,
        {
            "ci.deploy": gettext_noop("CI deploys on merge or tag"),
            "ci.image": gettext_noop("CI builds and pushes the image"),
            "ci.scan": gettext_noop("Security scan in CI"),
            "ci.staging_first": gettext_noop("CI deploys to staging before production"),
            "ci.schedule": gettext_noop("CI flow on a schedule"),
            "ci.schedule.training": gettext_noop("CI flow that trains on a schedule"),
            "ci.train": gettext_noop("CI starts training"),
        },
    ),
    *kinds(
        "count",
        0,
        {
            "ci.manual": gettext_noop("CI steps that wait for a hand, approvals apart"),
            "ci.results.red": gettext_noop("Changes that went on without a passed test"),
            "ci.gate_call": gettext_noop("Verdicts that CI asked of the portal in 90 days"),
        },
    ),
    *kinds(
        "share",
        5,
        {
            "ci.results": gettext_noop("Changes and promotions with a test result in 90 days"),
            "ci.template": gettext_noop("Repositories on the organisation's CI template"),
        },
    ),
    *kinds(
        "share",
        3,
        {
            "ci.steps": gettext_noop("Release steps that apply and are automated"),
        },
    ),
    *kinds(
        "share",
        1,
        {
            "ci.tests_on_push": gettext_noop("Repositories of live models that test each push"),
            "ci.build": gettext_noop("Serving repositories whose CI builds on each push"),
        },
    ),
    *kinds(
        "flag",
        0,
        {
            "pipe.def": gettext_noop("Pipeline of two or more stages"),
            "pipe.def.dvc": gettext_noop("DVC pipeline"),
            "pipe.def.kubeflow": gettext_noop("Pipeline compiled for Kubeflow"),
            "pipe.def.tekton": gettext_noop("Tekton pipeline"),
            "pipe.def.airflow": gettext_noop("Airflow DAG with a step of training, scoring or monitoring"),
            "pipe.def.elyra": gettext_noop("Pipeline drawn in Elyra"),
            "pipe.def.orchestration_flow": gettext_noop("Orchestration Flow of Watson Studio"),
            "pipe.stages.training": gettext_noop("Stages to prepare, train and evaluate"),
            "pipe.stages.prepare": gettext_noop("Stage that prepares data"),
            "pipe.stages.train": gettext_noop("Stage that trains"),
            "pipe.stages.evaluate": gettext_noop("Stage that evaluates"),
            "pipe.stages.register": gettext_noop("Stage that registers the model"),
            "pipe.stages.deploy": gettext_noop("Stage that deploys"),
            "pipe.stages.score": gettext_noop("Stage that scores"),
            "pipe.stages.monitor": gettext_noop("Stage that monitors"),
            "pipe.stages.ingest": gettext_noop("Stage that brings in outside data"),
            "pipe.stages.distributed": gettext_noop("Training stage on two or more machines"),
            "pipe.stages.calls": gettext_noop("Stage that calls or informs other services"),
            "pipe.schedule": gettext_noop("Pipeline on a schedule"),
            "pipe.schedule.training": gettext_noop("Training pipeline on a schedule"),
            "pipe.schedule.monitoring": gettext_noop("Monitoring pipeline on a schedule"),
            "pipe.batch": gettext_noop("Pipeline that reads, scores and writes"),
            "pipe.data_versioned": gettext_noop("Versioned data with a shared remote"),
            "pipe.data_versioned.dvc": gettext_noop("Data or models versioned with DVC"),
            "pipe.params": gettext_noop("Environment and data set are parameters of the pipeline"),
        },
    ),
    *kinds(
        "count",
        0,
        {
            "pipe.stages": gettext_noop("Kinds of pipeline stages found"),
            "pipe.data_versioned.teams": gettext_noop("Teams that read the versioned data"),
            "pipe.data_versioned.overwritten": gettext_noop("Live models whose training data is overwritten in place"),
            "pipe.runs": gettext_noop("Pipeline runs in 180 days"),
            "pipe.runs.weekly": gettext_noop("Complete pipeline runs in a typical active week"),
            "pipe.runs.idle_months": gettext_noop("Months with commits and without a complete pipeline run"),
            "pipe.params.local_paths": gettext_noop("Pipeline stages with an absolute local path"),
        },
    ),
    *kinds(
        "share",
        5,
        {
            "pipe.runs.in_time": gettext_noop("Pipeline runs that ended within the agreed time"),
        },
    ),
    *kinds(
        "share",
        1,
        {
            "pipe.data_versioned.live": gettext_noop("Live models whose training data is versioned"),
            "pipe.runs.versions": gettext_noop("Live versions that came from a pipeline run"),
            "pipe.runs.refreshed": gettext_noop("Retrained live models whose versions came from one pipeline"),
            "pipe.deps": gettext_noop("Pipeline stages with inputs and outputs declared"),
            "pipe.trigger": gettext_noop("Live models whose monitor starts the training pipeline"),
        },
    ),
)
