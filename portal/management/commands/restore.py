"""`manage.py restore DIR`: put a backup into an empty place. All moves are held until another person releases them."""

from __future__ import annotations

from pathlib import Path

from django.core.management.base import BaseCommand, CommandError

from portal.operations.archive import BackupError
from portal.operations.sealing import ask_passphrase


class Command(BaseCommand):
    requires_system_checks = []
    help = "Restore a backup into an empty database and empty folders. Stop `serve` and all workers before."

    def add_arguments(self, parser) -> None:
        parser.add_argument("folder", type=Path, metavar="DIR", help="the folder of the backup")
        parser.add_argument("--by", metavar="EMAIL", help="an administrator of the backed-up site: who restores")
        parser.add_argument("--check", action="store_true", help="only read and compare all of it")
        parser.add_argument("--key", default="", metavar="BASE64", help="the public key that must have signed it")
        parser.add_argument("--keys", type=Path, metavar="FILE", help="the sealed private keys")
        parser.add_argument("--passphrase-file", type=Path, metavar="FILE", help="where their passphrase stands")
        parser.add_argument(
            "--last-seen", type=Path, metavar="NOTE", help="the newest checkpoint that anybody kept: it tells the gap"
        )

        parser.add_argument(
            "--seen-key", action="append", default=[], metavar="BASE64",
            help="a public key that signed it, where that was made after the backup; repeat it",
        )  # fmt: skip

    def handle(self, *, folder: Path, by: str | None, **options) -> None:
        from portal.operations.backup import check_backup, restore_backup

        try:
            if options["check"]:
                self._tell(check_backup(folder, key=options["key"]))
                return
            if not by:
                raise CommandError("Name the administrator who restores: --by EMAIL.")
            keys = options["keys"]
            done = restore_backup(
                folder,
                by=by,
                key=options["key"],
                keys=keys,
                passphrase=ask_passphrase(options["passphrase_file"]) if keys else "",
                last_seen=_text(options["last_seen"]),
                seen_keys=options["seen_key"],
            )
        except BackupError as error:
            raise CommandError(f"{error} Nothing was changed.") from error
        lost = "unknown: no checkpoint was given as last seen" if done["lost"] is None else str(done["lost"])
        self.stdout.write(f"Restored: {done['size']} records in the backup; lost since: {lost}.")
        self.stdout.write(
            f"The ledger goes on in epoch {done['epoch']}. Registries to be read anew: {done['registries']}."
        )
        self.stdout.write("All moves are held. Another administrator looks, and releases them: manage.py release.")
        if keys:
            self.stdout.write("If a file secret-key lies beside the keys, set SEKISHO_SECRET_KEY to it and delete it.")

    def _tell(self, archive) -> None:
        manifest = archive.manifest
        self.stdout.write(
            f"Whole: a backup of {manifest['made_at']} by version {manifest['version']}, "
            f"{manifest['ledger']['size']} records, {len(manifest['files'])} files."
        )
        signer = f"Signed by {archive.signed_by}." if archive.signed_by else "Not signed."
        self.stdout.write(f"{signer} Compare the key with one that you have from elsewhere: --key.")


def _text(path: Path | None) -> str:
    if path is None:
        return ""
    try:
        return path.read_text("utf-8")[:65536]
    except (OSError, UnicodeDecodeError) as error:
        raise BackupError(f"{path} cannot be read: {error}.") from error
