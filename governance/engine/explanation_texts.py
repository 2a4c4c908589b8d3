"""The sentences of the explanation audit."""

from portal.message import gettext_noop, register

register(
    {
        "explanation.pass": gettext_noop(
            "The explanation adds up: in each of %(rows)s rows the contributions and the base value give the model's "
            "output. Largest difference %(error)s, allowed %(tolerance)s. %(leading)s"
        ),
        "explanation.fail": gettext_noop(
            "The explanation does not add up: contributions and base value differ from the model's output by up to "
            "%(error)s, allowed %(tolerance)s. It is no evidence. Check that the model gives the same output for the "
            "same row each time."
        ),
        "explanation.not_evaluated": gettext_noop("The model was not explained. %(why)s"),
        "explanation.leading": gettext_noop("The most important feature is %(feature)s."),
        "explanation.leading_tie": gettext_noop("The most important features are tied: %(features)s."),
        "explanation.leading_none": gettext_noop("No feature changes the output in these rows."),
        "explanation.method.tree": gettext_noop("Exact SHAP values of the trees (path-dependent)"),
        "explanation.method.linear": gettext_noop("Exact SHAP values of the linear model"),
        "explanation.method.permutation": gettext_noop("SHAP values by one antithetic permutation of the columns"),
        "explanation.output.probability": gettext_noop("Probability of class %(class)s"),
        "explanation.output.margin": gettext_noop("Decision value of class %(class)s (log-odds in most models)"),
        "explanation.output.indicator": gettext_noop("Whether the model answers %(class)s"),
        "explanation.output.prediction": gettext_noop("The predicted number"),
        "explanation.rows": gettext_noop("The number of rows to explain must be from 2 to %(limit)s, not %(value)s."),
        "explanation.background": gettext_noop(
            "The number of background rows must be from 1 to %(limit)s, not %(value)s."
        ),
        "explanation.too_few_rows": gettext_noop(
            "The data has %(rows)s rows; an explanation needs at least 2 rows. Give more data."
        ),
        "explanation.missing_columns": gettext_noop(
            "The model takes columns that the data lacks: %(columns)s. Add them to the data."
        ),
        "explanation.no_columns": gettext_noop("No column is left for the model. Drop fewer columns."),
        "explanation.too_many_columns": gettext_noop(
            "The model takes %(count)s columns; at most %(limit)s can be explained."
        ),
        "explanation.seconds": gettext_noop("The time for the model must be from 1 to 86,400 seconds, not %(value)s."),
        "explanation.model_address": gettext_noop(
            "The model %(model)s could not be fetched. %(error)s Check the address and MLFLOW_TRACKING_URI."
        ),
        "explanation.model_place": gettext_noop(
            "%(model)s is neither a folder on this machine nor an address that starts with runs:/ or models:/."
        ),
    }
)
