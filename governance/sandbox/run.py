"""Run one task on a model behind the walls, and read its answer."""

from __future__ import annotations

import json
import os
import shutil
import stat
import sys
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from governance.sandbox import cgroups, unsandboxed, wire
from governance.sandbox import texts as _texts  # noqa: F401 - registers the sentences
from governance.sandbox.backends import Sandbox
from governance.sandbox.failures import SandboxFailure, phase_name
from governance.sandbox.host import interpreter_folders, package_folders
from governance.sandbox.limits import MEBIBYTE, Limits, configured
from governance.sandbox.supervise import Ended, supervise
from portal.message import Message

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

INSIDE = Path(__file__).parent / "inside"
CODE, START, MODEL, INPUT = "/sekisho/inside", "/sekisho/inside-start", "/sekisho/model", "/sekisho/input"
ERROR_CHARACTERS = 300
SIGNALLED = 128
SIGXCPU = 24


@dataclass(frozen=True)
class Outcome:
    """An answer that could be read. Nothing in it is to be believed before it is checked.

    Attributes
    ----------
    payload : dict
    arrays : dict of str to ndarray of float64
    detail : str
        The end of what the process wrote to standard error.
    backend : str
    seconds : float
    blocks : tuple of memoryview
    """

    payload: dict[str, Any]
    arrays: dict[str, np.ndarray]
    detail: str
    backend: str
    seconds: float
    blocks: tuple[memoryview, ...] = ()


def run(
    task: dict[str, Any],
    *,
    model_dir: str | Path | None = None,
    features: pa.Table | None = None,
    limits: Limits | None = None,
    sandbox: Sandbox | None = None,
    code: str | Path = INSIDE,
    program: str = "child.py",
    interpreter: str | None = None,
    binds: Mapping[str, str | Path] = MappingProxyType({}),
) -> Outcome:
    """Run a task in a sandboxed process.

    Parameters
    ----------
    task : dict
        JSON for the program inside.
    model_dir : path, optional
        Folder of the model; bound read-only.
    features : pyarrow.Table, optional
        Columns that the model takes, and none that it does not.
    limits : Limits, optional
        By default those that were configured.
    sandbox : Sandbox, optional
        By default the one that works on this host.
    code : path, optional
        Folder of the program inside; bound read-only.
    program : str, optional
        Its file name.
    binds : mapping, optional
        More places inside → paths outside, bound read-only.
    interpreter : str, optional
        Path of another Python that the program is run with, by its own packages; by default ours.

    Raises
    ------
    SandboxFailure
        If no sandbox works here, or the model gave no answer that can be read.
    """
    from governance.sandbox.probe import find_sandbox

    limits = limits or configured()
    sandbox = sandbox or find_sandbox()
    if sandbox is None:
        raise SandboxFailure(Message("sandbox.none"))
    with tempfile.TemporaryDirectory(prefix="sekisho-") as folder:
        root, given = Path(folder, "root"), Path(folder, "input")
        root.mkdir()
        bound = {path: path for path in (interpreter_folders(interpreter) if interpreter else ())}
        places = {CODE: Path(code), START: INSIDE, **{place: Path(path) for place, path in binds.items()}}
        if model_dir is not None:
            places[MODEL] = Path(model_dir)
        for i, (place, path) in enumerate(places.items()):
            bound[place] = str(_readable(path.resolve(), Path(folder, f"copy{i}")))
        bound[INPUT] = str(given)
        # Without walls nothing is bound: the program is given the places outside.
        seen = (lambda place: place) if sandbox.isolated else (lambda place: _outside(place, bound))
        task = task | {"model": MODEL, "packages": () if interpreter else package_folders()}
        _write_input(given, task, features, seen)
        argv = [interpreter or sys.executable, "-I", "-B", "-X", "faulthandler"]
        argv += [seen(f"{START}/start.py"), seen(f"{CODE}/{program}"), seen(f"{INPUT}/task.json")]
        command = sandbox.command(argv, binds=bound, root=str(root), limits=limits)
        if not sandbox.isolated:
            unsandboxed.note(program)
        try:
            with cgroups.group(sandbox.cgroup, limits) as group:
                ended = supervise(command, limits=limits, group=group)
        except OSError as error:
            raise SandboxFailure(Message("sandbox.start_failed", {"error": str(error)})) from error
    return _outcome(ended, sandbox, limits)


