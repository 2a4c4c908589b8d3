"""Runs every attack in one sandbox, as whoever starts it, and reports what came of each and what was left outside.

``python -m tests.governance.sandbox.battery BACKEND AS_ROOT MODELS`` prints JSON; `test_battery` reads it.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import socket
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

from governance.sandbox import Limits, Sandbox, SandboxFailure, predict, run, tree_digest
from governance.sandbox.limits import MEBIBYTE
from governance.sandbox.probe import why_not
from governance.sandbox.replay import required
from governance.sandbox.supervise import _tree
from tests.governance.sandbox.attacks import PREAMBLE, PROGRAMS

QUICK = Limits(
    memory=384 * MEBIBYTE, processes=64, wall_seconds=15.0, cpu_seconds=15, output_bytes=4 * MEBIBYTE,
    scratch_bytes=8 * MEBIBYTE,
)  # fmt: skip
SPECIAL = {
    **dict.fromkeys(("loop at load", "loop at predict", "silence"), replace(QUICK, wall_seconds=1.0)),
    "processor": replace(QUICK, cpu_seconds=1),
}
MODEL_LIMITS = Limits(memory=1024 * MEBIBYTE, wall_seconds=60.0)
WORKER = """
import sys
from governance.sandbox import Limits, Sandbox, run
run({}, model_dir=sys.argv[1], code=sys.argv[1], sandbox=Sandbox(sys.argv[2], sys.argv[3] == "True"),
    limits=Limits(wall_seconds=60))
