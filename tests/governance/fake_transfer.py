"""Two registries in memory between which files go, each of which can fail at any call."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace

from governance.registry import Rejected, RemoteFile, tree_digest
from portal.message import Message
from tests.governance.fake_registry import FakeRegistry

CONTENT = {"MLmodel": b"flavors: {}\n", "data/model.pkl": b"\x00\x01", "requirements.txt": b"mlflow\n"}


def listed(content: dict[str, bytes]) -> list[RemoteFile]:
    return [RemoteFile(path, len(data), hashlib.sha256(data).hexdigest()) for path, data in sorted(content.items())]


DIGEST = tree_digest(listed(CONTENT))
OF_SOURCE = ("version", "model_files", "download")
OF_TARGET = (
    "has_model", "create_model", "newest_version", "get_alias", "marked", "experiment", "runs_marked", "create_run",
    "put_file", "files_at", "end_run", "create_version", "copy_files", "set_alias", "read_back", "copy_version",
)  # fmt: skip


@dataclass
class FakeSource(FakeRegistry):
    """Where the version lies."""

    files: str = DIGEST
    content: dict[str, bytes] = field(default_factory=lambda: dict(CONTENT))

    def download(self, name: str, number, into: Path) -> SimpleNamespace:
        def answer() -> SimpleNamespace:
            for path, data in self.content.items():
                (into / path).parent.mkdir(parents=True, exist_ok=True)
                (into / path).write_bytes(data)
            files = listed(self.content)
            return SimpleNamespace(files=tuple(files), digest=tree_digest(files))

        return self._call("download", answer)


@dataclass
class FakeTarget(FakeRegistry):
    """Where it goes; `others` is a version that somebody registered there, under whatever name is asked for."""

    runs: list[SimpleNamespace] = field(default_factory=list)
    others: SimpleNamespace | None = None
    sent: list[str] = field(default_factory=list)
    tokens: list[str] = field(default_factory=list)
    longest_tag: int = 8000
    no_tag: str = ""  # what the name of a tag must not hold

    def newest_version(self, name: str) -> SimpleNamespace | None:
        last = self.copies[max(self.copies)] if self.copies else self.others
        return self._call("newest_version", lambda: last)

    def model_files(self, name: str, number, **_more) -> SimpleNamespace:
        def answer() -> SimpleNamespace:
            (run,) = (run for run in self.runs if run.run_id == self.copies[number].run_id)
            return SimpleNamespace(digest=tree_digest(listed(run.content)))

        return self._call("copy_files", answer)

    def experiment(self, name: str) -> str:
        return self._call("experiment", lambda: "7")

    def runs_marked(self, experiment: str, key: str, value: str) -> list[SimpleNamespace]:
        return self._call("runs_marked", lambda: [run for run in reversed(self.runs) if run.tags.get(key) == value])

    def create_run(self, experiment: str, name: str, tags) -> SimpleNamespace:
        def answer() -> SimpleNamespace:
            if any(len(tags[key]) > self.longest_tag or (self.no_tag and self.no_tag in key) for key in tags):
                raise Rejected(Message("registry.rejected", {"detail": "a tag is not taken"}))
            number = len(self.runs) + 1
            uri = f"mlflow-artifacts:/{experiment}/t{number}/artifacts"
            self.runs.append(
                SimpleNamespace(run_id=f"t{number}", tags=dict(tags), artifact_uri=uri, content={}, ended=False)
            )
            return self.runs[-1]

        return self._call("create_run", answer)

    def end_run(self, run_id: str) -> None:
        (run,) = (run for run in self.runs if run.run_id == run_id)
        self._call("end_run", lambda: setattr(run, "ended", True))

    def files_at(self, location: str) -> list[RemoteFile]:
        return self._call("files_at", lambda: listed(self._run(location).content))

    def put_files(self, location: str, folder: Path, files) -> None:
        for file in files:
            data = (folder / file.path).read_bytes()
            self._call("put_file", lambda path=file.path, data=data: self._put(location, path, data))

    def _put(self, location: str, path: str, data: bytes) -> None:
        self._run(location).content[path] = data
        self.sent.append(path)

    def _run(self, location: str) -> SimpleNamespace:
        (run,) = (run for run in self.runs if location == f"{run.artifact_uri}/model")
        return run
