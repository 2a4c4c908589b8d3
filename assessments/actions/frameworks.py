"""Changes to frameworks: copies, their drafts, published versions, and which version is in use."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone

from assessments import catalogue, document, framework_source
from assessments import framework as frameworks
from assessments.framework import Fault, Framework, shipped
from assessments.framework_checks import Problem, map_problems
from assessments.models import FrameworkState, FrameworkVersion
from portal.accounts.permissions import require
from portal.ledger.actions import record
from portal.message import Message
from portal.web.errors import Conflict, Invalid

KEY = re.compile(r"[a-z][a-z0-9-]{1,59}")
MANAGE = "framework.manage"


class DraftConflict(Conflict):
    """The draft was changed since the page was opened; both texts are here."""

    def __init__(self, *, stored: FrameworkVersion, source: str) -> None:
        super().__init__("framework.conflict")
        self.stored, self.source = stored, source


def copy_framework(*, of: Framework, key: str, title: Mapping[str, str], by) -> FrameworkVersion:
    """Copy a framework into a draft of the organisation's own; what was copied stays as it is.

    Raises
    ------
    Invalid
        The key is not free or not usable, or a title is missing; `fields` names which.
    """
    require(by, MANAGE)
    title = {language: title.get(language, "").strip() for language in ("en", "ja")}
    fields = {f"title_{language}": Message("framework.title") for language in title if not title[language]}
    if not KEY.fullmatch(key):
        fields["key"] = Message("framework.key")
    elif key in shipped() or FrameworkVersion.objects.filter(key=key).exists():
        fields["key"] = Message("framework.key_taken", {"key": key})
    if fields:
        raise Invalid("framework.not_copied", fields)
    source = framework_source.copied(catalogue.source(of), key=key, title=title)
    copied_from = f"{of.key} {of.version}"
    return _add_draft("framework.copy", key, 1, source, by, copied_from=copied_from)


def open_draft(*, key: str, by) -> FrameworkVersion:
    """The draft of a copy's next version; an open one is taken up again."""
    require(by, MANAGE)
    rows = FrameworkVersion.objects.filter(key=key)
    draft = rows.filter(state=FrameworkState.DRAFT).first()
    if draft:
        return draft
    newest = rows.filter(shipped=False).order_by("-version").first()
    if newest is None:
        raise Conflict("framework.shipped", key=key)
    source = framework_source.next_version(newest.source, newest.version + 1)
    return _add_draft("framework.draft", key, newest.version + 1, source, by, copied_from=newest.copied_from)


def upload(*, source: str, by) -> FrameworkVersion:
    """Take a file as the draft of the framework that its key names, whatever else is wrong with it.

    Raises
    ------
    Invalid
        It is no YAML, or has no usable key.
    """
    require(by, MANAGE)
    source = _cleaned(source)
    try:
        data = document.read(source).data
    except document.DocumentError as error:
        raise Invalid(error.message, {"source": error.message}) from None
    key = data.get("key") if isinstance(data, dict) else None
    if not isinstance(key, str) or not KEY.fullmatch(key):
        raise Invalid("framework.no_key", {"source": Message("framework.key")})
    if key in shipped():
        raise Invalid("framework.shipped", {"source": Message("framework.shipped", {"key": key})}, key=key)
    draft = FrameworkVersion.objects.filter(key=key, state=FrameworkState.DRAFT).first()
    if draft:
        return save_draft(draft=draft, source=source, rev=draft.rev, by=by)
    newest = FrameworkVersion.objects.filter(key=key).order_by("-version").first()
    return _add_draft("framework.upload", key, newest.version + 1 if newest else 1, source, by)


def save_draft(*, draft: FrameworkVersion, source: str, rev: int, by) -> FrameworkVersion:
    """Keep what was typed, be it a usable framework or not yet.

    Raises
    ------
    DraftConflict
        Somebody saved another text since revision `rev`.
    """
    require(by, MANAGE)
    source = _cleaned(source)
    with transaction.atomic():
        locked = _lock(draft)
        if locked.source == source:
            return locked
        if locked.rev != rev:
            raise DraftConflict(stored=locked, source=source)
        before = _text_digest(locked.source)
        locked.source, locked.rev = source, rev + 1
        locked.save(update_fields=["source", "rev"])
        _record(
            "framework.edit", locked, by, before={"text_digest": before}, after={"text_digest": _text_digest(source)}
        )
    return locked


def change_criterion(
    *, draft: FrameworkVersion, criterion: str, changes: Mapping[str, Any], rev: int, by
) -> FrameworkVersion:
    """Write some fields of one criterion into the draft's text; the rest of it stays as it stands.

    Parameters
    ----------
    changes : mapping
        As `framework_source.with_criterion` takes it.
    """
    try:
        source = framework_source.with_criterion(draft.source, criterion, changes)
    except LookupError:
        raise Invalid("assessment.no_criterion", id=criterion) from None
    except document.DocumentError as error:
        raise Invalid(error.message) from None
    return save_draft(draft=draft, source=source, rev=rev, by=by)