def _outside(value: Any, bound: Mapping[str, str]) -> Any:
    """Where a place inside lies outside; anything else as it is."""
    for place, path in bound.items():
        if isinstance(value, str) and (value == place or value.startswith(place + "/")):
            return path + value[len(place) :]
    return value


def _write_input(folder: Path, task: dict[str, Any], features: pa.Table | None, seen: Callable[[Any], Any]) -> None:
    folder.mkdir()
    if features is not None:
        import pyarrow.parquet as pq

        task["features"] = f"{INPUT}/features.parquet"
        pq.write_table(features, folder / "features.parquet")
        (folder / "features.parquet").chmod(0o444)
    task = {name: seen(value) for name, value in task.items()}
    (folder / "task.json").write_text(json.dumps(task), "utf-8")
    (folder / "task.json").chmod(0o444)
    folder.chmod(0o555)


def _readable(source: Path, copy: Path) -> Path:
    """A folder or file, or a copy if the sandbox's user could not read it as it lies."""
    if os.getuid() != 0 or _open_to_all(source):
        return source
    if source.is_file():
        shutil.copyfile(source, copy)
        copy.chmod(0o444)
        return copy
    shutil.copytree(source, copy, symlinks=True)
    for folder, _, files in os.walk(copy):
        os.chmod(folder, 0o755)
        for name in files:
            if not os.path.islink(os.path.join(folder, name)):
                os.chmod(os.path.join(folder, name), 0o644)
    return copy


def _open_to_all(source: Path) -> bool:
    if source.is_file():
        return bool(source.stat().st_mode & stat.S_IROTH)
    for folder, folders, files in os.walk(source):
        needed = [(folder, stat.S_IROTH | stat.S_IXOTH)]
        needed += [(os.path.join(folder, name), stat.S_IROTH) for name in (*folders, *files)]
        for path, bits in needed:
            mode = os.lstat(path).st_mode
            if not stat.S_ISLNK(mode) and mode & bits != bits:
                return False
    return True


def _outcome(ended: Ended, sandbox: Sandbox, limits: Limits) -> Outcome:
    detail = ended.errors.decode("utf-8", "replace")
    try:
        answer = wire.read(ended.output)
    except wire.BadAnswer as error:
        if ended.stopped is None:
            raise SandboxFailure(Message("sandbox.bad_answer"), detail) from error
        answer = wire.Answer("start")
    if ended.stopped is not None or answer.payload is None:
        raise SandboxFailure(_why(ended, answer.phase, limits), detail)
    if "error" in answer.payload:
        raise SandboxFailure(_said(answer.payload["error"], answer.phase, limits), detail)
    return Outcome(answer.payload, answer.arrays, detail, sandbox.backend, ended.seconds, answer.blocks)


def _why(ended: Ended, phase: str, limits: Limits) -> Message:
    """Why a process without an answer ended."""
    during = {"phase": phase_name(phase)}
    code = ended.code if ended.code < 0 else SIGNALLED - ended.code
    if ended.stopped == "time":
        return Message("sandbox.timed_out", during | {"seconds": limits.wall_seconds})
    if ended.stopped == "memory":
        return Message("sandbox.out_of_memory", during | {"mebibytes": limits.memory // MEBIBYTE})
    if ended.stopped == "output":
        mebibytes = limits.output_bytes // MEBIBYTE
        return Message("sandbox.output_too_large", during | {"mebibytes": mebibytes})
    if code == -SIGXCPU:
        return Message("sandbox.timed_out", during | {"seconds": limits.cpu_seconds})
    if code < 0:
        return Message("sandbox.killed", during | {"signal": -code})
    return Message("sandbox.exited", during | {"code": ended.code})


def _said(error: Any, phase: str, limits: Limits) -> Message:
    """The process's own account of its failure; its words are untrusted text."""
    error = error if isinstance(error, dict) else {}
    kind, text = str(error.get("kind", "")), str(error.get("text", ""))
    columns = error.get("columns")
    if kind == "missing_columns" and isinstance(columns, list):
        return Message("sandbox.missing_columns", {"columns": [str(c)[:100] for c in columns[:20]]})
    if kind == "MemoryError":
        mebibytes = limits.memory // MEBIBYTE
        return Message("sandbox.out_of_memory", {"phase": phase_name(phase), "mebibytes": mebibytes})
    code = phase if phase in ("load", "predict", "explain") else "load"
    shown = " ".join(f"{kind}: {text}".split())[:ERROR_CHARACTERS].rstrip(" .:")
    return Message(f"sandbox.{code}_failed", {"error": shown})
