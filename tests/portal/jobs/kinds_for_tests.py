"""Kinds of job that only tests know; a worker under test gets them by `settings_for_tests`."""

from __future__ import annotations

import time
from pathlib import Path

from django.apps import AppConfig

from portal.jobs.kinds import job_kind
from portal.message import Message


class KindsForTests(AppConfig):
    name = "tests.portal.jobs.kinds_for_tests"
    label = "kinds_for_tests"


@job_kind("test.slow", title="Slow", lease=1)
def slow(job, progress) -> dict:
    """Works until a file appears; notes each of its starts in another."""
    diary, enough = Path(job.params["diary"]), Path(job.params["enough"])
    with diary.open("a") as lines:
        lines.write(f"{progress.fence}\n")
    step = 0
    while not enough.exists():
        step += 1
        progress(step, 1000, Message("jobs.waiting"))
        time.sleep(0.05)
    return {"url": "/done/"}


@job_kind("test.quick", title="Quick", lease=30)
def quick(job, progress) -> dict:
    progress(1, 1)
    return {"doubled": job.params["number"] * 2}
