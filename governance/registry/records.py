"""What a registry knows, as frozen records. Times are milliseconds since 1970, as MLflow gives them."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from functools import wraps
from typing import Any

from portal.message import Message

from .errors import RegistryError

_NOT_STORABLE = re.compile("[\x00\ud800-\udfff]")
_END_OF_TIME = 253_370_764_800_000  # the year 9999
_MODEL_URI = re.compile(r"^models:/(m-[0-9a-f]{32})/?$")


@dataclass(frozen=True)
class RemoteModel:
    """A registered model; `aliases` maps each alias to the version it names."""

    name: str
    description: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)
    aliases: Mapping[str, str] = field(default_factory=dict)
    created: int = 0
    updated: int = 0
    is_prompt: bool = False


@dataclass(frozen=True)
class RemoteVersion:
    """A version of a registered model; `version` is a whole number written as text."""

    model: str
    version: str
    run_id: str = ""
    model_id: str = ""
    source: str = ""
    status: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)
    description: str = ""
    created: int = 0
    updated: int = 0
    aliases: tuple[str, ...] = ()  # only a read of the single version gives them


@dataclass(frozen=True)
class RemoteDataset:
    """A data set that a run says it used; `source` is MLflow's JSON, read."""

    name: str
    digest: str
    source_type: str = ""
    source: Mapping[str, Any] = field(default_factory=dict)
    context: str = ""
    rows: int | None = None
    columns: tuple[str, ...] = ()


@dataclass(frozen=True)
class RemoteRun:
    """A run, deleted ones included (`lifecycle` is ``active`` or ``deleted``)."""

    run_id: str
    experiment_id: str = ""
    name: str = ""
    status: str = ""
    user: str = ""
    started: int = 0
    ended: int | None = None
    tags: Mapping[str, str] = field(default_factory=dict)
    params: Mapping[str, str] = field(default_factory=dict)
    metrics: Mapping[str, float] = field(default_factory=dict)
    datasets: tuple[RemoteDataset, ...] = ()
    lifecycle: str = "active"
    model_ids: tuple[str, ...] = ()
    artifact_uri: str = ""

    def to_json(self) -> dict[str, Any]:
        return _plain(self)

    @property
    def storable_metrics(self) -> dict[str, float | None]:
        """The metrics as `to_json` gives them: what JSON cannot write is None."""
        return _finite(self.metrics)


@dataclass(frozen=True)
class LoggedModel:
    """MLflow 3's own record of a model's files."""

    model_id: str
    name: str = ""
    source_run_id: str = ""
    status: str = ""
    artifact_uri: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)
    params: Mapping[str, str] = field(default_factory=dict)
    metrics: tuple[Mapping[str, Any], ...] = ()


@dataclass(frozen=True)
class RemoteFile:
    """One file of a model or a run, by its path below the root."""

    path: str
    size: int
    sha256: str = ""


@dataclass(frozen=True)
class ModelFiles:
    """What the model's own files say, read without running any of it.

    `signature` is ``{"inputs": [...], "outputs": [...], "params": ...}`` or None; `requirements` are the lines
    of ``requirements.txt``, or None without that file; `digest` is the SHA-256 of the tree (see
    `tree_digest`), empty if the bytes were not read.
    """

    signature: Mapping[str, Any] | None = None
    flavours: tuple[str, ...] = ()
    requirements: tuple[str, ...] | None = None
    python_version: str = ""
    mlflow_version: str = ""
    size: int = 0
    digest: str = ""
    files: tuple[RemoteFile, ...] = ()


@dataclass(frozen=True)
class Check:
    """What a test of the connection found.

    `rights` is ``all`` (may move aliases), ``some`` (of `editable` models) or ``read``.
    """

    mlflow_version: str
    models: int
    versions: int
    rights: str
    editable: int = 0
    seconds: float = 0.0

    def to_json(self) -> dict[str, Any]:
        return _plain(self)


def moment(milliseconds: int | None) -> datetime | None:
    """MLflow's time as ours; 0 stands for none."""
    return datetime.fromtimestamp(milliseconds / 1000, UTC) if milliseconds else None


def version_facts(
    version: RemoteVersion,
    run: RemoteRun | None,
    logged_model: LoggedModel | None,
    files: ModelFiles | None,
    problems: Mapping[str, Message],
) -> dict[str, Any]:
    """All that a registry says of one version at one moment, as JSON: ``sekisho.version-facts/1``.

    `problems` names the parts that could not be read, and why.
    """
    return {
        "schema": "sekisho.version-facts/1",
        "version": _plain(version),
        "run": _plain(run),
        "logged_model": _plain(logged_model),
        "files": _plain(files),
        "problems": {part: message.to_json() for part, message in problems.items()},
    }


def _plain(record: Any) -> dict[str, Any] | None:
    """A record as JSON; numbers that JSON cannot write (a metric may be NaN) become None."""
    return None if record is None else _finite(asdict(record))


