"""Evaluation sets: made, described, pinned and ended by their owners."""

from __future__ import annotations

import hashlib
import os
import tempfile
from datetime import date
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone

from governance.actions.evaluation_uses import pin_profiles
from governance.models import KEPT, DataConnection, EvaluationSet, ModelVersion, SetSource
from portal.accounts.models import Team
from portal.accounts.permissions import require
from portal.jobs.actions import enqueue
from portal.jobs.models import Job
from portal.ledger.actions import record
from portal.message import Message
from portal.web.errors import Conflict, Invalid

SUFFIXES = (".parquet", ".csv", ".tsv", ".txt")
NOTES = ("consent", "retention")  # may name people, so they stand beside the record
DESCRIBED = ("keep_until", "shared", "rows_for_reviewers")


def create_set(
    *,
    team: Team,
    name: str,
    source: str,
    place: str = "",
    upload=None,
    version: ModelVersion | None = None,
    connection: DataConnection | None = None,
    consent: str = "",
    retention: str = "",
    keep_until: date | None = None,
    shared: bool = False,
    rows_for_reviewers: bool = False,
    by,
) -> EvaluationSet:
    """Make a set; a worker measures it and pins its digest.

    Parameters
    ----------
    place : str
        ``file://`` or ``s3://`` address, path of an artifact, name of a run's dataset, or of a table.
    upload : django.core.files.uploadedfile.UploadedFile or None
        For the source "upload".
    """
    if by is not None:
        require(by, "evaluation.create", team)
    given = _checked(source, place.strip(), upload, version, connection, by)
    if source == SetSource.UPLOAD:
        given["digest"], given["size"] = store_upload(upload)
    try:
        with transaction.atomic():
            one = EvaluationSet.objects.create(
                team=team,
                name=name.strip(),
                source=source,
                consent=consent,
                retention=retention,
                keep_until=keep_until,
                shared=shared,
                rows_for_reviewers=rows_for_reviewers,
                created_by=by,
                **given,
            )
            record(
                action="evaluation.create",
                by=by,
                subject=_subject(one),
                after={"source": source, "place": one.place, **_described(one)},
                texts={"consent": consent, "retention": retention},
                team=team,
            )
            _ask_to_measure(one, by)
    except IntegrityError:
        _forget_upload(given)
        message = Message("set.name_taken", {"name": name})
        raise Invalid(message, {"name": message}) from None
    return one


def _forget_upload(given: dict[str, Any]) -> None:
    """Keep no rows that belong to no set: nobody would answer for them, and no retention end them."""
    digest = given.get("digest")
    if digest and not EvaluationSet.objects.filter(digest=digest, ended_at=None, source__in=KEPT).exists():
        EvaluationSet(source=SetSource.UPLOAD, **given).kept_file.unlink(missing_ok=True)


def _checked(source, place, upload, version, connection, by) -> dict[str, Any]:
    """What the source needs, or a sentence at the field that lacks it."""

    def needs(present, field: str) -> None:
        if not present:
            raise Invalid("set.incomplete", {field: Message("set.needed")})

    if source == SetSource.UPLOAD:
        needs(upload, "upload")
        if Path(upload.name).suffix.lower() not in SUFFIXES:
            raise Invalid("set.format", {"upload": Message("set.format")})
        return {"place": upload.name[-200:]}
    needs(place, "place")
    if source == SetSource.FILE and not place.startswith("file:"):
        raise Invalid("set.incomplete", {"place": Message("set.scheme", {"scheme": "file://"})})
    if source == SetSource.S3 and not place.startswith("s3:"):
        raise Invalid("set.incomplete", {"place": Message("set.scheme", {"scheme": "s3://"})})
    if source in (SetSource.ARTIFACT, SetSource.DATASET):
        needs(version, "version")
        if source == SetSource.DATASET:
            place = dataset_place(version, place)
        return {"place": place, "version": version}
    if source == SetSource.TABLE:
        needs(connection, "connection")
        if by is not None and not DataConnection.objects.offered_to(by).filter(pk=connection.pk).exists():
            raise Invalid("set.incomplete", {"connection": Message("set.needed")})
        return {"place": place, "connection": connection}
    return {"place": place}


def dataset_place(version: ModelVersion, name: str) -> str:
    """Where a dataset of the version's run lies, by the dataset's name."""
    for dataset in (version.run or {}).get("datasets", ()):
        source = dataset.get("source") if isinstance(dataset.get("source"), dict) else {}
        if dataset.get("name") == name:
            place = str(source.get("uri") or source.get("url") or source.get("path") or "")
            place = f"file://{place}" if place.startswith("/") else place
            if place.startswith(("s3:", "file:")):
                return place[:1000]
            raise Invalid("set.dataset_source", {"place": Message("set.dataset_source", {"name": name})})
    raise Invalid("set.no_dataset", {"place": Message("set.no_dataset", {"name": name})})


