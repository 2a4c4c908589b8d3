"""Rows for tests of pages: what a mirror would have written, and audits that the real engines made."""

from __future__ import annotations

import random
import tempfile
from datetime import timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any

from django.utils import timezone

from governance.actions.audit_keeping import keep_audit
from governance.actions.policies import ensure_default_policy
from governance.models import Audit, ModelVersion, Profile, RegisteredModel, Registry
from portal.message import Message

DEAD = "http://127.0.0.1:9"  # nothing listens there: a page that asked it would fail
COMMIT = "3f9c2a1d" * 5
FILES = "sha256:" + "c81f" * 16


def make_registry(name: str = "Main", **fields) -> Registry:
    """A connected registry that was mirrored a moment ago, and does not answer any more."""
    now = timezone.now()
    given = {"slug": name.lower(), "address": DEAD, "tried_at": now, "synced_at": now, **fields}
    return Registry.objects.get_or_create(name=name, defaults=given)[0]


def make_model(team, name: str = "credit-limit", *, registry: Registry | None = None, profile=True, **fields):
    """A mirrored model of a team; `profile` may hold fields of its profile, or be false for none."""
    ensure_default_policy()
    model = RegisteredModel.objects.create(registry=registry or make_registry(), name=name, team=team, **fields)
    if profile:
        asked = {
            "intended_use": "Proposes a card limit; a person decides.",
            "population": "Applicants of full age.",
            "evaluation_data": "evaluation/evaluation.parquet",
            "label_column": "label",
            "sensitive_columns": ["sex", "age"],
        }
        Profile.objects.create(model=model, **(asked | (profile if isinstance(profile, dict) else {})))
    return model


def make_version(model: RegisteredModel, number: int = 1, **fields) -> ModelVersion:
    """A mirrored version with its run and full facts."""
    facts = version_facts(model.name, number)
    given: dict[str, Any] = {
        "run_id": facts["run"]["run_id"],
        "run": facts["run"],
        "author": "ito",
        "artifact_digest": FILES,
        "lineage": facts,
        "registered_at": timezone.now() - timedelta(days=3),
    }
    return ModelVersion.objects.create(model=model, number=number, **(given | fields))


def version_facts(model: str, number: int, *, careless: bool = False, aliases=("champion",)) -> dict[str, Any]:
    """Facts as the registry gives them; careless ones lack the commit, the data and the signature."""
    training = {
        "name": "loans",
        "digest": "4be190aa",
        "source_type": "s3",
        "source": {"uri": "s3://core/loans.parquet"},
        "context": "training",
        "rows": 40000,
    }
    evaluation = training | {"name": "held-out", "digest": "a93d52bb", "context": "evaluation", "rows": 9000}
    tags = {"mlflow.source.git.commit": COMMIT, "mlflow.source.git.repoURL": "https://git.example/credit.git"}
    return {
        "schema": "sekisho.version-facts/1",
        "version": {"model": model, "version": str(number), "run_id": f"8f21c0d{number}", "aliases": list(aliases)},
        "run": {
            "run_id": f"8f21c0d{number}",
            "name": "nightly",
            "user": "ito",
            "status": "FINISHED",
            "lifecycle": "active",
            "tags": {} if careless else tags,
            "params": {"depth": "3"},
            "metrics": {"auc": 0.871},
            "datasets": [] if careless else [training, evaluation],
        },
        "logged_model": None,
        "files": {
            "signature": None if careless else {"inputs": [{"name": "income", "type": "double"}]},
            "requirements": ["scikit-learn==1.6.1"],
            "digest": FILES,
            "files": [{"path": "MLmodel", "size": 1, "sha256": "0" * 64}],
        },
        "problems": {},
    }


def audit_lineage(version: ModelVersion, **facts) -> Audit:
    """The real lineage audit of the version's facts."""
    from governance.engine.lineage.audit import audit_lineage as engine

    if facts:
        version.lineage = version_facts(version.model.name, version.number, **facts)
        version.save(update_fields=["lineage"])
    found = engine(version.lineage)
    return keep(version, "lineage", found.verdict, found.message, found.to_json(), "computed")


def audit_fairness(version: ModelVersion, *, gap: float = 0.0, names=("F", "M"), age: str = "age") -> Audit:
    """The real fairness audit of seeded decisions in which the second group is chosen more often by a gap."""
    verdict, message, result = fairness_result(gap, tuple(names), age)
    return keep(version, "fairness", verdict, Message.from_json(message), result, "computed")


@lru_cache
def fairness_result(gap: float, names: tuple[str, str], age: str) -> tuple[str, dict, dict]:
    """An audit by the engine, made once a process."""
    from governance.engine.fairness.audit import audit_fairness as engine

    seeded = random.Random(7)
    lines = [f'label,prediction,sex,"{age}"']
    for number in range(6000):
        second = number % 2
        band = "old" if number < 20 else "middle" if number % 3 else "young"
        label = int(seeded.random() < 0.5)
        chosen = int(seeded.random() < (0.3 + 0.3 * label + gap * second))
        written = names[second].replace('"', '""')
        lines.append(f'{label},{chosen},"{written}",{band}')
    with tempfile.TemporaryDirectory() as folder:
        table = Path(folder) / "evaluation.csv"
        table.write_text("\n".join(lines), "utf-8")
        found = engine(table, label="label", prediction="prediction", sensitive=["sex", age], replicates=50)
    return found.verdict, found.message.to_json(), found.to_json()


