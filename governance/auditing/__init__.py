"""Running audits in the worker: what is fetched, what is computed, what is kept."""

# Importing them registers their kinds of job.
from governance.auditing import (  # noqa: F401
    drift,
    explanation,
    fairness,
    interpreters,
    lineage,
    performance,
    safety,
)
