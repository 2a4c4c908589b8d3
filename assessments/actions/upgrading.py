"""Carrying every team into a newer version of a framework, in one transaction; nothing is lost."""

from __future__ import annotations

from collections.abc import Mapping

from django.db import transaction
from django.utils import timezone

from assessments import catalogue, levels, upgrades
from assessments.actions import attaching
from assessments.actions.frameworks import MANAGE
from assessments.actions.renaming import follow_names
from assessments.framework import Framework
from assessments.migration import Migrated
from assessments.models import (
    Answer,
    Assessment,
    AssessmentState,
    Attachment,
    CriterionReview,
    Delegation,
    FrameworkState,
    FrameworkVersion,
    IndependentAnswer,
)
from assessments.upgrades import TeamUpgrade, Upgrade, Ways
from portal.accounts.permissions import require
from portal.jobs.actions import enqueue
from portal.ledger.actions import record
from portal.message import Message
from portal.web.errors import Conflict

RESCORE = "framework.rescore"
_SUBMITTED = (
    "submitted_by",
    "submitted_at",
    "signed_by",
    "signed_at",
    "signed_note",
    "independent",
    "campaign",
    "returned_by",
    "returned_at",
    "returned_note",
    "state",
)


def upgrade(*, key: str, version: int | None = None, by) -> Upgrade:
    """Bring a later version into use.

    Each team's newest assessment gets a successor in the new version, which names it; the old one
    stays as it is, and prints as it was. Drafts are carried over in place. What the map drops is
    kept in the record. Levels are then computed anew by a job; lists compute them until it is done.

    Raises
    ------
    Forbidden, Missing, Conflict
        Nothing later is there, or no map leads from a version that a team answered.
    """
    if by is not None:  # the machine's own administrator, at the command line
        require(by, MANAGE)
    with transaction.atomic():
        old, new = upgrades.target(key, version)
        _switch(old, new)
        _lock_unsigned(key)
        done = upgrades.dry_run(old, new)
        for one in done.teams:
            _succeed(new, one, by)
        drafts = _carry_drafts(new, by)
        row = FrameworkVersion.objects.get(key=key, version=new.version)
        record(
            action="framework.upgrade",
            by=by,
            subject=("framework", row.pk, f"{row.key} {row.version}"),
            before={"framework_version": str(old.version), "framework_digest": old.digest},
            after={"framework_version": str(new.version), "framework_digest": new.digest},
            params={"migrated_assessments": len(done.teams), "migrated_drafts": drafts},
        )
        enqueue(
            kind=RESCORE,
            params={"framework": key},
            by=by,
            subject=("framework", row.pk, f"{row.key} {row.version}"),
            key=f"{RESCORE}:{key}",
        )
    return done


def _switch(old: Framework, new: Framework) -> None:
    catalogue.keep(old)
    rows = FrameworkVersion.objects.select_for_update().filter(key=old.key)
    if not rows.filter(version=old.version, state=FrameworkState.CURRENT).update(state=FrameworkState.RETIRED):
        raise Conflict("framework.not_in_use")
    catalogue.keep(new)
    rows.filter(version=new.version).update(state=FrameworkState.CURRENT)


def _lock_unsigned(key: str) -> None:
    """Wait for who submits, reviews or signs just now, so that theirs is carried over; who comes later waits."""
    rows = Assessment.objects.filter(framework=key).exclude(state=AssessmentState.SIGNED).order_by("pk")
    list(rows.select_for_update(of=("self",)).values_list("pk"))


def _succeed(new: Framework, one: TeamUpgrade, by) -> Assessment:
    """The successor of a team's newest assessment, with answers, current reviews and attachments."""
    successor = Assessment.objects.create(
        team=one.team,
        framework=new.key,
        framework_version=str(new.version),
        framework_digest=new.digest,
        started_by=by,
        score=levels.to_json(one.after),
        migrated_from=one.assessment,
        **{name: getattr(one.assessment, name) for name in _SUBMITTED},
    )
    answers = upgrades.new_rows(new, one.rows, one.migrated)
    for row in answers:
        row.assessment = successor
    Answer.objects.bulk_create(answers)
    _carry_reviews(new, one, successor)
    _copy_attachments(one.assessment, successor, one.migrated)
    follow_names(new, one.team, one.migrated.targets)
    _record(successor, one.migrated, by, before=str(one.assessment.pk), notes=_review_notes(one))
    return successor


def _carry_reviews(new: Framework, one: TeamUpgrade, successor: Assessment) -> None:
    """Reviews that the map keeps are repeated here; those that it drops end now, with their text as it was.

    So do those of earlier assessments, which would count in their place otherwise.
    """
    now = timezone.now()
    signed = CriterionReview.objects.filter(assessment__team=one.team, assessment__framework=new.key, until__gt=now)
    signed.filter(practice__in=upgrades.ended(new, one.rows, one.migrated)).update(until=now)
    kept = []
    for key, review in one.migrated.reviews.items():
        homes = [row for part, row in one.reviews.items() if key in one.migrated.targets.get(part, ())]
        home = next((row for row in homes if row.verdict == review.verdict), None)
        if home is not None:
            kept.append(
                CriterionReview(
                    assessment=successor,
                    criterion=key,
                    practice=new.by_id[key].practice,
                    verdict=review.verdict,
                    note="\n\n".join(dict.fromkeys(row.note for row in homes if row.note)),
                    answer_rev=home.answer_rev,
                    by_id=home.by_id,
                    at=review.at,
                    until=review.until,
                )
            )
    CriterionReview.objects.bulk_create(kept)


