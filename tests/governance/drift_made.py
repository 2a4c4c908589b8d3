"""Drift audits that the real engine made, for tests of pages."""

from __future__ import annotations

from functools import lru_cache

from governance.models import Audit, ModelVersion
from portal.message import Message
from tests.governance import factories as make


def audit_drift(version: ModelVersion, *, columns: int = 4, shifted: bool = True, names: tuple[str, ...] = ()) -> Audit:
    """Applications of two years; where shifted, the second has higher utilisation, new regions and missing values."""
    verdict, message, result = drift_result(columns, shifted, names)
    return make.keep(version, "drift", verdict, Message.from_json(message), result, "computed")


@lru_cache
def drift_result(columns: int, shifted: bool, names: tuple[str, ...]) -> tuple[str, dict, dict]:
    import ibis

    from governance.engine.drift.audit import audit_drift as engine

    tables = (ibis.memtable(applications(seed, columns, shifted and seed == 2, names)) for seed in (1, 2))
    found = engine(*tables, prediction="chosen", label="label", sensitive=["sex"])
    return found.verdict, found.message.to_json(), found.to_json()


def applications(seed: int, columns: int = 4, shifted: bool = False, names: tuple[str, ...] = (), rows: int = 6000):
    """Seeded applications."""
    import numpy as np
    import pandas as pd

    rng = np.random.default_rng(seed)
    table = {f"feature_{i}": rng.normal(size=rows) for i in range(columns)}
    table |= {name: rng.normal(size=rows) for name in names}
    table["utilisation"] = rng.beta(2 + 2 * shifted, 4, rows)
    table["late_12m"] = np.where(rng.random(rows) < (0.2 if shifted else 0.01), np.nan, rng.poisson(0.4, rows))
    regions = ["Kanto", "Kansai", "Kyushu"]
    table["region"] = rng.choice([*regions[:2], "Tohoku"] if shifted else regions, rows, p=[0.5, 0.3, 0.2])
    table["sex"] = rng.choice(["F", "M"], rows)
    label = rng.random(rows) < 0.5
    table["label"] = label.astype(int)
    table["chosen"] = (rng.random(rows) < 0.3 + 0.3 * label - 0.15 * shifted * (table["sex"] == "F")).astype(int)
    return pd.DataFrame(table)
