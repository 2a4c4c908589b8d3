"""There and back: a site is backed up, restored elsewhere, holds its moves, and goes on when somebody has looked.

The restored site runs in processes of its own, as it would; the database is what the tests run on.
"""

from __future__ import annotations

import base64
import contextlib
import json
import os
import shutil
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import quote

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from governance.models import Move
from portal.ledger.checkpoint import Signer, sign
from portal.ledger.key_actions import rotate_key
from portal.ledger.keyring import active_key
from portal.ledger.models import Event
from portal.ledger.signing import checkpoint_now
from portal.operations.archive import BackupError, write_manifest
from portal.operations.backup import make_backup
from tests.governance.promotions_made import approved
from tests.warm import Warm

pytestmark = pytest.mark.django_db(transaction=True)
ROOT = Path(__file__).parents[3]
PASSPHRASE = "a long enough phrase"
LOOK = """
import json, os, sys
import django
django.setup()
from datetime import timedelta
from django.contrib.sessions.models import Session
from django.utils import timezone
from governance import moves
from governance.models import Move, Registry
from portal.jobs.models import Job
from portal.jobs.runner import run_job
from portal.ledger.hold import counted_from
from portal.ledger.models import Checkpoint, Event, Head, Hold
from portal.ledger.signing import checkpoint_now
Move.objects.update(created_at=timezone.now() - timedelta(hours=5))
job = Job.objects.filter(kind="move.run").first()
Job.objects.filter(pk=job.pk).update(not_before=None, state="queued", ended_at=None)
run_job(job.pk)
job.refresh_from_db()
called = moves.watch()
move = Move.objects.get()
hold = Hold.objects.get()
restored = Event.objects.get(action="ledger.restore")
print(json.dumps({
    "held": hold.held, "reason": hold.reason, "move": move.state, "error": move.error, "called": called,
    "result": job.result, "promotion": move.promotion.state, "epoch": Head.objects.get().epoch,
    "params": restored.content["params"], "sessions": Session.objects.count(),
    "asked": list(Job.objects.filter(kind="registry.mirror").values_list("subject_label", flat=True)),
    "note": getattr(checkpoint_now(), "note", ""), "waited": str(timezone.now() - counted_from(move.created_at)),
    "swept": [str(one.swept_at) for one in Registry.objects.all()],
}))
"""

APPOINT = """
import django
django.setup()
from portal.accounts.models import User
assert User.objects.filter(email="{}").update(is_administrator=True)
"""


@cache
def _sites() -> Warm:
    """Processes that inherit nothing of this one's settings."""
    environ = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "DJANGO_SETTINGS_MODULE": "portal.settings"}
    return Warm("tests.portal.operations.site_command", environ)


@pytest.fixture
def elsewhere(tmp_path, db):
    """`elsewhere("restore", …)`: a command of a site with a home and a database of its own."""
    home = tmp_path / "elsewhere"
    place = {"SEKISHO_HOME": str(home)}
    name = "sekisho_elsewhere"
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(f"DROP DATABASE IF EXISTS {name}")
            cursor.execute(f"CREATE DATABASE {name}")
        known = connection.settings_dict
        host = f"{known['HOST'] or 'localhost'}:{known['PORT'] or 5432}"
        place["DATABASE_URL"] = f"postgres://{quote(known['USER'])}:{quote(known['PASSWORD'])}@{host}/{name}"
        if str(known["HOST"]).startswith("/"):
            place["DATABASE_URL"] = f"postgres://{quote(known['USER'])}@{quote(known['HOST'], safe='')}/{name}"

    def run(*command: str, fails: bool = False) -> str:
        what = {"program": command[1]} if command[0] == "-c" else {"words": list(map(str, command))}
        done = _sites().start(what | {"place": place, "folder": str(tmp_path)})
        assert (done.wait() != 0) == fails, done.errors
        return done.errors if fails else done.output

    yield SimpleNamespace(run=run, home=home, place=place)
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


@pytest.fixture
def site(cast, settings, client):
    """A site with a move in its outbox, a file, somebody signed in, and a signed ledger."""
    promotion = approved(cast)
    client.force_login(cast.member, backend="allauth.account.auth_backends.AuthenticationBackend")
    (settings.FILES_ROOT / "documents").mkdir(parents=True)
    (settings.FILES_ROOT / "documents" / "one.pdf").write_bytes(b"%PDF of one")
    return SimpleNamespace(promotion=promotion, checkpoint=checkpoint_now())


