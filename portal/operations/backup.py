"""Making a backup, and putting one into an empty place."""

from __future__ import annotations

import base64
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.db import connection, transaction
from django.db.migrations.loader import MigrationLoader
from django.utils import timezone

from portal.ledger.actions import record
from portal.ledger.checkpoint import Note, Wrong, log_name, parse_note, signed_by
from portal.ledger.keyring import current_signer, folder
from portal.ledger.models import Head, KeyState, SigningKey
from portal.ledger.restored import begin_epoch
from portal.operations import databases
from portal.operations.archive import Archive, BackupError, digest_of, open_archive, store_files, write_manifest
from portal.operations.sealing import seal_keys, unseal_keys
from portal.web.context import VERSION

SECRET = "secret-key"  # the site's own, beside the ledger's keys


def make_backup(target: Path, *, keys: Path | None = None, passphrase: str = "", by=None) -> dict[str, Any]:
    """Back everything up into a new folder, and the private keys into a sealed file if one is named.

    The database is copied first: the files that its rows name are there by then.
    """
    if target.exists() and any(target.iterdir()):
        raise BackupError(f"{target} is not empty: name a new folder for each backup.")
    if keys and keys.resolve().is_relative_to(target.resolve()):
        raise BackupError("Keep the keys apart from the backup: name a file outside its folder.")
    target.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        if keys:
            seal_keys(keys, _private_keys(), passphrase)
        copied = databases.copy_out(target)
        digest, size = digest_of(target / copied.file)
        manifest = {
            "made_at": timezone.now().isoformat(),
            "version": VERSION,
            "instance": Head.objects.filter(id=1).values_list("instance", flat=True).first() or "",
            "database": {"engine": copied.engine, "file": copied.file, "size": size, "sha256": digest},
            "migrations": copied.migrations,
            "ledger": {"size": copied.size, "epoch": copied.epoch, "checkpoint": copied.checkpoint},
            "keys": _believed(),
            "files": store_files(settings.FILES_ROOT, target),
        }
        digest = write_manifest(target, manifest, current_signer())
    except OSError as error:
        raise BackupError(f"The backup cannot be written: {error.strerror} ({error.filename}).") from error
    with transaction.atomic():
        params = {"manifest": digest, "log_size": copied.size, "with_keys": bool(keys)}
        record(action="ledger.backup", by=by, subject=("ledger", "1", manifest["instance"]), params=params)
    return manifest | {"digest": digest}


def check_backup(source: Path, *, key: str = "") -> Archive:
    """Read all of a backup: it is whole, and of a version that this one understands."""
    archive = open_archive(source, key=key)
    known = MigrationLoader(None, ignore_no_migrations=True).disk_migrations
    applied = ((app, name) for app, names in archive.manifest["migrations"].items() for name in names)
    if newer := sorted(one for one in applied if one not in known):
        raise BackupError(
            f"The backup was made by a newer version ({archive.manifest.get('version')}): this one does not know its "
            f"migration {'.'.join(newer[-1])}. Install that version and restore with it."
        )
    return archive


def restore_backup(
    source: Path,
    *,
    by: str,
    key: str = "",
    keys: Path | None = None,
    passphrase: str = "",
    last_seen: str = "",
    seen_keys: Sequence[str] = (),
) -> dict[str, Any]:
    """Put a backup into an empty database and empty folders; all moves are held from its first moment on.

    Parameters
    ----------
    by : str
        Email address of an administrator of the backed-up site.
    key : str
        The public key, base64, that must have signed the backup.
    last_seen : str
        The newest checkpoint that anybody kept: it tells how much is lost. One of the backup's keys signed it, or one
        of `seen_keys`, public keys in base64 that were made after the backup.

    Raises
    ------
    BackupError
        With a sentence; nothing is changed then.
    """
    archive = check_backup(source, key=key)
    manifest, by = archive.manifest, by.strip().lower()
    if manifest["database"]["engine"] != databases.engine():
        raise BackupError(
            f"The backup is of {manifest['database']['engine']}, and DATABASE_URL names {databases.engine()}."
        )
    note = _last_seen(last_seen, archive, seen_keys)
    private = unseal_keys(keys, passphrase) if keys else {}
    place = folder() if private else None
    if private and place is None:
        raise BackupError("SEKISHO_KEYS is none on this host: leave --keys out, and restore them where the worker is.")
    _check_empty_folders(place)
    databases.check_empty()
    try:
        _put_files(archive)
        _put_keys(private, place)
        databases.copy_in(archive.database, by)
    except BaseException as error:
        _take_back(private, place)
        if isinstance(error, OSError):
            raise BackupError(f"The backup cannot be restored: {error.strerror} ({error.filename}).") from error
        raise
    return _begin_anew(archive, by, note)


