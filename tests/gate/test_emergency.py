"""Sealed tokens: two custodians open them together, one alone does not."""

from __future__ import annotations

import copy
import json
import subprocess
import sys
from itertools import permutations
from pathlib import Path

import pytest

from governance.mlflow_gate import emergency
from governance.mlflow_gate.emergency import NotOpened, new_passphrase, seal, unseal

ROOT = Path(__file__).resolve().parents[2]
TOKENS = {"churn": ["one", "two"], "モデル": ["three"]}
ABOUT = {"address": "http://127.0.0.1:9", "server": "main", "alias": "champion", "expires": "2026-12-01T00:00:00+00:00"}


@pytest.fixture(scope="module")
def passphrases():
    return {name: new_passphrase() for name in ("Ono", "Ito", "Hara")}


@pytest.fixture(scope="module")
def kit(passphrases):
    return json.loads(json.dumps(seal(TOKENS, passphrases, **ABOUT)))


@pytest.fixture
def light(passphrases, monkeypatch):
    """A kit with cheap keys, of which a test may try many; the command's tests take those of the product."""
    monkeypatch.setattr(emergency, "_COST", 2**8)
    return json.loads(json.dumps(seal(TOKENS, passphrases, **ABOUT)))


def test_any_two_open_it_in_any_order(light, passphrases):
    for one, other in permutations(passphrases.values(), 2):
        assert unseal(light, one, other) == TOKENS
    assert unseal(light, f" {passphrases['Ono']}\n", passphrases["Ito"]) == TOKENS


def test_one_alone_does_not(light, passphrases):
    for mine in passphrases.values():
        for other in (mine, "", new_passphrase()):
            with pytest.raises(NotOpened, match="two different custodians"):
                unseal(light, mine, other)


def test_nothing_of_the_tokens_or_passphrases_stands_in_the_file(kit, passphrases):
    text = json.dumps(kit, ensure_ascii=False)
    assert not [secret for secret in (*passphrases.values(), "three") if secret in text]
    assert kit["models"] == sorted(TOKENS)
    assert [entry["name"] for entry in kit["custodians"]] == ["Ono", "Ito", "Hara"]


def test_a_file_that_was_changed_does_not_open(light, passphrases):
    one, other, *_ = passphrases.values()
    changed = copy.deepcopy(light)
    for pair in changed["pairs"]:
        pair["sealed"] = pair["sealed"][:50] + ("A" if pair["sealed"][50] != "A" else "B") + pair["sealed"][51:]
    with pytest.raises(NotOpened):
        unseal(changed, one, other)
    for rubbish in ({}, [], {"form": "sekisho.kit/2", "custodians": [], "pairs": []}, "text", None):
        with pytest.raises(NotOpened, match="no emergency kit"):
            unseal(rubbish, one, other)


def test_a_kit_needs_two():
    with pytest.raises(ValueError, match="two custodians"):
        seal(TOKENS, {"Ono": "x"}, **ABOUT)


def test_passphrases_can_be_typed_and_not_guessed():
    many = {new_passphrase() for _ in range(200)}
    assert len(many) == 200
    assert all(len(text) == 29 and set(text) <= set(emergency._ALPHABET + "-") for text in many)


def run(*words: str, passphrases: str) -> subprocess.CompletedProcess:
    command = [sys.executable, "-m", "governance.mlflow_gate.emergency", *words]
    return subprocess.run(command, input=passphrases, capture_output=True, text=True, cwd=ROOT, timeout=60, check=False)


def test_the_command_prints_the_header_and_names_who_can_open(kit, passphrases, tmp_path):
    path = tmp_path / "kit.json"
    path.write_text(json.dumps(kit), "utf-8")
    both = f"{passphrases['Hara']}\n{passphrases['Ono']}\n"
    done = run(str(path), "--model", "churn", "--print", passphrases=both)
    assert (done.returncode, done.stdout) == (0, "X-Sekisho-Token: one\nX-Sekisho-Token: two\n")
    assert "Ono, Ito, Hara" in done.stderr
    for words, why in (
        (["--model", "fraud", "--version", "1"], "The kit is for churn"),
        (["--version", "1"], "say which with --model"),
        (["--model", "churn"], "Say which version"),
        (["--model", "churn", "--version", "1"], "refused"),  # nobody listens there
    ):
        done = run(str(path), *words, passphrases=both)
        assert done.returncode == 1
        assert why in done.stderr
        assert "Traceback" not in done.stderr
    alone = run(str(path), "--model", "churn", "--print", passphrases=f"{passphrases['Ono']}\n" * 2)
    assert (alone.returncode, alone.stdout) == (1, "")


def test_the_plugin_and_the_command_need_neither_django_nor_the_portal():
    program = (
        "import sys; sys.modules['django'] = sys.modules['portal'] = sys.modules['rest_framework'] = None\n"
        "import governance.mlflow_gate.app, governance.mlflow_gate.emergency\n"
        "print(sorted(name for name in sys.modules if name.startswith('governance')))"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert "governance.models" not in done.stdout
    assert "governance.mlflow_gate.app" in done.stdout
