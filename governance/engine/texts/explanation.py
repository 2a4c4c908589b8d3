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
        "explanation.disagrees": gettext_noop(
            "The explanation differs from shap's: on %(rows)s rows contributions are up to %(error)s apart, allowed "
            "%(tolerance)s. It is no evidence."
        ),
        "explanation.stable": gettext_noop(
            "Made again %(repeats)s times on %(rows)s rows with other seeds and another background, no feature's share "
            "moved by more than %(change)s points (%(feature)s; allowed %(limit)s). Rank correlation %(correlation)s."
        ),
        "explanation.unstable": gettext_noop(
            "The explanation is not stable: with other seeds and another background the share of %(feature)s moved by "
            "%(change)s points (allowed %(limit)s), and the order of the features agreed by %(correlation)s (at least "
            "%(least)s). Give a larger background."
        ),
        "explanation.sampled.precision": gettext_noop(
            "The sample was large enough: the importance of each leading feature is known within %(reached)s, asked "
            "%(asked)s."
        ),
        "explanation.sampled.all": gettext_noop(
            "All rows were explained: the importance of each leading feature is known within %(reached)s."
        ),
        "explanation.sampled.rows": gettext_noop(
            "As many rows as were asked for: the importance of each leading feature is known within %(reached)s."
        ),
        "explanation.sampled.budget": gettext_noop(
            "The budget ended the sample: the importance of each leading feature is known within %(reached)s, asked "
            "%(asked)s."
        ),
        "explanation.compared.same": gettext_noop(
            "It relies on the same features as %(other)s: no share changed beyond doubt."
        ),
        "explanation.compared.changed": gettext_noop("What changed against %(other)s: %(changes)s."),
        "explanation.compared.more": gettext_noop(
            "What changed against %(other)s: %(changes)s; other features that changed: %(more)s."
        ),
        "explanation.compared.not": gettext_noop("It could not be compared with %(other)s. %(why)s"),
        "explanation.change.more": gettext_noop("%(feature)s counts for more, %(before)s → %(after)s"),
        "explanation.change.less": gettext_noop("%(feature)s counts for less, %(before)s → %(after)s"),
        "explanation.change.new": gettext_noop("%(feature)s is new, %(after)s"),
        "explanation.change.gone": gettext_noop("%(feature)s is gone, it had %(before)s"),
        "explanation.association.spearman": gettext_noop("rank correlation"),
        "explanation.association.correlation_ratio": gettext_noop("correlation ratio"),
        "explanation.association.cramers_v": gettext_noop("Cramér's V"),
        "explanation.not_evaluated": gettext_noop("The model was not explained. %(why)s"),
        "explanation.leading": gettext_noop("The most important feature is %(feature)s."),
        "explanation.leading_tie": gettext_noop("The most important features are tied: %(features)s."),
        "explanation.leading_none": gettext_noop("No feature changes the output in these rows."),
        "explanation.comparing": gettext_noop("Explaining live version %(number)s on the same rows."),
        "explanation.model": gettext_noop("the model %(model)s"),
        "explanation.live": gettext_noop("live version %(number)s"),
        "explanation.method.tree": gettext_noop("Exact SHAP values of the trees (path-dependent)"),
        "explanation.method.linear": gettext_noop("Exact SHAP values of the linear model, in closed form"),
        "explanation.method.permutation": gettext_noop("SHAP values by one antithetic permutation of the columns"),
        "explanation.output.probability": gettext_noop("Probability of class %(class)s"),
        "explanation.output.margin": gettext_noop("Decision value of class %(class)s (log-odds in most models)"),
        "explanation.output.indicator": gettext_noop("Whether the model answers %(class)s"),
        "explanation.output.prediction": gettext_noop("The predicted number"),
        "explanation.rows": gettext_noop("The number of rows to explain must be from 2 to %(limit)s, not %(value)s."),
        "explanation.background": gettext_noop(
            "The number of background rows must be from 1 to %(limit)s, not %(value)s."
        ),
        "explanation.precision": gettext_noop("The precision must be from 0.001 to 1, not %(value)s."),
        "explanation.evaluations": gettext_noop("The model must be asked for 1,000 rows or more, not %(value)s."),
        "explanation.no_such_row": gettext_noop(
            "There is no row %(row)s: rows are numbered from 0 to %(last)s, or named as column=value."
        ),
        "explanation.not_one_row": gettext_noop(
            "%(row)s must hold in one row and holds in %(count)s. Name the row by a column whose values differ."
        ),
        "explanation.too_many_chosen": gettext_noop(
            "%(count)s rows were named; at most %(limit)s can be explained one by one."
        ),
        "explanation.row_hidden": gettext_noop(
            "Rows cannot be named by a sensitive column: %(row)s. Name them by their number or a key."
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