def store_upload(upload) -> tuple[str, int]:
    """Keep the file below the home under its digest; the digest and the size."""
    if upload.size > settings.UPLOAD_LIMIT:
        message = Message("set.too_large", {"limit": settings.UPLOAD_LIMIT // 2**20})
        raise Invalid(message, {"upload": message})
    folder = settings.SEKISHO_HOME / "evaluation"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    seen = hashlib.sha256()
    handle, name = tempfile.mkstemp(dir=folder, prefix="incoming-")
    try:
        with os.fdopen(handle, "wb") as file:
            for chunk in upload.chunks():
                seen.update(chunk)
                file.write(chunk)
        os.replace(name, folder / f"{seen.hexdigest()}{Path(upload.name).suffix.lower()}")
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    return f"sha256:{seen.hexdigest()}", upload.size


def change_set(*, one: EvaluationSet, rev: int, by, **fields: Any) -> EvaluationSet:
    """Change what a set's owner says of it: consent, retention, and who may use and see it."""
    require(by, "evaluation.change", one)
    with transaction.atomic():
        one = EvaluationSet.objects.select_for_update().get(pk=one.pk)
        if one.rev != rev:
            raise Conflict("set.changed_meanwhile")
        before, texts_before = _described(one), {name: getattr(one, name) for name in NOTES}
        for name in (*NOTES, *DESCRIBED):
            if name in fields:
                setattr(one, name, fields[name])
        one.rev += 1
        one.save(update_fields=[*NOTES, *DESCRIBED, "rev"])
        record(
            action="evaluation.change",
            by=by,
            subject=_subject(one),
            before=before,
            after=_described(one),
            texts={name: getattr(one, name) for name in NOTES if getattr(one, name) != texts_before[name]},
            team=one.team,
        )
    return one


def measure_again(*, one: EvaluationSet, by) -> Job:
    """Ask a worker to read the set anew, and to pin what it finds."""
    require(by, "evaluation.change", one)
    if one.ended_at:
        raise Conflict("set.ended")
    with transaction.atomic():
        return _ask_to_measure(one, by)


def _ask_to_measure(one: EvaluationSet, by) -> Job:
    return enqueue(
        kind="evaluation.measure",
        params={"set": one.pk},
        by=by,
        team=one.team,
        subject=_subject(one),
        key=f"evaluation:{one.pk}",
    )


def pin(*, one: EvaluationSet, digest: str, size: int, measured, by) -> EvaluationSet:
    """Keep what was measured. A new digest makes every model that reads the set be judged anew."""
    with transaction.atomic():
        one = EvaluationSet.objects.select_for_update().get(pk=one.pk)
        before = {"digest": one.digest, "rows": one.rows}
        is_new = one.digest != digest or one.pinned_at is None
        one.digest, one.size, one.rows, one.columns = digest, size, measured.rows, measured.columns
        one.preview = {"rows": measured.first, "values": measured.values}
        one.error, one.pinned_at, one.rev = None, timezone.now(), one.rev + 1
        one.save(
            update_fields=["digest", "size", "rows", "columns", "preview", "error", "pinned_at", "rev"],
        )
        if is_new:
            record(
                action="evaluation.pin",
                by=by,
                subject=_subject(one),
                before=before,
                after={"digest": digest, "rows": one.rows, "columns": one.column_names[:200]},
                team=one.team,
            )
            pin_profiles(one=one, by=by)
    return one


def refuse(*, one: EvaluationSet, error: Message) -> None:
    """Keep why a set cannot be used; what was pinned before stays known."""
    EvaluationSet.objects.filter(pk=one.pk).update(error=error.to_json())


def end_set(*, one: EvaluationSet, by=None) -> None:
    """The time to keep it is over, or its owner ends it: rows and copies go, the facts stay with the audits."""
    if by is not None:
        require(by, "evaluation.change", one)
    with transaction.atomic():
        one = EvaluationSet.objects.select_for_update().get(pk=one.pk)
        if one.ended_at:
            return
        one.ended_at, one.preview, one.rev = timezone.now(), {}, one.rev + 1
        one.save(update_fields=["ended_at", "preview", "rev"])
        record(action="evaluation.end", by=by, subject=_subject(one), params={"digest": one.digest}, team=one.team)
        kept = one.kept_file if one.digest else None
        others = EvaluationSet.objects.filter(digest=one.digest, ended_at=None, source__in=["upload", "table"])
        if kept and not others.exists():
            transaction.on_commit(lambda: kept.unlink(missing_ok=True))


def _subject(one: EvaluationSet) -> tuple[str, int, str]:
    return ("evaluation", one.pk, one.name)


def _described(one: EvaluationSet) -> dict[str, Any]:
    return {
        "keep_until": str(one.keep_until or ""),
        "shared": one.shared,
        "rows_for_reviewers": one.rows_for_reviewers,
    }
