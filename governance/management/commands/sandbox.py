"""``manage.py sandbox``: try the sandbox of this host now, and say what holds."""

from __future__ import annotations

import json

from django.core.management.base import BaseCommand, CommandError

MEBIBYTE = 2**20


class Command(BaseCommand):
    help = "Try the sandbox of this host by real runs. Exits with 0 if one works, 1 if none does."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser) -> None:
        parser.add_argument("--json", action="store_true", help="print the result as JSON, and nothing else")

    def handle(self, *args, **options) -> None:
        from governance.sandbox.probe import probe

        report = probe()
        if options["json"]:
            self.stdout.write(json.dumps(report.to_json(), ensure_ascii=False))
        else:
            self._describe(report)
        if not report.works:
            raise CommandError("No sandbox works on this host: docs/sandbox.md says what to install.", returncode=1)

    def _describe(self, report) -> None:
        for trial in report.trials:
            self.stdout.write(f"{trial.backend:<12} {'works' if trial.works else f'does not work: {trial.reason}'}")
        used, limits = report.sandbox, report.limits
        if used:
            who = "root; models get a user id of their own" if used.as_root else "an ordinary user, in a user namespace"
            kept = "kept by cgroups" if used.cgroup else "watched from outside (no cgroups for us here)"
            self.stdout.write(f"\nused         {used.backend}, as {who}\nmemory       {kept}")
        self.stdout.write(
            f"\nlimits       memory {limits.memory // MEBIBYTE} MB, processes {limits.processes}, "
            f"CPU {limits.cpu_seconds} s, time {limits.wall_seconds:g} s, answer {limits.output_bytes // MEBIBYTE} MB, "
            f"scratch {limits.scratch_bytes // MEBIBYTE} MB\nsystem       {report.system}"
        )
