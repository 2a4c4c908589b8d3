"""A real `mlflow server` as a child: its own SQLite, its own artifacts, a free loopback port.

The server is started through this very file, run as a script: it asks the kernel to end the server when its
parent ends, however that happens, and then becomes the server. Start it from a thread that lives as long as
the server shall: the kernel watches that thread, not the process.

Importing this module needs the standard library only.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

STARTING = 180.0  # seconds; the first start makes the database, and a small machine may be busy
STOPPING = 10.0

_PR_SET_PDEATHSIG = 1


def command(home: Path, port: int) -> tuple[list[str], dict[str, str]]:
    """The command of a server that keeps all its state below `home`, and what to add to its environment."""
    (home / "artifacts").mkdir(parents=True, exist_ok=True)
    words = [
        *(sys.executable, "-m", "mlflow", "server"),
        *("--host", "127.0.0.1", "--port", str(port), "--workers", "1"),
        *("--backend-store-uri", f"sqlite:///{(home / 'mlflow.db').resolve()}"),
        *("--artifacts-destination", str((home / "artifacts").resolve()), "--serve-artifacts"),
    ]
    additions = {
        "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",  # saves a quarter of a gigabyte
        "MLFLOW_DISABLE_TELEMETRY": "true",
        "DO_NOT_TRACK": "true",
        "PYTHONUNBUFFERED": "1",
    }
    return words, additions


def healthy(port: int) -> bool:
    """Whether a server on this machine says that it is well."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(f"http://127.0.0.1:{port}/health", timeout=2) as answer:
            return answer.status == 200
    except OSError:
        return False


class MlflowServerFailed(RuntimeError):
    """The server ended, or did not answer in time; the text ends with its last words."""


class MlflowServer:
    """One `mlflow server` below one folder.

    Parameters
    ----------
    home : Path
        Keeps ``mlflow.db``, ``artifacts/``, ``port`` and ``mlflow.log``.

    Notes
    -----
    The port of the last start is taken again if it is free, so that addresses that were stored stay right.
    """

    def __init__(self, home: Path):
        self.home = Path(home)
        self._process: subprocess.Popen | None = None
        self.port = 0

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def log(self) -> Path:
        return self.home / "mlflow.log"

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process else None

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def start(self) -> MlflowServer:
        """Start the server and return at once; `wait` for its answer."""
        self.home.mkdir(parents=True, exist_ok=True)
        self.port = self._choose_port()
        words, additions = command(self.home, self.port)
        inherited = {k: v for k, v in os.environ.items() if not k.startswith("MLFLOW_")}
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, __file__, str(os.getpid()), *words],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env=inherited | additions,
                start_new_session=True,
            )
        return self

    def wait(self, seconds: float = STARTING) -> MlflowServer:
        """Return when the server answers; `MlflowServerFailed` if it does not."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if not self.running:
                raise MlflowServerFailed(f"mlflow server ended: {self._last_words()}")
            if healthy(self.port):
                return self
            time.sleep(0.2)
        raise MlflowServerFailed(f"mlflow server did not answer in {seconds:.0f} s: {self._last_words()}")

    def stop(self) -> None:
        """End the server and all its children; do nothing if it is not running."""
        process, self._process = self._process, None
        if process is None:
            return
        _signal_group(process.pid, signal.SIGTERM)
        end = time.monotonic() + STOPPING
        while time.monotonic() < end and (process.poll() is None or _group_lives(process.pid)):
            time.sleep(0.05)
        _signal_group(process.pid, signal.SIGKILL)
        process.wait()

    def __enter__(self) -> MlflowServer:
        try:
            return self.start().wait()
        except BaseException:
            self.stop()
            raise

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _choose_port(self) -> int:
        note = self.home / "port"
        last = int(note.read_text()) if note.exists() and note.read_text().strip().isdigit() else 0
        for wanted in (last, 0):
            with socket.socket() as sock:
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                try:
                    sock.bind(("127.0.0.1", wanted))
                except OSError:
                    continue
                port = sock.getsockname()[1]
                note.write_text(f"{port}\n")
                return port
        raise MlflowServerFailed("no free port on 127.0.0.1")

    def _last_words(self) -> str:
        text = self.log.read_text(errors="replace") if self.log.exists() else ""
        return " ".join(text.split("\n")[-6:]).strip()[-600:] or "it said nothing"


def _signal_group(group: int, number: int) -> None:
    try:
        os.killpg(group, number)
    except ProcessLookupError:
        return


def _group_lives(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True


def _become(parent: int, command: list[str]) -> None:
    """End with the parent, then turn into the command; the wish survives exec."""
    import ctypes

    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != parent:  # it ended before the kernel was asked
        sys.exit(1)
    os.execv(command[0], command)


if __name__ == "__main__":
    _become(int(sys.argv[1]), sys.argv[2:])
