"""Reviewing a submitted assessment: verdicts, the signature, and sending it back."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import timedelta

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from assessments import catalogue, levels, standings
from assessments.actions import attaching
from assessments.actions.checks import NOTE_LIMIT, criterion_of, framework_of, lock_assessment, subject
from assessments.actions.inputs import cleaned_within, invalid
from assessments.models import Answer, Assessment, AssessmentState, Attachment, CriterionReview, ReviewVerdict
from assessments.reviewing import Reviewing, reviewing
from portal.accounts.models import User
from portal.accounts.permissions import require
from portal.ledger.actions import record
from portal.ledger.canonical import canonical_json
from portal.web.errors import Conflict, Invalid

FORM = "sekisho.reviews/1"


class ReviewConflict(Conflict):
    """The verdict was changed since the page was opened; both texts are here."""

    def __init__(self, *, stored: CriterionReview | None, verdict: str, note: str) -> None:
        rev = stored.rev if stored else 0
        super().__init__("review.conflict", rev=rev)
        self.stored, self.verdict, self.note = stored, verdict, note


def save_verdict(
    *, assessment: Assessment, criterion: str, verdict: str, note: str, rev: int, answer_rev: int, by: User
) -> CriterionReview:
    """Save a verdict on one answer.

    Parameters
    ----------
    verdict : str
        A `ReviewVerdict`; a refused one needs a note, also where it refuses an N/A.
    rev : int
        The revision of the verdict that the person saw, 0 for none; another one now stored is a conflict.
    answer_rev : int
        The revision of the answer that the person looked at: the verdict is bound to it.
    """
    require(by, "assessment.review", assessment)
    framework = framework_of(assessment)
    asked, note = criterion_of(framework, criterion), _text(note, "note")
    _check_verdict(verdict, note)
    with transaction.atomic():
        locked = _lock_submitted(assessment)
        answer = locked.answers.filter(criterion=asked.id).first()
        if answer is None or not answer.value:
            raise Invalid("review.no_answer")
        if answer.rev != answer_rev:
            raise Conflict("review.answer_changed")
        stored = locked.reviews.filter(criterion=asked.id).first()
        if stored and (stored.verdict, stored.note, stored.answer_rev) == (verdict, note, answer_rev):
            return stored
        if (stored.rev if stored else 0) != rev:
            raise ReviewConflict(stored=stored, verdict=verdict, note=note)
        before = {"verdict": stored.verdict} if stored else {}
        row = stored or CriterionReview(assessment=locked, criterion=asked.id, practice=asked.practice)
        texts = {"note": note} if note != row.note else {}
        row.verdict, row.note, row.rev, row.answer_rev = verdict, note, rev + 1, answer_rev
        row.by, row.at = by, timezone.now()
        row.save()
        record(
            action="assessment.review",
            by=by,
            subject=subject(locked, framework),
            before=before,
            after={"verdict": verdict, "answer": answer.value, "answer_rev": answer_rev},
            params={"criterion": asked.id},
            texts=texts,
            team=locked.team,
        )
    return row


def confirm_evidenced(*, assessment: Assessment, answers: Mapping[str, int], by: User) -> tuple[str, ...]:
    """Confirm in one act what fresh evidence supports; what nobody has given a verdict on, and still stands so.

    Parameters
    ----------
    answers : mapping of criterion id to the answer's revision
        What the reviewer saw in the table.
    """
    require(by, "assessment.review", assessment)
    framework = framework_of(assessment)
    with transaction.atomic():
        locked = _lock_submitted(assessment)
        open_ones = {item.criterion.id: item for item in reviewing(locked).evidenced}
        good = [open_ones[key] for key, rev in answers.items() if key in open_ones and open_ones[key].answer.rev == rev]
        moment = timezone.now()
        CriterionReview.objects.bulk_create(
            CriterionReview(
                assessment=locked,
                criterion=item.criterion.id,
                practice=item.criterion.practice,
                verdict=ReviewVerdict.CONFIRMED,
                rev=1,
                answer_rev=item.answer.rev,
                by=by,
                at=moment,
            )
            for item in good
        )
        confirmed = tuple(item.criterion.id for item in good)
        if confirmed:
            record(
                action="assessment.review_evidenced",
                by=by,
                subject=subject(locked, framework),
                after={"confirmed_by_evidence": len(confirmed)},
                params={"criteria": list(confirmed)},
                team=locked.team,
            )
    return confirmed


def sign(*, assessment: Assessment, note: str, by: User) -> Assessment:
    """Close the review: its verdicts count from now on until they lapse, and nothing of it changes any more."""
    require(by, "assessment.review", assessment)
    framework, note = framework_of(assessment), _text(note, "note")
    with transaction.atomic():
        locked = _lock_submitted(assessment)
        seen = reviewing(locked)
        _check_complete(seen)
        before = levels.levels_of(levels.to_json(levels.current_score(locked.team, framework)))
        moment = timezone.now()
        until = moment + timedelta(days=framework.review_days)
        catalogue.keep(framework)
        locked.reviews.update(until=until)
        locked.state, locked.signed_by, locked.signed_at, locked.signed_note = AssessmentState.SIGNED, by, moment, note
        locked.save(update_fields=["state", "signed_by", "signed_at", "signed_note"])
        standings.refresh_all(locked.team, by, recorded=framework.key)
        after = levels.levels_of(levels.to_json(levels.current_score(locked.team, framework)))
        record(
            action="assessment.sign",
            by=by,
            subject=subject(locked, framework),
            before=before,
            after=after,
            params={
                "framework": framework.key,
                "framework_version": locked.framework_version,
                "framework_digest": locked.framework_digest,
                "reviews_confirmed": len(seen.confirmed),
                "reviews_refused": len(seen.refused),
                "reviews_digest": digest_of(locked),
                "reviews_until": f"{until:%Y-%m-%d}",
            },
            texts={"note": note},
            team=locked.team,
        )
    return locked


def send_back(*, assessment: Assessment, reason: str, by: User) -> Assessment:
    """Return a submitted assessment: the team gets a draft with all its answers, those not confirmed open again.

    What was submitted stays the team's claim, and stays readable, until the team submits anew. Where
    a draft is in progress already, only what is untouched in it is opened.
    """
    require(by, "assessment.review", assessment)
    framework, reason = framework_of(assessment), _text(reason, "reason")
    if not reason:
        raise invalid("reason", "review.reason")
    with transaction.atomic():
        locked = _lock_submitted(assessment)
        refused = list(locked.reviews.filter(verdict=ReviewVerdict.REFUSED).values_list("criterion", flat=True))
        draft, new = _draft_after(locked, set(refused))
        locked.returned_by, locked.returned_at, locked.returned_note = by, timezone.now(), reason
        locked.save(update_fields=["returned_by", "returned_at", "returned_note"])
        record(
            action="assessment.send_back",
            by=by,
            subject=subject(locked, framework),
            after={"draft": draft.pk, "opened_again": len(refused)},
            params={"criteria": refused, "draft_was_there": "no" if new else "yes"},
            texts={"reason": reason},
            team=locked.team,
        )
    return draft


def digest_of(assessment: Assessment) -> str:
    """A SHA-256 over all verdicts and the answers that they are bound to, so that the record holds them."""
    rows = assessment.reviews.order_by("criterion")
    bound = dict(assessment.answers.values_list("criterion", "value"))
    plain = {
        "form": FORM,
        "framework": assessment.framework_digest,
        "reviews": [[row.criterion, bound.get(row.criterion, ""), row.answer_rev, row.verdict] for row in rows],
    }
    return hashlib.sha256(canonical_json(plain)).hexdigest()


def _draft_after(returned: Assessment, refused: set[str]) -> tuple[Assessment, bool]:
    """The team's draft with what was not confirmed open again, and whether it is new."""
    draft, new = Assessment.objects.select_for_update().get_or_create(
        team=returned.team,
        framework=returned.framework,
        state=AssessmentState.DRAFT,
        defaults={
            "framework_version": returned.framework_version,
            "framework_digest": returned.framework_digest,
            "started_by": returned.started_by,
            "campaign": returned.campaign,
        },
    )
    if new:
        Answer.objects.bulk_create(_again(draft, row, refused) for row in returned.answers.all())
        Attachment.objects.bulk_create(
            attaching.copied(file, to=draft, criterion=file.criterion)
            for file in returned.attachments.filter(removed_at=None)
        )
    else:
        untouched = draft.answers.filter(criterion__in=refused, carried=True)
        untouched.update(value="", carried=False, rev=F("rev") + 1)
    return draft, new


