"""What the safety audit asks of a model, one check an item; each answer is an outcome and a sentence."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from governance.engine.safety.advisories import Advisories, AdvisoryError, find_affected, read_advisories
from governance.engine.safety.contents import Contents
from governance.engine.safety.environment import Compared, Comparison, Declared
from governance.engine.safety.replay import Replay, ReplayRequest, differing_rows, replay
from governance.sandbox import SandboxFailure
from portal.message import Message

ITEMS = ("tree", "signature", "environment", "advisories", "interpreter", "replay", "repeatable")
REQUIRED = ("tree", "signature", "environment", "replay", "repeatable")
NEEDS_MODEL = ("replay", "repeatable")
_NAMED = 5
_CODE = {
    "signature": "mlflow.sklearn.log_model(model, signature=infer_signature(X, model.predict(X)))",
    "environment": 'mlflow.sklearn.log_model(model, pip_requirements=["scikit-learn==1.6.1", …])',
}


@dataclass(frozen=True)
class SafetyItem:
    """One thing that was looked at.

    Parameters
    ----------
    key : str
        One of `ITEMS`.
    outcome : {"pass", "fail", "not_evaluated", "not_applicable"}
    found : Message or None
        What was found, in a sentence.
    remedy : Message or None
    required : bool
        Whether the verdict rests on it.
    """

    key: str
    outcome: str
    found: Message | None = None
    remedy: Message | None = None
    required: bool = False

    @property
    def title(self) -> Message:
        return Message(f"safety.item.{self.key}")

    def to_json(self) -> dict[str, Any]:
        return {
            "key": self.key,
            "title": self.title.to_json(),
            "required": self.required,
            "outcome": self.outcome,
            "found": self.found and self.found.to_json(),
            "remedy": self.remedy and self.remedy.to_json(),
            "code": _CODE.get(self.key, "") if self.outcome == "fail" else "",
        }


def check_signature(contents: Contents) -> SafetyItem:
    """Does the model say what it takes?"""
    if not contents.signature:
        return SafetyItem("signature", "fail", Message("safety.signature.none"), Message("safety.fix.signature"))
    if contents.inputs is None:
        return SafetyItem("signature", "pass", Message("safety.signature.tensor"))
    return SafetyItem("signature", "pass", Message("safety.signature.pass", {"columns": len(contents.inputs)}))


def check_environment(declared: Declared) -> SafetyItem:
    """Is every requirement one exact version, and the Python stated?"""
    remedy = Message("safety.fix.environment")
    if not declared.wanted:
        return SafetyItem("environment", "fail", Message("safety.environment.none"), remedy)
    if declared.loose:
        named = Message("safety.environment.loose", {"packages": [line[:80] for line in declared.loose[:_NAMED]]})
        return SafetyItem("environment", "fail", named, remedy)
    if not declared.python:
        return SafetyItem("environment", "fail", Message("safety.environment.python"), remedy)
    params = {"packages": len(declared.wanted), "python": declared.python, "file": declared.source}
    return SafetyItem("environment", "pass", Message("safety.environment.pass", params))


def check_advisories(
    declared: Declared, place: str | Path | None
) -> tuple[Advisories | None, tuple[dict[str, Any], ...], SafetyItem]:
    """Is a requirement known to be vulnerable? What was read, what was found, and the item."""
    if not place:
        none = Message("safety.advisories.none")
        return None, (), SafetyItem("advisories", "not_evaluated", none, Message("safety.fix.advisories.none"))
    try:
        known = read_advisories(Path(place))
    except AdvisoryError as error:
        remedy = Message("safety.fix.advisories.file")
        return None, (), SafetyItem("advisories", "not_evaluated", error.message, remedy)
    found, unchecked = find_affected(declared.wanted, known)
    affected = tuple(
        {
            "package": wanted.name,
            "version": wanted.version,
            "id": advisory.id,
            "aliases": list(advisory.aliases),
            "summary": advisory.summary,
            "fixed": list(advisory.fixed),
        }
        for wanted, advisory in found
    )
    if affected:
        named = [f"{one['package']} {one['version']} ({one['id']})" for one in affected[:_NAMED]]
        message = Message("safety.advisories.fail", {"packages": named})
        return known, affected, SafetyItem("advisories", "fail", message, Message("safety.fix.advisories"))
    if unchecked or not declared.wanted:
        names = [one.name for one in unchecked[:_NAMED]]
        code = "safety.advisories.loose" if names else "safety.environment.none"
        message = Message(code, {"packages": names} if names else {})
        return known, affected, SafetyItem("advisories", "not_evaluated", message, Message("safety.fix.environment"))
    message = Message("safety.advisories.pass", {"advisories": known.count})
    return known, affected, SafetyItem("advisories", "pass", message)


def check_interpreter(comparison: Comparison) -> SafetyItem:
    """Does an interpreter have what loads the model?"""
    if mismatch := mismatch_of(comparison):
        return SafetyItem("interpreter", "not_evaluated", mismatch, Message("safety.fix.interpreter"))
    name = comparison.environment.name or Message("safety.interpreter.own")
    params = {"name": name, "python": comparison.environment.python}
    return SafetyItem("interpreter", "pass", Message("safety.interpreter.pass", params))


def mismatch_of(comparison: Comparison) -> Message | None:
    """Why a model may not be run with an interpreter, in one sentence; None if it may."""
    if not comparison.mismatches:
        return None
    named = [_difference(one) for one in comparison.mismatches[:_NAMED]]
    return Message("safety.interpreter.differs", {"packages": named})


def _difference(row: Compared) -> Message:
    params = {"name": row.name, "wanted": row.wanted, "here": row.here or Message("safety.absent")}
    return Message("safety.difference", params)


@dataclass(frozen=True)
class Rerun:
    """The replay, if there was one, and the two items that rest on it."""

    items: tuple[SafetyItem, SafetyItem]
    replay: Replay | None = None
    detail: str = ""


def check_replay(
    folder: Path, comparison: Comparison, request: ReplayRequest | None, *, needed: bool, why_not: Message | None
) -> Rerun:
    """Run the model again where data are given and an interpreter fits."""

    def both(outcome: str, message: Message, remedy: Message | None) -> tuple[SafetyItem, SafetyItem]:
        replayed, repeated = (SafetyItem(key, outcome, message, remedy) for key in ("replay", "repeatable"))
        return replayed, repeated

    if request is None:
        message = why_not or Message("safety.replay.no_data")
        if needed:
            return Rerun(both("not_evaluated", message, Message("safety.fix.replay.data")))
        return Rerun(both("not_applicable", message, None))
    if mismatch := mismatch_of(comparison):
        return Rerun(both("not_evaluated", mismatch, Message("safety.fix.interpreter")))
    try:
        done = replay(folder, request, comparison.environment.executable)
    except SandboxFailure as failure:
        return Rerun(both("not_evaluated", failure.message, None), None, failure.detail)
    return Rerun((_compared(done), _repeated(done)), done)


def _compared(done: Replay) -> SafetyItem:
    rows = {"rows": done.compared, "of": done.of, "seed": done.seed, "tolerance": done.tolerance}
    if done.kind == "none":
        return SafetyItem("replay", "not_applicable", Message("safety.replay.none_supplied"))
    if not done.compared:
        return SafetyItem("replay", "not_evaluated", Message("safety.replay.empty"), Message("safety.fix.replay.data"))
    if done.equal == done.compared < done.rows:  # who leaves out the rows that differ shall not pass
        params = {"lacking": done.rows - done.compared, "rows": done.rows, "compared": done.compared}
        said = Message("safety.replay.partly", params)
        return SafetyItem("replay", "not_evaluated", said, Message("safety.fix.replay.supply"))
    if done.equal == done.compared:
        code = "safety.replay.all" if done.rows == done.of else "safety.replay.sample"
        return SafetyItem("replay", "pass", Message(code, rows))
    params = rows | {"differing": done.compared - done.equal, "first": differing_rows(done.differing)}
    return SafetyItem("replay", "fail", Message("safety.replay.fail", params), Message("safety.fix.replay"))


def _repeated(done: Replay) -> SafetyItem:
    if not done.rows:
        return SafetyItem("repeatable", "not_evaluated", Message("safety.replay.empty"), None)
    if done.repeated == done.rows:
        return SafetyItem("repeatable", "pass", Message("safety.repeatable.pass", {"rows": done.rows}))
    params = {"differing": done.rows - done.repeated, "rows": done.rows, "first": differing_rows(done.unstable)}
    return SafetyItem("repeatable", "fail", Message("safety.repeatable.fail", params), Message("safety.fix.repeatable"))
