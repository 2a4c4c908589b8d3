"""The sentences of the sandbox."""

from portal.message import gettext_noop, register

register(
    {
        "sandbox.none": gettext_noop(
            "No sandbox works on this host, so the model was not run. "
            "Install bubblewrap on a Linux worker, and start the worker again."
        ),
        "sandbox.phase.start": gettext_noop("starting"),
        "sandbox.phase.load": gettext_noop("loading"),
        "sandbox.phase.predict": gettext_noop("predicting"),
        "sandbox.phase.explain": gettext_noop("computing the explanation"),
        "sandbox.start_failed": gettext_noop("The sandbox could not be started: %(error)s. Check the worker's host."),
        "sandbox.load_failed": gettext_noop(
            "The model failed to load: %(error)s. "
            "Log it again so that it loads in a fresh environment with the packages it names."
        ),
        "sandbox.predict_failed": gettext_noop(
            "The model failed to predict: %(error)s. Check that the data has the columns and types it takes."
        ),
        "sandbox.explain_failed": gettext_noop(
            "The explanation could not be computed: %(error)s. Check that the model predicts on this data."
        ),
        "sandbox.missing_columns": gettext_noop(
            "The model takes columns that the data lacks: %(columns)s. Add them to the data."
        ),
        "sandbox.timed_out": gettext_noop(
            "The model was stopped after %(seconds)s seconds while %(phase)s. "
            "Give fewer rows or a longer limit, or make the model faster."
        ),
        "sandbox.out_of_memory": gettext_noop(
            "The model was stopped while %(phase)s: it needed more than %(mebibytes)s MiB of memory. "
            "Give fewer rows or a higher limit, or make the model smaller."
        ),
        "sandbox.output_too_large": gettext_noop(
            "The model was stopped while %(phase)s: it wrote more than %(mebibytes)s MiB. "
            "Give fewer rows, or a model that writes less."
        ),
        "sandbox.killed": gettext_noop(
            "The model's process ended while %(phase)s without an answer (signal %(signal)s). "
            "Look at the detail, and try the model in a fresh environment."
        ),
        "sandbox.exited": gettext_noop(
            "The model's process ended while %(phase)s without an answer (exit code %(code)s). "
            "Look at the detail, and try the model in a fresh environment."
        ),
        "sandbox.bad_answer": gettext_noop(
            "The model's process gave an answer that cannot be read. "
            "The model may have tampered with it: look at its code."
        ),
        "sandbox.wrong_length": gettext_noop(
            "The model answered %(got)s values for %(expected)s rows. It has to give one for each row."
        ),
        "sandbox.not_finite": gettext_noop(
            "The model answered values that are not finite numbers: %(count)s of %(total)s. "
            "Check how it treats missing and extreme values."
        ),
        "sandbox.artifact_link": gettext_noop(
            "The model's files contain a link that leaves them: %(path)s. Log the model again without it."
        ),
        "sandbox.artifact_kind": gettext_noop(
            "The model's files contain something that is neither a file nor a folder: %(path)s. "
            "Log the model again without it."
        ),
        "sandbox.not_a_model": gettext_noop(
            "There is no MLflow model in %(path)s: the file MLmodel is missing or cannot be read. "
            "Name the folder that holds it."
        ),
        "sandbox.probe.system": gettext_noop("%(system)s has none of the walls: workers that run models need Linux."),
        "sandbox.probe.missing": gettext_noop("Not installed: %(programs)s."),
        "sandbox.probe.failed": gettext_noop("The run in it failed: %(error)s."),
        "sandbox.probe.walls": gettext_noop("It runs, but these walls do not hold: %(walls)s."),
    }
)
