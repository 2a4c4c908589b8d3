"""A version's safety as its page shows it: what is wrong first, what it would load, and what it asks for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy

GRAVEST_FIRST = ("fail", "not_evaluated", "pass", "not_applicable")
SHOWN_NAMES = 30
# The others are names of formats, the same in every language.
KINDS = {"code": gettext_lazy("code"), "library": gettext_lazy("compiled library"), "archive": gettext_lazy("archive")}


@dataclass(frozen=True)
class LoadedFile:
    """A file that is more than data, and what the scan lists of it.

    Attributes
    ----------
    path, kind : str
    bytes : int
    read : str
        ``whole``, ``part`` or ``no``; empty for a file that is not scanned.
    outcome : str
        ``warn`` where names give power or the file could not be read; ``info`` for unknown names; else empty.
    flagged, rest : list of str
        Names that are dangerous or unknown to the scanner, marked by level; and the others.
    """

    path: str
    kind: str
    bytes: int
    read: str
    outcome: str
    flagged: list[tuple[str, str]]
    rest: list[str]


@dataclass(frozen=True)
class SafetyView:
    """What the page shows besides the stored result."""

    items: list[Mapping[str, Any]]
    files: list[LoadedFile]
    warns: bool
    differing: list[Mapping[str, Any]]
    same: list[Mapping[str, Any]]


def safety_view(result: Mapping[str, Any]) -> SafetyView:
    """Order a stored result of schema ``sekisho.safety/1`` for reading."""
    items = sorted(result["items"], key=lambda item: (GRAVEST_FIRST.index(item["outcome"]), not item["required"]))
    loads, environment = result.get("loads") or {}, result.get("environment") or {}
    scanned = {one["path"]: one for one in loads.get("scanned", ())}
    files = [_file(file, scanned.get(file["path"])) for file in loads.get("files", ())]
    rows = [environment["python"], *environment["requirements"]] if environment else []
    return SafetyView(
        items=items,
        files=files,
        warns=any(file.outcome == "warn" for file in files),
        differing=[row for row in rows if row["state"] in ("differs", "absent") or row["loads"]],
        same=[row for row in rows if not (row["state"] in ("differs", "absent") or row["loads"])],
    )


def _file(file: Mapping[str, Any], scanned: Mapping[str, Any] | None) -> LoadedFile:
    imports = scanned["imports"] if scanned else ()
    named = [(one["level"], f"{one['module']}.{one['name']}") for one in imports]
    flagged = [one for one in named if one[0] != "innocuous"]
    read = scanned["read"] if scanned else ""
    outcome = "info" if flagged else ""
    if any(level == "dangerous" for level, _ in flagged) or read in ("part", "no"):
        outcome = "warn"
    rest = [name for level, name in named if level == "innocuous"]
    kind = str(KINDS.get(file["kind"], file["kind"]))
    return LoadedFile(file["path"], kind, file["bytes"], read, outcome, flagged[:SHOWN_NAMES], rest)
