"""Two ways to build the same walls: bubblewrap and util-linux.

Each makes a command line that runs a program with no network, in process and mount spaces of its own, on
a file system that holds only what is bound into it, read-only but for two small ones in memory.

As root no user namespace is used: in one, "nobody" is still the kernel's root. Instead the program is
started under a real unprivileged user id, without a capability. As an ordinary user a user namespace
gives the right to build the walls, and all rights in it are dropped before the program starts.
"""

from __future__ import annotations

import os
import secrets
import shlex
from dataclasses import dataclass

from governance.sandbox.host import DEVICES, PROGRAM_PATH, parents, program, view
from governance.sandbox.limits import MEBIBYTE, Limits

# Left unused by Debian and by systemd's dynamic users.
FIRST_USER, USERS = 60578, 600
SHARED_MEMORY = 16 * MEBIBYTE
UNSANDBOXED = "unsandboxed"
ENVIRONMENT = {
    "PATH": PROGRAM_PATH,
    "HOME": "/tmp",
    "TMPDIR": "/tmp",
    "USER": "sandbox",
    "LOGNAME": "sandbox",
    "LANG": "C.UTF-8",
    "TZ": "UTC",
    "MPLCONFIGDIR": "/tmp",
    "MPLBACKEND": "agg",
    "NUMBA_CACHE_DIR": "/tmp",
    "JOBLIB_TEMP_FOLDER": "/tmp",
    "MLFLOW_TRACKING_URI": "file:///tmp/mlruns",
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_ALLOW_FILE_STORE": "true",
    "MLFLOW_ALLOW_PICKLE_DESERIALIZATION": "true",  # behind these walls it may
    # One thread: results do not depend on the machine, and threads count as processes.
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "NUMBA_NUM_THREADS": "1",
    "LOKY_MAX_CPU_COUNT": "1",
}


@dataclass(frozen=True)
class Sandbox:
    """One working way to build the walls on this host.

    Attributes
    ----------
    backend : str
        ``"bubblewrap"`` or ``"util-linux"``; or ``"unsandboxed"``, which is no walls at all.
    as_root : bool
        Whether the walls are built by root, and the program gets a user id of its own.
    cgroup : str
        Folder below which a group is made for each run; empty where memory is watched from outside.
    """

    backend: str
    as_root: bool
    cgroup: str = ""

    @property
    def isolated(self) -> bool:
        """Whether there are walls."""
        return self.backend != UNSANDBOXED

    def command(self, argv: list[str], *, binds: dict[str, str], root: str, limits: Limits) -> list[str]:
        """Command line that runs ``argv`` behind the walls.

        Parameters
        ----------
        argv : list of str
            Program and arguments, as seen from inside.
        binds : dict
            Place inside → path outside, each bound read-only.
        root : str
            An empty folder on which the root may be mounted.
        limits : Limits
        """
        if not self.isolated:
            return [program("env"), "-i", *_environment(scratch=root), *argv]
        inner = self._unprivileged(limits) + argv
        build = _bubblewrap if self.backend == "bubblewrap" else _util_linux
        return build(inner, binds=binds, root=root, limits=limits, as_root=self.as_root)

    def _unprivileged(self, limits: Limits) -> list[str]:
        drop = [program("setpriv"), "--no-new-privs", "--inh-caps=-all", "--bounding-set=-all"]
        if self.as_root:
            user = str(FIRST_USER + secrets.randbelow(USERS))
            drop += ["--reuid", user, "--regid", user, "--clear-groups"]
        bounds = [
            program("prlimit"),
            f"--as={limits.address_space}",
            f"--nproc={limits.processes}",
            f"--cpu={limits.cpu_seconds}:{limits.cpu_seconds + 5}",  # told first, killed later
            f"--fsize={limits.scratch_bytes}",
            "--core=0",
            "--nofile=512",
        ]
        return [*drop, *bounds, program("env"), "-i", *_environment()]


def _environment(scratch: str = "/tmp") -> list[str]:
    return [f"{name}={value.replace('/tmp', scratch)}" for name, value in ENVIRONMENT.items()]


def needed_programs(backend: str) -> tuple[str, ...]:
    """Programs without which a backend cannot work."""
    shared = ("setpriv", "prlimit", "env")
    if backend == "bubblewrap":
        return ("bwrap", *shared)
    return ("unshare", "mount", "umount", "pivot_root", "sh", *shared)


