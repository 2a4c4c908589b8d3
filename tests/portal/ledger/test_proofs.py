"""Proofs leave by the API and are checked by one file without Django, on a bare interpreter."""

from __future__ import annotations

import base64
import json
import subprocess
import sys
from pathlib import Path

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from portal.ledger import key_actions
from portal.ledger.actions import record
from portal.ledger.checkpoint import parse_note
from portal.ledger.models import Event, SigningKey
from portal.ledger.offline import sekisho_verify
from portal.ledger.offline.sekisho_verify import Wrong, check_bundle, check_consistency
from portal.ledger.proofs import bundle
from portal.ledger.signing import checkpoint_now
from portal.web.errors import Conflict

pytestmark = pytest.mark.django_db
FILE = Path(sekisho_verify.__file__)
LATEST = "/api/v1/checkpoints/latest/"


def happen(cast, count: int = 1) -> list[Event]:
    with transaction.atomic():
        return [
            record(
                action="team.change",
                by=cast.manager,
                subject=("team", "credit-risk", "与信 Credit Risk"),
                after={"n": n},
                team=cast.team,
            )
            for n in range(count)
        ]


@pytest.fixture
def key(db) -> str:
    return key_actions.create_key(by=None).public


def raw(key: str) -> bytes:
    return base64.b64decode(key)


def proof_of(browser, event: Event, **asked):
    return browser.get(f"/api/v1/events/{event.uuid}/proof/", asked)


def test_every_entry_of_a_log_is_proven(cast, key):
    happen(cast, 21)
    checkpoint_now()
    pinned = parse_note(checkpoint_now().note)
    happen(cast, 13)
    checkpoint_now()
    events = list(Event.objects.order_by("seq"))
    whole = bundle(events, pinned=pinned.size)
    note, entries = check_bundle(json.loads(json.dumps(whole)), [raw(key)], pinned)
    assert note.size == 35
    assert [entry["number"] for entry in entries] == list(range(1, 36))
    assert entries[-1]["subject"]["label"] == "与信 Credit Risk"
    for event in events:
        check_bundle(bundle([event], pinned=event.seq), [raw(key)])


def test_many_proofs_take_no_more_queries_than_one(cast, key):
    happen(cast, 40)
    checkpoint_now()
    events = list(Event.objects.order_by("seq"))
    with CaptureQueriesContext(connection) as one:
        bundle(events[:1])
    with CaptureQueriesContext(connection) as many:
        bundle(events, pinned=3)
    assert len(many) == len(one) <= 4


def test_the_api_gives_proof_and_checkpoint(cast, as_user, key):
    (event,) = happen(cast)
    browser = as_user(cast.manager)
    answer = proof_of(browser, event)
    assert answer.status_code == 409
    assert "covers this record yet" in answer.json()["title"]
    pinned = checkpoint_now()
    happen(cast, 5)
    checkpoint_now()
    found = proof_of(browser, event, pinned=pinned.size).json()
    note, (entry,) = check_bundle(found, [raw(key)], parse_note(pinned.note))
    assert entry["id"] == str(event.uuid)
    latest = browser.get(LATEST, {"pinned": pinned.size}).json()
    assert latest["note"] == found["checkpoint"]
    proof = [bytes.fromhex(node) for node in latest["consistency"]]
    check_consistency(pinned.size, note.size, bytes.fromhex(pinned.root), note.root, proof)
    listed = browser.get("/api/v1/checkpoints/").json()["results"]
    assert [row["size"] for row in listed] == [7, 2]
    for wrong in ("8", "-1", "x", "１", "9" * 30):
        assert proof_of(browser, event, pinned=wrong).status_code == 422
        assert browser.get(LATEST, {"pinned": wrong}).status_code == 422


def test_a_proof_is_for_who_may_see_its_event(cast, as_user, key):
    (event,) = happen(cast)
    checkpoint_now()
    assert proof_of(as_user(cast.stranger), event).status_code == 404
    assert proof_of(as_user(cast.auditor), event).status_code == 200
    for address in (LATEST, "/api/v1/checkpoints/"):
        assert as_user(cast.stranger).get(address).status_code == 200
        assert as_user(cast.admin).post(address, {}, content_type="application/json").status_code == 405


def test_without_a_checkpoint_there_is_none(cast, as_user):
    happen(cast)
    assert as_user(cast.manager).get(LATEST).status_code == 404
    with pytest.raises(Conflict):
        bundle([])


def flipped(digest: str) -> str:
    return ("0" if digest[0] != "0" else "1") + digest[1:]


