"""Calibration: of the cases that got a score, did as many come true as it promised?"""

from __future__ import annotations

import numpy as np

from governance.engine.intervals import normal_quantile, wilson
from governance.engine.performance.intervals import effective
from governance.engine.performance.metrics import are_probabilities
from governance.engine.performance.results import CalibrationBin
from governance.engine.performance.rows import Answers

BINS = 10


def calibration(answers: Answers, confidence: float) -> tuple[CalibrationBin, ...]:
    """Ten ranges of the score with as many rows each (equal scores stay together), lowest first.

    Of two classes it is the positive one's score; of more, the score of the class that was predicted, beside how
    often that was right. Empty where the scores are no probabilities.
    """
    answers = answers.scored
    if not answers.n or not are_probabilities(answers):
        return ()
    if answers.score.ndim == 1:
        score, true = answers.score, answers.label == answers.positive
    else:
        score = answers.score[np.arange(answers.n), answers.prediction]
        true = answers.label == answers.prediction
    edges = np.unique(np.quantile(score, np.arange(1, BINS) / BINS))
    code = np.searchsorted(edges, score, side="left")
    used = np.unique(code)
    strict = normal_quantile(1 - (1 - confidence) / len(used))
    found = []
    for at in (code == value for value in used):
        weights, total = answers.weights[at], effective(answers, at)
        promised = float(np.average(score[at], weights=weights))
        rate = float(np.average(true[at], weights=weights))
        low, high = (float(end) for end in wilson(np.array(rate * total), np.array(total), normal_quantile(confidence)))
        least, most = (float(end) for end in wilson(np.array(rate * total), np.array(total), strict))
        found.append(CalibrationBin(int(at.sum()), promised, rate, low, high, not least <= promised <= most))
    return tuple(found)
