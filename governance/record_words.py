"""The words of records about connections, models, promotions and policies."""

from __future__ import annotations

from portal.ledger.texts import page_of
from portal.ledger.words import register_fields, register_subjects
from portal.message import gettext_noop

register_subjects(
    {
        "registry": gettext_noop("Registry"),
        "interpreter": gettext_noop("Interpreter"),
        "model": gettext_noop("Model"),
        "version": gettext_noop("Version"),
        "promotion": gettext_noop("Promotion"),
        "policy": gettext_noop("Policy"),
        "evaluation": gettext_noop("Evaluation set"),
        "data-connection": gettext_noop("Data connection"),
    },
    links={
        "registry": page_of("connection-by-id"),
        "model": page_of("model"),
        "version": page_of("version-by-id"),
        "promotion": page_of("promotion"),
        "policy": page_of("policy-by-id"),
        "evaluation": page_of("evaluation-set"),
        "data-connection": page_of("data-connection"),
    },
)

AUDITS = {
    "lineage": gettext_noop("Lineage"),
    "performance": gettext_noop("Performance"),
    "fairness": gettext_noop("Fairness"),
    "explanation": gettext_noop("Explanation"),
    "drift": gettext_noop("Drift"),
    "safety": gettext_noop("Safety"),
}
DIGESTS = {
    "artifact": gettext_noop("Model files"),
    "data": gettext_noop("Evaluation data"),
    "reference": gettext_noop("Reference"),
    "live": gettext_noop("Live version's files"),
    "live_version": gettext_noop("Live version"),
    "interpreter": gettext_noop("Interpreter"),
    "advisories": gettext_noop("Advisories"),
    "policy": gettext_noop("Policy"),
    "profile": gettext_noop("Profile"),
    "evidence": gettext_noop("Evidence"),
    "exceptions": gettext_noop("Exceptions"),
    "set": gettext_noop("Evaluation set"),
    "challenger": gettext_noop("Challenger sets"),
    "overlap": gettext_noop("Rows that stand in the training data too"),
    "unmatched": gettext_noop("Cases whose key has no restricted attributes"),
    "duplicates": gettext_noop("Keys that stand twice among the restricted rows"),
}


def _values(field: str, words: dict[str, str]) -> dict[str, str]:
    return {f"{field}.{value}": word for value, word in words.items()}


# connections
register_fields(
    {
        "address": gettext_noop("Address"),
        "authenticated": gettext_noop("With a user name"),
        "enabled": gettext_noop("In use"),
        "password_changed": gettext_noop("Password replaced"),
    }
)

# interpreters
register_fields(
    {
        "executable": gettext_noop("Path"),
        "python": gettext_noop("Python"),
        "answers": gettext_noop("Answers"),
    }
)

# profiles
register_fields(
    {
        "kind": gettext_noop("Kind"),
        "kind.tabular": gettext_noop("Tabular"),
        "kind.text": gettext_noop("Text"),
        "kind.image": gettext_noop("Image"),
        "kind.generative": gettext_noop("Generative"),
        "risk": gettext_noop("Risk"),
        "risk.low": gettext_noop("Low"),
        "risk.medium": gettext_noop("Medium"),
        "risk.high": gettext_noop("High"),
        "intended_use": gettext_noop("Intended use"),
        "intended_use_before": gettext_noop("Intended use before"),
        "population": gettext_noop("Population"),
        "population_before": gettext_noop("Population before"),
        "metric": gettext_noop("Performance metric"),
        "metric_direction": gettext_noop("Direction"),
        "metric_direction.higher": gettext_noop("Higher is better"),
        "metric_direction.lower": gettext_noop("Lower is better"),
        "evaluation_data": gettext_noop("Evaluation data"),
        "label_column": gettext_noop("Label column"),
        "prediction_column": gettext_noop("Prediction column"),
        "positive": gettext_noop("Positive value"),
        "sensitive_columns": gettext_noop("Sensitive columns"),
        "bins": gettext_noop("Edges of bins"),
        "excluded_columns": gettext_noop("Columns the model does not take"),
        "score_column": gettext_noop("Score column"),
        "weight_column": gettext_noop("Weight column"),
        "proxy_columns": gettext_noop("Proxies of sensitive columns"),
        "slice_columns": gettext_noop("Slices of performance"),
        "pools": gettext_noop("Groups judged together"),
        "rev": gettext_noop("Revision"),
        "digest": gettext_noop("Digest"),
    }
)

