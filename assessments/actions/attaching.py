"""Files beside answers: kept by their digest, refused when they are not what their name says."""

from __future__ import annotations

import hashlib
import os
import tempfile
from pathlib import Path, PurePath
from typing import BinaryIO

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from assessments import file_kinds
from assessments.actions.checks import check_nobody_is_apart, criterion_of, framework_of, lock_draft, subject
from assessments.models import Assessment, Attachment
from portal.accounts.models import User
from portal.accounts.permissions import require
from portal.ledger.actions import record
from portal.web.errors import Conflict, Invalid

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
    _keep(digest, data)
    with transaction.atomic():
        locked = lock_draft(assessment)
        check_nobody_is_apart(locked)
        framework = framework_of(locked)
        asked = criterion_of(framework, criterion)
        there = locked.attachments.filter(criterion=asked.id, removed_at=None)
        same = there.filter(sha256=digest, name=name).first()
        if same:
            return same
        if there.count() >= MOST:
            raise Conflict("attachment.many", limit=MOST)
        made = Attachment.objects.create(
            assessment=locked, criterion=asked.id, name=name, kind=kind, size=len(data), sha256=digest, by=by
        )
        record(
            action="assessment.attach",
            by=by,
            subject=subject(locked, framework),
            after={"sha256": digest, "bytes": len(data)},
            params={"criterion": asked.id},
            texts={"attachment": name},
            team=locked.team,
        )
    return made


def detach(*, attachment: Attachment, by: User) -> None:
    """Take a file away from a draft's answer; the record keeps its name and digest."""
    require(by, "assessment.answer", attachment.assessment)
    with transaction.atomic():
        locked = lock_draft(attachment.assessment)
        framework = framework_of(locked)
        row = locked.attachments.select_for_update().get(pk=attachment.pk)
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


def _keep(digest: str, data: bytes) -> None:
    """Write the bytes, whole or not at all."""
    target = path_of(digest)
    if target.exists():
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=target.parent, delete=False) as part:
        part.write(data)
        part.flush()
        os.fsync(part.fileno())
    os.replace(part.name, target)


def _forget(digest: str) -> None:
    """Remove bytes that stand beside no answer any more."""
    if not Attachment.objects.filter(sha256=digest, removed_at=None).exists():
        path_of(digest).unlink(missing_ok=True)
