"""The queue between the site and the workers. Huey carries the wake-up call; the Job row carries the work."""

from __future__ import annotations

from functools import cache

from django.conf import settings


@cache
def queue():
    """Huey on SQLite below the home, or on PostgreSQL or Redis for many hosts."""
    import huey

    url = settings.QUEUE_URL
    if url.startswith(("redis://", "rediss://")):
        instance = huey.RedisHuey("sekisho", url=url, results=False)
    elif url.startswith(("postgres://", "postgresql://")):
        instance = huey.PostgresHuey("sekisho", dsn=url, results=False)
    else:
        settings.SEKISHO_HOME.mkdir(parents=True, exist_ok=True)
        instance = huey.SqliteHuey(
            "sekisho", filename=str(settings.SEKISHO_HOME / "queue.sqlite3"), results=False, timeout=30
        )

    @instance.task(name="run")
    def run(job_id: int) -> None:
        from portal.jobs.runner import run_job

        run_job(job_id)

    instance.run_task = run
    return instance


def dispatch(job_id: int) -> None:
    """Wake a worker. What is lost here, the reaper sends again."""
    if getattr(settings, "JOBS_DISPATCH", True):
        queue().run_task(job_id)