def _begin_anew(archive: Archive, by: str, note: Note | None) -> dict[str, Any]:
    """What follows once the data stand: the gap on record, nobody signed in, every registry read anew."""
    from django.contrib.sessions.models import Session

    from governance.mirror import ask_for_mirror
    from governance.models import Registry
    from portal.accounts.models import User

    call_command("migrate", interactive=False, verbosity=0)
    person = User.objects.get(email__iexact=by)
    with transaction.atomic():
        Session.objects.all().delete()
        made, size = archive.manifest["made_at"], archive.manifest["ledger"]["size"]
        gap = begin_epoch(by=person, made=made, manifest=archive.digest, size=size, last_seen=note)
        Registry.objects.update(swept_at=None, watermark=0)
        registries = list(Registry.objects.filter(enabled=True))
        for registry in registries:
            ask_for_mirror(registry=registry, by=person)
    connection.close()
    return {"epoch": gap["epoch"], "lost": gap.get("lost"), "size": size, "registries": len(registries)}


def _last_seen(text: str, archive: Archive, more: Sequence[str]) -> Note | None:
    """The checkpoint that somebody kept, if a key that is believed signed it: what it says goes into the records."""
    if not text:
        return None
    try:
        note = parse_note(text)
        log, _slash, epoch = note.origin.rpartition("/")
        if log != log_name(archive.manifest["instance"]) or not epoch.isdigit():
            raise BackupError(f"The checkpoint last seen is of {note.origin}, another log than the backup's.")
    except (Wrong, ValueError) as error:
        raise BackupError(f"What was given as last seen is no checkpoint: {error}.") from error
    known = [archive.signed_by, *archive.manifest.get("keys", ()), *more]
    if not any(signed_by(note, public) for public in map(_raw, filter(None, known))):
        raise BackupError(
            "No key of the backup signed the checkpoint last seen. If it was signed by a key that was made after the "
            "backup, give that public key too: --seen-key."
        )
    return note


def _raw(public: str) -> bytes:
    try:
        return base64.b64decode(public.strip(), validate=True)
    except ValueError as error:
        raise BackupError(f"{public[:60]} is no public key: give the 32 bytes in base64.") from error


def _believed() -> list[str]:
    """The public keys that nobody has declared compromised."""
    rows = SigningKey.objects.exclude(state=KeyState.COMPROMISED).order_by("id")
    return list(rows.values_list("public", flat=True))


def _private_keys() -> dict[str, str]:
    place = folder()
    found = {path.name: path.read_text("ascii") for path in sorted(place.glob("ledger-*.key"))} if place else {}
    if settings.SECRET_KEY_GIVEN:
        found[SECRET] = settings.SECRET_KEY
    if not found:
        raise BackupError("No private key lies on this host: leave --keys out, or run the backup where the worker is.")
    return found


def _check_empty_folders(place: Path | None) -> None:
    for path in (settings.FILES_ROOT, place):
        if path and path.exists() and any(path.iterdir()):
            raise BackupError(f"{path} is not empty. A backup is restored into an empty place only.")


def _put_files(archive: Archive) -> None:
    for path, blob in archive.files():
        target = settings.FILES_ROOT / path
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(blob, target)


def _put_keys(private: dict[str, str], place: Path | None) -> None:
    if private:
        place.mkdir(mode=0o700, parents=True, exist_ok=True)
    for name, text in private.items():
        path = place / name
        path.touch(mode=0o600, exist_ok=False)
        path.write_text(text, "ascii")


def _take_back(private: dict[str, str], place: Path | None) -> None:
    """What was put in place goes again: both folders were empty before, and may be mounted."""
    for path in settings.FILES_ROOT.iterdir() if settings.FILES_ROOT.exists() else ():
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    for name in private:
        (place / name).unlink(missing_ok=True)
