"""English texts of the safety audit."""

from portal.message import gettext_noop, register

register(
    {
        # verdicts
        "safety.pass": gettext_noop("Nothing wrong was found in what was asked: %(items)s."),
        "safety.fail": gettext_noop("Not in order: %(items)s."),
        "safety.fail.one": gettext_noop("Not in order: %(item)s. %(found)s"),
        "safety.not_evaluated": gettext_noop("Could not be found out: %(items)s."),
        "safety.not_evaluated.one": gettext_noop("Could not be found out: %(items)s. %(found)s"),
        # items
        "safety.item.tree": gettext_noop("files of the model"),
        "safety.item.signature": gettext_noop("signature"),
        "safety.item.environment": gettext_noop("pinned environment"),
        "safety.item.advisories": gettext_noop("known vulnerabilities"),
        "safety.item.interpreter": gettext_noop("interpreter of the sandbox"),
        "safety.item.replay": gettext_noop("replay of the predictions"),
        "safety.item.repeatable": gettext_noop("same answers twice"),
        # the tree
        "safety.tree.pass": gettext_noop("Files: %(files)s, digest %(digest)s…"),
        "safety.tree.link": gettext_noop("The model's files contain a link: %(path)s."),
        "safety.tree.kind": gettext_noop("The model's files contain what is neither a file nor a folder: %(path)s."),
        "safety.tree.name": gettext_noop("A file's name contains characters that cannot be shown: %(path)s."),
        "safety.tree.many": gettext_noop("The model has more than %(limit)s files."),
        "safety.tree.large": gettext_noop("The model's files take more than %(limit)s GiB."),
        "safety.unread": gettext_noop("Not looked at, since the files cannot be trusted."),
        # what it would load and run
        "safety.loads.dangerous": gettext_noop(
            "Loading the model would import names that give it power over its process: %(count)s. Ask its author why."
        ),
        "safety.loads.unread": gettext_noop(
            "Not all of what would be unpickled could be read. Files read in part or not at all: %(count)s."
        ),
        "safety.loads.suspicious": gettext_noop(
            "Loading the model would import names that the scanner does not know as harmless: %(count)s."
        ),
        "safety.loads.nothing": gettext_noop(
            "The scanner knows all imported names. That proves nothing: there are ways past every scanner."
        ),
        # signature and environment
        "safety.signature.pass": gettext_noop("Columns: %(columns)s."),
        "safety.signature.tensor": gettext_noop("It names a shape and no columns."),
        "safety.signature.none": gettext_noop("The model does not say what it takes."),
        "safety.environment.pass": gettext_noop("%(file)s, packages: %(packages)s, all exact; Python %(python)s."),
        "safety.environment.none": gettext_noop("The model names no packages."),
        "safety.environment.loose": gettext_noop("Requirements that are not one exact version: %(packages)s."),
        "safety.environment.python": gettext_noop("The model does not say which Python it needs."),
        # advisories
        "safety.advisories.pass": gettext_noop("No requirement is named in the advisories (%(advisories)s read)."),
        "safety.advisories.fail": gettext_noop("There are advisories on these versions: %(packages)s."),
        "safety.advisories.loose": gettext_noop("Advisories on packages whose version is not stated: %(packages)s."),
        "safety.advisories.none": gettext_noop("No advisories were given."),
        "safety.advisories.unreadable": gettext_noop("The advisories in %(file)s cannot be read: %(reason)s."),
        "safety.advisories.json": gettext_noop("it is no JSON"),
        "safety.advisories.shape": gettext_noop("it is not in the OSV format"),
        "safety.advisories.version": gettext_noop("it names a version that is none"),
        "safety.advisories.large": gettext_noop("it is too large"),
        "safety.advisories.missing": gettext_noop("the file is not there or may not be read"),
        "safety.advisories.empty": gettext_noop("there is none in it"),
        # interpreter
        "safety.interpreter.pass": gettext_noop("%(name)s, Python %(python)s, has what loads the model."),
        "safety.interpreter.own": gettext_noop("Sekisho's own interpreter"),
        "safety.interpreter.differs": gettext_noop(
            "No registered interpreter has what this model was made with: %(packages)s."
        ),
        "safety.difference": gettext_noop("%(name)s %(wanted)s (here %(here)s)"),
        "safety.absent": gettext_noop("not installed"),
        # replay
        "safety.replay.all": gettext_noop("The model gives all %(rows)s supplied predictions."),
        "safety.replay.sample": gettext_noop(
            "The model gives all supplied predictions in a random sample: %(rows)s of %(of)s rows, seed %(seed)s."
        ),
        "safety.replay.fail": gettext_noop(
            "Supplied predictions that are not what the model gives: %(differing)s of %(rows)s; first rows: %(first)s."
        ),
        "safety.replay.none_supplied": gettext_noop(
            "No predictions were supplied: the sandbox makes them anew for each audit."
        ),
        "safety.replay.partly": gettext_noop(
            "%(lacking)s of %(rows)s rows have no supplied prediction; in the other %(compared)s it is what the model "
            "gives."
        ),
        "safety.replay.empty": gettext_noop("The data hold no row that could be compared."),
        "safety.replay.no_data": gettext_noop("No data were given on which the model could be run again."),
        "safety.rows": gettext_noop("Rows have to be 1 or more, not %(value)s."),
        "safety.replay.kind": gettext_noop("Models of this kind are not run again on a table of columns."),
        "safety.repeatable.pass": gettext_noop("Two runs gave the same on %(rows)s rows, to the last bit."),
        "safety.repeatable.fail": gettext_noop(
            "Two runs gave different answers on %(differing)s of %(rows)s rows; first rows: %(first)s."
        ),
        # what to do
        "safety.fix.tree": gettext_noop("Log the model again without it, and register that version."),
        "safety.fix.signature": gettext_noop("Log the model with a signature, and register that version."),
        "safety.fix.environment": gettext_noop(
            "Log the model with exact versions of all packages and its Python, and register that version."
        ),
        "safety.fix.advisories": gettext_noop(
            "Train with the fixed versions that the table names, and register that version."
        ),
        "safety.fix.advisories.none": gettext_noop(
            "An administrator can put advisories in the OSV format beside Sekisho and name them in SEKISHO_ADVISORIES."
        ),
        "safety.fix.advisories.file": gettext_noop("An administrator has to put the advisories right."),
        "safety.fix.interpreter": gettext_noop(
            "An administrator can register an interpreter with these versions; or log the model with those of Sekisho."
        ),
        "safety.fix.replay": gettext_noop(
            "Predict the evaluation data again with this very version; if it still differs, look at what the model "
            "reads besides its input."
        ),
        "safety.fix.replay.data": gettext_noop("Name evaluation data in the profile, with the model's columns."),
        "safety.fix.replay.supply": gettext_noop(
            "Supply a prediction for every row, or leave the column away, so that the model is run in any case."
        ),
        "safety.fix.repeatable": gettext_noop("Fix every seed of the model, and let nothing but its input decide."),
    }
)
