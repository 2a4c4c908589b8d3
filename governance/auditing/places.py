"""Where an evaluation set lies, and its file brought here: nothing is read that is not allowed by list.

A team reads what lies in its own part of a storage, named like its slug, or in the part that all share.
"""

from __future__ import annotations

import hashlib
import re
import shutil
from pathlib import Path, PurePosixPath
from urllib.parse import unquote, urlsplit

from django.conf import settings

from governance.connections import connect
from governance.models import KEPT, EvaluationSet, ModelVersion, SetSource
from portal.accounts.models import Team
from portal.web.errors import DomainError, Unavailable

SHARED = "shared"
NO_REDIRECTS = "aws-global"
REDIRECTED = re.compile(r"HTTP status 3\d\d")
MEGABYTE = 2**20


class SetError(DomainError):
    """The evaluation set cannot be read or used, and this is why."""


def bring(one: EvaluationSet, folder: Path) -> Path:
    """The set's file on this machine; its digest has not been looked at.

    Raises
    ------
    SetError
        It is not there, is too large, or lies where nobody allowed it.
    Unavailable
        The registry or the storage does not answer.
    """
    if one.source in KEPT:
        if not one.digest or not one.kept_file.is_file():
            raise SetError("set.copy_gone")
        return one.kept_file
    if one.source == SetSource.ARTIFACT:
        path = run_artifact(one.version, one.place, folder)
    elif one.place.startswith("s3:"):
        path = from_s3(one.place, one.team, folder)
    else:
        path = own_copy(allowed_file(one.place, one.team), folder)
    check_size(path.stat().st_size)
    return path


def own_copy(path: Path, folder: Path) -> Path:
    """A file that others can write, copied: what is read afterwards is what its digest was taken of."""
    check_size(path.stat().st_size)
    target = folder / f"copy{path.suffix.lower()}"
    shutil.copyfile(path, target)
    return target


def check_size(size: int) -> None:
    if size > settings.DATA_LIMIT:
        raise SetError("set.too_large", limit=settings.DATA_LIMIT // MEGABYTE)


def file_digest(path: Path) -> str:
    with path.open("rb") as file:
        return "sha256:" + hashlib.file_digest(file, "sha256").hexdigest()


def parts_of(team: Team | None) -> list[str]:
    """The parts of a storage that a team may read."""
    return [SHARED, team.slug] if team else [SHARED]


def is_allowed(path: Path, team: Team | None) -> bool:
    """Whether a resolved path lies below an allowed folder, in a part that the team may read."""
    roots = [Path(root).resolve() / part for root in settings.DATA_ROOTS for part in parts_of(team)]
    return any(path.is_relative_to(root) for root in roots)


def file_of(place: str) -> Path:
    try:
        path = Path(unquote(urlsplit(place).path)).resolve()
        path.is_file()
    except (ValueError, OSError):  # what no file can be named, such as one with a NUL
        raise SetError("set.missing", place=place) from None
    return path


def allowed_file(place: str, team: Team | None) -> Path:
    path = file_of(place)
    if not place.startswith("file:") or not is_allowed(path, team):
        raise SetError("set.place", place=place, team=team.slug if team else SHARED, shared=SHARED)
    if not path.is_file():
        raise SetError("set.missing", place=place)
    return path


def run_artifact(version: ModelVersion | None, place: str, folder: Path) -> Path:
    """A file of a version's run."""
    from governance.registry import NotFound, RegistryError

    if version is None or not version.run_id:
        raise SetError("set.no_run")
    target = folder / "data"
    target.mkdir(exist_ok=True)
    try:
        return Path(connect(version.model.registry).download_run_artifact(version.run_id, place, target))
    except NotFound:
        raise SetError("set.missing", place=place) from None
    except RegistryError as error:
        raise Unavailable(error.message) from error


def s3_bucket(place: str, team: Team | None) -> tuple[str, str]:
    """The allowed storage that holds an object, and the object's path in it.

    ``SEKISHO_S3`` lists ``s3://bucket`` (Amazon) or ``https://endpoint/bucket``, each with a prefix if wanted.
    """
    try:
        parts = urlsplit(place)
    except ValueError:
        raise SetError("set.missing", place=place) from None
    bucket, key = parts.netloc, unquote(parts.path).lstrip("/")
    clean = (
        key and key.isprintable() and not {"", ".", ".."} & set(PurePosixPath("/" + key).parts[1:]) and "//" not in key
    )
    for allowed in settings.S3_STORES if clean and bucket else ():
        store = urlsplit(allowed)
        path = f"{store.netloc}{store.path}" if store.scheme == "s3" else store.path.lstrip("/")
        roots = [f"{path.rstrip('/')}/{part}/" for part in parts_of(team)]
        if any(f"{bucket}/{key}".startswith(root) for root in roots):
            return allowed, f"{bucket}/{key}"
    raise SetError("set.place", place=place, team=team.slug if team else SHARED, shared=SHARED)


def s3_store(allowed: str):
    """A connection to an allowed storage, with the credentials of the environment.

    The client follows a redirect to any host, except in the region `NO_REDIRECTS`, which signs as us-east-1 does.
    Amazon's own hosts need their region, and so do storages that were given another one.
    """
    from pyarrow import fs

    store = urlsplit(allowed)
    given = {"connect_timeout": settings.REGISTRY_TIMEOUT, "request_timeout": settings.REGISTRY_TIMEOUT * 6}
    if settings.S3_KEY:
        given |= {"access_key": settings.S3_KEY, "secret_key": settings.S3_SECRET}
    if settings.S3_REGION:
        given["region"] = settings.S3_REGION
    if store.scheme != "s3":
        if settings.S3_REGION in ("", "us-east-1"):
            given["region"] = NO_REDIRECTS
        given |= {"endpoint_override": store.netloc, "scheme": store.scheme}
    return fs.S3FileSystem(**given)


def from_s3(place: str, team: Team | None, folder: Path) -> Path:
    """Copy an object here, once its size is known to be bearable."""
    allowed, path = s3_bucket(place, team)
    target = folder / f"object{PurePosixPath(path).suffix.lower()}"
    try:
        store = s3_store(allowed)
        found = store.get_file_info(path)
        if not found.is_file:
            raise SetError("set.missing", place=place)
        check_size(found.size)
        with store.open_input_stream(path) as source, target.open("wb") as file:
            shutil.copyfileobj(source, file, MEGABYTE)
    except OSError as error:
        if REDIRECTED.search(str(error)):
            raise SetError("set.redirected", place=place) from error
        raise Unavailable("set.storage_silent", detail=str(error).splitlines()[0][:200]) from error
    return target
