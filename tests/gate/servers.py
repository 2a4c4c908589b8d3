"""Real MLflow servers with the gate, under uvicorn and gunicorn."""

from __future__ import annotations

import base64
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from contextlib import suppress
from pathlib import Path
from typing import Any

from portal.demo import mlflow_server as parent
from tests.gate.test_tokens import PUBLIC

STARTING = 480  # seconds; a small machine may be busy, and each worker imports all of MLflow


class GateServer:
    """One ``mlflow server --app-name …`` below one folder, with two workers if not told otherwise.

    It ends with this process.
    """

    def __init__(self, home: Path, *, gunicorn: bool = False, app: str = "sekisho", **environ: str):
        self.home = home
        self.words, self.workers = ["--app-name", app], 2
        self.words += ["--gunicorn-opts", "--timeout 180 --log-level info"] if gunicorn else []
        self.environ = {
            "SEKISHO_URL": "https://sekisho.example.org",
            "SEKISHO_PUBLIC_KEY": base64.b64encode(PUBLIC).decode(),
            "SEKISHO_GOVERNED_ALIASES": "champion,staging",
            "SEKISHO_STATE": str(home / "state"),
            "SEKISHO_SERVER": "mlflow-main",
        } | environ
        with socket.socket() as sock:
            sock.bind(("127.0.0.1", 0))
            self.port = sock.getsockname()[1]
        self.process: subprocess.Popen | None = None

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def database(self) -> Path:
        return self.home / "mlflow.db"

    def start(self) -> GateServer:
        words, additions = parent.command(self.home, self.port)
        words = [word for word in words if word != "--workers"]
        words = [*words[: words.index("1")], *words[words.index("1") + 1 :], *self.words]
        words += ["--workers", str(self.workers)]
        inherited = {k: v for k, v in os.environ.items() if not k.startswith(("MLFLOW_", "SEKISHO_", "DJANGO_"))}
        inherited["PYTHONPATH"] = str(_blocked(self.home))
        with (self.home / "server.log").open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, parent.__file__, str(os.getpid()), *words],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env=inherited | additions | self.environ,
                cwd=self.home,
                start_new_session=True,
            )
        end = time.monotonic() + STARTING
        while not parent.healthy(self.port):
            assert self.process.poll() is None, self.log[-3000:]
            assert "died" not in self.log, self.log[-3000:]  # uvicorn would start its workers again for ever
            assert time.monotonic() < end, self.log[-3000:]
            time.sleep(0.2)
        return self

    def stop(self) -> None:
        if self.process is None:
            return
        for number in (signal.SIGTERM, signal.SIGKILL):
            with suppress(ProcessLookupError):
                os.killpg(self.process.pid, number)
            with suppress(subprocess.TimeoutExpired):
                self.process.wait(10)
        self.process = None

    @property
    def log(self) -> str:
        return (self.home / "server.log").read_text(errors="replace")

    def call(self, path: str, body: Any = None, *, method: str = "POST", user: str = "", **headers: str):
        """Status and JSON of a request to `path`, below the server's root; `body` may be raw bytes."""
        link = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        raw = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
        sent = {"Content-Type": "application/json"} | {key.replace("_", "-"): text for key, text in headers.items()}
        if user:
            sent["Authorization"] = "Basic " + base64.b64encode(user.encode()).decode()
        try:
            link.request(method, path, raw, sent)
            answer = link.getresponse()
            data = answer.read()
        finally:
            link.close()
        try:
            return answer.status, json.loads(data or b"{}")
        except ValueError:
            return answer.status, {"text": data.decode(errors="replace")}

    def gate(self, user: str = "") -> dict:
        status, report = self.call("/ajax-api/2.0/sekisho/gate", method="GET", user=user)
        assert status == 200, report
        return report


def _blocked(home: Path) -> Path:
    """A folder that makes importing Django or the portal an error, as where only MLflow is installed."""
    folder = home / "blocked"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "sitecustomize.py").write_text("import sys\nsys.modules['django'] = None\nsys.modules['portal'] = None\n")
    return folder


def opened(address: str) -> Any:
    """A client of MLflow's own that may carry a token."""
    from mlflow import MlflowClient

    return MlflowClient(tracking_uri=address, registry_uri=address)


def plain_get(address: str) -> bytes:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(address, timeout=60) as answer:
        return answer.read()
