"""Which frameworks there are, and which version of each is in use.

Shipped frameworks come with the product and are kept in the database once somebody uses them, so
that an old assessment can be read with the version it was made with; copies live in the database
alone. What was parsed is cached by digest, which content never leaves.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

from django.db import transaction
from django.utils import timezone

from assessments import framework_source
from assessments.framework import Framework, history, load, shipped
from assessments.models import Assessment, FrameworkState, FrameworkVersion
from portal.web.errors import Conflict

FRAMEWORK = "mlops-maturity"  # what is shown where none is named


def currents() -> dict[str, Framework]:
    """The frameworks in use by their keys, shipped ones first; one query."""
    kept = FrameworkVersion.objects.filter(state=FrameworkState.CURRENT).order_by("key")
    digests = dict(kept.values_list("key", "digest"))
    return {key: by_digest(digests[key]) if key in digests else found for key, found in shipped().items()} | {
        key: by_digest(digest) for key, digest in digests.items() if key not in shipped()
    }


def current(key: str) -> Framework:
    """The version of a framework that is in use.

    Raises
    ------
    KeyError
        There is none of that key, or it is retired.
    """
    kept = FrameworkVersion.objects.filter(key=key, state=FrameworkState.CURRENT)
    digest = kept.values_list("digest", flat=True).first()
    return by_digest(digest) if digest else shipped()[key]


def by_digest(digest: str) -> Framework:
    """The framework with that content.

    Raises
    ------
    KeyError
        It is neither shipped nor kept.
    """
    return _shipped_by_digest().get(digest) or _kept(digest)


def of(assessment: Assessment) -> Framework:
    """The framework that an assessment was made with.

    Where its very content is not known any more (an installation older than the record of versions),
    the nearest: the same version as it was shipped, else the one in use.

    Raises
    ------
    KeyError
        Nothing of that key was ever known here.
    """
    try:
        return by_digest(assessment.framework_digest)
    except KeyError:
        key, version = assessment.framework, assessment.framework_version
        known = history().get((key, int(version))) if version.isdigit() else None
        return known or current(key)


def versions(key: str) -> tuple[Framework, ...]:
    """Every version that was ever published or shipped, the oldest first; the kept one where both are."""
    found = {framework.version: framework for (name, _), framework in history().items() if name == key}
    if key in shipped():
        found[shipped()[key].version] = shipped()[key]
    rows = FrameworkVersion.objects.filter(key=key).exclude(digest="")
    found |= {version: by_digest(digest) for version, digest in rows.values_list("version", "digest")}
    return tuple(found[version] for version in sorted(found))


def waiting(frameworks: Iterable[Framework]) -> dict[str, Framework]:
    """The newest version of each that is published or shipped after the one in use, by key; one query."""
    in_use = {framework.key: framework.version for framework in frameworks}
    newer = {key: found for key, found in shipped().items() if key in in_use and found.version > in_use[key]}
    rows = FrameworkVersion.objects.filter(key__in=in_use, state=FrameworkState.PUBLISHED).order_by("version")
    published = {
        key: digest
        for key, version, digest in rows.values_list("key", "version", "digest")
        if version > max(in_use[key], newer[key].version if key in newer else 0)
    }
    return newer | {key: by_digest(digest) for key, digest in published.items()}


@transaction.atomic
def keep(framework: Framework, *, state: str = FrameworkState.CURRENT) -> FrameworkVersion:
    """The row of a framework; a shipped one gets its row when it is first used."""
    kept = FrameworkVersion.objects.filter(key=framework.key, version=framework.version).first()
    if kept:
        return kept
    row, _ = FrameworkVersion.objects.get_or_create(  # another process may keep it at the same moment
        key=framework.key,
        version=framework.version,
        defaults={
            "digest": framework.digest,
            "source": framework_source.shipped_text(framework),
            "shipped": framework.digest in _shipped_by_digest(),
            "state": state,
            "published_at": timezone.now(),
        },
    )
    return row


def hold(framework: Framework) -> None:
    """Keep a version in use until the caller's transaction ends: an upgrade waits for it.

    Raises
    ------
    Conflict
        It is not in use any more.
    """
    row = FrameworkVersion.objects.select_for_update().get(pk=keep(framework).pk)
    if row.state != FrameworkState.CURRENT:
        raise Conflict("framework.not_in_use")


def source(framework: Framework) -> str:
    """The YAML of a framework, complete in itself."""
    kept = FrameworkVersion.objects.filter(digest=framework.digest).values_list("source", flat=True).first()
    return kept or framework_source.shipped_text(framework)


@lru_cache(maxsize=1)
def _shipped_by_digest() -> dict[str, Framework]:
    return {framework.digest: framework for framework in (*history().values(), *shipped().values())}


@lru_cache(maxsize=64)
def _kept(digest: str) -> Framework:
    text = FrameworkVersion.objects.filter(digest=digest).values_list("source", flat=True).first()
    if not digest or text is None:
        raise KeyError(digest)
    return load(text, complete=True)
