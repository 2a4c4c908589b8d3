"""What the tracking server and its registry tell.

Pure: no Django.
"""

from assessments.facts.kinds import kinds
from portal.message import gettext_noop

KINDS = (
    *kinds(
        "flag",
        0,
        {
            "mlf.server_shared": gettext_noop("Remote tracking server with shared storage and two or more users"),
            "mlf.anonymous_read": gettext_noop("Server answers without a sign-in"),
            "mlf.repeat_pairs.newest_outside": gettext_noop("Newest repeat of a run misses the tolerance"),
        },
    ),
    *kinds(
        "count",
        0,
        {
            "mlf.repeat_pairs.inside": gettext_noop("Runs repeated by another within tolerance in 365 days"),
            "mlf.repeat_pairs": gettext_noop("Runs repeated with the same commit, data and parameters"),
            "mlf.runs": gettext_noop("Finished runs in 90 days"),
            "mlf.runs.algorithms": gettext_noop("Algorithms tried within one experiment"),
            "mlf.runs.same_data": gettext_noop("Runs of one experiment on the same data"),
            "mlf.runs.elsewhere": gettext_noop("Data sets or environments that one commit ran on"),
            "mlf.run_users": gettext_noop("Members with runs in 90 days"),
            "mlf.models": gettext_noop("Registered models"),
            "mlf.models.reader_teams": gettext_noop("Teams that read the registry"),
            "mlf.models.live": gettext_noop("Models that went live in 365 days"),
            "mlf.version_lineage.lost_commits": gettext_noop("Commits of live versions found in no repository"),
            "mlf.live_local_artifacts": gettext_noop("Live versions with artifacts on a local path"),
            "mlf.live_age.overdue": gettext_noop("Live models past their review date"),
            "mlf.run_params_metrics.alone": gettext_noop("Live versions with a metric that no other run has"),
            "mlf.run_dataset.production": gettext_noop("Development runs that read production data in 90 days"),
            "mlf.run_eval_dataset.missing": gettext_noop("Live versions whose experiment holds no evaluation"),
            "mlf.version_run.differs": gettext_noop("Live artifacts that differ from those of their run"),
            "mlf.sweeps": gettext_noop("Hyperparameter searches in 365 days"),
            "mlf.sweeps.single": gettext_noop("Live versions that are the only run of their experiment"),
            "mlf.version_signature.broken": gettext_noop(
                "Signature changes between live versions without a new interface version"
            ),
            "mlf.version_interval.same_data": gettext_noop("Live models with successive versions on unchanged data"),
        },
    ),
    *kinds(
        "share",
        10,
        {
            "mlf.run_params_metrics": gettext_noop("Runs with parameters and metrics"),
            "mlf.run_params_metrics.comparable": gettext_noop(
                "Runs with the same metrics on the same data as others of their experiment"
            ),
            "mlf.run_commit": gettext_noop("Runs whose commit is in a connected repository"),
            "mlf.run_dataset": gettext_noop("Runs with training data from a shared or versioned store"),
            "mlf.run_dataset.local": gettext_noop("Data sets of runs that lie on a local path or in code"),
            "mlf.run_model": gettext_noop("Runs with metrics that logged a model or file"),
            "mlf.run_auto": gettext_noop("Runs recorded by autologging or a pipeline"),
            "mlf.run_service": gettext_noop("Runs started by a service account, job or project"),
            "mlf.runs.system_metrics": gettext_noop("Runs with system metrics"),
        },
    ),
    *kinds(
        "share",
        5,
        {
            "mlf.version_run": gettext_noop("Versions whose run still exists"),
            "mlf.version_env": gettext_noop("Versions with every package pinned"),
            "mlf.run_eval_dataset": gettext_noop("Versions with metrics on a named evaluation data set"),
            "mlf.run_service.versions": gettext_noop("Versions whose run a service account or job started"),
            "mlf.version_signature": gettext_noop("Versions with a signature"),
        },
    ),
    *kinds(
        "share",
        1,
        {
            "mlf.version_lineage": gettext_noop("Live versions with commit, data, packages and run"),
            "mlf.live_age.within": gettext_noop("Live models within their review date"),
            "mlf.version_run.live": gettext_noop("Live versions whose run still exists"),
            "mlf.version_run.promoted": gettext_noop("Promotions of a version that left its experiment unchanged"),
            "mlf.models.series": gettext_noop("Models of four or more versions that share a metric"),
            "mlf.models.checkpoints": gettext_noop("Models that learn online whose checkpoints are registered"),
            "mlf.run_notebook": gettext_noop("Live versions trained from a notebook"),
            "mlf.sweeps.optimised": gettext_noop("Live models whose hyperparameters an optimiser searched in 365 days"),
            "mlf.version_interval.within": gettext_noop("Live models retrained within the interval of their profile"),
            "mlf.version_interval.newer_data": gettext_noop(
                "Live models whose newest version was trained on newer data"
            ),
        },
    ),
    *kinds(
        "days",
        0,
        {
            "mlf.live_age": gettext_noop("Days since the training of the oldest live model"),
            "mlf.version_interval": gettext_noop("Median of days between versions of a live model"),
            "mlf.lead_time": gettext_noop("Median of days from registration to production"),
        },
    ),
)
