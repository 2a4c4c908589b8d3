"""What lies in a model's folder and what its MLmodel declares, read as text and sizes; nothing of it runs."""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from governance.registry import RegistryError
from governance.registry.artifacts import untrusted_yaml
from governance.sandbox import SandboxFailure, read_model_file, tree_digest
from portal.message import Message

MOST_FILES = 10_000
MOST_BYTES = 20 * 2**30
TEXT_BYTES = 2**20
MOST_NAMED = 200

KINDS = {
    **dict.fromkeys((".pkl", ".pickle", ".p", ".cloudpickle", ".dill"), "pickle"),
    ".joblib": "joblib",
    ".skops": "skops",
    **dict.fromkeys((".pt", ".pth", ".ckpt", ".bin"), "torch"),
    **dict.fromkeys((".npy", ".npz"), "numpy"),
    **dict.fromkeys((".h5", ".hdf5", ".keras"), "keras"),
    **dict.fromkeys((".py", ".ipynb"), "code"),
    **dict.fromkeys((".so", ".pyd", ".dll", ".dylib"), "library"),
}
SCANNED = ("pickle", "joblib", "skops", "torch", "numpy", "archive")
# The package behind a flavour, and the key by which MLmodel states its version.
FLAVOUR_PACKAGES = {
    "sklearn": ("scikit-learn", "sklearn_version"),
    "xgboost": ("xgboost", "xgb_version"),
    "lightgbm": ("lightgbm", "lgb_version"),
    "catboost": ("catboost", "catboost_version"),
    "pytorch": ("torch", "pytorch_version"),
    "tensorflow": ("tensorflow", "tensorflow_version"),
    "keras": ("keras", "keras_version"),
    "onnx": ("onnx", "onnx_version"),
    "statsmodels": ("statsmodels", "statsmodels_version"),
    "spacy": ("spacy", "spacy_version"),
    "transformers": ("transformers", "transformers_version"),
    "sentence_transformers": ("sentence-transformers", "sentence_transformers_version"),
    "prophet": ("prophet", "prophet_version"),
    "pmdarima": ("pmdarima", "pmdarima_version"),
    "spark": ("pyspark", "pyspark_version"),
    "h2o": ("h2o", "h2o_version"),
    "paddle": ("paddlepaddle", "paddle_version"),
}


class TreeRefused(Exception):
    """The folder holds what may not be read on; `message` says what."""

    def __init__(self, message: Message) -> None:
        super().__init__(message.code)
        self.message = message


@dataclass(frozen=True)
class ModelPath:
    """One file: its path in the folder, what it is, and its size."""

    path: str
    kind: str
    bytes: int


@dataclass(frozen=True)
class Contents:
    """What the model's own files declare of it.

    Attributes
    ----------
    flavors : tuple of str
    loader : str
        The module that loads the generic Python flavour; empty if there is none.
    form : str
        How a scikit-learn model is stored; empty for others.
    code : str
        The file of a model that is logged as code; empty otherwise.
    code_folders : tuple of str
        Folders of Python code that are put on the path before the model is loaded.
    trusted : tuple of str
        Types that a skops model asks to be trusted with.
    python : str
        The Python that it was logged with.
    versions : dict
        Package → version, of the flavours and of what reads their files.
    inputs : tuple of str or None
        Columns of the signature; None without one.
    """

    flavors: tuple[str, ...]
    loader: str
    form: str
    code: str
    code_folders: tuple[str, ...]
    trusted: tuple[str, ...]
    python: str
    versions: dict[str, str]
    inputs: tuple[str, ...] | None
    signature: bool


