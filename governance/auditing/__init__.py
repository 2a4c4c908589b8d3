"""Running audits in the worker: what is fetched, what is computed, what is kept."""

from governance.auditing import explanation, fairness, interpreters, lineage, performance, safety  # noqa: F401  (registers jobs)