def _finite(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(k): _finite(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(v) for v in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def pairs(items: Any) -> dict[str, str]:
    """MLflow's list of key and value as a dict."""
    return {str(i["key"]): str(i.get("value", "")) for i in items or ()}


def _guarded(read):
    """A server may answer anything: what is not of MLflow's form is an error with a sentence."""

    @wraps(read)
    def reader(data):
        try:
            return read(_storable(data))
        except (KeyError, TypeError, ValueError, AttributeError, OverflowError, RecursionError) as error:
            raise unreadable(read.__name__.removeprefix("read_"), f"{type(error).__name__}: {error}") from error

    return reader


def unreadable(what: str, detail: str) -> RegistryError:
    return RegistryError(Message("registry.unreadable", {"path": what, "detail": detail[:200]}))


def listed(data: Mapping[str, Any], key: str) -> list[dict[str, Any]]:
    """The objects that an answer lists; MLflow leaves out an empty list."""
    found = data.get(key) or []
    if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
        raise unreadable(key, type(found).__name__)
    return found


def part(data: Mapping[str, Any], key: str) -> dict[str, Any]:
    """An object that an answer must have."""
    if not isinstance(found := data.get(key), dict):
        raise unreadable(key, type(found).__name__)
    return found


def identifier(data: Mapping[str, Any], key: str) -> str:
    """An id that an answer must have."""
    found = data.get(key)
    if not isinstance(found, str | int) or not str(found):
        raise unreadable(key, type(found).__name__)
    return str(found)


def _number(value: Any) -> int:
    """A version's number, as databases keep it."""
    number = int(value)
    if not 0 < number < 2**31:
        raise ValueError(f"{str(number)[:20]} is no version")
    return number


def _time(value: Any) -> int:
    """A moment in milliseconds; 0 stands for none."""
    moment = int(value or 0)
    if not 0 <= moment < _END_OF_TIME:
        raise ValueError(f"{str(moment)[:20]} is no moment")
    return moment


def _storable(value: Any) -> Any:
    """Without NUL and halves of characters, which anybody may write into a tag and no database stores."""
    if isinstance(value, str):
        return _NOT_STORABLE.sub("\ufffd", value)
    if isinstance(value, dict):
        return {_storable(key): _storable(item) for key, item in value.items()}
    return [_storable(item) for item in value] if isinstance(value, list) else value


@_guarded
def read_model(data: Mapping[str, Any]) -> RemoteModel:
    tags = pairs(data.get("tags"))
    return RemoteModel(
        name=data["name"],
        description=data.get("description", ""),
        tags=tags,
        aliases={a["alias"]: str(_number(a["version"])) for a in data.get("aliases", ())},
        created=_time(data.get("creation_timestamp")),
        updated=_time(data.get("last_updated_timestamp")),
        is_prompt=tags.get("mlflow.prompt.is_prompt", "").lower() == "true",
    )


@_guarded
def read_version(data: Mapping[str, Any]) -> RemoteVersion:
    source = data.get("source", "")
    logged = _MODEL_URI.match(source)
    return RemoteVersion(
        model=data["name"],
        version=str(_number(data["version"])),
        run_id=data.get("run_id", ""),
        model_id=data.get("model_id") or (logged.group(1) if logged else ""),
        source=source,
        status=data.get("status", ""),
        tags=pairs(data.get("tags")),
        description=data.get("description", ""),
        created=_time(data.get("creation_timestamp")),
        updated=_time(data.get("last_updated_timestamp")),
        aliases=tuple(sorted(data.get("aliases", ()))),
    )


@_guarded
def read_file(data: Mapping[str, Any]) -> RemoteFile:
    return RemoteFile(data["path"], int(data.get("file_size") or 0))


@_guarded
def read_run(data: Mapping[str, Any]) -> RemoteRun:
    info, values = data["info"], data.get("data", {})
    inputs, outputs = data.get("inputs", {}), data.get("outputs", {})
    tags = pairs(values.get("tags"))
    return RemoteRun(
        run_id=info.get("run_id") or info["run_uuid"],
        experiment_id=str(info.get("experiment_id", "")),
        name=info.get("run_name", ""),
        status=info.get("status", ""),
        user=info.get("user_id") or tags.get("mlflow.user", ""),
        started=int(info.get("start_time", 0)),
        ended=int(info["end_time"]) if info.get("end_time") else None,
        tags=tags,
        params=pairs(values.get("params")),
        metrics={m["key"]: float(m.get("value", "nan")) for m in values.get("metrics", ())},
        datasets=tuple(_read_dataset(d) for d in inputs.get("dataset_inputs", ())),
        lifecycle=info.get("lifecycle_stage", "active"),
        model_ids=tuple(o["model_id"] for o in outputs.get("model_outputs", ())),
        artifact_uri=str(info.get("artifact_uri", "")),
    )


def _read_dataset(data: Mapping[str, Any]) -> RemoteDataset:
    dataset = data["dataset"]
    schema = _parsed(dataset.get("schema"))
    columns = schema.get("mlflow_colspec") if isinstance(schema, dict) else None
    rows = _parsed(dataset.get("profile")).get("num_rows")
    return RemoteDataset(
        name=dataset.get("name", ""),
        digest=dataset.get("digest", ""),
        source_type=dataset.get("source_type", ""),
        source=_parsed(dataset.get("source")),
        context=pairs(data.get("tags")).get("mlflow.data.context", ""),
        rows=rows if isinstance(rows, int) else None,
        columns=tuple(str(c.get("name", "")) for c in columns or () if isinstance(c, dict)),
    )


def _parsed(text: str | None) -> dict[str, Any]:
    """JSON inside JSON; whoever logged it may have written anything."""
    try:
        value = json.loads(text or "{}")
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


@_guarded
def read_logged_model(data: Mapping[str, Any]) -> LoggedModel:
    info, values = data["info"], data.get("data", {})
    return LoggedModel(
        model_id=info["model_id"],
        name=info.get("name", ""),
        source_run_id=info.get("source_run_id", ""),
        status=info.get("status", ""),
        artifact_uri=str(info.get("artifact_uri", "")),
        tags=pairs(info.get("tags")),
        params=pairs(values.get("params")),
        metrics=tuple(
            {
                "key": m["key"],
                "value": float(m.get("value", "nan")),
                "dataset_name": m.get("dataset_name", ""),
                "dataset_digest": m.get("dataset_digest", ""),
            }
            for m in values.get("metrics", ())
        ),
    )
