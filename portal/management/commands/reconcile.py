"""Read every registry once and say what no decision explains: ``manage.py reconcile [NAME …]``, exit 1 if anything."""

from __future__ import annotations

import sys

from django.core.management.base import BaseCommand, CommandError

from governance.connections import connect
from governance.mirror import poll, sync
from governance.models import Finding, Registry
from portal.message import Message
from portal.web.errors import DomainError


class Command(BaseCommand):
    help = (
        "Reads registries now, and lists the open findings. Exit status: 0 none, 1 some, 2 a registry did not answer."
    )

    def add_arguments(self, parser) -> None:
        parser.add_argument("names", nargs="*", help="the registries' short names; all that are in use without any")
        parser.add_argument("--all", action="store_true", help="read everything, not only what is new or in use")

    def handle(self, *, names: list[str], **options) -> None:
        registries = Registry.objects.filter(enabled=True)
        if names:
            registries = Registry.objects.filter(slug__in=names)
            if unknown := set(names) - set(registries.values_list("slug", flat=True)):
                raise CommandError(f"No registry is called {', '.join(sorted(unknown))}.", returncode=2)
        silent = [registry for registry in registries if not self._read(registry, whole=options["all"])]
        rows = Finding.objects.open().select_related("model", "registry", "owner").order_by("due", "pk")
        rows = rows.filter(registry__slug__in=names) if names else rows
        for row in rows:
            self.stdout.write(f"{row.severity:8} {row.due or '':10} {Message.from_json(row.title)}")
        if silent:
            sys.exit(2)
        if rows.exists():
            sys.exit(1)

    def _read(self, registry: Registry, *, whole: bool) -> bool:
        try:
            if whole or registry.swept_at is None:
                sync(registry, connect(registry))
            else:
                poll(registry, connect(registry))
        except DomainError as error:
            self.stderr.write(f"{registry.slug}: {error}")
            return False
        return True
