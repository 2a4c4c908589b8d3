"""What the portal's own records tell.

Pure: no Django.
"""

from assessments.facts.kinds import kinds
from portal.message import gettext_noop

KINDS = (
    *kinds(
        "flag",
        0,
        {
            "gov.env_roles": gettext_noop("Environments with roles of their own"),
            "gov.env_roles.staging": gettext_noop(
                "An environment with its own roles between development and production"
            ),
            "gov.ledger": gettext_noop("The ledger verifies"),
            "gov.env_roles.open": gettext_noop("Every member may change production"),
            "gov.env_separated": gettext_noop("Production stands in a registry, model or account of its own"),
        },
    ),
    *kinds(
        "count",
        0,
        {
            "gov.endpoint.unknown_version": gettext_noop("Endpoints that run a version not known as live"),
            "gov.endpoint.changed": gettext_noop("Endpoints whose model changed without a new version"),
            "gov.endpoint.development": gettext_noop("Endpoints outside production that applications call"),
            "gov.env_roles.authors_writing": gettext_noop("Authors of models who may change staging or production"),
            "gov.env_roles.owners": gettext_noop("Owners of the environment that has the most"),
            "gov.moves_recorded.unexplained": gettext_noop("Production moves without a promotion in 90 days"),
            "gov.moves_recorded.overdue": gettext_noop("Unexplained production moves past their due date"),
            "gov.moves_recorded.first_seen": gettext_noop("Versions that were first seen in production"),
            "gov.gates.skipped": gettext_noop("Live versions moved without gate results"),
            "gov.gates.unproven": gettext_noop("Versions that left development without a result of its checks"),
            "gov.perf_audit.missing": gettext_noop("Live versions without the performance audit their policy demands"),
            "gov.perf_audit.differs": gettext_noop("Live versions that miss the claimed figure"),
            "gov.fair_audit.missing": gettext_noop("Live versions without the fairness audit their policy demands"),
            "gov.fair_audit.failed": gettext_noop("Live versions that failed the fairness audit without a waiver"),
            "gov.expl_audit.missing": gettext_noop("Live versions without the explanation audit their policy demands"),
            "gov.expl_audit.inexact": gettext_noop("Live versions whose explanation does not add up"),
            "gov.dossier.opened_outside": gettext_noop("Dossiers opened outside the team"),
            "gov.dossier.outdated": gettext_noop("Dossiers older than the live version"),
            "gov.perf_monitor.missing": gettext_noop("Live models without the monitor their policy demands"),
            "gov.perf_monitor.silent": gettext_noop("Performance monitors silent for two periods"),
            "gov.drift_monitor.missing": gettext_noop("Live models without the drift monitor their policy demands"),
            "gov.drift_monitor.silent": gettext_noop("Drift monitors silent for two periods"),
            "gov.drift_monitor.open": gettext_noop("Open drift findings"),
            "gov.channel.undelivered": gettext_noop("Breaches whose notification was not delivered"),
            "gov.channel.retrained_missed": gettext_noop("Retrained versions whose outcome reached nobody"),
            "gov.predictions.stopped": gettext_noop("Live models whose predictions stopped for two periods"),
            "gov.predictions.by_hand": gettext_noop("Models whose predictions come from a notebook or person"),
            "gov.predictions.versions": gettext_noop(
                "Versions that answered for one model in the last period, at most"
            ),
            "gov.predictions.shadow": gettext_noop("Predictions marked as shadow in 90 days"),
            "gov.predictions.segments": gettext_noop("Versions that answered different user segments in 90 days"),
            "gov.first_obs.missing": gettext_noop("New versions unobserved for two periods"),
            "gov.findings": gettext_noop("Findings in 90 days"),
            "gov.findings.used": gettext_noop("Findings of the last quarter that led to a run or version"),
            "gov.action_done.routine": gettext_noop("Routine actions carried out in 365 days, retraining apart"),
            "gov.action_done.missed": gettext_noop("Breaches without an automatic action"),
            "gov.action_done": gettext_noop("Automatic actions carried out in 365 days"),
            "gov.trigger_chain": gettext_noop("Breaches that led to a retrained version in 365 days"),
            "gov.trigger_chain.breaches": gettext_noop("Breaches of a retraining threshold in 365 days"),
            "gov.trigger_chain.missed": gettext_noop("Breaches with no run within the agreed time"),
            "gov.trigger_chain.promoted": gettext_noop("Triggered versions that reached a promotion request"),
            "gov.concurrent": gettext_noop("Decided comparisons on live traffic in 365 days"),
            "gov.data_bias_audit.missing": gettext_noop(
                "Live versions with sensitive columns and no audit of the training data"
            ),
            "gov.lineage_audit.failed": gettext_noop("Live versions that failed the lineage audit"),
            "gov.rollback": gettext_noop("Rollbacks carried out or rehearsed in 365 days"),
            "gov.review_queue": gettext_noop("Live predictions reviewed by persons in 90 days"),
            "gov.review_queue.labels": gettext_noop("Labels from reviewed predictions that a later run used"),
            "gov.review_queue.waiting": gettext_noop("Predictions that wait for a person's review"),
            "gov.reassessed.closed": gettext_noop("Roadmap items closed since the last signed assessment"),
        },
    ),
    *kinds(
        "share",
        10,
        {
            "gov.rollback.promotions": gettext_noop("Promotions that were rolled back"),
        },
    ),
    *kinds(
        "share",
        5,
        {
            "gov.findings.in_time": gettext_noop("Findings resolved in time"),
        },
    ),
    *kinds(
        "share",
        3,
        {
            "gov.first_obs": gettext_noop("New versions observed within their first period"),
            "gov.mover": gettext_noop("Production moves by another than the model's author"),
            "gov.by_pipeline": gettext_noop("Promotions requested and moved by a pipeline"),
            "gov.unbroken": gettext_noop("Versions carried from training to request without a hand"),
            "gov.role_split": gettext_noop("Members who both make models and move them to production"),
        },
    ),
    *kinds(
        "share",
        1,
        {
            "gov.endpoint": gettext_noop("Endpoints and jobs that name a registered version"),
            "gov.endpoint.batch": gettext_noop("Batch jobs that name a registered version"),
            "gov.moves_recorded": gettext_noop("Production moves with a promotion behind them"),
            "gov.gates": gettext_noop("Promotions decided under a published policy"),
            "gov.gates.before": gettext_noop("Production moves whose version passed the environment before"),
            "gov.gates.development": gettext_noop("Versions that passed the checks of development before they left it"),
            "gov.perf_audit": gettext_noop("Live versions with performance recomputed before release"),
            "gov.fair_audit": gettext_noop("Live versions whose fairness audit passed or was waived"),
            "gov.expl_audit": gettext_noop("Live versions with an explanation audit"),
            "gov.expl_audit.shap": gettext_noop("Live versions explained by SHAP or an equal method"),
            "gov.dossier": gettext_noop("Live versions with a current dossier"),
            "gov.perf_monitor": gettext_noop("Live models with a monitor of performance or of a proxy"),
            "gov.perf_monitor.on_time": gettext_noop("Performance monitors with an observation inside their period"),
            "gov.drift_monitor": gettext_noop("Live models with a drift monitor"),
            "gov.channel": gettext_noop("Monitors with a channel"),
            "gov.channel.retrained": gettext_noop("Retrained versions whose outcome was announced"),
            "gov.predictions": gettext_noop("Live models whose predictions arrive"),
            "gov.findings.decided": gettext_noop("Breaches with the decision of a named person"),
            "gov.second_person": gettext_noop("Promotions approved by a second person"),
            "gov.profile.metric": gettext_noop("Live models whose profile names a metric and its direction"),
            "gov.profile": gettext_noop("Live models with a full profile"),
            "gov.profile.before": gettext_noop(
                "Live models whose metric and retraining rule were set before their first release"
            ),
            "gov.monitor_owner": gettext_noop("Monitors with an owner and a response time"),
            "gov.thresholds.retraining": gettext_noop("Live models with a retraining threshold"),
            "gov.thresholds": gettext_noop("Monitors with a threshold"),
            "gov.action.retrain": gettext_noop("Live models whose breach starts retraining"),
            "gov.action.routine": gettext_noop("Live models whose breach starts a routine action"),
            "gov.action": gettext_noop("Live models whose breach starts an automatic action"),
            "gov.data_bias_audit": gettext_noop("Live versions whose fairness audit covers the training data"),
            "gov.lineage_audit": gettext_noop("Live versions whose lineage audit passed"),
            "gov.labels": gettext_noop("Live models whose labels come back"),
            "gov.fair_monitor": gettext_noop("Live models that affect people with a fairness monitor"),
            "gov.trend": gettext_noop("Live models with four observations of one metric over 90 days"),
        },
    ),
    *kinds(
        "hours",
        0,
        {
            "gov.lag": gettext_noop("Slowest update of a metric, from the arrival of its data"),
        },
    ),
    *kinds(
        "days",
        0,
        {
            "gov.channel.delivered": gettext_noop("Days since a notification was seen to arrive"),
            "gov.labels.delay": gettext_noop("Days that labels take to come back"),
            "gov.reassessed": gettext_noop("Days since the last signed assessment"),
        },
    ),
    *kinds(
        "count",
        0,
        {
            "team.members": gettext_noop("Members of the team"),
        },
    ),
    *kinds(
        "count",
        0,
        {
            "live.models": gettext_noop("Live models"),
        },
    ),
)
