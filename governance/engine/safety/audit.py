"""The safety audit: what would a model load and run, and can its answers be had again?

Pure: no Django. Nothing of the model runs here: its files are measured and read as text, its pickles are
listed in a bounded process, and it predicts in the sandbox alone.

A verdict fails where something is known to be wrong (files that cannot be trusted, no signature, loose
requirements, a known vulnerability, predictions that are not the model's), is not evaluated where something
required could not be found out, and passes otherwise. What the pickles import is a warning beside the
verdict and never part of it: a scan that finds nothing proves nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from governance.engine.safety.advisories import Advisories
from governance.engine.safety.checks import (
    ITEMS,
    NEEDS_MODEL,
    REQUIRED,
    SafetyItem,
    check_advisories,
    check_environment,
    check_interpreter,
    check_replay,
    check_signature,
)
from governance.engine.safety.contents import (
    SCANNED,
    Contents,
    ModelPath,
    TreeRefused,
    digest_of,
    read_contents,
    walk,
)
from governance.engine.safety.environment import (
    Comparison,
    Declared,
    Environment,
    best,
    compare,
    own_environment,
    read_environment,
)
from governance.engine.safety.replay import Replay, ReplayRequest
from governance.engine.safety.scan import Scanned, scan_files, scanner
from governance.engine.texts import safety as _texts  # noqa: F401  (registers the sentences)
from portal.message import Message

__all__ = ["ITEMS", "NEEDS_MODEL", "REQUIRED", "SCHEMA", "SafetyAudit", "SafetyItem", "audit_safety"]

SCHEMA = "sekisho.safety/1"


@dataclass(frozen=True)
class SafetyAudit:
    """What the audit found.

    Attributes
    ----------
    verdict : {"pass", "fail", "not_evaluated"}
    message : Message
    items : tuple of SafetyItem
    digest : str
        Of the tree; empty if it cannot be trusted.
    files : tuple of ModelPath
    contents : Contents or None
    scanned : tuple of Scanned
    declared : Declared or None
    comparison : Comparison or None
        With the interpreter that fits best.
    advisories : Advisories or None
    affected : tuple of (requirement, id, aliases, summary, fixed versions)
    replay : Replay or None
    detail : str
        End of what the model's process wrote, if it failed. Untrusted.
    """

    verdict: str
    message: Message
    items: tuple[SafetyItem, ...]
    digest: str = ""
    files: tuple[ModelPath, ...] = ()
    contents: Contents | None = None
    scanned: tuple[Scanned, ...] = ()
    declared: Declared | None = None
    comparison: Comparison | None = None
    advisories: Advisories | None = None
    affected: tuple[dict[str, Any], ...] = ()
    replay: Replay | None = None
    detail: str = ""

    def item(self, key: str) -> SafetyItem:
        return next(item for item in self.items if item.key == key)

    @property
    def warning(self) -> Message | None:
        """What the pickles import, in one sentence; None if there is none."""
        levels = Counter(one.level for scanned in self.scanned for one in scanned.imports)
        unread = sum(scanned.read != "whole" for scanned in self.scanned)
        if levels["dangerous"]:
            return Message("safety.loads.dangerous", {"count": levels["dangerous"]})
        if unread:
            return Message("safety.loads.unread", {"count": unread})
        if levels["suspicious"]:
            return Message("safety.loads.suspicious", {"count": levels["suspicious"]})
        return Message("safety.loads.nothing") if self.scanned else None

    def to_json(self) -> dict[str, Any]:
        """The audit as JSON, schema ``sekisho.safety/1``."""
        return {
            "schema": SCHEMA,
            "verdict": self.verdict,
            "message": self.message.to_json(),
            "items": [item.to_json() for item in self.items],
            "digest": self.digest,
            "files": {
                "count": len(self.files),
                "bytes": sum(file.bytes for file in self.files),
                "kinds": dict(sorted(Counter(file.kind for file in self.files).items())),
            },
            "loads": self._loads(),
            "environment": self._environment(),
            "vulnerabilities": {
                "advisories": self.advisories and self.advisories.count,
                "digest": self.advisories.digest if self.advisories else "",
                "found": list(self.affected),
            },
            "replay": self.replay and self.replay.to_json(),
            "detail": self.detail,
        }

    def _loads(self) -> dict[str, Any] | None:
        if self.contents is None:
            return None
        contents = self.contents
        return {
            "flavors": list(contents.flavors),
            "loader": contents.loader,
            "form": contents.form,
            "code": contents.code,
            "code_folders": list(contents.code_folders),
            "trusted": list(contents.trusted),
            "files": [asdict(file) for file in self.files if file.kind not in ("data",)][:500],
            "scanner": scanner(),
            "scanned": [asdict(one) | {"imports": [asdict(name) for name in one.imports]} for one in self.scanned],
            "warning": self.warning and self.warning.to_json(),
        }

    def _environment(self) -> dict[str, Any] | None:
        if self.declared is None or self.comparison is None:
            return None
        here = self.comparison.environment
        return {
            "source": self.declared.source,
            "interpreter": here.name,
            "python": asdict(self.comparison.python),
            "requirements": [asdict(row) for row in self.comparison.packages],
            "loose": list(self.declared.loose),
        }


def audit_safety(
    model_dir: str | Path,
    *,
    advisories: str | Path | None = None,
    replay: ReplayRequest | None = None,
    environments: Sequence[Environment] | None = None,
    required: Iterable[str] = REQUIRED,
    unreplayed: Message | None = None,
) -> SafetyAudit:
    """Audit the files of a logged model.

    Parameters
    ----------
    model_dir : path
        Local folder of a logged MLflow model.
    advisories : path, optional
        File or folder of advisories in the OSV format.
    replay : ReplayRequest, optional
        Data on which the model is run again.
    environments : sequence of Environment, optional
        Interpreters to choose from; by default our own.
    required : iterable of str
        The items (of `ITEMS`) on which the verdict rests. Advisories count as soon as they are given.
    unreplayed : Message, optional
        Why there is no replay, where none was asked for.

    Raises
    ------
    SandboxFailure
        If there is no MLflow model in the folder.
    ValueError
        If `required` names an unknown item.
    """
    needed = set(required) | ({"advisories"} if advisories else set())
    if unknown := needed - set(ITEMS):
        raise ValueError(f"no such safety item: {', '.join(sorted(unknown))}")
    folder = Path(model_dir)
    try:
        files = walk(folder)
        digest = digest_of(folder)
    except TreeRefused as refused:
        return _refused(refused.message, needed)
    contents = read_contents(folder)
    declared = read_environment(folder, contents)
    comparison = best([compare(declared, contents, one) for one in environments or [own_environment()]])
    known, affected, advised = check_advisories(declared, advisories)
    rerun = check_replay(folder, comparison, replay, needed="replay" in needed, why_not=unreplayed)
    items = (
        SafetyItem("tree", "pass", Message("safety.tree.pass", {"files": len(files), "digest": digest[:19]})),
        check_signature(contents),
        check_environment(declared),
        advised,
        check_interpreter(comparison),
        *rerun.items,
    )
    items = tuple(replace(item, required=item.key in needed) for item in items)
    return SafetyAudit(
        *_verdict(items),
        items,
        digest=digest,
        files=files,
        contents=contents,
        scanned=scan_files(folder, [file.path for file in files if file.kind in SCANNED]),
        declared=declared,
        comparison=comparison,
        advisories=known,
        affected=affected,
        replay=rerun.replay,
        detail=rerun.detail,
    )


def _verdict(items: tuple[SafetyItem, ...]) -> tuple[str, Message]:
    def among(outcome: str) -> list[SafetyItem]:
        return [item for item in items if item.required and item.outcome == outcome]

    if failed := among("fail"):
        if len(failed) == 1:
            return "fail", Message("safety.fail.one", {"item": failed[0].title, "found": failed[0].found})
        return "fail", Message("safety.fail", {"items": [item.title for item in failed]})
    if unknown := among("not_evaluated"):
        if unknown[0].found and all(item.found == unknown[0].found for item in unknown):
            names = [item.title for item in unknown]
            return "not_evaluated", Message("safety.not_evaluated.one", {"items": names, "found": unknown[0].found})
        return "not_evaluated", Message("safety.not_evaluated", {"items": [item.title for item in unknown]})
    return "pass", Message("safety.pass", {"items": [item.title for item in among("pass")]})


def _refused(message: Message, needed: set[str]) -> SafetyAudit:
    """The tree cannot be trusted: it fails, and nothing else is looked at."""
    unread = Message("safety.unread")
    items = (
        SafetyItem("tree", "fail", message, Message("safety.fix.tree"), "tree" in needed),
        *(SafetyItem(key, "not_evaluated", unread, None, key in needed) for key in ITEMS if key != "tree"),
    )
    return SafetyAudit("fail", Message("safety.fail.one", {"item": items[0].title, "found": message}), items)
