"""Lending: 60,000 seeded synthetic loan applications, and the decisions that officers once made on them.

The bias is built in, and known: women and men repay alike, but the officers marked applicants down for
part-time work and for gaps in the career, which women have more often, and women a little more besides. Their
decisions are what the models learn from; who really repaid is what they are evaluated on.

Version 1 learns the decisions as they are. It never sees `sex`, and repeats the bias through the proxies.
Version 2 learns them under demographic parity, by fairlearn's reduction to a grid of weighted fits: of which
one is chosen, a plain scikit-learn model, whose predictions need no `sex` and never vary. (fairlearn's
ExponentiatedGradient would draw one of several models at random for each prediction.)
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from portal.demo.training import (
    EVALUATION_TABLE,
    REQUIREMENTS,
    Workbench,
    binary_metrics,
    one_thread,
    pinned,
    say,
)

if TYPE_CHECKING:
    import pandas as pd

APPLICATIONS = 60_000
TRAINING = 40_000
SEED = 2026
FEATURES = (
    "income",
    "loan_amount",
    "debt_ratio",
    "credit_history_years",
    "late_payments",
    "savings",
    "part_time",
    "career_gap_years",
)
PARAMETERS = {"max_iter": 60, "max_depth": 5, "learning_rate": 0.15, "max_bins": 32, "random_state": 0}
# How much the selection of women is pushed up, from too little to too much; the reduction picks the best.
MULTIPLIERS = (0.75, 0.8, 0.85, 0.9)
PARITY_WEIGHT = 0.9  # against accuracy, when it picks


def applications(count: int = APPLICATIONS, seed: int = SEED) -> pd.DataFrame:
    """Draw applications: `FEATURES`, ``sex``, ``age``, ``age_band``, ``decision`` (once) and ``label`` (repaid)."""
    import numpy as np
    import pandas as pd

    draw = np.random.default_rng(seed)
    woman = draw.random(count) < 0.47
    age = np.clip(18 + draw.gamma(2.2, 11, count), 18, 78).astype(int)
    part_time = draw.random(count) < np.where(woman, 0.42, 0.08)
    has_gap = draw.random(count) < np.where(woman, 0.45, 0.05)
    gap = np.where(has_gap, 0.5 + draw.exponential(2.5, count), 0).round(1)
    means = draw.normal(0, 1, count)
    income = np.exp(10.4 + 0.35 * means - 0.28 * part_time - 0.02 * gap + draw.normal(0, 0.1, count)).round(-2)
    history = np.clip(draw.gamma(3, 3, count), 0, 40).round(1)
    late = draw.poisson(np.exp(-0.6 - 0.4 * draw.normal(0, 1, count) - 0.02 * history)).astype(float)
    savings = np.exp(8 + 0.5 * means + draw.normal(0, 0.9, count)).round(-1)
    amount = np.exp(9.3 + 0.2 * means + draw.normal(0, 0.5, count)).round(-2)
    debt = draw.beta(2, 5, count).round(3)
    # Who repays: by means, debts and history. Neither sex nor age nor hours of work matter.
    solid = 0.55 + 0.5 * means - 0.62 * late - 2.4 * (debt - 0.28) + 0.03 * (history - 9)
    solid += 0.3 * (np.log(np.maximum(savings, 10)) - 8) - 0.45 * (np.log(np.maximum(amount, 100)) - 9.3)
    repaid = solid + draw.logistic(0, 0.45, count) > 0
    # What the officers decided.
    decision = solid - 0.75 * part_time - 0.18 * gap - 0.15 * woman + draw.logistic(0, 0.3, count) > 0
    columns = (income, amount, debt, history, late, savings, part_time.astype(float), gap)
    frame = pd.DataFrame(dict(zip(FEATURES, columns, strict=True)))
    frame["sex"] = np.where(woman, "female", "male")
    frame["age"] = age
    frame["age_band"] = pd.cut(age, [0, 29, 49, 200], labels=["18-29", "30-49", "50+"]).astype(str)
    frame["decision"] = decision.astype(int)
    frame["label"] = repaid.astype(int)
    return frame


def plain_model(training: pd.DataFrame) -> Any:
    """Version 1: the decisions as they are."""
    classifier = _classifier()
    with one_thread():
        return classifier.fit(training[list(FEATURES)], training["decision"])


def mitigated_model(training: pd.DataFrame) -> Any:
    """Version 2: the decisions under demographic parity of the sexes."""
    import pandas as pd
    from fairlearn.reductions import DemographicParity, GridSearch

    names = ["sign", "event", "group_id"]
    index = pd.MultiIndex.from_product([("+", "-"), ("all",), ("female", "male")], names=names)
    grid = pd.DataFrame(0.0, index=index, columns=range(len(MULTIPLIERS)))
    grid.loc[("-", "all", "female")] = MULTIPLIERS
    search = GridSearch(_classifier(), DemographicParity(), grid=grid, constraint_weight=PARITY_WEIGHT)
    with one_thread():
        search.fit(training[list(FEATURES)], training["decision"], sensitive_features=training["sex"])
    say(f"Lending: multiplier {MULTIPLIERS[search.best_idx_]} keeps parity best.")
    return search.predictors_[search.best_idx_]


def _classifier() -> Any:
    from sklearn.ensemble import HistGradientBoostingClassifier

    return HistGradientBoostingClassifier(**PARAMETERS)


def evaluated(model: Any, table: pd.DataFrame) -> pd.DataFrame:
    """The evaluation table: features, label, prediction, score, and the columns that audits compare."""
    features = table[list(FEATURES)]
    kept = table[[*FEATURES, "sex", "age", "age_band", "label"]].copy()
    with one_thread():
        kept["prediction"] = model.predict(features)
        kept["score"] = model.predict_proba(features)[:, 1]
    return kept


def train(bench: Workbench, version: int) -> dict[str, Any]:
    """Train and register version 1 (plain) or 2 (mitigated)."""
    import mlflow

    make = {1: plain_model, 2: mitigated_model}[version]
    say("Lending: drawing applications.")
    data = applications()
    training, held_out = data[:TRAINING], data[TRAINING:]
    with bench.run("lending", f"lending {make.__name__.replace('_', ' ')}", bench.code_tags("lending.py")) as run:
        say(f"Lending: training version {version} on {len(training)} applications.")
        model = make(training)
        table = evaluated(model, held_out)
        kept = training.drop(columns="label").rename(columns={"decision": "label"})
        bench.log_data(run, kept, "loan-decisions", "training", "data/training.parquet")
        bench.log_data(run, table, "loan-repayments", "evaluation", EVALUATION_TABLE)
        mlflow.log_params(PARAMETERS | {"seed": SEED, "training": make.__name__, "rows": len(training)})
        mlflow.log_metrics(binary_metrics(table["label"], table["prediction"], table["score"]))
        signature = mlflow.models.infer_signature(training[list(FEATURES)], table["prediction"].to_numpy())
        say("Lending: registering.")
        return bench.log_model(run, model, "lending", signature=signature, pip_requirements=pinned(*REQUIREMENTS))
