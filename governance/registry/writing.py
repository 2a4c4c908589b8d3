"""What is changed at a registry: copies, aliases, and what brings files from another server there."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from governance.mlflow_gate.tokens import HEADER
from portal.message import Message

from .artifacts import proxied_root
from .calling import Calling
from .connection import Deadline
from .errors import AddressNotAllowed, NotFound, Rejected
from .records import (
    RemoteFile,
    RemoteRun,
    RemoteVersion,
    identifier,
    listed,
    part,
    read_model,
    read_run,
    read_version,
)

_VERSIONS_PAGE = 10_000
_RUNS_PAGE = 100
_LONGEST_NAME = 250  # of a run, as MLflow's databases keep it; a model's may be longer


@dataclass(frozen=True)
class Writing(Calling):
    """The changes. MLflow has no compare-and-set: who asks twice may find both made."""

    # -- copies ------------------------------------------------------------------------------------------

    def has_model(self, name: str) -> bool:
        """Whether a registered model is there."""
        try:
            self._registered(name, self._clock())
        except NotFound:
            return False
        return True

    def create_model(self, name: str) -> None:
        """Register a model without versions; nothing happens if somebody else has just done so."""
        try:
            self._call("POST", "registered-models/create", self._clock(), body={"name": name}, again=False)
        except Rejected:
            if not self.has_model(name):
                raise

    def newest_version(self, name: str) -> RemoteVersion | None:
        """The newest version of a model, or None where it has none; `NotFound` without the model."""
        latest = listed(self._registered(name, self._clock()), "latest_versions")
        return max(map(read_version, latest), key=lambda one: int(one.version), default=None)

    def create_version(
        self, name: str, source: str, *, run_id: str = "", tags: Mapping[str, str] | None = None, token: str = ""
    ) -> RemoteVersion:
        """Register what lies at `source`, such as ``models:/churn/14``, as a version; MLflow gives it its number.

        Whoever asks again makes another one: mark it, and look for the mark first. `token` is for a gate.
        """
        body = {"name": name, "source": source, "tags": _pairs(tags or {})} | ({"run_id": run_id} if run_id else {})
        more = {HEADER: token} if token else {}
        made = self._call("POST", "model-versions/create", self._clock(), body=body, again=False, headers=more)
        return read_version(made.get("model_version"))

    def marked(self, name: str, key: str, value: str) -> list[int]:
        """The versions of a model whose tag has a value, which holds no quotes; the first made first."""
        query = {"filter": f"tags.`{key}` = '{value}'", "max_results": _VERSIONS_PAGE}
        pages = self._pages("model-versions/search", "model_versions", query, self._clock())
        found = [version for version in map(read_version, pages) if version.model == name]
        return sorted(int(version.version) for version in found if version.tags.get(key) == value)

    # -- aliases -----------------------------------------------------------------------------------------

    def get_alias(self, name: str, alias: str) -> str | None:
        """The version that an alias names, or None without such an alias; `NotFound` without the model."""
        return read_model(self._registered(name, self._clock())).aliases.get(alias)

    def set_alias(self, name: str, alias: str, version: str | int, *, token: str = "") -> None:
        """Let an alias name a version. MLflow has no compare-and-set: read before, and read back.

        `token` is for a gate at the server (`governance.mlflow_gate`).
        """
        body = {"name": name, "alias": alias, "version": str(version)}
        more = {HEADER: token} if token else {}
        self._call("POST", "registered-models/alias", self._clock(), body=body, again=False, headers=more)

    def delete_alias(self, name: str, alias: str) -> None:
        """Remove an alias; nothing happens if it is not there."""
        body = {"name": name, "alias": alias}
        self._call("DELETE", "registered-models/alias", self._clock(), body=body, again=False)

    # -- files from elsewhere ----------------------------------------------------------------------------

    def experiment(self, name: str) -> str:
        """The id of an experiment, which is made where it lacks."""
        deadline = self._clock()
        try:
            return self._experiment(name, deadline)
        except NotFound:
            pass
        try:
            made = self._call("POST", "experiments/create", deadline, body={"name": name}, again=False)
            return identifier(made, "experiment_id")
        except Rejected:  # somebody else has just made it
            return self._experiment(name, deadline)

    def runs_marked(self, experiment: str, key: str, value: str) -> list[RemoteRun]:
        """The runs of an experiment whose tag has a value, which holds no quotes; the last begun first."""
        body = {
            "experiment_ids": [experiment],
            "filter": f"tags.`{key}` = '{value}'",
            "order_by": ["attributes.start_time DESC"],
            "max_results": _RUNS_PAGE,
        }
        data = self._call("POST", "runs/search", self._clock(), body=body)
        return [run for run in map(read_run, listed(data, "runs")) if run.tags.get(key) == value]

    def create_run(self, experiment: str, name: str, tags: Mapping[str, str]) -> RemoteRun:
        """Begin a run. Whoever asks again begins another one: mark it, and look for the mark first."""
        shown = name[:_LONGEST_NAME]
        body = {"experiment_id": experiment, "run_name": shown, "start_time": _now(), "tags": _pairs(tags)}
        return read_run(self._call("POST", "runs/create", self._clock(), body=body, again=False).get("run"))

    def end_run(self, run_id: str) -> None:
        """Say that a run is finished."""
        body = {"run_id": run_id, "status": "FINISHED", "end_time": _now()}
        self._call("POST", "runs/update", self._clock(), body=body)

    def files_at(self, location: str) -> list[RemoteFile]:
        """The files below an address in the server's own artifact store, every byte of them read and hashed."""
        deadline = self._file_deadline()
        reader = self._store(location, deadline)
        try:
            return reader.fetch(reader.walk())
        except NotFound:
            return []

    def put_files(self, location: str, folder: Path, files: Iterable[RemoteFile]) -> None:
        """Send files of a local folder to an address in the server's own artifact store; what is there is replaced."""
        store = self._store(location, self._file_deadline())
        for file in files:
            with folder.joinpath(*file.path.split("/")).open("rb") as handle:
                store.put(file.path, handle)

    # -- below -------------------------------------------------------------------------------------------

    def _experiment(self, name: str, deadline: Deadline) -> str:
        query = {"experiment_name": name}
        found = part(self._call("GET", "experiments/get-by-name", deadline, query=query), "experiment")
        if found.get("lifecycle_stage") == "deleted":
            raise Rejected(Message("registry.experiment", {"name": name, "address": self.address}))
        return identifier(found, "experiment_id")

    def _store(self, location: str, deadline: Deadline):
        root = proxied_root(location, self.endpoint)
        if root is None:
            words = {"address": self.address, "location": location[:300]}
            raise AddressNotAllowed(Message("registry.address.store", words))
        return self._files(root, deadline)


def _pairs(tags: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"key": key, "value": value} for key, value in tags.items()]


def _now() -> int:
    return int(time.time() * 1000)
