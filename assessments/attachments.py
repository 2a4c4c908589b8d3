"""The files beside the answers of an assessment, for pages and reports."""

from __future__ import annotations

from assessments.models import Assessment, Attachment


def by_criterion(assessment: Assessment | None) -> dict[str, list[Attachment]]:
    """The files that stand beside answers, by criterion, in one query."""
    found: dict[str, list[Attachment]] = {}
    if assessment is not None:
        for row in assessment.attachments.filter(removed_at=None).select_related("by"):
            found.setdefault(row.criterion, []).append(row)
    return found
