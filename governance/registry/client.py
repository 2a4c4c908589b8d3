"""One registry, as calls. See the package's docstring for what they promise."""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from portal.message import Message

from .artifacts import (
    Files,
    describe,
    logged_model_root,
    not_handed_out,
    proxied_root,
    run_root,
    tree_digest,
)
from .connection import Deadline
from .errors import Denied, NotFound, NotMlflow, RegistryError, Rejected
from .http import exchange
from .records import (
    Check,
    LoggedModel,
    ModelFiles,
    RemoteFile,
    RemoteModel,
    RemoteRun,
    RemoteVersion,
    identifier,
    listed,
    read_logged_model,
    read_model,
    read_run,
    read_version,
    version_facts,
)
from .writing import Writing

RUNS_AT_ONCE = 250  # MLflow's filter takes more, but SQL databases bind only so many values
_MODELS_PAGE = 1_000
_VERSIONS_PAGE = 10_000
_RECENT_PAGE = 200
_MAY_EDIT = ("EDIT", "MANAGE")


@dataclass(frozen=True)
class Connection(Writing):
    """Reads and moves in one MLflow server. It holds no state: share it between threads, make it anew."""

    # -- reading -----------------------------------------------------------------------------------------

    def check(self) -> Check:
        """Test the connection: reach, version, counts, and whether aliases may be moved."""
        started, deadline = time.monotonic(), self._clock()
        version = self._mlflow_version(deadline)
        models = list(self._models(deadline))
        versions = sum(1 for _ in self._versions(None, deadline))
        rights, editable = self._rights(deadline)
        return Check(version, len(models), versions, rights, editable, time.monotonic() - started)

    def models(self) -> list[RemoteModel]:
        """All registered models with their aliases; prompts, which share the registry, are left out."""
        return [model for model in self._models(self._clock()) if not model.is_prompt]

    def versions(self, since: int | None = None) -> list[RemoteVersion]:
        """All versions, or those updated at or after `since` (milliseconds), latest update first.

        MLflow does not count a moved alias or a changed tag as an update: sweep all now and then. Those of
        prompts are included.
        """
        return list(self._versions(since, self._clock()))

    def latest_versions(self, since: int) -> list[RemoteVersion]:
        """The versions updated last, by whole pages down to `since` (milliseconds).

        The rest of the last page comes along: it covers what was written late, or in the same millisecond.
        """
        deadline, token, found = self._clock(), None, []
        query: dict[str, Any] = {"max_results": _RECENT_PAGE, "order_by": "last_updated_timestamp DESC"}
        while True:
            more = {"page_token": token} if token else {}
            data = self._call("GET", "model-versions/search", deadline, query=query | more)
            page = [read_version(one) for one in listed(data, "model_versions")]
            found += page
            token = data.get("next_page_token")
            if not token or any(version.updated < since for version in page):
                return found

    def versions_of_runs(self, run_ids: Iterable[str]) -> list[RemoteVersion]:
        """All versions that were registered from some runs, whatever their models are called now."""
        found: list[RemoteVersion] = []
        for batch in _batches(run_ids):
            query = {"max_results": _VERSIONS_PAGE, "filter": f"run_id IN ({_quoted(batch)})"}
            rows = self._pages("model-versions/search", "model_versions", query, self._clock())
            found += map(read_version, rows)
        return found

    def runs_in(self, run_ids: Iterable[str], experiments: Iterable[str]) -> dict[str, RemoteRun]:
        """Runs by id among experiments that are known, deleted ones included: one call a batch."""
        return self._runs(run_ids, sorted(set(experiments)), "ALL")

    def deleted_runs_in(self, run_ids: Iterable[str], experiments: Iterable[str]) -> dict[str, RemoteRun]:
        """Those of some runs that were deleted, among experiments that are known."""
        return self._runs(run_ids, sorted(set(experiments)), "DELETED_ONLY")

    def version(self, name: str, version: str | int) -> RemoteVersion:
        """One version, with its aliases."""
        return self._version(name, version, self._clock())

    def runs(self, ids: Iterable[str]) -> dict[str, RemoteRun]:
        """Runs by id, deleted ones included; ids that the server does not have are missing from the result.

        The deadline is that of each batch of `RUNS_AT_ONCE`: a first mirror may want a hundred thousand.
        """
        wanted = list(ids)
        return self._runs(wanted, self._experiments(self._clock()) if wanted else [], "ALL")

    def logged_model(self, model_id: str) -> LoggedModel:
        """MLflow 3's record of a model's files."""
        return self._logged_model(model_id, self._clock())

    def describe_version(self, name: str, version: str | int, *, hashed: bool = False) -> dict[str, Any]:
        """Read one version afresh with all its lineage, running none of it.

        Returns JSON of schema ``sekisho.version-facts/1`` (see `records.version_facts`), which
        ``governance.engine.lineage.audit`` judges. What cannot be read stands in ``problems`` under ``run``,
        ``logged_model`` or ``files``: it is then unknown, not absent. `hashed` reads every byte, for the digest.
        """
        deadline = self._clock()
        remote = self._version(name, version, deadline)
        problems: dict[str, Message] = {}
        run = logged = files = None
        try:
            run = self._run(remote.run_id, deadline) if remote.run_id else None
        except NotFound:
            pass  # the run is gone, which is a fact
        except RegistryError as error:
            problems["run"] = error.message
        try:
            logged = self._logged_model(remote.model_id, deadline) if remote.model_id else None
        except RegistryError as error:
            problems["logged_model"] = error.message
        try:
            files = describe(self._model_files(remote, self._file_deadline()), hashed=hashed)
        except RegistryError as error:
            problems["files"] = error.message
        return version_facts(remote, run, logged, files, problems)

    # -- files -------------------------------------------------------------------------------------------

    def model_files(self, name: str, version: str | int, *, hashed: bool = True) -> ModelFiles:
        """What a version's files say of it, and their digest."""
        deadline = self._file_deadline()
        return describe(self._model_files(self._version(name, version, deadline), deadline), hashed=hashed)

    def download(self, name: str, version: str | int, into: Path) -> ModelFiles:
        """Copy a version's files into the empty folder `into`; return them with their digest."""
        deadline = self._file_deadline()
        reader = self._model_files(self._version(name, version, deadline), deadline)
        described = describe(reader, hashed=False)
        fetched = reader.fetch(described.files, into)
        size = sum(file.size for file in fetched)
        digest = tree_digest(fetched)
        return ModelFiles(**(vars(described) | {"files": tuple(fetched), "size": size, "digest": digest}))

    def download_run_artifact(self, run_id: str, path: str, into: Path) -> Path:
        """Copy one file of a run into the folder `into`, under the same path; return where it is."""
        deadline = self._file_deadline()
        run = self._run(run_id, deadline)
        root = proxied_root(run.artifact_uri, self.endpoint) or run_root(run_id)
        self._files(root, deadline).fetch([RemoteFile(path, 0)], into)
        return into.joinpath(*path.split("/"))

    # -- below -------------------------------------------------------------------------------------------

    def _mlflow_version(self, deadline: Deadline) -> str:
        chunks: list[bytes] = []
        exchange(self, self.endpoint, "GET", "/version", chunks.append, deadline=deadline, limit=2**20)
        text = b"".join(chunks)[:60].decode("utf-8", "replace").strip()
        if not text[:1].isdigit():
            raise NotMlflow(Message("registry.not_mlflow", {"address": self.address}))
        return text

    def _models(self, deadline: Deadline) -> Iterator[RemoteModel]:
        query = {"max_results": _MODELS_PAGE}
        return map(read_model, self._pages("registered-models/search", "registered_models", query, deadline))

    def _versions(self, since: int | None, deadline: Deadline) -> Iterator[RemoteVersion]:
        query = {
            "max_results": _VERSIONS_PAGE if since is None else _RECENT_PAGE,
            "order_by": "last_updated_timestamp DESC",
        }
        for data in self._pages("model-versions/search", "model_versions", query, deadline):
            version = read_version(data)
            if since is not None and version.updated < since:
                return
            yield version

    def _version(self, name: str, version: str | int, deadline: Deadline) -> RemoteVersion:
        query = {"name": name, "version": str(version)}
        return read_version(self._call("GET", "model-versions/get", deadline, query=query).get("model_version"))

    def _run(self, run_id: str, deadline: Deadline) -> RemoteRun:
        return read_run(self._call("GET", "runs/get", deadline, query={"run_id": run_id}).get("run"))

    def _logged_model(self, model_id: str, deadline: Deadline) -> LoggedModel:
        data = self._call("GET", f"logged-models/{quote(model_id, safe='')}", deadline)
        return read_logged_model(data.get("model"))

    def _runs(self, ids: Iterable[str], experiments: list[str], view: str) -> dict[str, RemoteRun]:
        """Runs by id: one call, with a deadline of its own, a batch."""
        found: dict[str, RemoteRun] = {}
        for batch in _batches(ids) if experiments else ():
            body = {
                "experiment_ids": experiments,
                "filter": f"attributes.run_id IN ({_quoted(batch)})",
                "run_view_type": view,
                "max_results": len(batch),
            }
            data = self._call("POST", "runs/search", self._clock(), body=body)
            found |= {run.run_id: run for run in map(read_run, listed(data, "runs"))}
        return found

    def _experiments(self, deadline: Deadline) -> list[str]:
        query = {"max_results": _MODELS_PAGE, "view_type": "ALL"}
        found = self._pages("experiments/search", "experiments", query, deadline)
        return [identifier(experiment, "experiment_id") for experiment in found]

    def _model_files(self, remote: RemoteVersion, deadline: Deadline) -> Files:
        """Find a way to a version's files that goes through the server."""
        query = {"name": remote.model, "version": remote.version}
        where = self._call("GET", "model-versions/get-download-uri", deadline, query=query)
        location = str(where.get("artifact_uri") or "")
        if root := proxied_root(location, self.endpoint):
            return self._files(root, deadline)
        if remote.model_id:
            return self._files(logged_model_root(remote.model_id), deadline)
        if remote.run_id:
            home = self._run(remote.run_id, deadline).artifact_uri.rstrip("/")
            if home and location.startswith(f"{home}/"):
                folder = location.removeprefix(f"{home}/").strip("/")
                return self._files(run_root(remote.run_id, folder), deadline, strip=folder)
        raise not_handed_out(location)

    def _rights(self, deadline: Deadline) -> tuple[str, int]:
        """Find out whether aliases may be moved, changing nothing.

        Deleting an alias of a model that cannot exist is refused by MLflow's authentication before the
        registry is asked; without authentication the registry says that there is no such model.
        """
        body = {"name": f"sekisho-test-{secrets.token_hex(8)}", "alias": "none"}
        try:
            self._call("DELETE", "registered-models/alias", deadline, body=body, again=False)
        except Denied:
            return self._listed_rights(deadline)
        except (NotFound, Rejected):
            pass
        return "all", 0

    def _listed_rights(self, deadline: Deadline) -> tuple[str, int]:
        try:
            user = self._call("GET", "users/get", deadline, query={"username": self.username}).get("user") or {}
        except RegistryError:
            return "read", 0
        if user.get("is_admin"):
            return "all", 0
        held = [p for p in user.get("registered_model_permissions", ()) if p.get("permission") in _MAY_EDIT]
        return ("some", len(held)) if held else ("read", 0)


def _batches(run_ids: Iterable[str]) -> Iterator[list[str]]:
    """Ids that can be asked for in one filter; what is no id of a run is left out."""
    wanted = list(dict.fromkeys(one for one in run_ids if one.isalnum()))
    for start in range(0, len(wanted), RUNS_AT_ONCE):
        yield wanted[start : start + RUNS_AT_ONCE]


def _quoted(ids: Iterable[str]) -> str:
    return ",".join(f"'{one}'" for one in ids)
