"""Sentences of the fairness audit and of evaluation data, by code."""

from __future__ import annotations

from portal.message import gettext_noop, register

register(
    {
        # evaluation data
        "data.no_file": gettext_noop("There is no file %(file)s."),
        "data.not_a_file": gettext_noop("%(file)s is not a file."),
        "data.empty_file": gettext_noop("The file %(file)s is empty."),
        "data.unreadable": gettext_noop("The file %(file)s cannot be read: %(detail)s"),
        "data.format": gettext_noop("The file %(file)s is neither Parquet nor CSV."),
        "data.no_rows": gettext_noop("The evaluation data has columns but no rows."),
        "data.no_column": gettext_noop("There is no column %(column)s in the evaluation data. Near it: %(near)s."),
        "data.nested": gettext_noop("The column %(column)s holds lists or structures, not single values."),
        "data.duplicate_column": gettext_noop(
            "The file %(file)s has more than one column %(column)s. Rename all but one; case makes no difference."
        ),
        "data.encoding": gettext_noop(
            "The text of the file %(file)s is in no one encoding that can be told: it is neither UTF-8, UTF-16, "
            "Shift_JIS nor EUC-JP throughout. Save it as UTF-8."
        ),
        "data.too_many_rows": gettext_noop("The file %(file)s has %(rows)s rows; at most %(limit)s are read."),
        "data.too_large": gettext_noop(
            "The file %(file)s needs more memory than the %(limit)s that an audit may take: %(detail)s"
        ),
        "data.query_failed": gettext_noop("The evaluation table cannot be read: %(detail)s"),
        "data.long_level": gettext_noop(
            "The column %(column)s holds texts of more than %(limit)s characters, which are no groups or classes."
        ),
        "data.not_numeric": gettext_noop("The column %(column)s must hold numbers."),
        "data.bad_weights": gettext_noop(
            "The weights in %(column)s must be numbers of at least 0; rows in which they are not, or are missing: "
            "%(count)s."
        ),
        "data.no_weight": gettext_noop("The weights in %(column)s add up to nothing that can be used."),
        "data.no_scores": gettext_noop("The scores given hold no number."),
        "data.no_sensitive": gettext_noop("Name at least one sensitive column."),
        "data.too_many_sensitive": gettext_noop(
            "%(count)s sensitive columns were named; at most %(limit)s can be audited together."
        ),
        "data.column_twice": gettext_noop("The column %(column)s was named for two purposes."),
        "data.too_many_levels": gettext_noop(
            "The sensitive column %(column)s has %(count)s different values; at most %(limit)s can be compared. "
            "Declare bin edges if it is numeric."
        ),
        "data.too_many_groups": gettext_noop(
            "The sensitive columns span %(groups)s groups; at most %(limit)s can be compared. Name fewer columns."
        ),
        "data.not_classes": gettext_noop(
            "The column %(column)s has %(count)s different values, and classes are at most %(limit)s: "
            "it looks like scores or measurements. Give decided classes."
        ),
        "data.bins_unused": gettext_noop("Bin edges were declared for %(column)s, which is no sensitive column."),
        "data.bins_edges": gettext_noop("The bin edges of %(column)s must be different finite numbers."),
        "data.bins_not_numeric": gettext_noop("The column %(column)s is not numeric and cannot be cut by bin edges."),
        "data.bins_format": gettext_noop("Bin edges are written as COLUMN=EDGE,EDGE, not as %(text)s."),
        "data.no_complete_rows": gettext_noop("No row has both a label (%(label)s) and a prediction (%(prediction)s)."),
        "data.one_class": gettext_noop(
            "The labels in %(column)s have one class only, %(value)s: there is nothing to compare decisions with."
        ),
        "data.one_group": gettext_noop(
            "The sensitive column %(column)s has one group only, %(value)s: there is nothing to compare."
        ),
        "data.no_group": gettext_noop("The sensitive column %(column)s has no values."),
        "data.strange_prediction": gettext_noop(
            "The predictions in %(prediction)s contain %(value)s, which is not among the labels in %(label)s: "
            "%(values)s."
        ),
        "data.no_positive": gettext_noop(
            "Say which class of %(column)s is the positive one; its values are: %(values)s."
        ),
        "data.strange_positive": gettext_noop(
            "The positive class %(value)s is not among the values of %(column)s: %(values)s."
        ),
        "data.tolerance": gettext_noop("The tolerance must be at least 0 and below 1, not %(value)s."),
        "data.confidence": gettext_noop("The confidence must be between 0 and 1, not %(value)s."),
        "data.min_group": gettext_noop("The least size of a group must be at least 1, not %(value)s."),
        "data.replicates": gettext_noop("The number of replicates must not be negative: %(value)s."),
        "data.metric": gettext_noop("There is no metric %(name)s; there are: %(names)s."),
        "data.gap": gettext_noop("There is no gap %(name)s; there are: %(names)s."),
        "data.no_gap": gettext_noop("Name at least one gap to judge, of: %(names)s."),
        "data.gap_not_here": gettext_noop("The gap %(name)s cannot be computed from these data; there are: %(names)s."),
        "data.task": gettext_noop("There is no task %(name)s; there are: %(names)s."),
        "data.scale": gettext_noop("The scale of the tolerance must be a number above 0, not %(value)s."),
        "data.score_of_number": gettext_noop(
            "The score column %(column)s was named, but what is predicted is a number. Leave the score out."
        ),
        "data.constant_label": gettext_noop(
            "The labels in %(column)s are all the same, so no tolerance can be a share of how far they vary."
        ),
        "data.too_wide": gettext_noop("The errors are so large that their squares cannot be computed."),
        "data.cubes_differ": gettext_noop(
            "The cubes cannot be added: they must have the same features, and all or none must have weights and scores."
        ),
        "data.pool": gettext_noop("Pools are written as {feature: {name: [level, level]}}."),
        "data.pool_format": gettext_noop("Pools are written as COLUMN:NAME=LEVEL,LEVEL, not as %(text)s."),
        "data.pool_feature": gettext_noop(
            "Groups of %(feature)s were to be pooled, which is no sensitive column: %(features)s."
        ),
        "data.pool_unknown": gettext_noop(
            "None of the groups to be pooled as %(name)s is among the values of %(feature)s: %(levels)s."
        ),
        "data.pool_level_twice": gettext_noop(
            "The value %(level)s of %(feature)s would be in two pools, or be the name of a pool that it is not in."
        ),
        # the verdict
        "fairness.pass": gettext_noop("%(decisive)s Gaps within the tolerance: %(count)s of %(of)s judged."),
        "fairness.fail": gettext_noop("%(decisive)s Gaps beyond the tolerance: %(count)s of %(of)s judged."),
        "fairness.inconclusive": gettext_noop("%(decisive)s Gaps undecided: %(count)s of %(of)s judged."),
        "fairness.not_evaluated": gettext_noop("%(decisive)s Gaps not evaluated: %(count)s of %(of)s."),
        "fairness.too_many_missing": gettext_noop(
            "%(share)s of the rows have no label or no prediction, more than the %(allowed)s that can be left out: "
            "what they hide is not known. Of the others: %(decisive)s"
        ),
        "fairness.disagreement": gettext_noop(
            "The audit is invalid: fairlearn gives another value for %(metric)s, by %(difference)s."
        ),
        "fairness.disagreement_rows": gettext_noop(
            "The audit is invalid: scikit-learn gives another value for %(metric)s from the rows, by %(difference)s."
        ),
        # the verdict in a line
        "fairness.headline.pass": gettext_noop("Within the tolerance; nearest to it: %(rate)s by %(feature)s."),
        "fairness.headline.fail": gettext_noop("Beyond the tolerance: %(rate)s by %(feature)s."),
        "fairness.headline.inconclusive": gettext_noop("Undecided: %(rate)s by %(feature)s."),
        # one gap
        "fairness.gap.fail.difference": gettext_noop(
            "The %(rate)s by %(feature)s differs by %(value)s where %(bound)s is allowed: %(highest_value)s for "
            "%(highest)s (n = %(highest_n)s), %(lowest_value)s for %(lowest)s (n = %(lowest_n)s). The %(confidence)s "
            "interval, %(low)s to %(high)s, is wholly beyond the tolerance (%(metric)s)."
        ),
        "fairness.gap.pass.difference": gettext_noop(
            "The %(rate)s by %(feature)s differs by %(value)s at most, where %(bound)s is allowed: %(highest_value)s "
            "for %(highest)s (n = %(highest_n)s), %(lowest_value)s for %(lowest)s (n = %(lowest_n)s). The "
            "%(confidence)s interval, %(low)s to %(high)s, is wholly within the tolerance (%(metric)s)."
        ),
        "fairness.gap.inconclusive.difference": gettext_noop(
            "The %(rate)s by %(feature)s differs by %(value)s where %(bound)s is allowed, and the %(confidence)s "
            "interval, %(low)s to %(high)s, reaches over that: %(highest_value)s for %(highest)s "
            "(n = %(highest_n)s), %(lowest_value)s for %(lowest)s (n = %(lowest_n)s) (%(metric)s)."
        ),
        "fairness.gap.fail.ratio": gettext_noop(
            "The lowest %(rate)s by %(feature)s is %(value)s times the highest where at least %(bound)s is required: "
            "%(lowest_value)s for %(lowest)s (n = %(lowest_n)s), %(highest_value)s for %(highest)s "
            "(n = %(highest_n)s). The %(confidence)s interval, %(low)s to %(high)s, is wholly below (%(metric)s)."
        ),
        "fairness.gap.pass.ratio": gettext_noop(
            "The lowest %(rate)s by %(feature)s is %(value)s times the highest, where at least %(bound)s is required: "
            "%(lowest_value)s for %(lowest)s (n = %(lowest_n)s), %(highest_value)s for %(highest)s "
            "(n = %(highest_n)s). The %(confidence)s interval, %(low)s to %(high)s, is wholly above (%(metric)s)."
        ),
        "fairness.gap.inconclusive.ratio": gettext_noop(
            "The lowest %(rate)s by %(feature)s is %(value)s times the highest where at least %(bound)s is required, "
            "and the %(confidence)s interval, %(low)s to %(high)s, reaches over that: %(lowest_value)s for "
            "%(lowest)s (n = %(lowest_n)s), %(highest_value)s for %(highest)s (n = %(highest_n)s) (%(metric)s)."
        ),
        "fairness.gap.too_few": gettext_noop(
            "The %(rate)s by %(feature)s cannot be compared: fewer than two groups have %(min_group)s cases for it."
        ),
        "fairness.gap.all_zero": gettext_noop(
            "The %(rate)s by %(feature)s is 0 in every group, so no ratio can be formed."
        ),
        # what would help
        "fairness.advice.more_to_pass": gettext_noop(
            "About %(factor)s times as many cases, %(cases)s in all, would let it pass if the rates stay as they are."
        ),
        "fairness.advice.more_to_fail": gettext_noop(
            "About %(factor)s times as many cases, %(cases)s in all, would show that it fails if the rates stay as "
            "they are: bring the rates closer."
        ),
        "fairness.advice.too_close": gettext_noop(
            "The gap lies so close to the tolerance that more cases would hardly decide: bring the rates closer."
        ),
        "fairness.advice.difference": gettext_noop("With as many cases, a gap of about %(value)s or less would pass."),
        "fairness.advice.too_few": gettext_noop(
            "With so few cases not even equal rates would pass: evaluate on more cases."
        ),
        # groups
        "fairness.level": gettext_noop("%(level)s (%(feature)s)"),
        "fairness.missing_level": gettext_noop("missing (%(feature)s)"),
        "fairness.group": gettext_noop("%(first)s × %(rest)s"),
        "fairness.too_small": gettext_noop("Not judged: %(n)s cases, fewer than %(min_group)s."),
        "fairness.note.missing_label": gettext_noop("%(count)s of %(rows)s rows have no label and were left out."),
        "fairness.note.missing_prediction": gettext_noop(
            "%(count)s of %(rows)s rows have no prediction and were left out."
        ),
        "fairness.note.missing_sensitive": gettext_noop(
            "%(count)s of %(rows)s rows have no value in %(feature)s and form a group of their own."
        ),
        "fairness.note.small": gettext_noop(
            "Too small to judge, fewer than %(min_group)s cases: %(groups)s. Groups: %(count)s."
        ),
        "fairness.note.small_for_rate": gettext_noop(
            "Too few cases for the %(rate)s, fewer than %(min_group)s: %(groups)s. Groups: %(count)s."
        ),
        "fairness.note.one_versus_rest": gettext_noop(
            "There are more than two classes: %(positive)s was compared with all others together."
        ),
        "fairness.note.missing_score": gettext_noop(
            "%(count)s of %(rows)s rows have no score and were left out of what is computed from scores."
        ),
        "fairness.note.pooled": gettext_noop(
            "Put together before judging, as declared: %(levels)s of %(feature)s, as %(name)s."
        ),
        "fairness.note.pool_absent": gettext_noop("Not in the data, of the groups pooled as %(name)s: %(levels)s."),
        "fairness.note.weighted": gettext_noop(
            "Cases are weighted: %(n)s of them tell as much as %(effective)s cases of equal weight."
        ),
        "fairness.note.no_probabilities": gettext_noop(
            "The scores do not lie between 0 and 1, so they are no probabilities: Brier score and calibration are "
            "not given."
        ),
        "fairness.note.scale": gettext_noop(
            "The tolerance is %(tolerance)s in the unit of the label: %(share)s times %(scale)s."
        ),
        # names
        "fairness.metric.selection_rate": gettext_noop("selection rate"),
        "fairness.metric.true_positive_rate": gettext_noop("true positive rate"),
        "fairness.metric.false_positive_rate": gettext_noop("false positive rate"),
        "fairness.metric.false_negative_rate": gettext_noop("false negative rate"),
        "fairness.metric.true_negative_rate": gettext_noop("true negative rate"),
        "fairness.metric.precision": gettext_noop("precision"),
        "fairness.metric.accuracy": gettext_noop("accuracy"),
        "fairness.metric.balanced_accuracy": gettext_noop("balanced accuracy"),
        "fairness.metric.f1": gettext_noop("F1 score"),
        "fairness.metric.multiclass_accuracy": gettext_noop("accuracy over all classes"),
        "fairness.metric.macro_true_positive_rate": gettext_noop("true positive rate, mean of the classes"),
        "fairness.metric.macro_precision": gettext_noop("precision, mean of the classes"),
        "fairness.metric.macro_f1": gettext_noop("F1 score, mean of the classes"),
        "fairness.metric.auc": gettext_noop("AUC"),
        "fairness.metric.brier": gettext_noop("Brier score"),
        "fairness.metric.calibration_error": gettext_noop("expected calibration error"),
        "fairness.metric.mean_error": gettext_noop("mean error"),
        "fairness.metric.mae": gettext_noop("mean absolute error"),
        "fairness.metric.rmse": gettext_noop("root mean squared error"),
        "fairness.metric.four_fifths": gettext_noop("four-fifths rule"),
        "fairness.metric.predictive_parity_difference": gettext_noop("predictive parity, difference"),
        "fairness.metric.predictive_parity_ratio": gettext_noop("predictive parity, ratio"),
        "fairness.metric.multiclass_accuracy_difference": gettext_noop("accuracy over all classes, difference"),
        "fairness.metric.auc_difference": gettext_noop("AUC, difference"),
        "fairness.metric.brier_difference": gettext_noop("Brier score, difference"),
        "fairness.metric.mean_error_difference": gettext_noop("mean error, difference"),
        "fairness.metric.mae_difference": gettext_noop("mean absolute error, difference"),
        "fairness.metric.demographic_parity_difference": gettext_noop("demographic parity, difference"),
        "fairness.metric.demographic_parity_ratio": gettext_noop("demographic parity, ratio"),
        "fairness.metric.equal_opportunity_difference": gettext_noop("equal opportunity, difference"),
        "fairness.metric.equal_opportunity_ratio": gettext_noop("equal opportunity, ratio"),
        "fairness.metric.equalized_odds_difference": gettext_noop("equalized odds, difference"),
        "fairness.metric.equalized_odds_ratio": gettext_noop("equalized odds, ratio"),
        "fairness.metric.false_positive_rate_difference": gettext_noop("false positive rate, difference"),
        "fairness.metric.precision_difference": gettext_noop("precision, difference"),
        "fairness.metric.accuracy_difference": gettext_noop("accuracy, difference"),
    }
)