@pytest.fixture
def passphrase(tmp_path) -> Path:
    path = tmp_path / "passphrase"
    path.write_text(PASSPHRASE + "\n")
    return path


def rest_of(folder: Path) -> str:
    return "".join(path.read_bytes().decode("latin-1") for path in folder.rglob("*") if path.is_file())


def test_there_and_back(cast, site, elsewhere, passphrase, tmp_path, settings):
    backup, keys, seen = tmp_path / "backup", tmp_path / "keys.sealed", tmp_path / "seen.txt"
    settings.SECRET_KEY_GIVEN = True
    by, opened = ["--by", cast.admin.email], ["--keys", str(keys), "--passphrase-file", str(passphrase)]
    call_command("backup", str(backup), *opened, *by)
    (own,) = settings.KEYS_ROOT.glob("ledger-*.key")
    assert own.read_text().strip() not in rest_of(backup)
    assert settings.SECRET_KEY not in rest_of(backup)
    assert Event.objects.get(action="ledger.backup").actor == cast.admin.pseudonym
    lost = checkpoint_now()  # the record of the backup itself comes after it
    seen.write_text(lost.note)
    key = active_key().public

    assert "Whole: a backup of" in elsewhere.run("restore", backup, "--check", "--key", key)
    told = elsewhere.run("restore", backup, *by, *opened, "--key", key, "--last-seen", seen)
    assert f"lost since: {lost.size - site.checkpoint.size}." in told
    assert (elsewhere.home / "files" / "documents" / "one.pdf").read_bytes() == b"%PDF of one"
    assert (elsewhere.home / "keys" / own.name).read_text() == own.read_text()
    assert (elsewhere.home / "keys" / own.name).stat().st_mode & 0o777 == 0o600
    assert (elsewhere.home / "keys" / "secret-key").read_text() == settings.SECRET_KEY

    state = json.loads(elsewhere.run("-c", LOOK))
    assert (state["held"], state["move"], state["promotion"]) == (True, "waiting", "approved")
    assert (state["called"], state["result"]) == (0, {"state": "waiting", "held": True})
    assert state["error"]["code"] == "hold.waits"
    assert state["reason"]["code"] == "hold.restored_gap"
    assert (state["epoch"], state["params"]["lost"]) == (2, lost.size - site.checkpoint.size)
    assert state["params"]["log_size"] == site.checkpoint.size
    assert state["sessions"] == 0
    assert state["asked"] == [site.promotion.version.model.registry.name]
    assert state["swept"] == ["None"]
    assert state["note"].startswith(f"sekisho/{settings.INSTANCE}/2\n")
    assert state["waited"].startswith("5:")

    # A checkpoint that was kept from before is explained, and nothing else is wrong.
    found = elsewhere.run("verify", "--pinned", seen, fails=True) or ""
    report = json.loads(run_json(elsewhere, seen))
    assert [problem["code"] for problem in report["problems"]] == ["ledger.found.pin_restored"], found

    told = elsewhere.run("release", *by, "--reason", "I looked.", fails=True)
    assert "another administrator looks" in told
    elsewhere.run("-c", APPOINT.format(cast.reviewer.email))
    elsewhere.run("release", "--by", cast.reviewer.email, "--reason", "Compared with MLflow.")
    state = json.loads(elsewhere.run("-c", LOOK))
    assert state["held"] is False
    assert state["result"]["waits_for"]["code"] == "move.retry"  # the server is away: tried, and tried again
    assert state["move"] == "waiting"  # though it was decided five hours ago
    assert state["waited"].startswith("0:00")
    assert Move.objects.get().error is None  # the first site stands as it stood


def run_json(elsewhere, pinned: Path) -> str:
    program = f"import sys; sys.argv = ['manage.py', 'verify', '--json', '--pinned', {str(pinned)!r}]\n"
    program += "from django.core.management import execute_from_command_line as run\n"
    program += "try:\n    run(sys.argv)\nexcept SystemExit:\n    pass"
    return elsewhere.run("-c", program)