"""
CLINGING = (
    "import ctypes, os, time\nctypes.CDLL(None).prctl(1, 0, 0, 0, 0)\nos.fork(); os.fork()\nwhile True: time.sleep(1)\n"
)


class Outside:
    """The surroundings of a worker: secrets, a listener, a bystander; and whether anything of it was touched."""

    def __init__(self, folder: Path) -> None:
        self.home, self.outside, self.marker = folder / "home", folder / "outside", f"bystander-{folder.name}"
        for place in (self.home, self.home / ".ssh", self.outside):
            place.mkdir(mode=0o700)
        self.secrets = [self.home / "sekisho.sqlite3", self.home / "secret.key", self.home / ".ssh" / "id_ed25519"]
        for place in self.secrets:
            place.write_text("hunter2", "utf-8")
            place.chmod(0o600)
        os.environ |= {"SEKISHO_SECRET_KEY": "hunter2", "SEKISHO_HOME": str(self.home)}
        self.bystander = subprocess.Popen(
            [sys.executable, "-S", "-c", "import time; time.sleep(300)", self.marker],
            env=os.environ | {"PASSWORD": "hunter2"},
        )
        self.callers: list[str] = []
        self.port = self._listen(socket.AF_INET, ("127.0.0.1", 0))
        self._listen(socket.AF_UNIX, "\0" + self.marker)
        self._listen(socket.AF_UNIX, str(self.home / "socket"))

    def _listen(self, family: int, address: Any) -> int:
        server = socket.socket(family)
        server.bind(address)
        server.listen()

        def accept() -> None:
            while True:
                server.accept()
                self.callers.append(str(address))

        threading.Thread(target=accept, daemon=True).start()
        return server.getsockname()[1] if family == socket.AF_INET else 0

    def told(self) -> dict[str, Any]:
        """What an attacker might know."""
        paths = [*map(str, self.secrets), f"/proc/{os.getpid()}/environ", f"/proc/{self.bystander.pid}/environ"]
        return {
            "secrets": paths, "home": str(self.home), "outside": str(self.outside), "port": self.port,
            "marker": self.marker, "project": str(Path(__file__).resolve().parents[3]),
        }  # fmt: skip

    def touched(self) -> dict[str, Any]:
        return {
            "callers": self.callers,
            "written": sorted(os.listdir(self.outside)),
            "bystander": self.bystander.poll(),
            "secrets": [place.read_text() for place in self.secrets] != ["hunter2"] * 3,
        }


def attack(name: str, sandbox: Sandbox, model: Path, folder: Path, told: dict[str, Any]) -> dict[str, Any]:
    """Run one program in the place of ours, as a replay of three rows would read it."""
    code = folder / name.replace(" ", "-")
    code.mkdir()
    (code / "child.py").write_text(PREAMBLE + PROGRAMS[name], "utf-8")
    limits, started = SPECIAL.get(name, QUICK), time.monotonic()
    try:
        outcome = run({"told": told}, model_dir=model, code=code, sandbox=sandbox, limits=limits)
        found = {"payload": outcome.payload, "detail": len(outcome.detail)}
        if name in ("forged metrics", "wrong length", "no finite values"):
            required(outcome, "predictions", (3,))
    except SandboxFailure as failure:
        found = {"code": failure.message.code, "said": str(failure), "params": failure.message.to_json()["params"]}
    return found | {"seconds": time.monotonic() - started}


def replay(model: Path, sandbox: Sandbox) -> dict[str, Any]:
    """Let a hostile model predict; what it found comes back as its predictions."""
    import pyarrow as pa

    try:
        found = predict(model, pa.table({"a": [1.0, 2.0]}), sandbox=sandbox, limits=MODEL_LIMITS)
    except SandboxFailure as failure:
        return {"code": failure.message.code, "said": str(failure), "detail": failure.detail[-1500:]}
    return {"found": json.loads(found.labels[0].as_py())}


def tell(told: dict[str, Any]) -> None:
    """Let the task of a replay carry what the attacker knows."""
    from governance.sandbox import replay as module

    module.run = lambda task, **given: run(task | {"told": told}, **given)


def killed_worker(sandbox: Sandbox, folder: Path) -> dict[str, Any]:
    """Kill a worker with -9 while its model runs, and count what is left."""
    code = folder / "clinging"
    code.mkdir()
    (code / "child.py").write_text(CLINGING, "utf-8")
    worker = subprocess.Popen([sys.executable, "-B", "-c", WORKER, str(code), sandbox.backend, str(sandbox.as_root)])
    handles, until = [], time.monotonic() + 15
    try:
        while time.monotonic() < until and len(inside := [p for p in _tree(worker.pid) if runs_child(p)]) < 4:
            time.sleep(0.02)
        for pid in _tree(worker.pid)[1:]:
            with contextlib.suppress(OSError):
                handles.append(os.pidfd_open(pid))
    finally:
        worker.kill()
        worker.wait()
    return {"inside": len(inside), "processes": len(handles), "left": [h for h in handles if not gone(h)]}


def runs_child(pid: int) -> bool:
    with contextlib.suppress(OSError):
        words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
        return b"/sekisho/inside/child.py" in words and b"python" in os.path.basename(words[0])
    return False


def gone(handle: int) -> bool:
    return bool(select.select([handle], [], [], 8.0)[0])


def core_pattern() -> str:
    return Path("/proc/sys/kernel/core_pattern").read_text()


def main(backend: str, as_root: str, models: str) -> dict[str, Any]:
    sandbox, before = Sandbox(backend, as_root == "True"), core_pattern()
    with tempfile.TemporaryDirectory(prefix="sekisho-battery-") as place:
        folder = Path(place)
        outside = Outside(folder)
        told, model = outside.told(), Path(models, "gadgets")
        digest = tree_digest(models)
        try:
            why = why_not(sandbox)
            found = {name: attack(name, sandbox, model, folder, told) for name in PROGRAMS}
            tell(told)
            replayed = {path.name: replay(path, sandbox) for path in sorted(Path(models).iterdir())}
            worker = killed_worker(sandbox, folder)
            touched = outside.touched() | {
                "models": tree_digest(models) != digest,
                "core_pattern": core_pattern() != before,
                "processes": len(_tree(os.getpid())) - 2,
            }
        finally:
            outside.bystander.kill()
    said = {"user": os.getuid(), "probed": why and str(why), "attacks": found, "models": replayed}
    return said | {"worker": worker, "touched": touched}


if __name__ == "__main__":
    print(json.dumps(main(*sys.argv[1:])))
