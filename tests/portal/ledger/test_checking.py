"""The check of the ledger names what was edited, deleted, cut off, exchanged or rewritten."""

from __future__ import annotations

import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import transaction
from django.db.models import F

from portal.ledger import checking, key_actions, tree
from portal.ledger.actions import erase_text, record
from portal.ledger.canonical import canonical_json, leaf_hash
from portal.ledger.checking import check_ledger
from portal.ledger.checkpoint import Signer, origin, sign
from portal.ledger.keyring import current_signer
from portal.ledger.models import Checkpoint, Event, EventText, Head, Node, SigningKey
from portal.ledger.sequencer import grow, number_events
from portal.ledger.signing import checkpoint_now, newest
from portal.ledger.tree import append

pytestmark = pytest.mark.django_db


def write(count: int, **more) -> None:
    for number in range(count):
        with transaction.atomic():
            record(action="test.write", by=None, subject=("test", str(number), "x"), after={"n": number}, **more)


@pytest.fixture
def log():
    """Twelve entries under three checkpoints, and one that is not signed yet."""
    key_actions.create_key(by=None)
    write(3)
    checkpoint_now()
    write(4, texts={"reason": "Because."})
    checkpoint_now()
    write(4)
    last = checkpoint_now()
    assert last.size == Event.objects.count() == 12
    write(1)
    number_events()
    return last


def found(pinned: str = "") -> list[tuple[str, dict]]:
    return [(one.code.removeprefix("ledger.found."), dict(one.params)) for one in check_ledger(pinned=pinned).problems]


def body_of(seq: int, **changes) -> str:
    content = Event.objects.get(seq=seq).content | changes
    return canonical_json(content).decode()


def test_a_whole_log_has_no_problem(log):
    report = check_ledger(pinned=log.note)
    assert (report.size, report.waiting, report.checkpoint, report.problems) == (13, 0, log, [])
    write(2)
    assert check_ledger().waiting == 2
    assert check_ledger().problems == []


