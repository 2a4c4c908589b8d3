"""Find out, by a real run, whether the walls stand on this host."""

from __future__ import annotations

import logging
import os
import sys
import tempfile
from functools import cache
from pathlib import Path

from governance.sandbox.backends import Sandbox, needed_programs
from governance.sandbox.failures import SandboxFailure
from governance.sandbox.host import program
from governance.sandbox.limits import MEBIBYTE, Limits

LOGGER = logging.getLogger(__name__)
BACKENDS = ("bubblewrap", "util-linux")
PROBE_LIMITS = Limits(wall_seconds=20.0, cpu_seconds=20, scratch_bytes=MEBIBYTE)


@cache
def find_sandbox() -> Sandbox | None:
    """The better of the backends whose walls were seen to hold; None if none does.

    The answer is kept for the life of the process: restart the worker after installing a backend.
    """
    return next((s for s in map(candidate, BACKENDS) if s is not None and holds(s)), None)


def candidate(backend: str) -> Sandbox | None:
    """A backend whose programs are here, not yet tried."""
    if not sys.platform.startswith("linux") or not all(map(program, needed_programs(backend))):
        return None
    return Sandbox(backend, as_root=os.getuid() == 0)


def holds(sandbox: Sandbox) -> bool:
    """Try the walls from inside: a secret, a write, the network, rights, other processes."""
    from governance.sandbox.run import run

    with tempfile.TemporaryDirectory(prefix="sekisho-probe-") as folder:
        model = Path(folder, "model")
        model.mkdir(mode=0o755)
        secret = Path(folder, "secret")
        secret.write_text("secret", "utf-8")
        task = {"secret": str(secret), "written": str(Path(folder, "written"))}
        try:
            outcome = run(task, model_dir=model, sandbox=sandbox, limits=PROBE_LIMITS, program="probe.py")
        except SandboxFailure as failure:
            LOGGER.warning("%s does not work here: %s", sandbox.backend, failure.detail or failure)
            return False
        if Path(folder, "written").exists():
            return False
    return _stand(outcome.payload, sandbox)


def _stand(seen: dict, sandbox: Sandbox) -> bool:
    """Whether what the probe saw is what the walls promise; the probe is our own code."""
    walls = {
        "secret": False,
        "wrote": [],
        "network": ["lo"],
        "capabilities": 0,
        "no_new_privileges": True,
        "strangers": 0,
        "scratch_overflows": False,
        "user_namespace": False,
    }
    wrong = {name: seen.get(name) for name, value in walls.items() if seen.get(name) != value}
    if sandbox.as_root and seen.get("user") == 0:
        wrong["user"] = 0
    if set(seen.get("environment", ["?"])) & set(os.environ) - set(_shared_names()):
        wrong["environment"] = seen.get("environment")
    if wrong:
        LOGGER.warning("the walls of %s do not hold: %s", sandbox.backend, wrong)
    return not wrong


def _shared_names() -> tuple[str, ...]:
    from governance.sandbox.backends import ENVIRONMENT

    return (*ENVIRONMENT, "PWD", "OLDPWD", "SHLVL", "_", "LC_CTYPE")
