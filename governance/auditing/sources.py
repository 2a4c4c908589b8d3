"""What an audit reads: the version's files and the evaluation table of its profile."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

from django.conf import settings

from governance.connections import connect
from governance.models import ModelVersion, Profile
from portal.accounts.models import Team
from portal.message import Message
from portal.web.errors import DomainError, Unavailable

SHARED = "shared"


class NotEvaluated(DomainError):
    """The audit cannot be made, and this is why: kept as evidence with the outcome "not evaluated"."""


@dataclass(frozen=True)
class EvaluationTable:
    """A table of labelled cases on this machine, and its digest."""

    path: Path
    digest: str


def load_version(version_id: int) -> ModelVersion:
    version = (
        ModelVersion.objects.select_related("model__registry", "model__profile", "model__team")
        .present()
        .filter(pk=version_id)
        .first()
    )
    if version is None:
        raise DomainError("audit.version_gone")
    return version


def profile_of(version: ModelVersion) -> Profile:
    profile = getattr(version.model, "profile", None)
    if profile is None:
        raise NotEvaluated("audit.no_profile")
    return profile


@contextmanager
def workplace() -> Iterator[Path]:
    """A folder that is gone when the audit ends."""
    root = settings.SEKISHO_HOME / "scratch"
    root.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=root, prefix="audit-") as folder:
        yield Path(folder)


def fetch_model(version: ModelVersion, folder: Path) -> tuple[Path, str]:
    """Download the version's files; their folder and the digest of the tree."""
    from governance.registry import RegistryError

    target = folder / "model"
    target.mkdir()
    try:
        files = connect(version.model.registry).download(version.model.name, version.number, target)
    except RegistryError as error:
        raise Unavailable(error.message) from error
    return target, files.digest


def known_digest(version: ModelVersion) -> str:
    """The digest of the version's files; they are hashed now if no audit has done so yet."""
    from governance.registry import RegistryError

    if version.artifact_digest:
        return version.artifact_digest
    try:
        return connect(version.model.registry).model_files(version.model.name, version.number).digest
    except RegistryError as error:
        raise Unavailable(error.message) from error


def fetch_table(version: ModelVersion, profile: Profile, folder: Path) -> EvaluationTable:
    """Bring the evaluation data here: an artifact of the run, or a file below an allowed folder."""
    place = profile.evaluation_data.strip()
    if not place:
        raise NotEvaluated("audit.no_data")
    if place.startswith("file:"):
        path = _allowed_file(place, version.team)
    else:
        path = _artifact(version, place, folder)
    # Under a name of ours: a reader would take `*` or `[` in a name for a pattern.
    table = folder / f"evaluation{path.suffix}"
    table.symlink_to(path)
    with table.open("rb") as file:
        return EvaluationTable(table, "sha256:" + hashlib.file_digest(file, "sha256").hexdigest())


def _allowed_file(place: str, team: Team | None) -> Path:
    """A file below an allowed folder, in the part that is the team's or shared by all teams."""
    path = Path(unquote(urlsplit(place).path)).resolve()
    parts = [SHARED, team.slug] if team else [SHARED]
    roots = [Path(root).resolve() / part for root in settings.DATA_ROOTS for part in parts]
    if not any(path.is_relative_to(root) for root in roots):
        team_folder = team.slug if team else SHARED
        raise NotEvaluated(Message("audit.data_place", {"path": str(path), "team": team_folder, "shared": SHARED}))
    if not path.is_file():
        raise NotEvaluated(Message("audit.data_missing", {"path": str(path)}))
    return path


def _artifact(version: ModelVersion, place: str, folder: Path) -> Path:
    from governance.registry import NotFound, RegistryError

    if not version.run_id:
        raise NotEvaluated("audit.no_run")
    target = folder / "data"
    target.mkdir()
    try:
        return Path(connect(version.model.registry).download_run_artifact(version.run_id, place, target))
    except NotFound:
        raise NotEvaluated(Message("audit.data_missing", {"path": place})) from None
    except RegistryError as error:
        raise Unavailable(error.message) from error
