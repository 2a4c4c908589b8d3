"""Sentences of the drift audit, by code."""

from __future__ import annotations

from portal.message import gettext_noop, register

register(
    {
        "drift.fail": gettext_noop(
            "Drifted beyond %(tolerance)s: %(columns)s. Columns compared: %(compared)s, drifted: %(count)s."
        ),
        "drift.pass": gettext_noop(
            "No column has drifted beyond %(tolerance)s; the farthest is %(columns)s. Columns compared: %(compared)s."
        ),
        "drift.inconclusive": gettext_noop(
            "Undecided: the rows do not tell whether a column has drifted beyond %(tolerance)s. In doubt (columns: "
            "%(count)s of %(compared)s): %(columns)s."
        ),
        "drift.not_evaluated": gettext_noop(
            "Not evaluated: no column has %(min_rows)s values both in the reference and in the current data."
        ),
        "drift.not_judged": gettext_noop("%(sentence)s Not judged (columns: %(count)s): %(columns)s."),
        "drift.also": gettext_noop("%(first)s %(rest)s"),
        "drift.and_more": gettext_noop("and others: %(count)s"),
        "drift.answer": gettext_noop("the model's answer"),
        "drift.moved": gettext_noop("%(column)s by %(value)s (%(low)s to %(high)s)"),
        "drift.missing_changed": gettext_noop(
            "%(column)s (missing in %(current)s of the rows, before in %(reference)s)"
        ),
        "drift.type_changed": gettext_noop("%(column)s (was %(reference)s, is now %(current)s)"),
        "drift.kind.numeric": gettext_noop("a number"),
        "drift.kind.categorical": gettext_noop("a category"),
        "drift.kind.time": gettext_noop("a date or time"),
        "drift.kind.nested": gettext_noop("a list or structure"),
        "drift.advice.current": gettext_noop(
            "If the drift stays as it is, about %(rows)s rows of current data would decide."
        ),
        "drift.advice.both": gettext_noop(
            "If the drift stays as it is, about %(rows)s rows in the reference and in the current data would decide."
        ),
        "drift.advice.too_close": gettext_noop(
            "The drift lies so close to the tolerance that more rows are unlikely to decide."
        ),
        "drift.note.only_reference": gettext_noop(
            "Only in the reference, and so not compared: %(columns)s (columns: %(count)s)."
        ),
        "drift.note.only_current": gettext_noop(
            "Only in the current data, and so not compared: %(columns)s (columns: %(count)s)."
        ),
        "drift.note.skipped": gettext_noop("Not compared: %(columns)s."),
        "drift.note.too_few": gettext_noop("Not judged, having fewer than %(min_rows)s values: %(columns)s."),
        "drift.note.weighted": gettext_noop(
            "With weights the limits are approximate: the rows count as the %(reference)s and %(current)s unweighted "
            "ones that tell as much."
        ),
        "drift.note.groups": gettext_noop("Rates of groups: %(sentence)s"),
        "drift.note.no_predictions": gettext_noop("The model's answers were not compared: %(why)s"),
        "drift.note.no_groups": gettext_noop("The rates of groups were not compared: %(why)s"),
        "drift.skipped.time": gettext_noop("%(column)s (dates and times always move on)"),
        "drift.skipped.nested": gettext_noop("%(column)s (lists and structures)"),
        "drift.skipped.levels": gettext_noop("%(column)s (more than %(limit)s different values)"),
        "drift.skipped.empty": gettext_noop("%(column)s (no values)"),
        "drift.groups.fail": gettext_noop(
            "The %(rate)s of %(group)s has changed by %(change)s (%(low)s to %(high)s), beyond %(tolerance)s."
        ),
        "drift.groups.pass": gettext_noop(
            "No group's rate has changed beyond %(tolerance)s; the farthest is the %(rate)s of %(group)s, changed by "
            "%(change)s."
        ),
        "drift.groups.inconclusive": gettext_noop(
            "Undecided: the rows do not tell whether a group's rate has changed beyond %(tolerance)s; the farthest is "
            "the %(rate)s of %(group)s, changed by %(change)s (%(low)s to %(high)s)."
        ),
        "drift.groups.not_evaluated": gettext_noop("Not judged: no group has %(min_group)s cases in both tables."),
        "drift.disagreement": gettext_noop(
            "The %(measure)s of %(column)s differs from scipy's by %(difference)s: the audit cannot be used."
        ),
        "drift.too_many_columns": gettext_noop(
            "The table has %(count)s columns; at most %(limit)s can be compared. Name those that matter."
        ),
        "drift.no_columns": gettext_noop("The reference and the current data have no column in common."),
        "drift.weight": gettext_noop("The weights in %(column)s must be numbers, none negative or missing."),
        "drift.reference_file": gettext_noop("%(file)s is no kept reference, or it is damaged. Make it anew."),
        "drift.kept_already": gettext_noop(
            "%(file)s is kept already, with its own prediction, label and weight: leave these and --keep out."
        ),
        "drift.keep_name": gettext_noop("A kept reference is named like reference.npz, not %(file)s."),
        # the audit of a version
        "drift.no_reference": gettext_noop(
            "Not evaluated: the model has no reference to measure drift from. Name the data it was trained on, or "
            "last accepted with, as its training data or reference."
        ),
        "drift.same_set": gettext_noop(
            "Not evaluated: the evaluation set %(name)s is the reference too. Name another set as the reference."
        ),
        "drift.reference_unusable": gettext_noop("Not evaluated: the reference %(name)s cannot be used. %(why)s"),
        "drift.min_rows": gettext_noop("The least number of rows must be at least 1, not %(value)s."),
    }
)
