"""Speed against a baseline, as ratios within one run: ``python -m benchmarks [NAME …] [--full] [--json]``.

A benchmark is a module of this package with ``run() -> list[Figure]``.
"""

from __future__ import annotations

import multiprocessing
import os
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from typing import Any, TypeVar

T = TypeVar("T")
FULL = "SEKISHO_BENCHMARKS_FULL"


def size(moderate: int, full: int) -> int:
    """The input's size: moderate, unless ``--full`` asks for the sizes that the goals are written for."""
    return full if os.environ.get(FULL) else moderate


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


@dataclass(frozen=True)
class Measured:
    """One call, in a process of its own.

    Attributes
    ----------
    cpu : float
        Seconds of all threads.
    memory : int
        Bytes at the peak, above what the process held before the call.
    result : object
    """

    cpu: float
    memory: int
    result: Any


def in_process(function: Callable[..., T], *arguments: Any, warm_up: tuple | None = None, repeat: int = 1) -> Measured:
    """Measure a call in a fresh process, once it has been made with `warm_up`: imports are not counted."""
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        return pool.submit(_measure, function, arguments, warm_up, repeat).result()


def _measure(function: Callable[..., T], arguments: tuple, warm_up: tuple | None, repeat: int) -> Measured:
    if warm_up is not None:
        function(*warm_up)
    before = _memory("VmRSS")
    cpu, result = cpu_seconds(lambda: function(*arguments), repeat)
    return Measured(cpu, max(_memory("VmHWM") - before, 1), result)


def _memory(line: str) -> int:
    """Bytes of this process's own: what `getrusage` gives as the peak begins with that of who started it."""
    with open("/proc/self/status") as file:
        return next(int(row.split()[1]) * 1024 for row in file if row.startswith(f"{line}:"))
