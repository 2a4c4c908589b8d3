"""The lineage audit: is it on record how a version was made, so that somebody else could make it again?

Pure: no Django, no MLflow. It judges the facts that ``governance.registry`` read (schema
``sekisho.version-facts/1``) and so can be repeated on stored facts. What the registry could not be asked is
not evaluated; only what it answered can be missing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from governance.engine.texts import lineage as _texts  # noqa: F401  registers the sentences
from portal.message import Message

SCHEMA = "sekisho.lineage/1"

ITEMS = (
    "run",
    "commit",
    "repository",
    "dataset",
    "source",
    "evaluation",
    "parameters",
    "metrics",
    "signature",
    "environment",
    "artifact",
)
REQUIRED = ("run", "commit", "dataset", "signature", "environment", "artifact")

_COMMIT = re.compile(r"[0-9a-f]{7,64}")
_PINNED = re.compile(r"[A-Za-z0-9][\w.-]*(\[[\w,. -]+\])?\s*={2,3}\s*[\w.!+-]+\s*(;.*|--hash.*)?", re.ASCII)
_HASHED_URL = re.compile(r"\S+\s*@\s*\S+(#sha256=|@)[0-9a-f]{40,64}\S*")
EVALUATION = {"evaluation", "eval", "validation", "test", "testing"}
TRAINING = {"training", "train", ""}
_NAMED = 5


@dataclass(frozen=True)
class LineageItem:
    """One thing that should be on record.

    Parameters
    ----------
    key : str
        One of `ITEMS`.
    required : bool
        Whether the verdict rests on it; the others are recommended.
    outcome : {"pass", "fail", "not_evaluated"}
    found : str
        What is on record, as it stands there; empty if nothing is.
    missing, remedy : Message or None
        What is missing, and how to put it on record.
    code : str
        A line of Python that does so; empty if none would.
    """

    key: str
    required: bool
    outcome: str
    found: str = ""
    missing: Message | None = None
    remedy: Message | None = None
    code: str = ""

    @property
    def title(self) -> Message:
        return Message(f"lineage.item.{self.key}")

    def to_json(self) -> dict[str, Any]:
        return {
            "key": self.key,
            "title": self.title.to_json(),
            "required": self.required,
            "outcome": self.outcome,
            "found": self.found,
            "missing": self.missing and self.missing.to_json(),
            "remedy": self.remedy and self.remedy.to_json(),
            "code": self.code,
        }


@dataclass(frozen=True)
class LineageAudit:
    """What the audit found: a verdict, its sentence, and each item."""

    verdict: str
    message: Message
    items: tuple[LineageItem, ...]

    def item(self, key: str) -> LineageItem:
        return next(item for item in self.items if item.key == key)

    def to_json(self) -> dict[str, Any]:
        return {
            "schema": SCHEMA,
            "verdict": self.verdict,
            "message": self.message.to_json(),
            "items": [item.to_json() for item in self.items],
        }


@dataclass(frozen=True)
class _Finding:
    """What stands on record of one item; `missing` is None when all is there."""

    found: str = ""
    missing: Message | None = None
    remedy: str = ""
    code: str = ""
    unread: Message | None = None


def audit_lineage(facts: Mapping[str, Any], required: Iterable[str] = REQUIRED) -> LineageAudit:
    """Judge whether a version's origin is on record.

    Parameters
    ----------
    facts : mapping
        As ``Connection.describe_version`` gives them; ``artifact_digest`` may name a digest made elsewhere.
    required : iterable of str
        The items (of `ITEMS`) without which the verdict is a failure.

    Returns
    -------
    LineageAudit
        ``fail`` if a required item is missing; else ``not_evaluated`` if one could not be read; else ``pass``.

    Raises
    ------
    ValueError
        If `required` names an unknown item, or the facts are of another schema.
    """
    if facts.get("schema") != "sekisho.version-facts/1":
        raise ValueError(f"not the facts of a version: schema {facts.get('schema')!r}")
    needed = set(required)
    if unknown := needed - set(ITEMS):
        raise ValueError(f"no such lineage item: {', '.join(sorted(unknown))}")
    items = tuple(_item(key, key in needed, _CHECKS[key](facts)) for key in ITEMS)
    verdict, message = _verdict(items)
    return LineageAudit(verdict, message, items)


def _item(key: str, required: bool, finding: _Finding) -> LineageItem:
    if finding.unread:
        reason = Message("lineage.unread", {"reason": finding.unread})
        return LineageItem(key, required, "not_evaluated", "", reason, Message("lineage.fix.again"))
    if finding.missing is None:
        return LineageItem(key, required, "pass", finding.found)
    remedy = Message(f"lineage.fix.{finding.remedy or key}")
    return LineageItem(key, required, "fail", finding.found, finding.missing, remedy, finding.code)


def _verdict(items: tuple[LineageItem, ...]) -> tuple[str, Message]:
    def titles(outcome: str, required: bool) -> list[Message]:
        return [item.title for item in items if item.outcome == outcome and item.required == required]

    if failed := titles("fail", True):
        return "fail", Message("lineage.fail", {"items": failed})
    if unread := titles("not_evaluated", True):
        return "not_evaluated", Message("lineage.not_evaluated", {"items": unread})
    if lacking := titles("fail", False):
        return "pass", Message("lineage.pass.but", {"items": lacking})
    return "pass", Message("lineage.pass", {"items": titles("pass", True)})


# -- the facts, as the checks read them ------------------------------------------------------------------


def _problem(facts: Mapping[str, Any], part: str) -> Message | None:
    data = (facts.get("problems") or {}).get(part)
    return Message.from_json(data) if data else None


def _run(facts: Mapping[str, Any]) -> Mapping[str, Any]:
    return facts.get("run") or {}


def _files(facts: Mapping[str, Any]) -> Mapping[str, Any]:
    return facts.get("files") or {}


def _datasets(facts: Mapping[str, Any], contexts: set[str]) -> list[Mapping[str, Any]]:
    return [d for d in _run(facts).get("datasets") or () if str(d.get("context", "")).lower() in contexts]


def source_address(dataset: Mapping[str, Any]) -> str:
    """The address that a data set can be fetched from again; empty if it names none.

    The script that made it (MLflow's type ``code``) is no source, nor is a path on somebody's machine.
    """
    if dataset.get("source_type") in ("code", "local", "", None):
        return ""
    source = dataset.get("source") or {}
    for key in ("url", "uri", "path", "table_name", "delta_table_name", "name"):
        if isinstance(source.get(key), str) and source[key]:
            return "" if source[key].startswith(("file:", "/")) else source[key]
    return ""


# -- one check an item -----------------------------------------------------------------------------------


def _check_run(facts: Mapping[str, Any]) -> _Finding:
    run, run_id = _run(facts), (facts.get("version") or {}).get("run_id") or ""
    if not run_id:
        return _Finding(missing=Message("lineage.run.none"))
    if unread := _problem(facts, "run"):
        return _Finding(unread=unread)
    if not run:
        return _Finding(run_id, Message("lineage.run.gone", {"run": run_id}), "run.keep")
    if run.get("lifecycle") != "active":
        return _Finding(run_id, Message("lineage.run.deleted", {"run": run_id}), "run.keep")
    if run.get("status") != "FINISHED":
        params = {"run": run_id, "status": run.get("status") or "–"}
        return _Finding(run_id, Message("lineage.run.status", params), "run.finish")
    return _Finding(run_id)


def _of_run(check):
    """A check of what the run logged: unknown if the run could not be read."""

    def checked(facts: Mapping[str, Any]) -> _Finding:
        unread = _problem(facts, "run")
        return _Finding(unread=unread) if unread else check(facts)

    return checked


def _of_files(check):
    """A check of the model's files: unknown if they could not be read."""

    def checked(facts: Mapping[str, Any]) -> _Finding:
        unread = _problem(facts, "files")
        return _Finding(unread=unread) if unread else check(facts)

    return checked


@_of_run
def _check_commit(facts: Mapping[str, Any]) -> _Finding:
    commit = (_run(facts).get("tags") or {}).get("mlflow.source.git.commit", "")
    code = 'mlflow.start_run(tags={"mlflow.source.git.commit": commit})'
    if not commit:
        return _Finding(missing=Message("lineage.commit.none"), code=code)
    if not _COMMIT.fullmatch(commit.lower()):
        return _Finding(commit, Message("lineage.commit.form", {"commit": commit[:80]}), code=code)
    return _Finding(commit)


@_of_run
def _check_repository(facts: Mapping[str, Any]) -> _Finding:
    url = (_run(facts).get("tags") or {}).get("mlflow.source.git.repoURL", "")
    code = 'mlflow.start_run(tags={"mlflow.source.git.repoURL": url})'
    return _Finding(url) if url else _Finding(missing=Message("lineage.repository.none"), code=code)


@_of_run
def _check_dataset(facts: Mapping[str, Any]) -> _Finding:
    datasets, code = _datasets(facts, TRAINING), 'mlflow.log_input(dataset, context="training")'
    found = _named(datasets)
    if not datasets:
        return _Finding(missing=Message("lineage.dataset.none"), code=code)
    if loose := [d.get("name") or "–" for d in datasets if not (d.get("name") and d.get("digest"))]:
        return _Finding(found, Message("lineage.dataset.digest", {"names": loose[:_NAMED]}), code=code)
    return _Finding(found)


@_of_run
def _check_source(facts: Mapping[str, Any]) -> _Finding:
    datasets = _datasets(facts, TRAINING)
    code = "mlflow.data.from_pandas(frame, source=address, name=name)"
    if not datasets:
        return _Finding(missing=Message("lineage.source.data"), code=code)
    found = ", ".join(filter(None, map(source_address, datasets)))
    if lost := [d.get("name") or "–" for d in datasets if not source_address(d)]:
        return _Finding(found, Message("lineage.source.none", {"names": lost[:_NAMED]}), code=code)
    return _Finding(found)


@_of_run
def _check_evaluation(facts: Mapping[str, Any]) -> _Finding:
    datasets = [d for d in _datasets(facts, EVALUATION) if d.get("name") and d.get("digest")]
    if datasets:
        return _Finding(_named(datasets))
    code = 'mlflow.log_input(dataset, context="evaluation")'
    return _Finding(missing=Message("lineage.evaluation.none"), code=code)


def _named(datasets: list[Mapping[str, Any]]) -> str:
    return ", ".join(f"{d.get('name') or '–'} {d.get('digest') or ''}".strip() for d in datasets)


@_of_run
def _check_parameters(facts: Mapping[str, Any]) -> _Finding:
    logged = _logged(facts, "params")
    code = "mlflow.log_params(parameters)"
    return _Finding(logged) if logged else _Finding(missing=Message("lineage.parameters.none"), code=code)


@_of_run
def _check_metrics(facts: Mapping[str, Any]) -> _Finding:
    logged = _logged(facts, "metrics")
    code = "mlflow.log_metrics(metrics)"
    return _Finding(logged) if logged else _Finding(missing=Message("lineage.metrics.none"), code=code)


def _logged(facts: Mapping[str, Any], what: str) -> str:
    return ", ".join(sorted(_run(facts).get(what) or {}))[:500]


@_of_files
def _check_signature(facts: Mapping[str, Any]) -> _Finding:
    inputs = (_files(facts).get("signature") or {}).get("inputs") or []
    if inputs:
        return _Finding(", ".join(str(i.get("name") or "–") if isinstance(i, dict) else "–" for i in inputs)[:500])
    code = "mlflow.sklearn.log_model(model, signature=infer_signature(X, model.predict(X)))"
    return _Finding(missing=Message("lineage.signature.none"), code=code)


@_of_files
def _check_environment(facts: Mapping[str, Any]) -> _Finding:
    lines = _files(facts).get("requirements")
    code = 'mlflow.sklearn.log_model(model, pip_requirements=["scikit-learn==1.6.1", …])'
    if lines is None:
        return _Finding(missing=Message("lineage.environment.none"), code=code)
    packages = [line for line in lines if not line.startswith("--")]
    if not packages:
        return _Finding(missing=Message("lineage.environment.empty"), code=code)
    found = ", ".join(packages)[:500]
    if loose := [line for line in packages if not (_PINNED.fullmatch(line) or _HASHED_URL.fullmatch(line))]:
        return _Finding(found, Message("lineage.environment.loose", {"packages": loose[:_NAMED]}), code=code)
    return _Finding(found)


@_of_files
def _check_artifact(facts: Mapping[str, Any]) -> _Finding:
    digest = facts.get("artifact_digest") or _files(facts).get("digest")
    if digest:
        return _Finding(str(digest))
    if _files(facts).get("files"):
        return _Finding(unread=Message("lineage.artifact.unhashed"))
    return _Finding(missing=Message("lineage.artifact.none"))


_CHECKS = {
    "run": _check_run,
    "commit": _check_commit,
    "repository": _check_repository,
    "dataset": _check_dataset,
    "source": _check_source,
    "evaluation": _check_evaluation,
    "parameters": _check_parameters,
    "metrics": _check_metrics,
    "signature": _check_signature,
    "environment": _check_environment,
    "artifact": _check_artifact,
}
