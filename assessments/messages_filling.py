"""Sentences of filling out an assessment: records and refusals, by code."""

from portal.ledger.words import keep_within_team, register_actions, register_fields
from portal.message import gettext_noop, register

register_actions(
    {
        "assessment.confirm": gettext_noop("Answers of last time confirmed"),
        "assessment.answer_apart": gettext_noop("Answer saved, apart from the other person's"),
        "assessment.finish_apart": gettext_noop("Answers apart finished"),
        "assessment.delegate": gettext_noop("Criteria delegated"),
        "assessment.take_back": gettext_noop("Delegation taken back"),
        "assessment.attach": gettext_noop("File put beside an answer"),
        "assessment.detach": gettext_noop("File removed from an answer"),
        "assessment.import": gettext_noop("Answers imported from a spreadsheet"),
    }
)
keep_within_team(
    "assessment.confirm",
    "assessment.answer_apart",
    "assessment.finish_apart",
    "assessment.delegate",
    "assessment.take_back",
    "assessment.attach",
    "assessment.detach",
    "assessment.import",
)
register_fields(
    {
        "from_evidence": gettext_noop("Settled by evidence"),
        "apart": gettext_noop("Two people who answer apart"),
        "confirmed": gettext_noop("Answers confirmed"),
        "criteria": gettext_noop("Criteria"),
        "taken_alike": gettext_noop("Same answers taken"),
        "to_settle": gettext_noop("Differences to settle"),
        "delegated_to": gettext_noop("Delegated to"),
        "due": gettext_noop("Due date"),
        "attachment": gettext_noop("File"),
        "bytes": gettext_noop("Size in bytes"),
        "imported": gettext_noop("Answers imported"),
    }
)
register(
    {
        # two people who answer apart
        "assessment.two_people": gettext_noop("Choose two different people."),
        "assessment.not_a_member": gettext_noop("Choose members of the team."),
        "assessment.apart": gettext_noop(
            "Two people are answering this assessment apart. Common answers open once both are done."
        ),
        "assessment.not_one_of_two": gettext_noop("This assessment is answered apart by two other people."),
        "assessment.finished_apart": gettext_noop("You have said that your answers are done."),
        # delegation
        "assessment.delegate_none": gettext_noop("Choose at least one criterion."),
        "assessment.delegate_to": gettext_noop("Choose a member of the team."),
        "assessment.delegate_apart": gettext_noop("An assessment that two people answer apart is not delegated."),
        # attachments
        "attachment.empty": gettext_noop("%(name)s is empty."),
        "attachment.large": gettext_noop("%(name)s is larger than %(limit)s MB."),
        "attachment.unknown": gettext_noop(
            "%(name)s is not accepted. Attach PDF, PNG, JPEG, text, CSV, Markdown, XLSX, DOCX or PPTX."
        ),
        "attachment.other": gettext_noop("%(name)s is named as %(named)s, but it holds %(found)s."),
        "attachment.not": gettext_noop("%(name)s is named as %(named)s, but its content is something else."),
        "attachment.macros": gettext_noop("%(name)s holds macros. Save it without them."),
        "attachment.many": gettext_noop("There are already %(limit)s files beside this answer."),
        # spreadsheets
        "sheet.unreadable": gettext_noop("This is not an XLSX file that can be read."),
        "sheet.large": gettext_noop("The file is too large for a spreadsheet of answers."),
        "sheet.foreign": gettext_noop("This file was not exported from an assessment."),
        "sheet.other_framework": gettext_noop("The file holds answers to %(found)s; this assessment is on %(wanted)s."),
        "sheet.other_version": gettext_noop(
            "The file was exported with another version of the framework. Export it anew and copy your answers over."
        ),
        "sheet.other_assessment": gettext_noop("The file belongs to another assessment. Export this one."),
        "sheet.no_row": gettext_noop("The row of %(id)s is missing in the file; the answer stays as it is."),
        "sheet.tampered": gettext_noop(
            "Rows or ids were changed after the export. Each row is compared with the criterion that its id names."
        ),
        "sheet.unknown_id": gettext_noop("Row %(row)s: there is no criterion %(id)s; the row is left out."),
        "sheet.no_id": gettext_noop("Row %(row)s has no id; it is left out."),
        "sheet.twice": gettext_noop("Row %(row)s: %(id)s stands twice; the first one counts."),
        "sheet.formula": gettext_noop("Row %(row)s: a formula is taken as its text and never worked out."),
        "sheet.value": gettext_noop("Row %(row)s: %(value)s is no answer; the answer stays as it is."),
        "sheet.stale": gettext_noop("Somebody saved this answer after the export: compare both before you take it."),
        "sheet.changed_since": gettext_noop(
            "Answers were saved while you compared. Here is the difference as it is now; nothing was imported."
        ),
        "sheet.nothing": gettext_noop("The file changes nothing."),
    }
)
