"""The environment that a model asks for, and how far an interpreter is from it."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from governance.engine.safety.contents import FLAVOUR_PACKAGES, Contents, read_text, read_yaml

if TYPE_CHECKING:
    from packaging.requirements import Requirement

MOST_REQUIREMENTS = 2_000
# What the program inside the sandbox itself needs to read a table and an MLmodel file.
NEEDED_INSIDE = ("pandas", "pyarrow", "pyyaml")
# Where only the first number of the version decides whether a file can be read.
BY_MAJOR = frozenset({"mlflow", "cloudpickle"})
_HASHED_URL = re.compile(r"(#sha256=|@)[0-9a-f]{40,64}\b")


@dataclass(frozen=True)
class Environment:
    """A Python and its packages.

    Attributes
    ----------
    name : str
        As it is registered; empty for the interpreter that this process runs in.
    python : str
        Full version.
    packages : dict
        Normalised name → version.
    executable : str or None
        None for our own.
    """

    name: str
    python: str
    packages: Mapping[str, str]
    executable: str | None = None

    @property
    def stated(self) -> str:
        """Which one it is, in a line that differs as soon as its Python or one of its packages does."""
        listed = "\n".join(f"{name}=={version}" for name, version in sorted(self.packages.items()))
        digest = hashlib.sha256(listed.encode()).hexdigest()
        return f"{self.name} · Python {self.python} · sha256:{digest}".removeprefix(" · ")


@dataclass(frozen=True)
class Wanted:
    """One requirement as the model states it.

    Attributes
    ----------
    name : str
        Normalised; the line itself if it cannot be read.
    line : str
    version : str or None
        The one version that it allows.
    requirement : Requirement or None
    pinned : bool
    """

    name: str
    line: str
    version: str | None = None
    requirement: Requirement | None = None
    pinned: bool = False


@dataclass(frozen=True)
class Declared:
    """The environment that a model declares.

    Attributes
    ----------
    source : str
        File of the requirements; empty if none states any.
    python : str
        Version; empty if no file states it.
    wanted : tuple of Wanted
    """

    source: str
    python: str
    wanted: tuple[Wanted, ...]

    @property
    def loose(self) -> tuple[str, ...]:
        """The requirements that allow more than one version."""
        return tuple(one.line for one in self.wanted if not one.pinned)


@dataclass(frozen=True)
class Compared:
    """A requirement beside an interpreter.

    Attributes
    ----------
    name, wanted : str
    here : str or None
        None if the package is not installed.
    state : {"same", "allowed", "differs", "absent"}
    loads : bool
        Whether the package reads the model's files.
    matters : bool
        Whether the difference may change what the model answers, or keep it from loading.
    """

    name: str
    wanted: str
    here: str | None
    state: str
    loads: bool
    matters: bool


@dataclass(frozen=True)
class Comparison:
    """An interpreter beside what a model asks for.

    Attributes
    ----------
    environment : Environment
    python : Compared
    packages : tuple of Compared
        Those that matter first.
    """

    environment: Environment
    python: Compared
    packages: tuple[Compared, ...] = field(default=())

    @property
    def mismatches(self) -> tuple[Compared, ...]:
        """What matters, Python first."""
        return tuple(one for one in (self.python, *self.packages) if one.matters)

    @property
    def distance(self) -> tuple[int, int]:
        """How many differences matter, and how many there are; the smallest fits best."""
        differing = sum(one.state in ("differs", "absent") for one in (self.python, *self.packages))
        return len(self.mismatches), differing


def own_environment() -> Environment:
    """The interpreter of this process, which the sandbox runs models with unless another is registered."""
    import platform
    from importlib.metadata import distributions

    packages = {d.metadata["Name"]: d.version for d in distributions() if d.metadata["Name"]}
    return Environment("", platform.python_version(), normalised(packages))


def normalised(packages: Mapping[str, str]) -> dict[str, str]:
    """Package names as the index writes them."""
    from packaging.utils import canonicalize_name

    return {canonicalize_name(name): version for name, version in packages.items()}


def read_environment(folder: Path, contents: Contents) -> Declared:
    """What the files of a model say of its environment: requirements.txt before conda.yaml, as MLflow does."""
    conda = _conda(read_yaml(folder, "conda.yaml"))
    text = read_text(folder, "requirements.txt")
    source, lines = ("requirements.txt", list(_lines(text))) if text is not None else ("", [])
    if not lines and conda["pip"]:
        source, lines = "conda.yaml", conda["pip"]
    stated = read_yaml(folder, "python_env.yaml").get("python")
    python = stated if isinstance(stated, str) else conda["python"] or contents.python
    return Declared(source, python, tuple(_wanted(line) for line in lines[:MOST_REQUIREMENTS]))


def compare(declared: Declared, contents: Contents, environment: Environment) -> Comparison:
    """Hold an interpreter against what a model asks for.

    A difference matters in Python's minor version, and in the major or minor version of a package that reads
    the model's files: that of its flavour, numpy, and what it was serialised with (of mlflow and cloudpickle
    only the major version).
    """
    loaders = _loaders(contents)
    rows = [row for one in declared.wanted if (row := _compared(one, environment, loaders))]
    listed = {row.name for row in rows}
    for name, version in contents.versions.items():
        if name not in listed:
            rows.append(_beside(name, version, environment.packages.get(name), name in loaders))
    rows.sort(key=lambda row: (not row.matters, not row.loads, row.state in ("same", "allowed"), row.name))
    return Comparison(environment, _python(declared.python, environment.python), tuple(rows))


def best(comparisons: Sequence[Comparison]) -> Comparison:
    """The interpreter that fits best; among equals the first. Those that could not read a table come last."""

    def order(comparison: Comparison) -> tuple[bool, tuple[int, int]]:
        lacks = any(name not in comparison.environment.packages for name in NEEDED_INSIDE)
        return lacks, comparison.distance

    return min(comparisons, key=order)


def _lines(text: str) -> Iterable[str]:
    for line in text.replace("\\\n", " ").splitlines():
        line = re.sub(r"(^|\s)#.*$", "", line).strip()
        if line and not re.match(r"--(hash|index-url|extra-index-url|find-links|trusted-host)\b", line):
            yield re.sub(r"\s--hash[= ]\S+", "", line)[:500]


def _conda(document: Mapping[str, Any]) -> dict[str, Any]:
    python, pip = "", []
    entries = document.get("dependencies")
    for entry in entries if isinstance(entries, list) else []:
        if isinstance(entry, str) and (match := re.fullmatch(r"python\s*={1,2}\s*([\d.]+)", entry)):
            python = match[1]
        elif isinstance(entry, dict) and isinstance(entry.get("pip"), list):
            pip = [line[:500] for line in entry["pip"] if isinstance(line, str)]
    return {"python": python, "pip": pip}


def _wanted(line: str) -> Wanted:
    from packaging.requirements import InvalidRequirement, Requirement
    from packaging.utils import canonicalize_name

    try:
        requirement = Requirement(line)
    except (InvalidRequirement, RecursionError):
        return Wanted(line, line)
    name = canonicalize_name(requirement.name)
    if requirement.url:
        return Wanted(name, line, None, requirement, bool(_HASHED_URL.search(requirement.url)))
    exact = [s.version for s in requirement.specifier if s.operator in ("==", "===") and not s.version.endswith("*")]
    version = exact[0] if len(exact) == 1 and len(requirement.specifier) == 1 else None
    return Wanted(name, line, version, requirement, version is not None)


def _loaders(contents: Contents) -> frozenset[str]:
    """The packages that read the model's files."""
    found = {FLAVOUR_PACKAGES[name][0] for name in contents.flavors if name in FLAVOUR_PACKAGES} | {"numpy"}
    generic = set(contents.flavors) == {"python_function"}
    if contents.form == "cloudpickle" or (generic and contents.loader.startswith("mlflow.pyfunc")):
        found.add("cloudpickle")
    if contents.form == "skops":
        found.add("skops")
    return frozenset(found | ({"mlflow"} if "sklearn" not in contents.flavors else set()))


