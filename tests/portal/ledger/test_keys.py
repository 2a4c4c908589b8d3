"""Keys and signing: who may sign, what a checkpoint covers, and which signatures count after a key's end."""

from __future__ import annotations

import base64
import stat

import pytest
from django.db import transaction

from portal.ledger import key_actions
from portal.ledger.actions import record
from portal.ledger.checkpoint import Signer, parse_note, signed_by
from portal.ledger.keyring import current_signer, folder
from portal.ledger.models import Checkpoint, Event, Head, KeyState, Node, SigningKey
from portal.ledger.sequencer import grow, number_events
from portal.ledger.signing import checkpoint_now, covering, newest
from portal.web.errors import Conflict, Invalid, Missing, Unavailable

pytestmark = pytest.mark.django_db


def write(count: int = 1) -> list[Event]:
    with transaction.atomic():
        return [record(action="test.write", by=None, subject=("test", str(n), "x")) for n in range(count)]


def files() -> list[str]:
    return sorted(path.name for path in folder().glob("*"))


def public(key: SigningKey) -> bytes:
    return base64.b64decode(key.public)


def test_the_first_key_is_made_by_itself_and_kept_from_others():
    key = key_actions.ensure_key()
    assert key_actions.ensure_key() == key
    (path,) = folder().glob("*")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(folder().stat().st_mode) == 0o700
    assert Signer.parse(path.read_text()).public == public(key)
    assert key.name == f"sekisho/{Head.objects.get().instance}"
    event = Event.objects.get(action="ledger.key_create")
    assert event.content["after"]["public_key"] == key.public
    assert path.read_text().split("+")[-1].strip() not in event.body


def test_a_checkpoint_covers_what_is_written_before_it():
    event = write()[0]
    assert covering(1) is None
    first = checkpoint_now()
    event.refresh_from_db()
    assert covering(event.seq) == first
    assert covering(first.size) == first
    assert covering(first.size + 1) is None
    assert checkpoint_now() == first  # nothing new, nothing signed
    write(3)
    second = checkpoint_now()
    assert second.size == first.size + 3
    note = parse_note(second.note)
    assert (note.size, note.root.hex()) == (second.size, second.root)
    assert note.origin == f"sekisho/{Head.objects.get().instance}/1"
    assert signed_by(note, public(SigningKey.objects.get()))
    assert Node.objects.filter(level=0).count() == second.size


def test_the_log_keeps_its_name(settings):
    settings.INSTANCE = "tokyo-1"
    write()
    assert checkpoint_now().note.startswith("sekisho/tokyo-1/1\n")
    settings.INSTANCE = "other"
    write()
    assert checkpoint_now().note.startswith("sekisho/tokyo-1/1\n")


def test_a_host_without_the_key_signs_nothing(settings):
    checkpoint_now()
    key = SigningKey.objects.get()
    kept = settings.KEYS_ROOT
    for elsewhere in (None, kept / "elsewhere"):
        settings.KEYS_ROOT = elsewhere
        write()
        assert current_signer() is None
        assert covering(checkpoint_now().size + 1) is None
        assert SigningKey.objects.get() == key  # and it makes none of its own
    settings.KEYS_ROOT = kept
    assert checkpoint_now().size == Event.objects.count()


def test_a_host_that_is_not_to_sign_makes_no_key(settings):
    settings.KEYS_ROOT = None
    assert key_actions.ensure_key() is None
    with pytest.raises(Unavailable, match="not to sign"):
        key_actions.create_key(by=None)
    assert not SigningKey.objects.exists()


@pytest.mark.parametrize("content", ["", "x", "PRIVATE+KEY+a+b+c"])
def test_a_damaged_key_does_not_sign(content):
    checkpoint_now()
    next(folder().glob("*")).write_text(content)
    write()
    assert current_signer() is None
    assert covering(checkpoint_now().size + 1) is None


def test_another_key_in_its_file_does_not_sign():
    key = key_actions.ensure_key()
    other = Signer(key.name, b"\x01" * 32)
    (folder() / f"ledger-{key.key_id}.key").write_text(other.to_text())
    assert current_signer() is None


def test_a_folder_that_cannot_be_written_leaves_no_key(settings, tmp_path):
    (tmp_path / "file").write_text("x")
    settings.KEYS_ROOT = tmp_path / "file"
    with pytest.raises(Unavailable, match="could not be written"):
        key_actions.create_key(by=None)
    assert not SigningKey.objects.exists()
    assert not Event.objects.exists()


