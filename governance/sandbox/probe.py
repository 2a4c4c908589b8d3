"""Find out, by a real run, whether the walls stand on this host."""

from __future__ import annotations

import logging
import os
import platform
import sys
import tempfile
from dataclasses import asdict, dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

from governance.sandbox import unsandboxed
from governance.sandbox.backends import ENVIRONMENT, UNSANDBOXED, Sandbox, needed_programs
from governance.sandbox.cgroups import find_parent
from governance.sandbox.failures import SandboxFailure
from governance.sandbox.host import program
from governance.sandbox.limits import MEBIBYTE, Limits, configured
from portal.message import Message

LOGGER = logging.getLogger("sekisho.sandbox")
BACKENDS = ("bubblewrap", "util-linux")
PROBE_LIMITS = Limits(wall_seconds=20.0, cpu_seconds=20, scratch_bytes=MEBIBYTE)
WALLS = {
    "secret": False,
    "wrote": [],
    "network": ["lo"],
    "vsock": False,
    "capabilities": 0,
    "no_new_privileges": True,
    "strangers": 0,
    "scratch_overflows": False,
    "user_namespace": False,
}
# What a shell and the C library add by themselves.
SHARED_NAMES = {*ENVIRONMENT, "PWD", "OLDPWD", "SHLVL", "_", "LC_CTYPE"}


@dataclass(frozen=True)
class Trial:
    """One backend, tried: whether its walls hold, and why not."""

    backend: str
    works: bool
    reason: Message | None


@dataclass(frozen=True)
class Report:
    """What this host can do, as an administrator needs to know it.

    Attributes
    ----------
    sandbox : Sandbox or None
        The one that is used.
    trials : tuple of Trial
        Each backend, the better one first.
    limits : Limits
        In force for runs that name none of their own.
    system : str
        Kernel and machine.
    """

    sandbox: Sandbox | None
    trials: tuple[Trial, ...]
    limits: Limits
    system: str

    @property
    def works(self) -> bool:
        return self.sandbox is not None and self.sandbox.isolated

    def to_json(self) -> dict[str, Any]:
        """As JSON, schema ``sekisho.sandbox/1``."""
        used = self.sandbox
        return {
            "schema": "sekisho.sandbox/1",
            "works": self.works,
            "backend": used.backend if used else None,
            "as_root": used.as_root if used else os.getuid() == 0,
            "bounds": ("cgroups" if used.cgroup else "polling") if used else None,
            "trials": [
                {"backend": t.backend, "works": t.works, "reason": t.reason.to_json() if t.reason else None}
                for t in self.trials
            ],
            "limits": asdict(self.limits),
            "system": self.system,
        }


@cache
def find_sandbox() -> Sandbox | None:
    """The better of the backends whose walls were seen to hold; None if none does.

    Where none does and runs without walls were asked for, that is what is found. The answer is kept for the life of
    the process, or until `probe` finds another.
    """
    tried = (found for found in map(candidate, BACKENDS) if found is not None and holds(found))
    return _chosen(next(tried, None))


def probe() -> Report:
    """Try every backend anew; what was found before is forgotten in this process."""
    trials, best = [], None
    for backend in BACKENDS:
        found = candidate(backend)
        reason = why_not(found) if found else _missing(backend)
        trials.append(Trial(backend, reason is None, reason))
        best = best or (found if reason is None else None)
    find_sandbox.cache_clear()
    system = f"{platform.system()} {platform.release()} {platform.machine()}"
    return Report(_chosen(best), tuple(trials), configured(), system)


def candidate(backend: str) -> Sandbox | None:
    """A backend whose programs are here, not yet tried."""
    if not sys.platform.startswith("linux") or not all(map(program, needed_programs(backend))):
        return None
    return Sandbox(backend, as_root=os.getuid() == 0)


def holds(sandbox: Sandbox) -> bool:
    """Whether the walls stand, seen from inside."""
    return why_not(sandbox) is None


def why_not(sandbox: Sandbox) -> Message | None:
    """Try the walls from inside: a secret, a write, the network, rights, other processes. None if all hold."""
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
            last = failure.detail.strip().splitlines()[-1:] or [str(failure)]
            return Message("sandbox.probe.failed", {"error": last[0][:300].rstrip(" .")})
        if Path(folder, "written").exists():
            return Message("sandbox.probe.walls", {"walls": ["wrote"]})
    wrong = _fallen(outcome.payload, sandbox)
    if wrong:
        LOGGER.warning("the walls of %s do not hold: %s", sandbox.backend, wrong)
        return Message("sandbox.probe.walls", {"walls": sorted(wrong)})
    return None


def _chosen(best: Sandbox | None) -> Sandbox | None:
    """The sandbox with the kernel's own bounds where a run in them succeeds; what there is otherwise."""
    if best is None:
        return Sandbox(UNSANDBOXED, as_root=False) if unsandboxed.allowed() else None
    parent = find_parent()
    bounded = replace(best, cgroup=parent)
    return bounded if parent and holds(bounded) else best


def _missing(backend: str) -> Message:
    if not sys.platform.startswith("linux"):
        return Message("sandbox.probe.system", {"system": platform.system()})
    return Message("sandbox.probe.missing", {"programs": [n for n in needed_programs(backend) if not program(n)]})


def _fallen(seen: dict, sandbox: Sandbox) -> dict[str, Any]:
    """What the probe saw that the walls promise otherwise; the probe is our own code."""
    wrong = {name: seen.get(name) for name, value in WALLS.items() if seen.get(name) != value}
    if sandbox.as_root and seen.get("user") == 0:
        wrong["user"] = 0
    if set(seen.get("environment", ["?"])) & set(os.environ) - SHARED_NAMES:
        wrong["environment"] = seen.get("environment")
    if sandbox.cgroup and not seen.get("grouped"):
        wrong["group"] = False
    return wrong
