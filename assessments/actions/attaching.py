"""Files beside answers: kept by their digest, refused when they are not what their name says."""

from __future__ import annotations

import fcntl
import hashlib
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePath
from typing import Any, BinaryIO

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from assessments import file_kinds
from assessments.actions.checks import check_nobody_is_apart, criterion_of, framework_of, lock_draft, subject
from assessments.locking import lock_row
from assessments.models import Assessment, Attachment
from portal.accounts.models import User
from portal.accounts.permissions import require
from portal.ledger.actions import record
from portal.web.errors import Conflict, DomainError, Invalid

FOLDER = "attachments"
MOST = 20  # files beside one answer
NAME_LIMIT = 200


def attach(*, assessment: Assessment, criterion: str, name: str, file: BinaryIO, by: User) -> Attachment:
    """Put a file beside an answer.

    Raises
    ------
    Invalid
        It is empty, too large, of no kind that is accepted, or of another kind than its name says.
    """
    require(by, "assessment.answer", assessment)
    criterion_of(framework_of(assessment), criterion)  # before any bytes are kept
    check_nobody_is_apart(assessment)  # a file would tell one of them what the other thinks
    name = _plain_name(name)
    data = file.read(settings.ATTACHMENT_LIMIT + 1)
    kind = _checked(name, data)
    digest = hashlib.sha256(data).hexdigest()
    with _alone_with(digest):
        _keep(digest, data)
        try:
            return _add(assessment, criterion, by, name=name, kind=kind, size=len(data), sha256=digest)
        except DomainError:
            _forget_unused(digest)
            raise


def _add(assessment: Assessment, criterion: str, by: User, **file: Any) -> Attachment:
    """The row of a file beside an answer, where it is not there yet."""
    with transaction.atomic():
        locked = lock_draft(assessment)
        check_nobody_is_apart(locked)
        framework = framework_of(locked)
        asked = criterion_of(framework, criterion)
        there = locked.attachments.filter(criterion=asked.id, removed_at=None)
        same = there.filter(sha256=file["sha256"], name=file["name"]).first()
        if same:
            return same
        if there.count() >= MOST:
            raise Conflict("attachment.many", limit=MOST)
        made = Attachment.objects.create(assessment=locked, criterion=asked.id, by=by, **file)
        record(
            action="assessment.attach",
            by=by,
            subject=subject(locked, framework),
            after={"sha256": made.sha256, "bytes": made.size},
            params={"criterion": asked.id},
            texts={"attachment": made.name},
            team=locked.team,
        )
    return made


def detach(*, attachment: Attachment, by: User) -> None:
    """Take a file away from a draft's answer; the record keeps its name and digest."""
    require(by, "assessment.answer", attachment.assessment)
    with transaction.atomic():
        locked = lock_draft(attachment.assessment)
        framework = framework_of(locked)
        row = lock_row(locked.attachments.all(), attachment.pk)
        if row.removed_at is not None:
            return
        row.removed_at = timezone.now()
        row.save(update_fields=["removed_at"])
        record(
            action="assessment.detach",
            by=by,
            subject=subject(locked, framework),
            before={"sha256": row.sha256, "bytes": row.size},
            params={"criterion": row.criterion},
            texts={"attachment": row.name},
            team=locked.team,
        )
        transaction.on_commit(lambda: _forget(row.sha256))


def drop_attachments(assessment: Assessment) -> None:
    """Forget the files of a draft that is thrown away; part of that action's transaction."""
    digests = set(assessment.attachments.values_list("sha256", flat=True))
    assessment.attachments.all().delete()
    transaction.on_commit(lambda: [_forget(digest) for digest in digests])


def copied(file: Attachment, *, to: Assessment, criterion: str) -> Attachment:
    """The same file beside an answer of another assessment; not saved."""
    return Attachment(
        assessment=to,
        criterion=criterion,
        name=file.name,
        kind=file.kind,
        size=file.size,
        sha256=file.sha256,
        by_id=file.by_id,
        at=file.at,
    )


def path_of(digest: str) -> Path:
    """Where the bytes of a file lie."""
    return settings.FILES_ROOT / FOLDER / digest[:2] / digest


def _plain_name(name: str) -> str:
    """The last part of a name, without what a file system or a header could trip over."""
    last = PurePath(name.replace("\\", "/")).name
    clean = "".join(letter for letter in last if letter.isprintable()).strip().lstrip(".") or "file"
    stem, dot, ending = clean.rpartition(".")
    return clean if len(clean) <= NAME_LIMIT else f"{stem[: NAME_LIMIT - len(ending) - 1]}{dot}{ending}"[:NAME_LIMIT]


def _checked(name: str, data: bytes) -> str:
    """The media type of a file that is accepted."""
    if not data:
        raise Invalid("attachment.empty", name=name)
    if len(data) > settings.ATTACHMENT_LIMIT:
        raise Invalid("attachment.large", name=name, limit=settings.ATTACHMENT_LIMIT // 2**20)
    claimed, found = file_kinds.named(name), file_kinds.look(data)
    if not claimed:
        raise Invalid("attachment.unknown", name=name)
    if not found.kind:
        raise Invalid("attachment.not", name=name, named=claimed.upper())
    if not file_kinds.agrees(found.kind, claimed):
        raise Invalid("attachment.other", name=name, named=claimed.upper(), found=found.kind.upper())
    if found.macros:
        raise Invalid("attachment.macros", name=name)
    return file_kinds.KINDS[claimed]


@contextmanager
def _alone_with(digest: str) -> Iterator[None]:
    """Let nobody else keep or forget these bytes meanwhile: one file may stand beside several answers.

    Whoever removes the last of them would otherwise take the bytes from who attaches them just now.
    """
    folder = path_of(digest).parent
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / ".lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _keep(digest: str, data: bytes) -> None:
    """Write the bytes, whole or not at all."""
    target = path_of(digest)
    if target.exists():
        return
    with tempfile.NamedTemporaryFile(dir=target.parent, delete=False) as part:
        part.write(data)
        part.flush()
        os.fsync(part.fileno())
    os.replace(part.name, target)


def _forget(digest: str) -> None:
    """Remove bytes once they stand beside no answer any more."""
    with _alone_with(digest):
        _forget_unused(digest)


def _forget_unused(digest: str) -> None:
    if not Attachment.objects.filter(sha256=digest, removed_at=None).exists():
        path_of(digest).unlink(missing_ok=True)
