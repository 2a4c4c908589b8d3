"""The kinds of job and the periodic duties; apps register theirs when Django starts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Kind:
    """A kind of job: its function may run again after a crash, so it is written to be repeated."""

    name: str
    title: Any
    run: Callable[..., dict | None]
    lease: int
    deadline: int
    max_attempts: int


@dataclass(frozen=True)
class Duty:
    """Something a worker does every so many seconds."""

    name: str
    every: int
    run: Callable[[], object]


KINDS: dict[str, Kind] = {}
DUTIES: dict[str, Duty] = {}
STARTS: dict[str, Callable[[], object]] = {}


def job_kind(name: str, *, title, lease: int = 30, deadline: int = 1800, max_attempts: int = 3):
    """Register a function ``run(job, progress) -> dict | None`` as a kind of job.

    Parameters
    ----------
    lease : int
        Seconds without a heartbeat after which the worker counts as dead.
    deadline : int
        Seconds after which the heart stops: a job that hangs is taken up again elsewhere.
    """

    def register(function):
        KINDS[name] = Kind(name, title, function, lease, deadline, max_attempts)
        return function

    return register


def every(seconds: int, *, name: str):
    """Register a periodic duty."""

    def register(function):
        DUTIES[name] = Duty(name, seconds, function)
        return function

    return register


def at_start(name: str):
    """Register what each worker does once when it starts, beside its jobs."""

    def register(function):
        STARTS[name] = function
        return function

    return register