def publish(*, draft: FrameworkVersion, rev: int, by) -> FrameworkVersion:
    """Make a draft an immutable version. The first is in use at once; a later one waits for its upgrade.

    Raises
    ------
    Invalid
        The text is no framework, or its map does not tell what became of each criterion.
    """
    require(by, MANAGE)
    with transaction.atomic():
        locked = _lock(draft)
        if locked.rev != rev:
            raise DraftConflict(stored=locked, source=draft.source)
        wrong = faults_of(locked)
        if wrong:
            raise Invalid("framework.faults", {"source": wrong[0].message}, count=len(wrong))
        locked.source = framework_source.completed(locked.source)
        locked.digest = frameworks.load(locked.source, complete=True).digest
        first = not FrameworkVersion.objects.filter(key=locked.key).exclude(pk=locked.pk).exists()
        locked.state = FrameworkState.CURRENT if first else FrameworkState.PUBLISHED
        locked.published_by, locked.published_at = by, timezone.now()
        locked.save()
        _record("framework.publish", locked, by, after={"framework_digest": locked.digest, "state": locked.state})
    return locked


def discard_draft(*, draft: FrameworkVersion, by) -> None:
    """Throw a draft away; published versions stay."""
    require(by, MANAGE)
    with transaction.atomic():
        locked = _lock(draft)
        _record("framework.discard", locked, by, before={"text_digest": _text_digest(locked.source)})
        locked.delete()


def retire(*, key: str, by) -> FrameworkVersion:
    """Take a copy out of use: nobody is assessed with it any more, and what was made with it stays."""
    require(by, MANAGE)
    with transaction.atomic():
        row = FrameworkVersion.objects.select_for_update().filter(key=key, state=FrameworkState.CURRENT).first()
        if key in shipped():
            raise Conflict("framework.shipped", key=key)
        if row is None:
            raise Conflict("framework.not_in_use")
        row.state = FrameworkState.RETIRED
        row.save(update_fields=["state"])
        _record("framework.retire", row, by, before={"state": "current"}, after={"state": "retired"})
    return row


def use_again(*, key: str, by) -> FrameworkVersion:
    """Bring a retired copy back into use, in the version that was in use last."""
    require(by, MANAGE)
    try:
        with transaction.atomic():
            rows = FrameworkVersion.objects.select_for_update().filter(key=key, state=FrameworkState.RETIRED)
            row = rows.order_by("-version").first()
            if row is None:
                raise Conflict("framework.not_retired")
            row.state = FrameworkState.CURRENT
            row.save(update_fields=["state"])
            _record("framework.use", row, by, before={"state": "retired"}, after={"state": "current"})
    except IntegrityError:
        raise Conflict("framework.not_retired") from None
    return row


def faults_of(draft: FrameworkVersion) -> tuple[Fault, ...]:
    """What keeps a draft from being published, with lines and fields; its map included."""
    rows = FrameworkVersion.objects.filter(key=draft.key, version__lt=draft.version).exclude(digest="")
    digest = rows.order_by("-version").values_list("digest", flat=True).first()
    before = catalogue.by_digest(digest) if digest else None

    def expected(framework: Framework) -> Iterator[Problem]:
        if framework.key != draft.key:
            yield ("key",), Message("framework.expected", {"value": draft.key})
        if framework.version != draft.version:
            yield ("version",), Message("framework.expected", {"value": draft.version})
        if before:
            yield from map_problems(before, framework)
        elif framework.migrates:
            yield ("migrates",), Message("framework.no_map")

    return frameworks.faults(draft.source, expected)


def _add_draft(action: str, key: str, version: int, source: str, by, *, copied_from: str = "") -> FrameworkVersion:
    try:
        with transaction.atomic():
            row = FrameworkVersion.objects.create(
                key=key, version=version, source=source, copied_from=copied_from, created_by=by
            )
            _record(action, row, by, after={"text_digest": _text_digest(source)}, params={"copied_from": copied_from})
    except IntegrityError:
        raise Conflict("framework.raced") from None
    return row


def _lock(draft: FrameworkVersion) -> FrameworkVersion:
    locked = FrameworkVersion.objects.select_for_update().filter(pk=draft.pk).first()
    if locked is None or locked.state != FrameworkState.DRAFT:
        raise Conflict("framework.no_draft")
    return locked


def _cleaned(source: str) -> str:
    source = source.replace("\r\n", "\n").replace("\x00", "").removeprefix("\ufeff")
    if len(source.encode("utf-8", "surrogatepass")) > document.MAX_BYTES:
        problem = Message("maturity.yaml.too-large", {"limit": document.MAX_BYTES // 1000})
        raise Invalid(problem, {"source": problem})
    return source


def _text_digest(source: str) -> str:
    return hashlib.sha256(source.encode("utf-8", "surrogatepass")).hexdigest()


def _record(action: str, row: FrameworkVersion, by, **what: Any) -> None:
    record(action=action, by=by, subject=("framework", row.pk, f"{row.key} {row.version}"), **what)
