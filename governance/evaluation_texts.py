"""Sentences about evaluation sets and data connections."""

from portal.ledger.words import register_actions
from portal.message import gettext_noop, register

register(
    {
        "audit.set_unusable": gettext_noop("Not evaluated: the evaluation set %(name)s cannot be used. %(why)s"),
        "audit.data_unusable": gettext_noop("Not evaluated: the evaluation data cannot be used. %(why)s"),
        "audit.challenger_decides": gettext_noop("On the challenger set %(name)s: %(finding)s"),
        "set.measuring": gettext_noop("Reading what the file holds."),
        "set.comparing": gettext_noop("Comparing the rows of %(set)s with the training data."),
        "set.incomplete": gettext_noop("Some fields need your attention."),
        "set.needed": gettext_noop("This is needed for the source you chose."),
        "set.scheme": gettext_noop("The place begins with %(scheme)s."),
        "set.name_taken": gettext_noop("The team has a set named %(name)s already. Choose another name."),
        "set.no_dataset": gettext_noop("The version's run has logged no dataset named %(name)s."),
        "set.dataset_source": gettext_noop(
            "The source of the dataset %(name)s is neither a file nor an object of S3-compatible storage."
        ),
        "set.changed_meanwhile": gettext_noop(
            "Somebody else has changed this set meanwhile. Look at it and try again."
        ),
        "set.no_table": gettext_noop("The table %(table)s cannot be read: %(detail)s"),
        "set.database_silent": gettext_noop("The database %(name)s does not answer: %(detail)s"),
        "set.connection_closed": gettext_noop("The administrator has closed the data connection %(name)s."),
        "set.mixed": gettext_noop("A column of the table %(table)s holds values of several types. Give it one type."),
        "set.nothing_in_common": gettext_noop("The two tables have no feature column in common."),
        "use.no_profile": gettext_noop("Write the model's profile first: it says what the columns mean."),
        "use.not_ready": gettext_noop("The set cannot be used: it is not pinned, was refused, or its time is over."),
        "use.key": gettext_noop("Name the key by which the rows are joined, of: %(columns)s."),
        "columns.twice": gettext_noop("One column alone can have this meaning, and two were chosen: %(columns)s."),
        "data_connection.address": gettext_noop(
            "Write it like postgres://user@host:5432/database, or as the path of a DuckDB or SQLite file."
        ),
        "set.place": gettext_noop(
            "%(place)s is no place that the owner may read. It must lie on allowed storage (SEKISHO_DATA_ROOTS or "
            "SEKISHO_S3), in the part %(team)s (the team's) or %(shared)s (everybody's)."
        ),
        "set.missing": gettext_noop("There is no file at %(place)s."),
        "set.no_run": gettext_noop("The version is gone, or it has no run that could hold the file."),
        "set.storage_silent": gettext_noop("The storage does not answer: %(detail)s"),
        "set.no_team": gettext_noop(
            "An evaluation set belongs to a team, and you are in none. Ask a team's manager to invite you, or ask a "
            "member to make the set; you can then add it to a model as a challenger set."
        ),
        "set.redirected": gettext_noop(
            "The storage sends whoever asks for %(place)s to another address. Sekisho does not go there: name the "
            "place where the file lies."
        ),
        "set.too_large": gettext_noop("The file is larger than %(limit)s MB."),
        "set.unfolds": gettext_noop("The file declares more than %(limit)s MB once it is unfolded."),
        "set.wide": gettext_noop("The table has more than %(limit)s columns."),
        "set.column_twice": gettext_noop("The table has columns of the same name: %(columns)s."),
        "set.names": gettext_noop(
            "The name of a column is longer than %(limit)s characters, or holds the sign NUL. Name the columns in the "
            "first line."
        ),
        "set.ragged": gettext_noop(
            "The first line names %(named)s columns, but %(read)s are read: the lines are not divided alike. Give each "
            "line the same number of fields, and save the file again."
        ),
        "set.nested": gettext_noop("The column %(column)s holds lists, structures or bytes, not single values."),
        "set.no_rows": gettext_noop("The table has no rows."),
        "set.empty": gettext_noop("The file is empty."),
        "set.format": gettext_noop("The file is neither Parquet nor CSV."),
        "set.unreadable": gettext_noop("The file cannot be read: %(detail)s"),
        "set.encoding": gettext_noop(
            "The text is neither UTF-8 nor Shift_JIS throughout. Save the file as UTF-8 and try again."
        ),
        "set.encoding_mixed": gettext_noop(
            "The text begins as %(encoding)s and goes on in another encoding. Save the file as UTF-8 and try again."
        ),
        "set.lacks": gettext_noop("%(file)s has no column %(columns)s."),
        "set.column_in_both": gettext_noop(
            "Both tables hold the columns %(columns)s. Restricted attributes must stand in the restricted set alone."
        ),
        "set.copy_gone": gettext_noop("Sekisho's copy of the file is gone."),
        "set.not_agreed": gettext_noop(
            "It was pinned anew, and nobody has agreed yet that the model be judged on its new rows."
        ),
        "set.not_pinned": gettext_noop("It has not been measured yet, so its digest is not pinned."),
        "set.changed": gettext_noop(
            "Its bytes are not those that were pinned: the file of %(name)s was changed. Its owner can pin it anew."
        ),
        "set.ended": gettext_noop("The time for which it may be kept is over."),
    }
)

register_actions(
    {
        "evaluation.create": gettext_noop("Evaluation set made"),
        "evaluation.change": gettext_noop("Evaluation set changed"),
        "evaluation.pin": gettext_noop("Evaluation set pinned"),
        "evaluation.end": gettext_noop("Evaluation set ended"),
        "evaluation.use": gettext_noop("Evaluation set put to use"),
        "evaluation.release": gettext_noop("Evaluation set no longer used"),
        "data_connection.open": gettext_noop("Data connection opened"),
        "data_connection.change": gettext_noop("Data connection changed"),
    }
)
