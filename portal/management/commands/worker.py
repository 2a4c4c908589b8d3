"""`manage.py worker`: run jobs until told to stop."""

from django.core.management.base import BaseCommand


class Command(BaseCommand):
    requires_system_checks = []  # a worker serves no pages
    help = "Run a worker: audits, mirrors, moves and reports. Any number may run, on any hosts that share the database."

    def handle(self, *args, **options) -> None:
        from portal.jobs.worker import run_worker

        run_worker()