def tamper(found: dict, what: str) -> dict:
    found = json.loads(json.dumps(found))
    entry = found["entries"][1]
    if what == "entry":
        entry["entry"] = entry["entry"].replace("team.change", "team.chance")
    elif what == "index":
        entry["index"] += 1
    elif what == "path":
        entry["inclusion"][0] = flipped(entry["inclusion"][0])
    elif what == "size":
        found["checkpoint"] = found["checkpoint"].replace("\n7\n", "\n8\n")
    elif what == "consistency":
        found["consistency"]["proof"][0] = flipped(found["consistency"]["proof"][0])
    elif what == "from":
        found["consistency"]["from"] += 1
    elif what == "no entries":
        found["entries"] = []
    elif what == "form":
        found["form"] = "other/1"
    return found


WAYS = ("entry", "index", "path", "size", "consistency", "from", "no entries", "form")


@pytest.mark.parametrize("what", WAYS)
def test_nothing_of_a_proof_can_be_changed(cast, key, what):
    happen(cast, 2)
    pinned = checkpoint_now()
    happen(cast, 4)
    assert checkpoint_now().size == 7
    found = bundle(Event.objects.order_by("seq"), pinned=pinned.size)
    check_bundle(found, [raw(key)], parse_note(pinned.note))
    with pytest.raises(Wrong):
        check_bundle(tamper(found, what), [raw(key)], parse_note(pinned.note))


@pytest.mark.parametrize("broken", [None, [], "x", {}, {"form": 1, "checkpoint": 2}, {"checkpoint": "x\n"}])
def test_what_is_no_proof_is_told_apart(broken):
    with pytest.raises(Wrong):
        check_bundle(broken, [bytes(32)])


# The file, on an interpreter that finds neither our packages nor any other


def verify(*arguments) -> subprocess.CompletedProcess:
    bare = [sys.executable, "-I", "-S", str(FILE), *map(str, arguments)]
    return subprocess.run(bare, capture_output=True, text=True, env={"PYTHONIOENCODING": "utf-8"}, timeout=60)


def test_the_verifier_stands_alone(cast, key, tmp_path):
    happen(cast, 3)
    pinned, old = tmp_path / "pinned.txt", checkpoint_now()
    pinned.write_text(old.note)
    happen(cast, 3)
    checkpoint_now()
    file = tmp_path / "proof.json"
    found = bundle(Event.objects.filter(action="team.change").order_by("seq"), pinned=old.size)
    file.write_text(json.dumps(found))
    done = verify("verify", file, "--key", key, "--pinned", pinned)
    assert (done.returncode, done.stderr) == (0, "")
    assert "Proven: 6 under the checkpoint of 7 entries of sekisho/main/1" in done.stdout
    assert "Nothing before your checkpoint of 4 entries was changed" in done.stdout
    assert "\\u4e0e\\u4fe1" in done.stdout  # what people wrote is printed as codes
    assert verify("show", file).returncode == 0
    file.write_text(json.dumps(tamper(found, "entry")))
    done = verify("verify", file, "--key", key)
    assert (done.returncode, done.stdout) == (1, "NOT PROVEN: entry 3 is not what the checkpoint was signed over.\n")
    file.write_text(json.dumps(found))
    other = base64.b64encode(bytes(range(32))).decode()
    assert verify("verify", file, "--key", other).returncode == 1
    for arguments in ((tmp_path / "none", "--key", key), (pinned, "--key", key), (file, "--key", "not base64")):
        assert verify("verify", *arguments).returncode == 2
    for text, sentence in (
        (file.read_text(), f"{pinned}, given as --pinned, is no checkpoint"),
        ("x", "is no checkpoint"),
        (old.note.replace("sekisho/main/1", "sekisho/other/1"), "is of sekisho/other/1, and the file is of sekisho/"),
        (old.note.replace("\n4\n", "\n5\n"), "none of the given keys signed the pinned checkpoint"),
    ):
        pinned.write_text(text)
        done = verify("verify", file, "--key", key, "--pinned", pinned)
        assert (done.returncode, done.stdout) == (2, ""), "nothing is said of the file that is checked"
        assert done.stderr.startswith("cannot check: ")
        assert sentence in done.stderr


def test_the_verifier_knows_all_keys_it_is_given(cast, key, tmp_path):
    happen(cast)
    checkpoint_now()
    new = key_actions.rotate_key(reason="Once a year.", by=None)
    happen(cast)
    checkpoint_now()
    found = bundle(Event.objects.all())
    with pytest.raises(Wrong, match="none of the given keys"):
        check_bundle(found, [raw(key)])
    keys = [raw(one.public) for one in SigningKey.objects.all()]
    assert check_bundle(found, keys)[0].size == 4 == Event.objects.count()
    assert raw(new.public) in keys


def test_it_needs_an_old_python_only():
    """The file is given to people whom we do not know: nothing newer than its docstring says."""
    import ast

    ast.parse(FILE.read_text("utf-8"), feature_version=(3, 9))