def walk(folder: Path) -> tuple[ModelPath, ...]:
    """All files of a folder that can be trusted to be files, sorted by path.

    Raises
    ------
    TreeRefused
        For links, devices and the like, names that no model has, and more files or bytes than a model has.
    """
    root, found, pending, size = folder.resolve(strict=True), [], [folder.resolve(strict=True)], 0
    while pending:
        with os.scandir(pending.pop()) as listing:
            entries = sorted(listing, key=lambda entry: entry.name)
        for entry in entries:
            relative = Path(entry.path).relative_to(root).as_posix()
            if not relative.isprintable():
                raise TreeRefused(Message("safety.tree.name", {"path": _printable(relative)}))
            status = entry.stat(follow_symlinks=False)
            if stat.S_ISDIR(status.st_mode):
                pending.append(Path(entry.path))
                continue
            if entry.is_symlink():
                raise TreeRefused(Message("safety.tree.link", {"path": relative}))
            if not stat.S_ISREG(status.st_mode):
                raise TreeRefused(Message("safety.tree.kind", {"path": relative}))
            size += status.st_size
            found.append(ModelPath(relative, _kind(Path(entry.path)), status.st_size))
            if len(found) > MOST_FILES:
                raise TreeRefused(Message("safety.tree.many", {"limit": MOST_FILES}))
            if size > MOST_BYTES:
                raise TreeRefused(Message("safety.tree.large", {"limit": MOST_BYTES // 2**30}))
    return tuple(sorted(found, key=lambda file: file.path))


def digest_of(folder: Path) -> str:
    """The digest of the tree, once `walk` let it through; `TreeRefused` if it changed meanwhile."""
    try:
        return tree_digest(folder)
    except SandboxFailure as failure:
        raise TreeRefused(failure.message) from failure


def read_contents(folder: Path) -> Contents:
    """What ``MLmodel`` says.

    Raises
    ------
    SandboxFailure
        If there is none, or it cannot be read.
    """
    document = read_yaml(folder, "MLmodel")  # first: it refuses what would fill the memory
    if not document:
        raise SandboxFailure(Message("sandbox.not_a_model", {"path": folder.name}))
    declared = read_model_file(folder)
    flavors = {name: body for name, body in _mapping(document.get("flavors")).items() if isinstance(name, str)}
    generic, sklearn = _mapping(flavors.get("python_function")), _mapping(flavors.get("sklearn"))
    code = {_word(_mapping(body).get("code")) for body in flavors.values()} - {""}
    signature = _mapping(document.get("signature"))
    return Contents(
        flavors=tuple(sorted(flavors)),
        loader=_word(generic.get("loader_module")),
        form=_word(sklearn.get("serialization_format")) if sklearn else "",
        code=os.path.basename(_word(generic.get("model_code_path"))),
        code_folders=tuple(sorted(code)),
        trusted=_words(sklearn.get("skops_trusted_types")),
        python=_word(generic.get("python_version")),
        versions=_versions(flavors, document),
        inputs=declared.inputs,
        signature=bool(_word(signature.get("inputs"), 200).strip("[] ")),
    )


def read_yaml(folder: Path, name: str) -> dict[str, Any]:
    """A small YAML file of the folder; empty if it is not there or cannot be read."""
    try:
        return untrusted_yaml(read_text(folder, name) or "", name)
    except RegistryError:
        return {}


def read_text(folder: Path, name: str) -> str | None:
    """A small text file of the folder; None if it is not there, too large, or no text."""
    path = folder / name
    try:
        if path.is_symlink() or not path.is_file() or path.stat().st_size > TEXT_BYTES:
            return None
        return path.read_text("utf-8")
    except (OSError, UnicodeDecodeError):
        return None


def _versions(flavors: Mapping[str, Any], document: Mapping[str, Any]) -> dict[str, str]:
    found = {"mlflow": _word(document.get("mlflow_version"))}
    for name, body in flavors.items():
        package, key = FLAVOUR_PACKAGES.get(name, ("", ""))
        if package:
            found[package] = _word(_mapping(body).get(key))
        found.setdefault("cloudpickle", _word(_mapping(body).get("cloudpickle_version")))
    return {package: version for package, version in found.items() if version}


def _kind(path: Path) -> str:
    by_name = KINDS.get(path.suffix.lower(), "")
    if by_name:
        return by_name
    with path.open("rb") as file:
        head = file.read(4)
    if head[:1] == b"\x80" and head[1:2] in (b"\x02", b"\x03", b"\x04", b"\x05"):
        return "pickle"
    if head == b"PK\x03\x04":
        return "archive"
    return "library" if head == b"\x7fELF" else "data"


def _printable(text: str) -> str:
    return text.encode("ascii", "backslashreplace").decode("ascii")[:200]


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _word(value: Any, most: int = 200) -> str:
    """A scalar as text; lists of YAML can name each other until they fill the memory, so they are none."""
    return str(value)[:most] if isinstance(value, str | int | float) and not isinstance(value, bool) else ""


def _words(value: Any) -> tuple[str, ...]:
    return tuple(filter(None, map(_word, value[:MOST_NAMED]))) if isinstance(value, list) else ()
