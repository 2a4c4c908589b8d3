"""Known vulnerabilities of the packages that a model asks for, by advisories in the OSV format.

The advisories are a file or a folder that an administrator put there: nothing is fetched. Only the PyPI
ecosystem is read, and withdrawn advisories are left out.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from governance.engine.safety.environment import Wanted
from portal.message import Message

if TYPE_CHECKING:
    from packaging.version import Version

FILE_BYTES = 64 * 2**20
TOTAL_BYTES = 512 * 2**20
MOST_FILES = 100_000
ECOSYSTEM = "PyPI"
_TEXT = 300


class AdvisoryError(ValueError):
    """The advisories cannot be read; `message` says which and why."""

    def __init__(self, path: Path, reason: str) -> None:
        self.message = Message("safety.advisories.unreadable", {"file": path.name, "reason": Message(reason)})
        super().__init__(str(self.message))


@dataclass(frozen=True)
class Advisory:
    """One advisory on one package.

    Attributes
    ----------
    id : str
    aliases : tuple of str
        Other names of it, such as a CVE.
    package : str
        Normalised.
    summary : str
    versions : frozenset of str
        Versions that are named as affected.
    ranges : tuple of tuple of (str, str)
        Events (``introduced``, ``fixed``, ``last_affected``, ``limit``; version) of each range.
    """

    id: str
    aliases: tuple[str, ...]
    package: str
    summary: str
    versions: frozenset[str]
    ranges: tuple[tuple[tuple[str, str], ...], ...]

    @property
    def fixed(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(v for events in self.ranges for event, v in events if event == "fixed"))

    def affects(self, version: str) -> bool:
        """Whether a version is affected; one that is no version at all only if it is named."""
        from packaging.version import InvalidVersion, Version

        if version in self.versions:
            return True
        try:
            asked = Version(version)
        except InvalidVersion:
            return False
        return any(_within(asked, events) for events in self.ranges)


@dataclass(frozen=True)
class Advisories:
    """What was read: the advisories by package, how many, and the digest of their files."""

    by_package: Mapping[str, tuple[Advisory, ...]]
    count: int
    digest: str


def read_advisories(place: Path) -> Advisories:
    """Read a JSON file or all ``*.json`` files of a folder: one advisory, a list, or ``{"vulns": [...]}``.

    Raises
    ------
    AdvisoryError
        If anything is not as the format has it: an advisory that is left out unsaid would look like safety.
    """
    by_package: dict[str, list[Advisory]] = {}
    total, count = hashlib.sha256(), 0
    for path, text in _texts(place):
        total.update(hashlib.sha256(text).hexdigest().encode("ascii") + b"\n")
        try:
            document = json.loads(text)
        except (ValueError, RecursionError):
            raise AdvisoryError(path, "safety.advisories.json") from None
        for entry in _entries(document, path):
            count += 1
            for advisory in _advisories(entry, path):
                by_package.setdefault(advisory.package, []).append(advisory)
    if not count:
        raise AdvisoryError(place, "safety.advisories.empty")
    found = {package: tuple(listed) for package, listed in by_package.items()}
    return Advisories(found, count, f"sha256:{total.hexdigest()}")


def find_affected(
    wanted: Iterable[Wanted], advisories: Advisories
) -> tuple[list[tuple[Wanted, Advisory]], list[Wanted]]:
    """Requirements with an advisory on their version, and those of unknown version that have advisories."""
    found, unchecked = [], []
    for one in wanted:
        listed = advisories.by_package.get(one.name, ())
        if one.version is None and listed:
            unchecked.append(one)
        elif one.version is not None:
            found += [(one, advisory) for advisory in listed if advisory.affects(one.version)]
    return found, unchecked


def _texts(place: Path) -> Iterator[tuple[Path, bytes]]:
    try:
        paths = sorted(place.glob("*.json")) if place.is_dir() else [place]
        if len(paths) > MOST_FILES:
            raise AdvisoryError(place, "safety.advisories.large")
        total = 0
        for path in paths:
            size = path.stat().st_size
            total += size
            if size > FILE_BYTES or total > TOTAL_BYTES:
                raise AdvisoryError(path, "safety.advisories.large")
            yield path, path.read_bytes()
    except OSError:
        raise AdvisoryError(place, "safety.advisories.missing") from None


def _entries(document: Any, path: Path) -> list[Mapping[str, Any]]:
    if isinstance(document, dict):
        document = document.get("vulns", [document])
    if not isinstance(document, list) or not all(isinstance(entry, dict) for entry in document):
        raise AdvisoryError(path, "safety.advisories.shape")
    return document


def _advisories(entry: Mapping[str, Any], path: Path) -> Iterator[Advisory]:
    from packaging.utils import canonicalize_name

    affected = entry.get("affected", [])
    if not isinstance(entry.get("id"), str) or not isinstance(affected, list):
        raise AdvisoryError(path, "safety.advisories.shape")
    if entry.get("withdrawn"):
        return
    for one in affected:
        package = one.get("package") if isinstance(one, dict) else None
        if not isinstance(package, dict) or not isinstance(package.get("name"), str):
            raise AdvisoryError(path, "safety.advisories.shape")
        if package.get("ecosystem") != ECOSYSTEM:
            continue
        yield Advisory(
            entry["id"][:100],
            tuple(_strings(entry.get("aliases", []), path))[:10],
            canonicalize_name(package["name"]),
            str(entry.get("summary") or entry.get("details") or "")[:_TEXT],
            frozenset(_strings(one.get("versions", []), path)),
            tuple(_ranges(one.get("ranges", []), path)),
        )


def _strings(value: Any, path: Path) -> list[str]:
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise AdvisoryError(path, "safety.advisories.shape")
    return value


def _ranges(value: Any, path: Path) -> Iterator[tuple[tuple[str, str], ...]]:
    from packaging.version import InvalidVersion, Version

    if not isinstance(value, list):
        raise AdvisoryError(path, "safety.advisories.shape")
    for one in value:
        events = one.get("events") if isinstance(one, dict) else None
        if not isinstance(events, list) or not all(isinstance(event, dict) for event in events):
            raise AdvisoryError(path, "safety.advisories.shape")
        if one.get("type") == "GIT":
            continue
        pairs = [(kind, version) for event in events for kind, version in event.items()]
        try:
            for _, version in pairs:
                _ = version in ("0", "*") or Version(version)
        except (InvalidVersion, TypeError):
            raise AdvisoryError(path, "safety.advisories.version") from None
        yield tuple(pairs)


def _within(asked: Version, events: Iterable[tuple[str, str]]) -> bool:
    """The algorithm of the OSV schema: the last event at or below the version decides."""
    from packaging.version import Version

    lowest = Version("0.dev0")
    ordered = sorted(
        ((lowest if version in ("0", "*") else Version(version), kind) for kind, version in events),
        key=lambda event: (event[0], event[1] != "introduced"),
    )
    affected = False
    for version, kind in ordered:
        if kind == "introduced" and asked >= version:
            affected = True
        elif (kind == "fixed" and asked >= version) or (kind == "last_affected" and asked > version):
            affected = False
    return affected