def _again(draft: Assessment, row: Answer, refused: set[str]) -> Answer:
    """The answer as it was; one that was not confirmed keeps its note and is open."""
    is_open = row.criterion in refused or row.from_evidence
    return Answer(
        assessment=draft,
        criterion=row.criterion,
        practice=row.practice,
        value="" if is_open else row.value,
        note=row.note,
        reconfirm=row.reconfirm and not is_open,
        answered_by=row.answered_by,
        answered_at=row.answered_at,
    )


def _lock_submitted(assessment: Assessment) -> Assessment:
    locked = lock_assessment(assessment)
    if locked.state == AssessmentState.SIGNED:
        raise Conflict("review.signed")
    if locked.state != AssessmentState.SUBMITTED:
        raise Conflict("review.not_submitted")
    if locked.returned_at:
        raise Conflict("review.returned")
    if not Assessment.objects.waiting_for_review().filter(pk=locked.pk).exists():
        raise Conflict("review.overtaken")
    return locked


def _check_verdict(verdict: str, note: str) -> None:
    if verdict not in ReviewVerdict.values:
        raise invalid("verdict", "review.verdict")
    if verdict == ReviewVerdict.REFUSED and not note:
        raise invalid("note", "review.why")


def _check_complete(seen: Reviewing) -> None:
    if not seen.reviewed:
        raise Invalid("review.nothing")
    stale = [i.criterion.id for i in seen.reviewed if i.answer is None or i.review.answer_rev != i.answer.rev]
    if stale:
        raise Conflict("review.answer_changed")
    if seen.missing:
        raise Invalid("review.unfinished", n=len(seen.missing))


def _text(text: str, field: str) -> str:
    return cleaned_within(NOTE_LIMIT, text, field, "assessment.note_long")
