"""Hostile models and programs: each is contained with a clear failure, and nothing outside is touched.

As root and as an ordinary user, with bubblewrap and with util-linux: `battery` runs all attacks once for each, in a
process of that user, and the tests read what came of them. Where the tests run as an ordinary user, there is no root.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from governance.sandbox.host import program
from governance.sandbox.probe import BACKENDS

from . import attacks, battery

pytestmark = pytest.mark.sandbox  # on one worker, so that each battery runs once
ROOT = Path(__file__).resolve().parents[3]
WHO = ("root", "ordinary user") if os.getuid() == 0 else ("ordinary user",)
SOMEBODY = 61999
ENDS = {
    **dict.fromkeys(("loop at load", "loop at predict", "processor", "silence"), "timed_out"),
    **dict.fromkeys(("memory", "memory of many"), "out_of_memory"),
    "output": "output_too_large",
    "segfault": "killed",
    "exit": "exited",
    "wrong length": "wrong_length",
    "no finite values": "not_finite",
    **dict.fromkeys(
        (
            "no answer", "huge size", "size of no digits", "no object", "deep JSON", "deep objects", "huge number",
            "huge exponent", "not a number", "huge array", "negative array", "array of nothing", "bytes of nowhere",
            "two answers", "forged metrics",
        ),
        "bad_answer",
    ),
}  # fmt: skip
ANSWERING = {"explore", "fill", "fork bomb", "threads", "signals", "orphan", "noise"}
FOUND: dict[tuple[str, str], dict] = {}
STAGES = {
    "gadgets": ["imported", "made", "predicted"],
    "skops": ["imported", "restored", "predicted"],
    "from_code": ["imported", "context", "predicted"],
}


@pytest.fixture(params=[pytest.param((b, w), id=f"{b}, {w}") for w in WHO for b in BACKENDS])
def found(request, tmp_path_factory):
    """What came of all attacks with one backend, tried by one user; each battery runs once."""
    if request.param not in FOUND:
        FOUND[request.param] = _run(*request.param, tmp_path_factory.mktemp("models"))
    return FOUND[request.param]


def _run(backend: str, who: str, models: Path) -> dict:
    models.chmod(0o755)
    attacks.write_models(models)
    command = [sys.executable, "-B", "-m", battery.__name__, backend, str(who == "root"), str(models)]
    if who == "ordinary user" and os.getuid() == 0:
        command = _as_somebody(command)
    env = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "PYTHONPATH": str(ROOT), "TMPDIR": "/tmp"}
    done = subprocess.run(command, capture_output=True, text=True, timeout=240, cwd="/", env=env)
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    assert (said["user"] == 0) is (who == "root")
    return said


def _as_somebody(command: list[str]) -> list[str]:
    """As another user, to whom what lies in a private home (interpreter, project) is opened for this one process."""
    needed = [Path(p).resolve() for p in (sys.base_prefix, sys.prefix, ROOT, command[-1])]
    closed = [[p for p in reversed(place.parents) if not p.stat().st_mode & 0o001] for place in needed]
    private = {outermost[0] for outermost in closed if outermost}
    hidden = [place for place in needed if any(place.is_relative_to(p) for p in private)]
    lines = ["mount -t tmpfs -o mode=755 tmpfs /mnt"]
    lines += [f"mkdir /mnt/{i}; mount --bind '{place}' /mnt/{i}" for i, place in enumerate(hidden)]
    lines += [f"mount -t tmpfs -o mode=755 tmpfs '{place}'" for place in sorted(private)]
    lines += [f"mkdir -p '{place}'; mount --bind /mnt/{i} '{place}'" for i, place in enumerate(hidden)]
    lines += ["umask 022", 'exec setpriv --reuid "$0" --regid "$0" --clear-groups "$@"']
    return [program("unshare"), "--mount", program("sh"), "-euc", "\n".join(lines), str(SOMEBODY), *command]


def test_every_attack_has_an_expected_end():
    assert set(attacks.PROGRAMS) == set(ENDS) | ANSWERING


def test_the_probe_says_that_the_walls_hold(found):
    assert found["probed"] is None


def test_nothing_that_it_tries_succeeds(found):
    """Secrets, processes, network, files, links, devices, rights: `attacks.EXPLORE` lists the tries."""
    seen = found["attacks"]["explore"]["payload"]
    assert seen["succeeded"] == []
    if found["user"] == 0:
        assert seen["user"] >= 60_000
        assert seen["groups"] == []


@pytest.mark.parametrize("form", STAGES)
def test_a_hostile_model_gets_nothing_whenever_it_runs(found, form):
    """While its module is imported, while it is made and while it predicts; its forged answer is not heard."""
    tried = found["models"][form]
    assert "found" in tried, tried
    assert [stage for stage, _ in tried["found"]] == STAGES[form]
    assert [succeeded for _, succeeded in tried["found"]] == [[]] * 3


def test_each_attack_ends_with_a_clear_failure(found):
    ended = {name: found["attacks"][name] for name in ENDS}
    assert {name: end.get("code") for name, end in ended.items()} == {n: f"sandbox.{c}" for n, c in ENDS.items()}
    assert not [end["said"] for end in ended.values() if "%(" in end["said"] or not end["said"].endswith(".")]
    assert ended["segfault"]["params"]["signal"] == 11
    assert ended["segfault"]["params"]["phase"]["code"] == "sandbox.phase.predict"


def test_it_fills_no_more_than_it_is_given(found):
    filled = found["attacks"]["fill"]["payload"]
    assert 1 <= filled["tmp"] <= battery.QUICK.scratch_bytes // 2**20
    assert filled["shm"] <= 16
    assert filled["devices"] == 0


@pytest.mark.parametrize("name", ["fork bomb", "threads"])
def test_processes_and_threads_end_at_the_limit(found, name):
    assert 1 <= found["attacks"][name]["payload"]["made"] < battery.QUICK.processes


def test_endless_noise_is_let_go(found):
    assert found["attacks"]["noise"]["payload"] == {"ok": True}
    assert found["attacks"]["noise"]["detail"] <= 16_000


def test_signals_and_orphans_reach_nobody(found):
    ended = found["attacks"]["signals"]
    assert ended.get("payload") == {"sent": True} or ended["code"] in ("sandbox.exited", "sandbox.killed")
    assert found["attacks"]["orphan"]["payload"] == {"left": True}


def test_the_model_is_gone_when_its_worker_is_killed(found):
    assert found["worker"]["inside"] >= 4
    assert found["worker"]["left"] == []


def test_nothing_outside_was_touched(found):
    """No caller at the listeners, no file, no secret or model changed, no process left or killed."""
    assert found["touched"] == {
        "callers": [], "written": [], "bystander": None, "secrets": False, "models": False, "core_pattern": False,
        "processes": 0,
    }  # fmt: skip
