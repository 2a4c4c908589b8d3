"""A backup's folder and its sealed keys: whole, or a sentence that says what is wrong."""

from __future__ import annotations

import base64
import json
import secrets
from pathlib import Path

import pytest

from portal.ledger.checkpoint import Signer
from portal.operations.archive import BackupError, digest_of, open_archive, store_files, write_manifest
from portal.operations.sealing import seal_keys, unseal_keys
from tests.governance.hostile_names import NAMES

SIGNER = Signer("sekisho/test", secrets.token_bytes(32))
PASSPHRASE = "a long enough phrase"


def public(signer: Signer = SIGNER) -> str:
    return base64.b64encode(signer.public).decode()


@pytest.fixture
def archive(tmp_path) -> Path:
    """A small signed backup, with two files of one content."""
    folder, root = tmp_path / "backup", tmp_path / "files"
    folder.mkdir()
    (root / "documents").mkdir(parents=True)
    for name in ("documents/one.pdf", "two.csv"):
        (root / name).write_bytes(b"the same in both")
    (root / "away").symlink_to("/etc/hosts")
    database = folder / "database.sqlite3"
    database.write_bytes(b"SQLite format 3\x00 and more")
    digest, size = digest_of(database)
    manifest = {
        "database": {"engine": "sqlite", "file": database.name, "size": size, "sha256": digest},
        "migrations": {"ledger": ["0001_initial"]},
        "ledger": {"size": 3, "epoch": 1, "checkpoint": ""},
        "files": store_files(root, folder),
    }
    write_manifest(folder, manifest, SIGNER)
    return folder


def blobs(archive: Path) -> list[Path]:
    return [path for path in (archive / "files").rglob("*") if path.is_file()]


def change(archive: Path, edit) -> None:
    """Change the manifest as somebody without the key would."""
    path = archive / "manifest.json"
    manifest = json.loads(path.read_text())
    edit(manifest)
    path.write_text(json.dumps(manifest))
    (archive / "manifest.sig").unlink()


def test_it_opens_and_says_who_signed(archive):
    found = open_archive(archive, key=public())
    assert found.signed_by == public()
    assert [str(path) for path, _blob in found.files()] == ["documents/one.pdf", "two.csv"]
    assert len(blobs(archive)) == 1
    assert {blob.read_bytes() for _path, blob in found.files()} == {b"the same in both"}


@pytest.mark.parametrize("name", ["manifest.json", "manifest.sig", "database.sqlite3", "blob"])
@pytest.mark.parametrize("how", ["cut", "changed", "gone"])
def test_what_was_cut_off_changed_or_removed_is_named(archive, name, how):
    path = blobs(archive)[0] if name == "blob" else archive / name
    whole = path.read_bytes()
    if how == "gone":
        path.unlink()
    else:
        path.write_bytes(whole[: len(whole) // 2] if how == "cut" else whole.replace(whole[8:9], b"~", 1))
    told = {
        ("blob", "cut"): "is cut off",
        ("blob", "changed"): "was changed after the backup",
        ("blob", "gone"): "'documents/one.pdf' is missing",
        ("database.sqlite3", "cut"): "The database is cut off",
        ("database.sqlite3", "changed"): "The database was changed",
        ("database.sqlite3", "gone"): "The database is missing",
        ("manifest.json", "gone"): "holds no manifest.json",
        ("manifest.sig", "gone"): "is not signed",
    }.get((name, how), "manifest")
    with pytest.raises(BackupError, match=told):
        open_archive(archive, key=public())


def test_a_manifest_that_was_written_anew_is_not_what_was_signed(archive):
    path = archive / "manifest.json"
    path.write_text(path.read_text().replace('"size": 3', '"size": 2'))
    with pytest.raises(BackupError, match="is not what was signed"):
        open_archive(archive)


def test_another_key_does_not_vouch_for_it(archive):
    with pytest.raises(BackupError, match="signed by another key"):
        open_archive(archive, key=public(Signer("sekisho/test", b"\x01" * 32)))


@pytest.mark.parametrize("path", ["../../etc/passwd", "/etc/passwd", "a/../../b", "", "a\x00b"])
def test_no_file_leaves_its_folder(archive, path):
    change(archive, lambda manifest: manifest["files"][0].update(path=path))
    with pytest.raises(BackupError, match=r"manifest\.json cannot be read"):
        open_archive(archive)


@pytest.mark.parametrize(
    "edit",
    [
        lambda m: m.update(form="something"),
        lambda m: m.pop("ledger"),
        lambda m: m["database"].update(file="../../database.sqlite3"),
        lambda m: m["database"].update(sha256="0"),
        lambda m: m.update(files=[1]),
        lambda m: m.update(migrations=[]),
    ],
)
def test_a_manifest_of_another_shape_is_refused(archive, edit):
    change(archive, edit)
    with pytest.raises(BackupError, match=r"manifest\.json cannot be read"):
        open_archive(archive)


def test_a_newer_form_says_so(archive):
    change(archive, lambda manifest: manifest.update(form="sekisho.backup/2"))
    with pytest.raises(BackupError, match="install the newer one"):
        open_archive(archive)


def test_keys_come_out_by_their_passphrase_alone(tmp_path):
    sealed = tmp_path / "keys.sealed"
    seal_keys(sealed, {"ledger-1.key": "PRIVATE"}, PASSPHRASE)
    assert "PRIVATE" not in sealed.read_text()
    assert sealed.stat().st_mode & 0o777 == 0o600
    assert unseal_keys(sealed, PASSPHRASE) == {"ledger-1.key": "PRIVATE"}
    with pytest.raises(BackupError, match="passphrase does not open"):
        unseal_keys(sealed, PASSPHRASE + "!")
    with pytest.raises(BackupError, match="exists already"):
        seal_keys(sealed, {}, PASSPHRASE)
    sealed.write_bytes(sealed.read_bytes()[:40])
    with pytest.raises(BackupError, match="cut off"):
        unseal_keys(sealed, PASSPHRASE)
    with pytest.raises(BackupError, match="at least 12"):
        seal_keys(tmp_path / "other", {}, "short")


@pytest.mark.parametrize("name", ["../ledger-1.key", "/etc/cron.d/x", "a/b"])
def test_sealed_names_stay_in_their_folder(tmp_path, name):
    seal_keys(tmp_path / "keys", {name: "x"}, PASSPHRASE)
    with pytest.raises(BackupError, match="cannot be keys"):
        unseal_keys(tmp_path / "keys", PASSPHRASE)


def test_files_of_hostile_names_come_back_under_just_those(tmp_path):
    root, folder = tmp_path / "root", tmp_path / "folder"
    root.mkdir()
    folder.mkdir()
    wanted = {}
    for name in NAMES:
        try:
            (root / name).write_bytes(name.encode("utf-8", "surrogatepass"))
        except (OSError, ValueError):
            continue  # no file system takes it
        wanted[name] = name
    found = store_files(root, folder)
    assert wanted
    assert {one["path"] for one in found} == set(wanted)
