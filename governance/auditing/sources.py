"""What an audit reads: the version's files and the evaluation table of its profile."""

from __future__ import annotations

import copy
import hashlib
from dataclasses import dataclass, field
from pathlib import Path

from django.utils import timezone

from governance.auditing.encodings import readable
from governance.auditing.examination import Examination
from governance.auditing.places import SHARED, SetError, bring, file_digest, file_of, is_allowed, own_copy, run_artifact
from governance.connections import connect
from governance.models import EvaluationSet, EvaluationSetUse, ModelVersion, Profile, SetRole
from portal.accounts.models import Team
from portal.message import Message
from portal.web.errors import DomainError, Unavailable


class NotEvaluated(DomainError):
    """The audit cannot be made, and this is why: kept as evidence with the outcome "not evaluated"."""


@dataclass(frozen=True)
class EvaluationTable:
    """A table of labelled cases on this machine, and the digest of what it was made from.

    ``set`` is the evaluation set it belongs to, if any; ``joined`` says how restricted attributes were found.
    """

    path: Path
    digest: str
    set: EvaluationSet | None = None
    joined: dict[str, int] = field(default_factory=dict)


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


def profile_of(examination: Examination) -> Profile:
    """A copy of the profile; a pinned set without the prediction column has the sandbox make the predictions."""
    profile = copy.copy(getattr(examination.version.model, "profile", None))
    if profile is None:
        raise NotEvaluated("audit.no_profile")
    uses = uses_of(examination.version)
    one = examination.challenger or next((use.set for use in uses if use.role == SetRole.GOLD), None)
    if one and profile.prediction_column not in one.column_names:
        profile.prediction_column = ""
    return profile


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


def fetch_table(examination: Examination, profile: Profile, folder: Path) -> EvaluationTable:
    """Bring the evaluation data here: the challenger set that is asked about, the gold set, or what the profile names.

    That is an artifact of the version's run, or a file below an allowed folder.
    """
    version = examination.version
    uses = {use.role: use for use in uses_of(version) if use.role != SetRole.CHALLENGER}
    one = examination.challenger or (uses[SetRole.GOLD].set if SetRole.GOLD in uses else None)
    if one:
        table = _usable(one, folder)
        check_agreed(one, SetRole.CHALLENGER if examination.challenger else SetRole.GOLD, profile)
    else:
        table = _named_by(profile, version, folder)
    if SetRole.SENSITIVE in uses and not _of_its_own(examination.challenger, profile):
        check_agreed(uses[SetRole.SENSITIVE].set, SetRole.SENSITIVE, profile)
        table = _with_restricted(table, uses[SetRole.SENSITIVE], profile, folder)
    examination.table = table
    return table


def uses_of(version: ModelVersion) -> list[EvaluationSetUse]:
    return list(EvaluationSetUse.objects.filter(model=version.model_id).select_related("set__team", "set__version"))


def fetch_set(one: EvaluationSet, folder: Path) -> EvaluationTable:
    """Bring a set's file here; refused unless it is the one that was pinned.

    Raises
    ------
    SetError
        It cannot be used: not measured, ended, gone, or of other bytes than were pinned.
    """
    if one.ended_at or (one.keep_until and one.keep_until < timezone.localdate()):
        raise SetError("set.ended")
    if one.error:
        raise SetError(Message.from_json(one.error))
    if not one.pinned_at:
        raise SetError("set.not_pinned")
    place = folder / f"set-{one.pk}"
    place.mkdir(exist_ok=True)
    path = bring(one, place)
    if file_digest(path) != one.digest:
        raise SetError("set.changed", name=one.name)
    return EvaluationTable(readable(path, place), one.digest, one)


def _usable(one: EvaluationSet, folder: Path) -> EvaluationTable:
    try:
        return fetch_set(one, folder)
    except SetError as error:
        raise NotEvaluated(Message("audit.set_unusable", {"name": one.name, "why": error.message})) from error


def check_agreed(one: EvaluationSet, role: str, profile: Profile) -> None:
    """The profile names the bytes that people have agreed to; a set that was pinned anew since waits for them."""
    named = profile.pinned.get(role)
    digests = [named.get("digest")] if isinstance(named, dict) else named if isinstance(named, list) else [named]
    if one.digest not in digests:
        raise NotEvaluated("audit.set_unusable", name=one.name, why=Message("set.not_agreed"))


def _of_its_own(challenger: EvaluationSet | None, profile: Profile) -> bool:
    """A challenger set that brings the restricted attributes is judged by its own: its cases are other people."""
    wanted = _restricted(profile)
    return bool(challenger and wanted and set(wanted) <= set(challenger.column_names))


def _restricted(profile: Profile) -> list[str]:
    """The restricted columns that the audit reads."""
    read = {*profile.sensitive_columns, *profile.proxy_columns, *profile.slice_columns}
    return [column for column in profile.restricted_columns if column in read]


def _with_restricted(table: EvaluationTable, use: EvaluationSetUse, profile: Profile, folder: Path) -> EvaluationTable:
    """Restricted attributes beside the cases: joined by key here, in the worker, and in no other place."""
    from governance.auditing.joining import join_by_key

    wanted = _restricted(profile)
    if not wanted:
        return table
    restricted = _usable(use.set, folder)
    target = folder / "joined.parquet"
    try:
        joined = join_by_key(table.path, restricted.path, use.key_columns, wanted, target)
    except SetError as error:
        raise NotEvaluated(Message("audit.set_unusable", {"name": use.set.name, "why": error.message})) from error
    both = hashlib.sha256(f"{table.digest} {restricted.digest}".encode()).hexdigest()
    return EvaluationTable(target, f"sha256:{both}", table.set, joined)


def _named_by(profile: Profile, version: ModelVersion, folder: Path) -> EvaluationTable:
    place = profile.evaluation_data.strip()
    if not place:
        raise NotEvaluated("audit.no_data")
    try:
        if place.startswith("file:"):
            path = own_copy(_allowed_file(place, version.team), folder)
        else:
            path = _artifact(version, place, folder)
        return EvaluationTable(readable(path, folder), file_digest(path))
    except SetError as error:
        raise NotEvaluated(Message("audit.data_unusable", {"why": error.message})) from error


def _allowed_file(place: str, team: Team | None) -> Path:
    """A file below an allowed folder, in the part that is the team's or shared by all teams."""
    path = file_of(place)
    if not is_allowed(path, team):
        team_folder = team.slug if team else SHARED
        raise NotEvaluated(Message("audit.data_place", {"path": str(path), "team": team_folder, "shared": SHARED}))
    if not path.is_file():
        raise NotEvaluated(Message("audit.data_missing", {"path": str(path)}))
    return path


def _artifact(version: ModelVersion, place: str, folder: Path) -> Path:
    if not version.run_id:
        raise NotEvaluated("audit.no_run")
    try:
        return run_artifact(version, place, folder)
    except SetError:
        raise NotEvaluated(Message("audit.data_missing", {"path": place})) from None
