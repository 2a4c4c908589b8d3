"""Peak memory of a whole audit, cube to verdict, above what the process holds once it has made a small one."""

from __future__ import annotations

import tempfile
from pathlib import Path

from benchmarks import Figure, in_process, size
from benchmarks.fairness import FEATURES, write_decisions

ROWS, FULL_ROWS = 5_000_000, 50_000_000
ALLOWED = 300 * 10**6


def run() -> list[Figure]:
    rows = size(ROWS, FULL_ROWS)
    with tempfile.TemporaryDirectory() as folder:
        small, large = Path(folder, "small.parquet"), Path(folder, "large.parquet")
        write_decisions(small, 10_000)
        write_decisions(large, rows)
        found = in_process(audit, large, warm_up=(small,))
    return [Figure("audit-memory", "300 MB", rows, "memory", ALLOWED / found.memory, 1, found.result == rows)]


def audit(path: Path) -> int:
    """The rows that were judged."""
    from governance.engine.fairness.audit import audit_fairness

    return audit_fairness(path, label="label", prediction="prediction", sensitive=FEATURES).n
