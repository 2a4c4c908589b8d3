"""Running audits in the worker: what is fetched, what is computed, what is kept."""

from governance.auditing import explanation, fairness, lineage  # noqa: F401  (registers the kinds of job)
