"""Speed against a baseline, as ratios within one run: ``python -m benchmarks [NAME …] [--json]``.

A benchmark is a module of this package with ``run() -> list[Figure]``.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

T = TypeVar("T")


@dataclass(frozen=True)
class Figure:
    """One comparison.

    Attributes
    ----------
    name : str
    baseline : str
        What ours is compared with.
    rows : int
        Size of the input.
    unit : str
        What was measured: "cpu" and "wall" in seconds, "memory" in bytes.
    ratio : float
        Baseline ÷ ours: higher is better.
    goal : float
        The least ratio wanted.
    agreed : bool
        Whether both gave the same results.
    """

    name: str
    baseline: str
    rows: int
    unit: str
    ratio: float
    goal: float
    agreed: bool


def cpu_seconds(function: Callable[[], T], repeat: int = 1) -> tuple[float, T]:
    """Least CPU time of this process, all threads, over some runs; and the last result."""
    times = []
    for _ in range(repeat):
        start = time.process_time()
        result = function()
        times.append(time.process_time() - start)
    return min(times), result