def audit_performance(version: ModelVersion, *, task: str = "binary", live: int | None = None, **changed) -> Audit:
    """The real performance audit of seeded predictions; those of 60 and over are worst, and worse than live."""
    made = performance_result(task, live, tuple(changed.items()))
    return keep(version, "performance", made["verdict"], Message.from_json(made["message"]), made, "replayed")


@lru_cache
def performance_result(task: str = "binary", live: int | None = None, changed: tuple = (), column: str = "region"):
    """An audit by the engine as JSON, made once a process; `live` is the number of the version beside it."""
    import ibis

    from governance.engine.performance.audit import audit_performance as engine

    settings: dict[str, Any] = {"slices": ["age", column], "bins": {"age": [30, 60]}, "replicates": 200} | dict(changed)
    if task != "regression":
        settings = {"score": "score"} | settings
    if live:
        settings |= {
            "baseline_prediction": "live",
            "baseline_name": Message("performance.live.version", {"number": live}),
        }
    rows = ibis.memtable(predicted(task, column))
    return engine(rows, label="label", prediction="prediction", **settings).to_json()


def predicted(task: str, column: str):
    """Predictions that are good, but for those of 60 and over, and older ones that treat all alike."""
    import numpy as np
    import pandas as pd

    rng = np.random.default_rng(7)
    age, region = rng.integers(18, 80, 3000), rng.choice(["Kanto", "Kansai", "Hokkaido"], 3000, p=[0.6, 0.395, 0.005])
    truth, old = rng.normal(size=3000), age >= 60
    own = truth + rng.normal(size=3000) * np.where(old, 1.6, 0.5)
    live = truth + rng.normal(size=3000) * 0.8
    columns = {"age": age, column: region}
    if task == "regression":
        return pd.DataFrame({"label": truth, "prediction": own, "live": live, **columns})
    decided = {"prediction": (own > 0).astype(int), "live": (live > 0).astype(int), "score": 1 / (1 + np.exp(-2 * own))}
    return pd.DataFrame({"label": (truth > 0).astype(int), **decided, **columns})


def audit_explanation(version: ModelVersion, *, columns=(), sensitive=("sex",), adds_up: bool = True) -> Audit:
    """An explanation of seeded contributions of a linear model, ranked by the engine."""
    found = explanation_result(tuple(columns), tuple(sensitive), adds_up)
    return keep(version, "explanation", found.verdict, found.message, found.to_json(), "replayed")


@lru_cache
def explanation_result(columns: tuple[str, ...], sensitive: tuple[str, ...], adds_up: bool):
    """An audit as the engine writes it; only the sandboxed model is replaced by a formula."""
    import numpy as np

    from governance.engine.explanation.audit import ExplanationAudit, Local, Reliance
    from governance.engine.explanation.importance import importances

    names = [*columns, "utilisation", "late_12m", "sex", "region", *(f"feature_{i}" for i in range(9))]
    rows = np.random.default_rng(7).normal(size=(200, len(names)))
    weights = np.linspace(1.0, 0.05, len(names)) * np.where(np.arange(len(names)) % 2, -1, 1)
    values = rows * weights
    values[:, names.index("region")] = np.abs(values[:, names.index("region")])
    ranked = importances(values, names, dict(zip(names, rows.T, strict=True)), seed=0)
    shares = {item.feature: item.share for item in ranked}
    figures = {"rows": 200, "error": 2e-9 if adds_up else 0.3, "tolerance": 1e-6}
    leading = Message("explanation.leading", {"feature": ranked[0].feature})
    order = np.argsort(-np.abs(values[0]))
    local = Local(
        row=20881,
        base=0.4,
        prediction=float(0.4 + values[0].sum()),
        contributions=tuple((names[j], float(rows[0, j]), float(values[0, j])) for j in order),
    )
    return ExplanationAudit(
        verdict="pass" if adds_up else "fail",
        message=Message("explanation.pass", figures | {"leading": leading})
        if adds_up
        else Message("explanation.fail", figures),
        rows_used=200,
        rows_of=9000,
        seed=0,
        method="linear",
        output="margin",
        output_class="1",
        base_value=0.4,
        max_error=figures["error"],
        tolerance=1e-6,
        importance=tuple(ranked),
        sensitive=tuple(Reliance(name, shares.get(name, 0.0), name in shares) for name in sensitive),
        local=(local,),
        versions={"shap": "0.48.0"},
        sandbox="bubblewrap",
    )


def keep(version: ModelVersion, kind: str, outcome: str, message: Message, result: dict, label: str) -> Audit:
    """Keep an audit as a job would."""
    profile = getattr(version.model, "profile", None)
    return keep_audit(
        version=version,
        kind=kind,
        outcome=outcome,
        message=message,
        result=result,
        inputs={"profile": profile.digest if profile else "", "artifact": version.artifact_digest},
        label=label,
    )


def audit_all(version: ModelVersion, *, gap: float = 0.0) -> ModelVersion:
    """The version with all three audits; with a gap the fairness gate shuts."""
    audit_lineage(version)
    audit_fairness(version, gap=gap)
    audit_explanation(version)
    return version
