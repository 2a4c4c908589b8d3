"""Messages of connections, mirror, profiles and the running of audits."""

from portal.ledger.words import register_actions
from portal.message import gettext_noop, register

register(
    {
        "registry.secret_unreadable": gettext_noop(
            "The stored password cannot be read: SEKISHO_SECRET_KEY is not set here, or has changed. Set the key it "
            "was stored under, or enter the password again."
        ),
        "registry.address": gettext_noop("Enter an address like http://mlflow.example.org:5000."),
        "registry.address_secret": gettext_noop("Leave user name and password out of the address: they have fields."),
        "registry.host_not_allowed": gettext_noop(
            "%(host)s is not among the hosts that may be connected. Add it to SEKISHO_REGISTRY_HOSTS."
        ),
        "registry.password_again": gettext_noop(
            "The address leads to another host. Enter the password again: the stored one goes to the old host only."
        ),
        "registry.name_taken": gettext_noop("A connection named %(name)s exists already. Choose another name."),
        "registry.gone": gettext_noop("This connection has been removed."),
        "registry.has_models": gettext_noop(
            "Models were mirrored from %(name)s, and decisions may speak of them. Pause it under Change instead."
        ),
        "registry.has_places": gettext_noop(
            "An environment lies in %(name)s. Let it lie elsewhere first, under Environments."
        ),
        "registry.reading_models": gettext_noop("Reading the registered models."),
        "registry.reading_versions": gettext_noop("Reading the versions of all models (models: %(models)s)."),
        "registry.reading_runs": gettext_noop("Reading the runs not seen before (runs: %(runs)s)."),
        "registry.testing": gettext_noop("Reaching the server."),
        "profile.changed_meanwhile": gettext_noop(
            "Somebody else has changed this profile meanwhile: %(fields)s. What you typed is kept below; saving again "
            "puts it in place of theirs."
        ),
        "profile.unknown_field": gettext_noop("A profile has no field %(fields)s."),
        "profile.incomplete": gettext_noop("Some fields need your attention."),
        "profile.required": gettext_noop("Write one sentence at least."),
        "profile.label_needed": gettext_noop("Name the column that holds the true outcome."),
        "audit.no_profile": gettext_noop(
            "Not evaluated: the model has no profile, so it is not known what to judge it on. Write the profile."
        ),
        "audit.no_data": gettext_noop(
            "Not evaluated: the profile names no evaluation data. Add a table of labelled cases to the profile."
        ),
        "audit.no_label": gettext_noop("Not evaluated: the profile names no label column."),
        "audit.no_sensitive": gettext_noop(
            "Not evaluated: the profile names no sensitive column, so no groups can be compared."
        ),
        "audit.data_place": gettext_noop(
            "Not evaluated: %(path)s is no place that the team may read. Log the table as an artifact of the run, or "
            "put it below a folder of SEKISHO_DATA_ROOTS, in its part %(team)s (the team's) or %(shared)s "
            "(everybody's)."
        ),
        "audit.data_missing": gettext_noop(
            "Not evaluated: the evaluation data %(path)s was not found. Log it with mlflow.log_artifact in the "
            "version's run, or correct the path in the profile."
        ),
        "audit.data_large": gettext_noop(
            "Not evaluated: the evaluation data fills more than %(limit)s MB when it is read. Log a sample of its rows."
        ),
        "audit.no_run": gettext_noop("Not evaluated: the version has no run, so its evaluation data cannot be found."),
        "audit.features_missing": gettext_noop(
            "Not evaluated: the evaluation data lacks columns that the model takes: %(columns)s."
        ),
        "audit.not_applicable.text": gettext_noop(
            "A model of text takes no columns whose contributions could be told."
        ),
        "audit.not_applicable.image": gettext_noop(
            "A model of images takes no columns whose contributions could be told."
        ),
        "audit.not_applicable.generative": gettext_noop(
            "A generative model takes no columns whose contributions could be told."
        ),
        "api.no_version": gettext_noop(
            "Registry %(registry)s has no version %(version)s of a model %(model)s that you may see. A version that "
            "was registered just now appears with the next mirroring."
        ),
        "compare.author": gettext_noop("author"),
        "compare.commit": gettext_noop("commit of the code"),
        "compare.data": gettext_noop("data of the run"),
        "compare.files": gettext_noop("digest of the files"),
        "audit.reading": gettext_noop("Reading the version from the registry."),
        "audit.fetching_model": gettext_noop("Fetching the model's files."),
        "audit.fetching_data": gettext_noop("Fetching the evaluation data."),
        "audit.predicting": gettext_noop("Running the model on the evaluation data, in the sandbox."),
        "audit.computing": gettext_noop("Computing."),
        "audit.keeping": gettext_noop("Keeping the result."),
        "sandbox.trying": gettext_noop("Trying the walls on this host."),
        "audit.files_changed": gettext_noop(
            "Not evaluated: the version's files changed while they were audited. Run the audit again."
        ),
        "audit.version_gone": gettext_noop("The version does not exist any more."),
    }
)

register_actions(
    {
        "registry.connect": gettext_noop("Registry connected"),
        "registry.change": gettext_noop("Connection changed"),
        "registry.remove": gettext_noop("Connection removed"),
        "audit.request": gettext_noop("Audits requested"),
        "audit.keep": gettext_noop("Audit finished"),
        "sandbox.change": gettext_noop("Sandbox of a worker host changed"),
    }
)
