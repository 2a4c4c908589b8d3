"""English texts of the lineage audit and of its graph."""

from portal.message import gettext_noop, register

register(
    {
        # verdicts
        "lineage.pass": gettext_noop("Everything required is on record: %(items)s."),
        "lineage.pass.but": gettext_noop("Everything required is on record. Recommended, but missing: %(items)s."),
        "lineage.fail": gettext_noop("Required, but not on record: %(items)s."),
        "lineage.not_evaluated": gettext_noop("Required, but could not be read: %(items)s."),
        # items
        "lineage.item.run": gettext_noop("training run"),
        "lineage.item.commit": gettext_noop("commit of the code"),
        "lineage.item.repository": gettext_noop("address of the repository"),
        "lineage.item.dataset": gettext_noop("training data with its digest"),
        "lineage.item.source": gettext_noop("source of the training data"),
        "lineage.item.evaluation": gettext_noop("evaluation data with its digest"),
        "lineage.item.parameters": gettext_noop("parameters"),
        "lineage.item.metrics": gettext_noop("metrics"),
        "lineage.item.signature": gettext_noop("signature"),
        "lineage.item.environment": gettext_noop("pinned environment"),
        "lineage.item.artifact": gettext_noop("digest of the model's files"),
        # what is missing
        "lineage.run.none": gettext_noop("The version names no run, so nobody can tell how it was made."),
        "lineage.run.gone": gettext_noop("The version names run %(run)s, which the registry no longer has."),
        "lineage.run.deleted": gettext_noop("Run %(run)s was deleted and may vanish for good."),
        "lineage.run.status": gettext_noop("Run %(run)s did not finish: its status is %(status)s."),
        "lineage.commit.none": gettext_noop("The run does not say which commit of the code it ran."),
        "lineage.commit.form": gettext_noop("“%(commit)s” is not the id of a commit."),
        "lineage.repository.none": gettext_noop("The run does not say which repository the commit is in."),
        "lineage.dataset.none": gettext_noop("The run names no training data."),
        "lineage.dataset.digest": gettext_noop("Training data without a name or a digest: %(names)s."),
        "lineage.source.none": gettext_noop("Nobody can fetch this training data again: %(names)s."),
        "lineage.source.data": gettext_noop("Without training data there is no source to name."),
        "lineage.evaluation.none": gettext_noop("The run names no evaluation data with a digest."),
        "lineage.parameters.none": gettext_noop("The run logged no parameters."),
        "lineage.metrics.none": gettext_noop("The run logged no metrics."),
        "lineage.signature.none": gettext_noop("The model does not say which columns it takes."),
        "lineage.environment.none": gettext_noop("The model comes without requirements.txt."),
        "lineage.environment.empty": gettext_noop("The model's requirements.txt names no package."),
        "lineage.environment.loose": gettext_noop("Packages without an exact version: %(packages)s."),
        "lineage.artifact.none": gettext_noop("The model has no files that could be hashed."),
        "lineage.artifact.unhashed": gettext_noop("The model's files were not hashed."),
        "lineage.unread": gettext_noop("Could not be read: %(reason)s"),
        # what to do
        "lineage.fix.run": gettext_noop("Train within mlflow.start_run(), and register the model that this run logs."),
        "lineage.fix.run.keep": gettext_noop("Restore the run in MLflow, or train again and register that version."),
        "lineage.fix.run.finish": gettext_noop("Let the training end without an error, and register its model."),
        "lineage.fix.commit": gettext_noop(
            "Run the training script from a Git checkout: MLflow then records the commit. In notebooks and "
            "containers, set the tag when the run starts, then train again."
        ),
        "lineage.fix.repository": gettext_noop("Set the tag when the run starts, then train again."),
        "lineage.fix.dataset": gettext_noop(
            "Log the training data with mlflow.log_input, then train again. Added to a past run it would be a "
            "claim, not a record."
        ),
        "lineage.fix.source": gettext_noop(
            "Give the data set the address it was read from (an object store, a table, an artifact), then train again."
        ),
        "lineage.fix.evaluation": gettext_noop("Log the evaluation data with mlflow.log_input, then train again."),
        "lineage.fix.parameters": gettext_noop("Log the parameters with mlflow.log_params, then train again."),
        "lineage.fix.metrics": gettext_noop("Log the metrics with mlflow.log_metrics, then train again."),
        "lineage.fix.signature": gettext_noop("Log the model with a signature, and register that version."),
        "lineage.fix.environment": gettext_noop(
            "Log the model with exact versions of all packages, and register that version."
        ),
        "lineage.fix.artifact": gettext_noop(
            "Log the model's files to the registry's artifact store, and register them."
        ),
        "lineage.fix.again": gettext_noop("Audit the version again when the registry can be read."),
        # graph
        "lineage.column.sources": gettext_noop("Sources"),
        "lineage.column.data": gettext_noop("Data"),
        "lineage.column.run": gettext_noop("Training"),
        "lineage.column.version": gettext_noop("Version"),
        "lineage.column.environments": gettext_noop("Environments"),
        "lineage.node.run": gettext_noop("Run %(run)s"),
        "lineage.node.commit": gettext_noop("Commit %(commit)s"),
        "lineage.node.version": gettext_noop("This version"),
        "lineage.node.training": gettext_noop("Training, rows: %(rows)s"),
        "lineage.node.evaluation": gettext_noop("Evaluation, rows: %(rows)s"),
        "lineage.node.other": gettext_noop("Data, rows: %(rows)s"),
        "lineage.node.alias": gettext_noop("Alias %(alias)s"),
        "lineage.node.gap": gettext_noop("Not recorded"),
        "lineage.node.gap.source": gettext_noop("Source"),
        "lineage.node.gap.commit": gettext_noop("Commit"),
        "lineage.node.gap.training": gettext_noop("Training data"),
        "lineage.node.gap.evaluation": gettext_noop("Evaluation data"),
        "lineage.node.gap.run": gettext_noop("Training run"),
    }
)