def _copy_attachments(before: Assessment, successor: Assessment, migrated: Migrated) -> None:
    rows = Attachment.objects.filter(assessment=before, removed_at=None)
    Attachment.objects.bulk_create(
        attaching.copied(row, to=successor, criterion=target)
        for row in rows
        for target in migrated.targets.get(row.criterion, ())
    )


def _carry_drafts(new: Framework, by) -> int:
    """Carry every draft over in place; how many there were."""
    ways, count = Ways(new), 0
    drafts = Assessment.objects.filter(framework=new.key, state="draft")
    for draft in drafts.exclude(framework_digest=new.digest).select_related("team"):
        _carry_draft(new, ways, draft, by)
        count += 1
    return count


def _carry_draft(new: Framework, ways: Ways, draft: Assessment, by) -> None:
    way = ways.of(draft)
    rows = {row.criterion: row for row in draft.answers.all()}
    migrated = upgrades.migrate(way, rows, {})
    answers = upgrades.new_rows(new, rows, migrated)
    known = {row.criterion for row in answers}
    answers += [
        Answer(criterion=criterion.id, practice=criterion.practice)
        for criterion in new.criteria
        if criterion.id not in known
    ]
    for row in answers:
        row.assessment = draft
    draft.answers.all().delete()
    Answer.objects.bulk_create(answers)
    notes = _carry_apart(new, way, draft)
    notes |= _move_delegations(draft, migrated)
    _move_attachments(draft, migrated)
    before = draft.framework_version
    draft.framework_version, draft.framework_digest = str(new.version), new.digest
    draft.save(update_fields=["framework_version", "framework_digest"])
    _record(draft, migrated, by, before=f"{draft.framework} {before}", notes=notes)


def _carry_apart(new: Framework, way: tuple[Framework, ...], draft: Assessment) -> dict[str, str]:
    """The answers that two people give apart, each person's by itself; what is dropped of them, as notes."""
    notes: dict[str, str] = {}
    people: dict[int, dict[str, IndependentAnswer]] = {}
    for row in IndependentAnswer.objects.filter(assessment=draft):
        people.setdefault(row.person_id, {})[row.criterion] = row
    made = []
    for number, (person, rows) in enumerate(people.items(), 1):
        plain = {key: Answer(criterion=key, value=row.value, note=row.note, rev=row.rev) for key, row in rows.items()}
        migrated = upgrades.migrate(way, plain, {})
        for row in upgrades.new_rows(new, plain, migrated):
            home = next(rows[part] for part in migrated.sources[row.criterion] if part in rows)
            made.append(
                IndependentAnswer(
                    assessment=draft,
                    person_id=person,
                    criterion=row.criterion,
                    value=row.value,
                    note=row.note,
                    rev=row.rev,
                    answered_at=home.answered_at,
                )
            )
        notes |= {f"{key} ({number})": text for key, text in _notes(migrated).items()}
    IndependentAnswer.objects.filter(assessment=draft).delete()
    IndependentAnswer.objects.bulk_create(made)
    return notes


def _move_delegations(draft: Assessment, migrated: Migrated) -> dict[str, str]:
    """Who was asked for a criterion is asked for what became of it; what was written to them is never lost."""
    rows, moved, notes = list(Delegation.objects.filter(assessment=draft)), {}, {}
    for row in rows:
        target = next((to for to in migrated.targets.get(row.criterion, ()) if to not in moved), None)
        if target:
            moved[target] = row
        elif row.note:
            notes[f"delegation {row.criterion}"] = row.note
    Delegation.objects.filter(assessment=draft).delete()
    for target, row in moved.items():
        row.pk, row.criterion = None, target
    Delegation.objects.bulk_create(moved.values())
    return notes


def _move_attachments(draft: Assessment, migrated: Migrated) -> None:
    rows = list(Attachment.objects.filter(assessment=draft))
    for row in rows:
        row.criterion = next(iter(migrated.targets.get(row.criterion, ())), row.criterion)
    Attachment.objects.bulk_update(rows, ["criterion"])


def _review_notes(one: TeamUpgrade) -> dict[str, str]:
    dropped = {part.criterion for part in one.migrated.dropped if part.what == "review"}
    return {f"review {key}": f"{row.verdict}: {row.note}" for key, row in one.reviews.items() if key in dropped}


def _notes(migrated: Migrated) -> dict[str, str]:
    """What was dropped of the answers, word by word."""
    return {
        part.criterion: f"{part.said or '?'}: {part.text}".removesuffix(": ")
        for part in migrated.dropped
        if part.what == "answer" and (part.said or part.text)
    }


def _record(assessment: Assessment, migrated: Migrated, by, *, before: str, notes: Mapping[str, str]) -> None:
    record(
        action="assessment.migrate",
        by=by,
        subject=("assessment", assessment.pk, f"{assessment.team.name} · {assessment.framework}"),
        before={"migrated_from": before},
        after={"framework_version": assessment.framework_version, "framework_digest": assessment.framework_digest},
        params={
            "kept_answers": len(migrated.answers),
            "asked_again": len(migrated.reconfirm),
            "dropped_answers": sum(part.what == "answer" for part in migrated.dropped),
            "dropped_reviews": sum(part.what == "review" for part in migrated.dropped),
        },
        texts={**_notes(migrated), **notes},
        team=assessment.team,
    )


def said(upgrade_: Upgrade) -> Message:
    """What was done, in a sentence."""
    params = {"version": upgrade_.new.version, "teams": len(upgrade_.teams), "drafts": upgrade_.drafts}
    return Message("framework.upgraded", params)