def test_rotation_is_signed_by_both(django_capture_on_commit_callbacks, cast):
    old = checkpoint_now() and SigningKey.objects.get()
    with django_capture_on_commit_callbacks(execute=True):
        new = key_actions.rotate_key(reason="Once a year.", by=cast.admin)
    old.refresh_from_db()
    between = newest()
    assert (old.state, old.until_size, new.state) == ("retired", between.size, "active")
    note = parse_note(between.note)
    assert signed_by(note, public(old))
    assert signed_by(note, public(new))
    event = Event.objects.get(action="ledger.key_rotate")
    assert event.seq <= between.size
    assert event.actor == cast.admin.pseudonym
    assert event.content["after"] == {"state": "retired", "replaced_by": new.key_id, "public_key": new.public}
    assert files() == [f"ledger-{new.key_id}.key"]
    write()
    after = checkpoint_now()
    assert not signed_by(parse_note(after.note), public(old))
    assert covering(after.size) == after


def test_a_retired_key_signs_nothing_larger():
    from portal.ledger.checkpoint import origin, sign

    checkpoint_now()
    thief = current_signer()
    key_actions.rotate_key(reason="Once a year.", by=None)
    write()
    number_events()
    grow()
    head = Head.objects.get()
    from portal.ledger import tree

    root = tree.root([bytes.fromhex(peak) for peak in head.peaks])
    note = sign(origin(head.instance, 1), head.size, root, [thief])
    Checkpoint.objects.create(epoch=1, size=head.size, root=root.hex(), note=note)
    assert covering(head.size) is None


def test_after_retiring_nothing_is_signed_until_a_key_is_made(django_capture_on_commit_callbacks):
    checkpoint_now()
    key = SigningKey.objects.get()
    with django_capture_on_commit_callbacks(execute=True):
        key_actions.retire_key(key_id=key.key_id, reason="The site closes.", by=None)
    last = newest()
    assert covering(Event.objects.get(action="ledger.key_retire").seq) == last
    write()
    assert checkpoint_now() == last
    assert files() == []
    assert key_actions.ensure_key() is None
    with pytest.raises(Conflict, match="Make one"):
        key_actions.rotate_key(reason="x", by=None)
    with pytest.raises(Conflict, match="does not sign any more"):
        key_actions.retire_key(key_id=key.key_id, reason="x", by=None)
    again = key_actions.create_key(by=None)
    assert again.since_size == last.size + 1
    assert covering(checkpoint_now().size).size == last.size + 2


def test_a_compromised_key_is_believed_below_its_size_only(django_capture_on_commit_callbacks):
    first = checkpoint_now()
    bad = SigningKey.objects.get()
    write()
    second = checkpoint_now()
    with django_capture_on_commit_callbacks(execute=True):
        good = key_actions.compromise_key(key_id=bad.key_id, from_size=second.size, reason="A laptop.", by=None)
    bad.refresh_from_db()
    assert (bad.state, bad.trusted_at(first.size), bad.trusted_at(second.size)) == ("compromised", True, False)
    assert covering(second.size) == newest()
    assert signed_by(parse_note(newest().note), public(good))
    assert not signed_by(parse_note(newest().note), public(bad))
    assert files() == [f"ledger-{good.key_id}.key"]


def test_an_old_key_can_be_declared_compromised_later():
    first = checkpoint_now()
    old = SigningKey.objects.get()
    good = key_actions.rotate_key(reason="Once a year.", by=None)
    assert key_actions.compromise_key(key_id=old.key_id, from_size=0, reason="Found.", by=None) == good
    old.refresh_from_db()
    assert (old.state, old.until_size) == (KeyState.COMPROMISED, 0)
    assert covering(first.size) == newest()
    with pytest.raises(Invalid, match="size from 0"):
        key_actions.compromise_key(key_id=good.key_id, from_size=10**6, reason="x", by=None)
    with pytest.raises(Missing, match="no key 12345678"):
        key_actions.compromise_key(key_id="12345678", reason="x", by=None)


def test_there_is_one_active_key():
    key_actions.create_key(by=None)
    with pytest.raises(Conflict, match="active already"):
        key_actions.create_key(by=None)
    assert SigningKey.objects.count() == len(files()) == 1


def test_a_change_that_is_edited_into_a_checkpoint_covers_nothing():
    write(2)
    made = checkpoint_now()
    Checkpoint.objects.filter(pk=made.pk).update(size=100)
    assert covering(1) is None
    Checkpoint.objects.filter(pk=made.pk).update(size=made.size, note=made.note.replace("\n3\n", "\n4\n"))
    assert covering(1) is None