# evaluation sets
register_fields(
    {
        "source": gettext_noop("Source"),
        "source.upload": gettext_noop("Upload"),
        "source.file": gettext_noop("File on allowed storage"),
        "source.s3": gettext_noop("S3-compatible storage"),
        "source.table": gettext_noop("Table of a data connection"),
        "source.artifact": gettext_noop("Artifact of a version's run"),
        "source.dataset": gettext_noop("Dataset of a version's run"),
        "place": gettext_noop("Place"),
        "consent": gettext_noop("Consent and purpose"),
        "retention": gettext_noop("Retention"),
        "keep_until": gettext_noop("Keep until"),
        "shared": gettext_noop("Open to models of other teams"),
        "rows_for_reviewers": gettext_noop("First rows open to reviewers"),
        "rows": gettext_noop("Rows"),
        "columns": gettext_noop("Columns"),
        "set": gettext_noop("Evaluation set"),
        "set_role": gettext_noop("Role"),
        "set_role.gold": gettext_noop("Gold set"),
        "set_role.challenger": gettext_noop("Challenger set"),
        "set_role.sensitive": gettext_noop("Restricted attributes"),
        "set_role.training": gettext_noop("Training data"),
        "set_role.reference": gettext_noop("Reference for drift"),
        "key_columns": gettext_noop("Key columns"),
        "kind.postgres": "PostgreSQL",
        "kind.duckdb": "DuckDB",
        "kind.sqlite": "SQLite",
        **_values("inputs", DIGESTS),
    }
)

# audits
register_fields(
    {
        "audit": gettext_noop("Audit"),
        "kinds": gettext_noop("Audits"),
        "outcome": gettext_noop("Outcome"),
        "outcome.pass": gettext_noop("Pass"),
        "outcome.fail": gettext_noop("Fail"),
        "outcome.inconclusive": gettext_noop("Undecided"),
        "outcome.not_evaluated": gettext_noop("Not evaluated"),
        "outcome.not_applicable": gettext_noop("Not applicable"),
        "label": gettext_noop("How it is known"),
        "label.replayed": gettext_noop("replayed"),
        "label.computed": gettext_noop("computed"),
        "label.attested": gettext_noop("attested"),
        "label.declared": gettext_noop("declared"),
        "inputs": gettext_noop("What was examined"),
        **_values("kind", AUDITS),
        **_values("kinds", AUDITS),
        **_values("inputs", DIGESTS),
    }
)

# policies and promotions
register_fields(
    {
        "key": gettext_noop("Key"),
        "version": gettext_noop("Version"),
        "environment": gettext_noop("Environment"),
        "state": gettext_noop("State"),
        "state.open": gettext_noop("Open"),
        "state.approved": gettext_noop("Approved, being moved"),
        "state.done": gettext_noop("In place"),
        "state.sent_back": gettext_noop("Sent back"),
        "state.refused": gettext_noop("Refused"),
        "state.withdrawn": gettext_noop("Withdrawn"),
        "state.failed": gettext_noop("Move failed"),
        "state.overtaken": gettext_noop("Overtaken by a later one"),
        "bound": gettext_noop("Bound digests"),
        "approval": gettext_noop("Record of the approval"),
        "approver": gettext_noop("Approved by"),
        "because": gettext_noop("Because"),
        "because.promotion.lapsed": gettext_noop("What the approval binds has changed"),
        "because.promotion.lapsed.sent_back": gettext_noop("The promotion was sent back"),
        "because.promotion.lapsed.place-role": gettext_noop("The approver may not approve here any more"),
        "because.promotion.lapsed.verdict": gettext_noop("The checks no longer let it through"),
        "because.move.no-decision": gettext_noop("No approval stands"),
        "because.move.given-up": gettext_noop("Tried too long"),
        "because.move.gone": gettext_noop("The version was deleted in the registry"),
        "because.move.overtaken": gettext_noop("A later promotion is in place"),
        "alias": gettext_noop("Alias"),
        "decision": gettext_noop("Record of the decision"),
        "decision_number": gettext_noop("Number of the decision"),
        **_values("bound", DIGESTS),
    }
)

# documents
register_fields({"kind.report.dossier": gettext_noop("Dossier")})

# hosts of workers
register_subjects({"host": gettext_noop("Worker host")})
register_fields(
    {
        "backend": gettext_noop("Sandbox"),
        "backend.none": gettext_noop("none"),
        "backend.unsandboxed": gettext_noop("without a sandbox"),
        "bounds": gettext_noop("Limit of memory"),
        "bounds.none": gettext_noop("none"),
        "bounds.cgroups": gettext_noop("kept by the kernel (cgroups)"),
        "bounds.polling": gettext_noop("watched from outside"),
    }
)
