"""`manage.py backup DIR`: the database, all files, and, if asked, the private keys in a sealed file of their own."""

from __future__ import annotations

from pathlib import Path

from django.core.management.base import BaseCommand, CommandError

from portal.management.commands.keys import person
from portal.operations.archive import BackupError
from portal.operations.sealing import ask_passphrase


class Command(BaseCommand):
    requires_system_checks = []
    help = "Back up the database and all files into a new folder, while the site goes on."

    def add_arguments(self, parser) -> None:
        parser.add_argument("folder", type=Path, metavar="DIR", help="a new or empty folder")
        parser.add_argument("--keys", type=Path, metavar="FILE", help="write the private keys, sealed, to this file")
        parser.add_argument(
            "--passphrase-file", type=Path, metavar="FILE", help="where the passphrase stands; asked for without it"
        )
        parser.add_argument("--by", metavar="EMAIL", help="the administrator who does this")

    def handle(self, *, folder: Path, keys: Path | None, passphrase_file: Path | None, by, **options) -> None:
        from portal.operations.backup import make_backup

        try:
            passphrase = ask_passphrase(passphrase_file, twice=True) if keys else ""
            made = make_backup(folder, keys=keys, passphrase=passphrase, by=person(by))
        except BackupError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(
            f"Backed up to {folder}: {made['ledger']['size']} records, {len(made['files'])} files, "
            f"manifest {made['digest']}."
        )
        if keys:
            self.stdout.write(f"The private keys lie sealed in {keys}. Keep it and the passphrase apart from the rest.")
        else:
            self.stdout.write("The private keys and the secret key are not in it: keep them apart (--keys FILE).")
