"""Fairness of a million decisions against two other libraries, each in an environment of its own.

Ours counts the intersection of three features and gives six metrics for each of its 40 groups and for the groups of
each feature. aequitas gives the groups of each feature, aif360 the two groups of one binary attribute: both are
asked for less. All read the same Parquet file; imports and a first small run are left out.
"""

from __future__ import annotations

import json
import subprocess
import tempfile
from pathlib import Path

import numpy as np

from benchmarks import Figure, cpu_seconds
from benchmarks.fairness import FEATURES, ROWS, _decisions
from governance.engine.cube import audit_cube
from governance.engine.metrics import metric

AGREEMENT = 1e-9
GOAL = 10
RATES = ("selection_rate", "true_positive_rate", "false_positive_rate")

# Each prints {"cpu": seconds, "values": {level: {rate: value}}}.
AEQUITAS = """
import json, sys, time, warnings
warnings.simplefilter("ignore")
import pandas as pd
from aequitas.group import Group

def audit(path):
    rows = pd.read_parquet(path).rename(columns={"label": "label_value", "prediction": "score"})
    return Group().get_crosstabs(rows, attr_cols=["sex", "region", "age"])[0]

audit(sys.argv[1])
start = time.process_time()
table = audit(sys.argv[2])
cpu = time.process_time() - start
values = {
    row.attribute_value: {
        "selection_rate": row.pp / row.group_size, "true_positive_rate": row.tpr, "false_positive_rate": row.fpr
    }
    for row in table.itertuples()
}
print(json.dumps({"cpu": cpu, "values": values}))
"""
AIF360 = """
import json, sys, time, warnings
warnings.simplefilter("ignore")
import pandas as pd
from aif360.datasets import BinaryLabelDataset
from aif360.metrics import ClassificationMetric

def audit(path):
    rows = pd.read_parquet(path, columns=["sex", "label", "prediction"])
    rows["sex"] = (rows["sex"] == "male").astype(float)
    kept = {"favorable_label": 1, "unfavorable_label": 0, "protected_attribute_names": ["sex"]}
    truth = BinaryLabelDataset(df=rows[["sex", "label"]], label_names=["label"], **kept)
    said = truth.copy()
    said.labels = rows[["prediction"]].to_numpy(dtype=float)
    metric = ClassificationMetric(truth, said, unprivileged_groups=[{"sex": 0}], privileged_groups=[{"sex": 1}])
    rates = {
        "selection_rate": metric.selection_rate,
        "true_positive_rate": metric.true_positive_rate,
        "false_positive_rate": metric.false_positive_rate,
    }
    return {
        level: {name: float(rate(privileged=privileged)) for name, rate in rates.items()}
        for level, privileged in (("female", False), ("male", True))
    }

audit(sys.argv[1])
start = time.process_time()
values = audit(sys.argv[2])
print(json.dumps({"cpu": time.process_time() - start, "values": values}))
"""
PEERS = {"aequitas": AEQUITAS, "aif360": AIF360}


def run() -> list[Figure]:
    with tempfile.TemporaryDirectory() as folder:
        small, large = Path(folder, "small.parquet"), Path(folder, "large.parquet")
        _decisions(10_000).to_parquet(small)
        _decisions(ROWS).to_parquet(large)
        ours_with_intersections(small)
        ours, values = cpu_seconds(lambda: ours_with_intersections(large), repeat=5)
        figures = []
        for name, script in PEERS.items():
            answer = _peer(name, script, small, large)
            agreed = all(
                abs(rates[rate] - values[level][rate]) <= AGREEMENT
                for level, rates in answer["values"].items()
                for rate in RATES
            )
            figures.append(Figure(f"fairness-{name}", name, ROWS, "cpu", answer["cpu"] / ours, GOAL, agreed))
    return figures


def ours_with_intersections(path: Path) -> dict[str, dict[str, float]]:
    """Every metric of every group and of the three-way intersection; the rates by level of a single feature."""
    cube = audit_cube(path, label="label", prediction="prediction", sensitive=FEATURES)
    found = {}
    for span in [FEATURES, *([feature] for feature in FEATURES)]:
        counts = cube.counts(span, "1")
        columns = {name: metric(counts.confusion, name) for name in (*RATES, "precision", "accuracy", "f1")}
        if len(span) == 1:
            for at, (level,) in enumerate(counts.groups):
                found[level] = {name: float(np.asarray(columns[name])[at]) for name in RATES}
    return found


def _peer(name: str, script: str, *paths: Path) -> dict:
    command = ["uv", "run", "--quiet", "--isolated", "--no-project", "--python", "3.11", "--with", name]
    command += ["--with", "pyarrow", "python", "-c", script, *map(str, paths)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return json.loads(done.stdout.strip().splitlines()[-1])