def _bubblewrap(inner: list[str], *, binds: dict[str, str], root: str, limits: Limits, as_root: bool) -> list[str]:
    seen = view()
    spaces = ["--unshare-pid", "--unshare-net", "--unshare-ipc", "--unshare-uts"]
    if not as_root:
        # No process of bwrap's inside: of the same user, it would be the model's to take over (start.py stays first).
        spaces += ["--unshare-user", "--disable-userns", "--as-pid-1"]
    command = [program("bwrap"), *spaces, "--die-with-parent", "--new-session", "--clearenv"]
    folders = parents((*seen.binds, *binds, *DEVICES))
    in_memory = {"/tmp": limits.scratch_bytes, "/dev/shm": SHARED_MEMORY}
    # A folder made before its file system is mounted would be hidden by it, and one that bwrap makes by itself
    # may not be entered by others: an interpreter can lie below /tmp.
    later = [folder for folder in folders if any(folder.startswith(f"{place}/") for place in in_memory)]
    for folder in folders:
        if folder not in later:
            command += ["--perms", "0755", "--dir", folder]
    for folder, size in in_memory.items():
        command += ["--size", str(size), "--perms", "1777", "--tmpfs", folder]
    for folder in later:
        command += ["--perms", "0755", "--dir", folder]
    for path in seen.binds:
        command += ["--ro-bind", path, path]
    for target, link in seen.links:
        command += ["--symlink", target, link]
    for inside, outside in binds.items():
        command += ["--ro-bind", outside, inside]
    for device in DEVICES:
        command += ["--dev-bind", device, device]
    command += ["--proc", "/proc", "--ro-bind", "/proc/sys", "/proc/sys"]
    command += ["--remount-ro", "/", "--chdir", "/tmp", "--cap-drop", "ALL"]
    if as_root:
        for capability in ("CAP_SETUID", "CAP_SETGID", "CAP_SETPCAP"):
            command += ["--cap-add", capability]
    return [*command, "--", *inner]


def _util_linux(inner: list[str], *, binds: dict[str, str], root: str, limits: Limits, as_root: bool) -> list[str]:
    spaces = ["--mount", "--pid", "--net", "--ipc", "--uts"]
    if not as_root:
        spaces += ["--user", "--map-root-user"]
    script = _mount_script(inner, binds=binds, root=root, limits=limits)
    # The shell stays process 1: it, and with it everything inside, is killed when unshare goes, and
    # unshare when the worker goes; the model cannot undo either.
    die_with_parent = [program("setpriv"), "--pdeathsig", "KILL"]
    unshare = [program("unshare"), *spaces, "--fork", "--kill-child=KILL"]
    return [*die_with_parent, *unshare, program("sh"), "-c", script]


def _mount_script(inner: list[str], *, binds: dict[str, str], root: str, limits: Limits) -> str:
    seen = view()
    at = shlex.quote(root)
    lines = ["set -eu", "umask 022", f"mount -t tmpfs -o mode=755,size=1m,nosuid,nodev tmpfs {at}"]
    places = {path: path for path in (*seen.binds, *DEVICES)} | binds

    def inside(path: str) -> str:
        return shlex.quote(root + path)

    for folder in ("/proc", "/tmp", *parents((*places, "/dev/shm/x"))):
        lines.append(f"mkdir -p {inside(folder)}")
    for folder, size in (("/tmp", limits.scratch_bytes), ("/dev/shm", SHARED_MEMORY)):
        lines.append(f"mount -t tmpfs -o mode=1777,size={size},nosuid,nodev tmpfs {inside(folder)}")
    for place, outside in places.items():
        make = "mkdir -p" if os.path.isdir(outside) else "touch"
        flags = "ro,nosuid" if place in DEVICES else "ro,nosuid,nodev"
        lines.append(f"{make} {inside(place)}")
        lines.append(f"mount --bind {shlex.quote(outside)} {inside(place)}")
        lines.append(f"mount -o remount,bind,{flags} {inside(place)}")
    for target, link in seen.links:
        lines.append(f"ln -s {shlex.quote(target)} {inside(link)}")
    lines.append(f"mount -t proc -o nosuid,nodev,noexec proc {inside('/proc')}")
    lines.append(f"mount --bind {inside('/proc/sys')} {inside('/proc/sys')}")
    lines.append(f"mount -o remount,bind,ro,nosuid,nodev,noexec {inside('/proc/sys')}")
    lines.append(f"mount -o remount,bind,ro,nosuid,nodev {at}")
    # Both roots stand on "/" for a moment; the old one, on top, is then let go.
    lines += [f"cd {at}", "pivot_root . .", "umount -l .", "cd /tmp"]
    lines += ["set +e", shlex.join(inner), "exit $?"]
    return "\n".join(lines)