@pytest.mark.parametrize("width", [0, 1, 2, 3])
@pytest.mark.parametrize("count", [1, 2, 7, 8, 9, 33])
def test_any_size_is_whole_whatever_it_is_read_by(monkeypatch, width, count):
    monkeypatch.setattr(checking, "WIDTH", width)
    write(count)
    checkpoint_now()
    assert check_ledger().problems == []
    Node.objects.filter(level=0, index=count // 2).update(hash="0" * 64)
    assert ("edited", {"numbers": str(count // 2 + 1)}) in found()


@pytest.mark.parametrize("seq", [1, 6, 12, 13])
def test_an_edited_entry_is_named(log, seq):
    Event.objects.filter(seq=seq).update(body=body_of(seq, action="test.other"))
    assert found() == [("edited", {"numbers": str(seq)})]


@pytest.mark.parametrize("seq", [1, 6, 12])
def test_with_its_hash_rewritten_the_tree_names_it(log, seq):
    body = body_of(seq, action="test.other")
    Event.objects.filter(seq=seq).update(body=body, leaf_hash=leaf_hash(body.encode()), action="test.other")
    assert found() == [("edited", {"numbers": str(seq)})]


@pytest.mark.parametrize(("seq", "named"), [(1, "1–2"), (6, "5–6"), (12, "11–12")])
def test_with_its_leaf_rewritten_too_the_node_above_names_it(log, seq, named):
    body = body_of(seq, action="test.other")
    leaf = leaf_hash(body.encode())
    Event.objects.filter(seq=seq).update(body=body, leaf_hash=leaf, action="test.other")
    Node.objects.filter(level=0, index=seq - 1).update(hash=leaf)
    assert ("tree", {"numbers": named}) in found()


def rewrite_all(seq: int) -> None:
    """An entry, with everything that can be computed without the key."""
    body = body_of(seq, action="test.other")
    Event.objects.filter(seq=seq).update(body=body, leaf_hash=leaf_hash(body.encode()), action="test.other")
    head = Head.objects.get()
    leaves = list(Event.objects.filter(seq__lte=head.hashed).order_by("seq").values_list("leaf_hash", flat=True))
    nodes, peaks = append(0, [], map(bytes.fromhex, leaves))
    Node.objects.all().delete()
    Node.objects.bulk_create(Node(level=n, index=i, hash=digest.hex()) for (n, i), digest in nodes.items())
    Head.objects.update(peaks=[peak.hex() for peak in peaks])


@pytest.mark.parametrize(("seq", "numbers", "size"), [(2, "1–4", 4), (6, "5–8", 8), (12, "9–12", 12)])
def test_with_the_whole_tree_rewritten_the_first_checkpoint_over_it_says_so(log, seq, numbers, size):
    rewrite_all(seq)
    assert found() == [("rewritten", {"numbers": numbers, "size": size})]


def test_with_the_checkpoints_rewritten_the_signature_fails(log):
    rewrite_all(6)
    head, thief = Head.objects.get(), Signer("sekisho/main", b"\x05" * 32)
    for row in Checkpoint.objects.filter(size__gte=8):
        leaves = Event.objects.filter(seq__lte=row.size).order_by("seq").values_list("leaf_hash", flat=True)
        root = tree.root(append(0, [], map(bytes.fromhex, leaves))[1])
        note = sign(origin(head.instance, 1), row.size, root, [thief])
        Checkpoint.objects.filter(pk=row.pk).update(root=root.hex(), note=note)
    assert found() == [("unsigned", {"size": 8}), ("unsigned", {"size": 12})]


def test_rewritten_with_the_key_only_a_pinned_checkpoint_tells(log):
    pinned = log.note
    rewrite_all(6)
    Checkpoint.objects.filter(size__gte=8).delete()
    number_events()
    assert checkpoint_now().size == 13
    assert found() == []
    assert found(pinned) == [("pin_differs", {"last": 13, "size": 12})]


@pytest.mark.parametrize("seq", [1, 5, 11])
def test_a_deleted_entry_is_named(log, seq):
    EventText.objects.filter(event__seq=seq).delete()
    Event.objects.filter(seq=seq).delete()
    assert found() == [("missing", {"numbers": str(seq)})]


def test_a_gap_that_was_closed_is_seen(log):
    EventText.objects.filter(event__seq=5).delete()
    Event.objects.filter(seq=5).delete()
    for seq in range(6, 14):
        Event.objects.filter(seq=seq).update(seq=F("seq") - 1)
    assert ("edited", {"numbers": "5–12"}) in found()
    assert ("cut", {"last": 12, "size": 13}) in found()


def test_a_cut_is_named(log):
    Event.objects.filter(seq__gt=9).delete()
    assert found() == [("cut", {"last": 9, "size": 13})]


def test_a_cut_with_the_head_set_back_is_named(log):
    Event.objects.filter(seq__gt=9).delete()
    nodes, peaks = append(0, [], [bytes.fromhex(e.leaf_hash) for e in Event.objects.order_by("seq")])
    Head.objects.update(size=9, hashed=9, peaks=[peak.hex() for peak in peaks])
    assert ("cut", {"last": 9, "size": 12}) in found()
    Node.objects.all().delete()
    Node.objects.bulk_create(Node(level=n, index=i, hash=digest.hex()) for (n, i), digest in nodes.items())
    assert found() == [("cut", {"last": 9, "size": 12})]
    Checkpoint.objects.filter(size__gt=9).delete()
    assert found() == []  # from inside nothing is left to see
    assert found(log.note) == [("cut", {"last": 9, "size": 12})]


def test_exchanged_entries_are_named(log):
    for seq, other in ((3, 103), (6, 3), (103, 6)):
        Event.objects.filter(seq=seq).update(seq=other)
    assert found() == [("edited", {"numbers": "3"}), ("edited", {"numbers": "6"})]


@pytest.mark.parametrize(
    "column",
    [{"action": "x"}, {"actor": "7f0e1c9e-3f0c-4a6e-8f53-111111111111"}, {"subject_id": "9"}, {"subject_label": "y"}],
)
def test_a_column_beside_the_entry_cannot_lie(log, column):
    Event.objects.filter(seq=7).update(**column)
    assert found() == [("edited", {"numbers": "7"})]


@pytest.mark.parametrize("body", ["", "{}", "[1]", '{"texts": {}, "params": {}, "subject": {}}', "not json"])
def test_a_body_that_is_none_is_named(log, body):
    Event.objects.filter(seq=7).update(body=body)
    assert found() == [("edited", {"numbers": "7"})]


def test_texts_are_erased_by_their_record_and_in_no_other_way(log, cast):
    texts = list(EventText.objects.order_by("event__seq"))
    erase_text(event_text=texts[0], by=cast.admin)
    assert found() == []
    EventText.objects.filter(pk=texts[1].pk).update(text="Otherwise.")
    EventText.objects.filter(pk=texts[2].pk).update(text="", salt="")
    EventText.objects.filter(pk=texts[3].pk).delete()
    assert found() == [("text", {"numbers": "6–8"})]


def test_a_lost_node_is_named(log):
    Node.objects.filter(level=0, index=4).delete()
    assert found() == [("tree", {"numbers": "5"})]


@pytest.mark.parametrize("change", [{"size": 11}, {"root": "0" * 64}, {"note": "x"}, {"epoch": 2}])
def test_an_edited_checkpoint_is_named(log, change):
    Checkpoint.objects.filter(pk=log.pk).update(**change)
    assert [kind for kind, _params in found()] == ["checkpoint"]


def test_after_a_rotation_all_is_whole(log):
    key_actions.rotate_key(reason="Once a year.", by=None)
    write(2)
    checkpoint_now()
    assert found(log.note) == []


def test_what_a_compromised_key_signed_counts_under_a_good_one(log):
    bad = SigningKey.objects.get()
    thief = current_signer()
    key_actions.compromise_key(key_id=bad.key_id, from_size=8, reason="A laptop.", by=None)
    assert found() == []  # the new key signed over checkpoint 12
    write(1)
    number_events()
    grow()
    head = Head.objects.get()
    root = tree.root([bytes.fromhex(peak) for peak in head.peaks])
    note = sign(origin(head.instance, 1), head.hashed, root, [thief])
    Checkpoint.objects.create(epoch=1, size=head.hashed, root=root.hex(), note=note)
    assert found() == [("distrusted", {"size": head.hashed})]
    write(1)
    checkpoint_now()
    assert found() == []


def test_a_pinned_checkpoint_of_another_log(log):
    other = sign("sekisho/other/1", 3, bytes(32), [Signer("sekisho/other", b"\x05" * 32)])
    assert found(other) == [("pin_foreign", {})]
    assert found("no checkpoint") == [("pin_unread", {})]
    ours = sign("sekisho/other/1", 3, bytes(32), [current_signer()])
    assert found(ours) == [("pin_foreign", {})]
    name = log.note.split("\n")[0]
    forged = sign(name, 3, bytes(32), [Signer(name.rpartition("/")[0], b"\x05" * 32)])
    assert found(forged) == [("pin_unsigned", {})]


def test_after_a_restore_an_old_pin_is_explained(log):
    Event.objects.filter(seq__gt=9).delete()
    nodes, peaks = append(0, [], [bytes.fromhex(e.leaf_hash) for e in Event.objects.order_by("seq")])
    Node.objects.all().delete()
    Node.objects.bulk_create(Node(level=n, index=i, hash=digest.hex()) for (n, i), digest in nodes.items())
    Checkpoint.objects.filter(size__gt=9).delete()
    Head.objects.update(size=9, hashed=9, peaks=[peak.hex() for peak in peaks], epoch=2)
    write(5)
    assert checkpoint_now().note.startswith("sekisho/main/2\n14\n")
    assert found() == []
    assert found(log.note) == [("pin_restored", {"last": 14, "size": 12})]
    assert found(Checkpoint.objects.get(size=8).note) == []


# The command


def verify(*arguments) -> tuple[int, str]:
    out = StringIO()
    try:
        call_command("verify", *arguments, stdout=out)
    except SystemExit as end:
        return end.code, out.getvalue()
    return 0, out.getvalue()


def test_the_command_says_what_it_found(log, tmp_path):
    pinned = tmp_path / "pinned.txt"
    pinned.write_text(log.note)
    status, told = verify("--pinned", str(pinned))
    assert status == 0
    assert "Records: 13, under a signed checkpoint: 12" in told
    assert "nor since the pinned one" in told
    Event.objects.filter(seq=6).update(body=body_of(6, action="test.other"))
    status, told = verify()
    assert status == 1
    assert "NOT WHOLE: Record 6 is not what was recorded" in told
    status, told = verify("--json")
    assert (status, json.loads(told)["problems"][0]["params"]) == (1, {"numbers": "6"})
    with pytest.raises(CommandError, match="cannot be read") as unread:
        verify("--pinned", str(tmp_path / "none"))
    assert unread.value.returncode == 2  # 1 says that something was changed


def test_a_wrong_file_says_nothing_about_the_ledger(log, tmp_path):
    """A mistake in the call is told apart from a ledger that was changed."""
    other = sign("sekisho/other/1", 3, bytes(32), [current_signer()])
    pinned = tmp_path / "pinned.txt"
    for content, sentence in (
        (b'{"form": "sekisho.proof/1"}', "is no checkpoint"),
        (b"", "is no checkpoint"),
        (b"\xff\xfe\x00", "cannot be read"),
        (log.note.rpartition("\n\n")[0].encode(), "is no checkpoint"),
        (other.encode(), "is a checkpoint of sekisho/other/1; this ledger is sekisho/"),
    ):
        pinned.write_bytes(content)
        for more in ([], ["--json"]):
            with pytest.raises(CommandError, match=sentence) as wrong:
                verify("--pinned", str(pinned), *more)
            assert wrong.value.returncode == 2
    name = log.note.split("\n")[0]
    pinned.write_text(sign(name, 3, bytes(32), [Signer(name.rpartition("/")[0], b"\x05" * 32)]))
    status, told = verify("--pinned", str(pinned))
    assert (status, "no key of this ledger signed it" in told) == (1, True)  # or the keys here are others'


def test_the_command_claims_nothing_of_an_unsigned_log():
    write(2)
    number_events()
    status, told = verify()
    assert status == 0
    assert "nothing is signed either" in told
    assert "No change found" not in told


def test_the_keys_by_command(cast, log):
    out = StringIO()
    call_command("keys", "rotate", "--reason", "Once a year.", "--by", cast.admin.email, stdout=out)
    new = SigningKey.objects.get(state="active")
    assert f"Public key: {new.public}" in out.getvalue()
    assert Event.objects.get(action="ledger.key_rotate").actor == cast.admin.pseudonym
    out = StringIO()
    call_command("keys", "list", stdout=out)
    first, second = out.getvalue().splitlines()
    assert "retired" in first
    assert "on this host" in second
    out = StringIO()
    call_command("keys", "public", stdout=out)
    assert out.getvalue().split() == [key.public for key in SigningKey.objects.order_by("-id")]
    old = SigningKey.objects.get(state="retired")
    call_command("keys", "compromised", old.key_id, "--reason", "Found.", "--from", "0", stdout=out)
    out = StringIO()
    call_command("keys", "public", stdout=out)
    assert out.getvalue().split() == [new.public]
    call_command("keys", "retire", new.key_id, "--reason", "The end.", stdout=out)
    with pytest.raises(CommandError, match="Make one"):
        call_command("keys", "rotate", "--reason", "x", stdout=out)
    call_command("keys", "create", stdout=out)
    assert newest().size == check_ledger().checkpoint.size
    for wrong in (cast.member.email, "nobody@example.org"):
        with pytest.raises(CommandError, match="no administrator"):
            call_command("keys", "rotate", "--reason", "x", "--by", wrong, stdout=out)
