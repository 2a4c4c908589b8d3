"""Sentences of the performance audit, by code."""

from __future__ import annotations

from portal.message import gettext_noop, register

register(
    {
        # names
        "performance.metric.accuracy": gettext_noop("accuracy"),
        "performance.metric.balanced_accuracy": gettext_noop("balanced accuracy"),
        "performance.metric.precision": gettext_noop("precision"),
        "performance.metric.recall": gettext_noop("recall"),
        "performance.metric.specificity": gettext_noop("specificity"),
        "performance.metric.f1": gettext_noop("F1 score"),
        "performance.metric.macro_precision": gettext_noop("macro precision"),
        "performance.metric.macro_recall": gettext_noop("macro recall"),
        "performance.metric.macro_f1": gettext_noop("macro F1 score"),
        "performance.metric.auc": gettext_noop("AUC"),
        "performance.metric.brier": gettext_noop("Brier score"),
        "performance.metric.log_loss": gettext_noop("log loss"),
        "performance.metric.mae": gettext_noop("mean absolute error"),
        "performance.metric.rmse": gettext_noop("root mean squared error"),
        "performance.metric.mean_error": gettext_noop("mean error"),
        "performance.metric.r2": gettext_noop("R²"),
        "performance.interval.wilson": gettext_noop("Wilson"),
        "performance.interval.zou-donner": gettext_noop("Zou and Donner"),
        "performance.interval.delong": gettext_noop("DeLong"),
        "performance.interval.bootstrap": gettext_noop("bootstrap"),
        "performance.interval.normal": gettext_noop("normal"),
        "performance.interval.bonett-price": gettext_noop("Bonett and Price"),
        # the verdict
        "performance.pass": gettext_noop("%(measured)s %(comparison)s"),
        "performance.fail": gettext_noop("%(comparison)s %(measured)s"),
        "performance.also": gettext_noop("%(first)s %(rest)s"),
        "performance.measured": gettext_noop(
            "The %(metric)s is %(value)s (%(confidence)s interval %(low)s to %(high)s, n = %(n)s)."
        ),
        "performance.few": gettext_noop(
            "Only %(cases)s cases bear on the %(metric)s, fewer than the %(least)s needed to tell. %(measured)s"
        ),
        "performance.no_interval": gettext_noop(
            "The %(metric)s is %(value)s, and these rows allow no sound interval for it (n = %(n)s): how far chance "
            "reaches is not known."
        ),
        "performance.undefined": gettext_noop("The %(metric)s is undefined on these rows: there is no case to count."),
        "performance.too_many_missing": gettext_noop(
            "%(share)s of the rows have no label, no prediction or no score, more than the %(allowed)s that can be "
            "left out: what they hide is not known. Of the others: %(measured)s"
        ),
        "performance.metric_unknown": gettext_noop(
            "The metric that decides, %(name)s, is none that can be measured here; there are: %(names)s."
        ),
        "performance.metric_needs_scores": gettext_noop(
            "The %(metric)s needs a score for each row, and there are none, or none that are probabilities."
        ),
        # beside the live version
        "performance.live.not_asked": gettext_noop("It was not compared with a live version."),
        "performance.live.none": gettext_noop("No other version is live, so there is none to compare it with."),
        "performance.live.version": gettext_noop("the live version %(number)s"),
        "performance.live.column": gettext_noop("the predictions in %(column)s"),
        "performance.live.failed": gettext_noop("It could not be compared with %(name)s: %(reason)s"),
        "performance.live.missing": gettext_noop(
            "It could not be compared with %(name)s, which has no prediction for %(count)s of %(rows)s rows."
        ),
        "performance.live.undefined": gettext_noop(
            "It could not be compared with %(name)s: these rows allow no sound interval for the difference."
        ),
        "performance.live.no_scores": gettext_noop(
            "It could not be compared with %(name)s, for which there are no scores."
        ),
        "performance.live.better": gettext_noop(
            "It is better than %(name)s on the same %(n)s rows: %(metric)s %(change)s (%(low)s to %(high)s)."
        ),
        "performance.live.worse": gettext_noop(
            "It is worse than %(name)s on the same %(n)s rows: %(metric)s %(change)s (%(low)s to %(high)s)."
        ),
        "performance.live.not_distinguishable": gettext_noop(
            "It cannot be told apart from %(name)s on the same %(n)s rows: %(metric)s %(change)s (%(low)s to %(high)s)."
        ),
        "performance.live.identical": gettext_noop(
            "It answers like %(name)s on all of the same %(n)s rows that the %(metric)s rests on."
        ),
        "performance.fetching_live": gettext_noop("Running the live version %(number)s on the same rows."),
        # slices
        "performance.where.is": gettext_noop("%(column)s is %(level)s"),
        "performance.where.missing": gettext_noop("%(column)s is missing"),
        "performance.where.below": gettext_noop("%(column)s < %(high)s"),
        "performance.where.from": gettext_noop("%(column)s ≥ %(low)s"),
        "performance.where.between": gettext_noop("%(low)s ≤ %(column)s < %(high)s"),
        "performance.where.both": gettext_noop("%(first)s and %(second)s"),
        "performance.worst.certain": gettext_noop(
            "Worst where %(where)s: %(metric)s %(value)s (%(low)s to %(high)s) against %(all)s overall, n = %(n)s."
        ),
        "performance.worst.uncertain": gettext_noop(
            "No slice is worse than the rest beyond chance (slices looked at: %(tested)s). The weakest is where "
            "%(where)s: %(metric)s %(value)s (%(low)s to %(high)s) against %(all)s overall, n = %(n)s."
        ),
        "performance.worst.none": gettext_noop(
            "Where it is worst is not known: no column cuts the rows into slices of at least %(least)s cases."
        ),
        "performance.worse_than_live": gettext_noop(
            "Worse than %(name)s where %(where)s: %(metric)s %(value)s against %(live)s, n = %(n)s. Slices worse than "
            "before: %(count)s."
        ),
        # notes
        "performance.note.missing_label": gettext_noop("%(count)s of %(rows)s rows have no label and were left out."),
        "performance.note.missing_prediction": gettext_noop(
            "%(count)s of %(rows)s rows have no prediction and were left out."
        ),
        "performance.note.missing_score": gettext_noop(
            "%(count)s of %(rows)s rows have no score and were left out of the metrics of scores."
        ),
        "performance.note.missing_live": gettext_noop(
            "%(count)s of %(rows)s rows have no prediction of the other model and were left out of the comparison."
        ),
        "performance.note.no_positive": gettext_noop(
            "No class was named as the positive one, so rates are means over the classes."
        ),
        "performance.note.scores_unused": gettext_noop(
            "The scores could not be used: they need a column for each class that is labelled."
        ),
        "performance.note.not_probabilities": gettext_noop(
            "The scores are no probabilities between 0 and 1, so only their order was measured."
        ),
        "performance.note.no_skill": gettext_noop(
            "Always answering %(answer)s would be right in %(share)s of the cases: the accuracy is not certainly "
            "better than that."
        ),
        "performance.note.no_skill_mean": gettext_noop(
            "Always answering the mean of the labels would err about as little: R² is not certainly above 0."
        ),
        "performance.note.all_right": gettext_noop(
            "The prediction equals the label in every row. Make sure that the one is no copy of the other."
        ),
        "performance.note.direction": gettext_noop(
            "For the %(metric)s the other direction is better than the profile says; it was judged by its own."
        ),
        "performance.note.never_predicted": gettext_noop("Classes that are never predicted: %(classes)s."),
        "performance.note.calibration": gettext_noop(
            "In %(count)s of %(of)s ranges of the score, what came true differs from what it promised."
        ),
        "performance.note.columns_left_out": gettext_noop(
            "Columns that cut no slices, with too many values: %(columns)s."
        ),
        "performance.note.too_many_columns": gettext_noop(
            "Only the first %(limit)s columns were looked at. Name those that matter."
        ),
        # what cannot be measured
        "performance.disagreement": gettext_noop(
            "The audit is invalid: scikit-learn gives another value for the %(metric)s, by %(difference)s."
        ),
        "performance.not_numeric": gettext_noop("The column %(column)s is not numeric."),
        "performance.infinite": gettext_noop("The column %(column)s holds infinite numbers: %(count)s."),
        "performance.weights": gettext_noop(
            "The weights in %(column)s must be numbers of at least 0, and not all 0. Wrong rows: %(count)s."
        ),
        "performance.scores_for_classes": gettext_noop(
            "The predictions in %(column)s look like scores, and the labels in %(label)s are two classes. Give the "
            "decided classes as predictions, and these as scores."
        ),
        "performance.task": gettext_noop("There is no task %(name)s; there are: classification, regression."),
        "performance.least": gettext_noop("The least number of cases must be at least 2, not %(value)s."),
        "performance.few_replicates": gettext_noop("At least %(least)s replicates are needed, not %(value)s."),
    }
)
