"""The worker dies: what it ran dies with it. And the same walls for an ordinary user."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from governance.sandbox.host import program

from .conftest import running

ROOT = Path(__file__).resolve().parents[3]
WORKER = """
import sys
from governance.sandbox import Limits, Sandbox, run
run({}, model_dir=sys.argv[1], code=sys.argv[1], sandbox=Sandbox(sys.argv[2], sys.argv[3] == "True"),
    limits=Limits(wall_seconds=60))
"""
PROBE = """
from governance.sandbox.probe import BACKENDS, candidate, holds
for backend in BACKENDS:
    sandbox = candidate(backend)
    print(backend, sandbox.as_root, holds(sandbox))
"""


def wait_until(condition, seconds: float = 8.0) -> bool:
    until = time.monotonic() + seconds
    while not (met := condition()) and time.monotonic() < until:
        time.sleep(0.02)
    return bool(met)


def test_the_model_is_gone_when_its_worker_is_killed(sandbox, tmp_path):
    (tmp_path / "code").mkdir()
    (tmp_path / "code" / "child.py").write_text(
        "import ctypes, os, time\n"
        "ctypes.CDLL(None).prctl(1, 0, 0, 0, 0)\n"  # tries to outlive its parent
        "os.fork(); os.fork()\n"
        "open('/tmp/alive', 'w').close()\n"
        "while True: time.sleep(1)\n"
    )
    marker = str(tmp_path / "code")
    worker = subprocess.Popen(
        [sys.executable, "-B", "-c", WORKER, marker, sandbox.backend, str(sandbox.as_root)], cwd=ROOT
    )
    try:
        inside = lambda: [p for p in _below(worker.pid) if "child.py" in _command(p)]  # noqa: E731
        assert wait_until(lambda: len(inside()) >= 4), "the model did not start"
        left = _below(worker.pid)
    finally:
        worker.kill()
        worker.wait()
    assert wait_until(lambda: not [p for p in left if _command(p)])
    assert running(marker) == []


def test_the_walls_stand_for_an_ordinary_user_too():
    """Root becomes somebody else first; where the interpreter lies in a private home, that is opened for him."""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        place.chmod(0o755)
        shutil.copytree(ROOT / "governance" / "sandbox", place / "governance" / "sandbox")
        (place / "governance" / "__init__.py").touch()
        (place / "portal").mkdir()
        shutil.copy(ROOT / "portal" / "message.py", place / "portal" / "message.py")
        (place / "portal" / "__init__.py").touch()
        (place / "bound").mkdir()
        script, spaces = _as_somebody(place), []
        if os.getuid() == 0:
            script, spaces = _open_way(place / "bound") + script, [program("unshare"), "--mount"]
        done = subprocess.run(
            [*spaces, "sh", "-euc", script],
            capture_output=True, text=True, timeout=60, cwd="/", env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin"},
        )  # fmt: skip
    assert done.stdout.splitlines() == ["bubblewrap False True", "util-linux False True"], done.stderr


def _open_way(bound: Path) -> str:
    prefix = Path(sys.base_prefix).resolve()
    private = [p for p in reversed(prefix.parents) if not p.stat().st_mode & 0o001]
    if not private:
        return ""
    return (
        f"mount --bind '{prefix}' '{bound}'; mount -t tmpfs -o mode=755 tmpfs '{private[0]}'; "
        f"mkdir -p '{prefix}'; mount --bind '{bound}' '{prefix}'; "
    )


def _as_somebody(place: Path) -> str:
    (place / "probe_all.py").write_text(PROBE)
    python = Path(sys.base_prefix).resolve() / "bin" / f"python3.{sys.version_info.minor}"
    who = "setpriv --reuid 65534 --regid 65534 --clear-groups" if os.getuid() == 0 else ""
    return f"cd '{place}'; exec env PYTHONPATH='{place}' TMPDIR=/tmp {who} '{python}' -B probe_all.py"


def _below(pid: int) -> list[int]:
    from governance.sandbox.supervise import _tree

    return _tree(pid)[1:]


def _command(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().decode("utf-8", "replace")
    except OSError:
        return ""