def test_a_bad_backup_changes_nothing(cast, site, elsewhere, passphrase, tmp_path, settings):
    """One good backup, spoilt in each way; at last the good one goes in, so the place was still empty."""
    backup, keys = tmp_path / "backup", tmp_path / "keys.sealed"
    make_backup(backup, keys=keys, passphrase=PASSPHRASE, by=cast.admin)
    by = ["--by", cast.admin.email]

    def spoilt(edit) -> Path:
        folder = tmp_path / "spoilt"
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(backup, folder)
        edit(folder)
        return folder

    def refused(sentence: str, *command) -> None:
        told = elsewhere.run("restore", *command, fails=True)
        assert sentence in told, told
        assert "Traceback" not in told
        files = elsewhere.home / "files"
        assert not files.exists() or not list(files.iterdir())
        assert not (elsewhere.home / "keys").exists() or not list((elsewhere.home / "keys").iterdir())

    (database,) = backup.glob("database.*")
    refused("is cut off", spoilt(lambda f: os.truncate(f / database.name, database.stat().st_size // 2)), *by)
    (blob,) = (path.relative_to(backup) for path in (backup / "files").rglob("*") if path.is_file())
    refused("was changed", spoilt(lambda f: (f / blob).write_bytes(b"%PDF of two")), *by)
    refused("holds no manifest.json", spoilt(lambda f: (f / "manifest.json").unlink()), *by)

    def newer(folder: Path) -> None:
        manifest = json.loads((folder / "manifest.json").read_text())
        manifest["migrations"]["governance"].append("0999_later")
        (folder / "manifest.sig").unlink()
        write_manifest(folder, manifest, None)

    refused("does not know its migration governance.0999_later", spoilt(newer), *by)
    wrong = tmp_path / "wrong"
    wrong.write_text("another long phrase")
    refused("does not open", backup, *by, "--keys", keys, "--passphrase-file", wrong)
    refused("is no administrator in this backup", backup, "--by", cast.member.email)
    refused("is no administrator in this backup", backup, "--by", "o'nobody@example.org")
    (tmp_path / "note").write_text("sekisho/other/1\n3\nAAAA\n")
    refused("is no checkpoint", backup, *by, "--last-seen", tmp_path / "note")
    forger = Signer(f"sekisho/{settings.INSTANCE}", b"\x05" * 32)
    forged = sign(f"sekisho/{settings.INSTANCE}/1", 999_999, bytes(32), [forger])
    (tmp_path / "note").write_text(forged)
    refused("No key of the backup signed the checkpoint last seen", backup, *by, "--last-seen", tmp_path / "note")
    refused("is no public key", backup, *by, "--last-seen", tmp_path / "note", "--seen-key", "?")
    other = base64.b64encode(b"\x01" * 32).decode()
    refused("signed by another key", backup, *by, "--key", other)
    refused("Name the administrator", backup)

    rotate_key(reason="Once a year.", by=None)
    rotated = rotate_key(reason="And again: no key of the backup signs any more.", by=None)
    (tmp_path / "note").write_text(checkpoint_now().note)
    refused("No key of the backup signed the checkpoint last seen", backup, *by, "--last-seen", tmp_path / "note")
    elsewhere.run("restore", backup, *by, "--last-seen", tmp_path / "note", "--seen-key", rotated.public)
    assert "is not empty" in elsewhere.run("restore", backup, *by, fails=True)
    shutil.rmtree(elsewhere.home / "files")
    assert "holds tables already" in elsewhere.run("restore", backup, *by, fails=True)


def test_a_backup_writes_over_nothing_and_keeps_its_keys_apart(cast, site, tmp_path, settings):
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "x").write_text("x")
    with pytest.raises(CommandError, match="is not empty"):
        call_command("backup", str(tmp_path / "full"))
    inside = tmp_path / "new" / "keys"
    with pytest.raises(BackupError, match="outside its folder"):
        make_backup(tmp_path / "new", keys=inside, passphrase=PASSPHRASE)
    settings.KEYS_ROOT, settings.SECRET_KEY_GIVEN = None, False
    with pytest.raises(BackupError, match="No private key lies on this host"):
        make_backup(tmp_path / "new", keys=tmp_path / "keys", passphrase=PASSPHRASE)
    with contextlib.suppress(FileNotFoundError):
        assert not (tmp_path / "new" / "manifest.json").exists()
    assert not Event.objects.filter(action="ledger.backup").exists()