def _compared(wanted: Wanted, environment: Environment, loaders: frozenset[str]) -> Compared | None:
    """A row of the table; None if its marker says that it is for another Python or platform."""
    requirement = wanted.requirement
    if requirement is None:
        return Compared(wanted.name, wanted.line, None, "absent", False, False)
    if requirement.marker and not _applies(requirement, environment.python):
        return None
    here = environment.packages.get(wanted.name)
    if wanted.version:
        return _beside(wanted.name, wanted.version, here, wanted.name in loaders)
    asked = str(requirement.specifier) or (requirement.url or "")
    if here is None:
        return Compared(wanted.name, asked, None, "absent", wanted.name in loaders, wanted.name in loaders)
    allowed = not requirement.url and requirement.specifier.contains(here, prereleases=True)
    matters = not allowed and not requirement.url and wanted.name in loaders
    return Compared(wanted.name, asked, here, "allowed" if allowed else "differs", wanted.name in loaders, matters)


def _applies(requirement: Requirement, python: str) -> bool:
    from packaging.markers import UndefinedComparison, UndefinedEnvironmentName

    minor = ".".join(python.split(".")[:2])
    try:
        return requirement.marker.evaluate({"python_version": minor, "python_full_version": python})
    except (UndefinedComparison, UndefinedEnvironmentName):
        return True


def _beside(name: str, version: str, here: str | None, loads: bool) -> Compared:
    if here is None:
        return Compared(name, version, None, "absent", loads, loads)
    if _same(version, here):
        return Compared(name, version, here, "same", loads, False)
    parts = 1 if name in BY_MAJOR else 2
    return Compared(name, version, here, "differs", loads, loads and _release(version, parts) != _release(here, parts))


def _python(wanted: str, here: str) -> Compared:
    if not wanted:
        return Compared("python", "", here, "allowed", True, False)
    if wanted == here:
        return Compared("python", wanted, here, "same", True, False)
    return Compared("python", wanted, here, "differs", True, _release(wanted, 2) != _release(here, 2))


def _same(one: str, other: str) -> bool:
    from packaging.version import InvalidVersion, Version

    try:
        return Version(one).public == Version(other).public
    except InvalidVersion:
        return one == other


def _release(version: str, parts: int) -> tuple[int, ...]:
    """The first numbers of a version; a local part or a suffix does not count."""
    numbers = re.match(r"\d+(\.\d+)*", version)
    found = [int(n) for n in numbers[0].split(".")] if numbers else []
    return tuple((found + [0] * parts)[:parts])
