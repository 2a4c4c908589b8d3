"""Judging 1,000 versions under a new policy, against one plain read of the rows that it needs.

The audits are real ones of made data, kept for each version: performance with slices, fairness of two attributes,
and lineage, which no gate asks for. Two policies apply together. The goal is an upper bound: three times the read.
A part of the versions is judged one by one as well, and must come out the same.
"""

from __future__ import annotations

import json
import os
import re
import tempfile
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from benchmarks import Figure, cpu_seconds, size

PER_MODEL = 25
GOAL = 3.0
REPEAT = 3
FLOOR = """      - {id: floor, audit: performance, title: {en: Accuracy, ja: 正解率}, max_age_days: 90,
         labels: [replayed, computed], needs: {metric: accuracy, at_least: 0.7, not_worse: if_live}}
    approvals:
"""


@dataclass(frozen=True)
class Taken:
    """Seconds of the read and of judging, the versions, and whether judging one by one says the same."""

    read: float
    judged: float
    rows: int
    agreed: bool


def run() -> list[Figure]:
    """Fill a database, read it and judge it, in a process whose settings point to it."""
    with tempfile.TemporaryDirectory() as home, ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        taken = pool.submit(measured, home, size(100, 1000)).result()
    ratio = taken.read / taken.judged
    return [Figure("judging", "one plain read of the same rows", taken.rows, "cpu", ratio, 1 / GOAL, taken.agreed)]


def measured(home: str, versions: int) -> Taken:
    """What `run` measures; `home` is an empty folder."""
    prepare(home, versions)
    return _compare()


def prepare(home: str, versions: int) -> None:
    """A database in an empty folder, for this process, with so many versions and their audits."""
    os.environ |= {"SEKISHO_HOME": home, "DJANGO_SETTINGS_MODULE": "portal.settings"}
    import django

    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    fill(versions, Path(home))


def _compare() -> Taken:
    from django.utils import timezone

    from governance.in_force import in_force_parsed, rules_by
    from governance.models import Audit, ModelVersion
    from governance.verdict import judge, judge_many

    now, whole = timezone.now(), ("model__registry", "model__team", "model__profile")

    def read() -> int:
        versions = list(ModelVersion.objects.select_related(*whole).order_by("pk"))
        return len(list(Audit.objects.filter(version__in=versions)))

    def judged() -> list[Any]:
        policies = in_force_parsed()
        versions = list(ModelVersion.objects.select_related(*whole).order_by("pk"))
        return judge_many(versions, lambda version: rules_by(policies, version, "production"), now=now)

    judged()  # what is imported at the first use, and the policies' texts, are not counted
    reading, audits = cpu_seconds(read, REPEAT)
    judging, found = cpu_seconds(judged, REPEAT)
    some = list(ModelVersion.objects.select_related(*whole).order_by("pk"))
    alone = {at: judge(some[at], "production", now=now) for at in range(0, len(some), 10)}
    outcomes = {one.verdict.outcome for one in found}
    agreed = audits == 3 * len(found) and len(outcomes) > 1
    agreed &= all(found[at].verdict == one.verdict and found[at].bound == one.bound for at, one in alone.items())
    return Taken(reading, judging, len(found), agreed)


# -- rows ----------------------------------------------------------------------------------------------------


def fill(versions: int, folder: Path) -> None:
    """Models of 25 versions; of each fourth the audits find something."""
    from governance.actions.policies import publish
    from governance.models import Audit, ModelVersion, Profile, RegisteredModel, Registry
    from governance.policy import DEFAULT
    from portal.accounts.models import Team, Unit

    text = re.sub(r"      - id: (explanation|lineage)\n(?:        .*\n)+", "", DEFAULT.read_text("utf-8"))
    for one in (text, text.replace("key: default", "key: strict").replace("    approvals:\n", FLOOR)):
        publish(text=one.replace("0.10", "0.12") if one == text else one, by=None)
    team = Team.objects.create(unit=Unit.objects.create(name="Unit"), name="Team", slug="team")
    registry = Registry.objects.create(slug="main", name="Main", address="http://127.0.0.1:9")
    kinds = [_results(folder, bias) for bias in (0.0, 0.4)]
    for number in range(versions // PER_MODEL):
        model = RegisteredModel.objects.create(registry=registry, name=f"model-{number}", team=team)
        profile = Profile.objects.create(
            model=model, intended_use="Use", population="All", risk="high", kind="tabular", label_column="y"
        )
        rows = [
            ModelVersion(model=model, number=at, run_id=f"r{at}", artifact_digest=f"sha256:{number}-{at}")
            for at in range(1, PER_MODEL + 1)
        ]
        rows = ModelVersion.objects.bulk_create(rows)
        Audit.objects.bulk_create(
            Audit(
                version=row, kind=kind, outcome=outcome, message=message, result=result, digest=f"sha256:{kind}",
                label="computed", inputs={"profile": profile.digest, "artifact": row.artifact_digest},
            )
            for row in rows
            for kind, outcome, message, result in kinds[row.number % 4 == 0]
        )  # fmt: skip


def _results(folder: Path, bias: float) -> list[tuple[str, str, dict, dict]]:
    """One real audit of each kind, as it is kept."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.parquet as pq

    from governance.engine.fairness.audit import audit_fairness
    from governance.engine.lineage.audit import audit_lineage
    from governance.engine.performance.audit import audit_performance
    from portal.message import Message

    rng, rows = np.random.default_rng(7), 4000
    sex, age = rng.choice(["F", "M"], rows), rng.choice(["<30", "30-60", ">60"], rows)
    label = rng.integers(0, 2, rows)
    guess = np.where(rng.random(rows) < 0.9, label, 1 - label)
    guess = np.where((sex == "M") & (rng.random(rows) < bias), 1, guess)
    path = folder / f"rows-{bias}.parquet"
    pq.write_table(pa.table({"y": label, "p": guess, "sex": sex, "age": age}), path)
    facts = {"schema": "sekisho.version-facts/1", "version": {"run_id": ""}, "run": None, "files": {}, "problems": {}}
    alone = Message("performance.live.none")
    audits = {
        "lineage": audit_lineage(facts),
        "performance": audit_performance(path, label="y", prediction="p", not_compared=alone, replicates=100),
        "fairness": audit_fairness(path, label="y", prediction="p", sensitive=["sex", "age"], replicates=100),
    }
    return [
        (kind, audit.verdict, audit.message.to_json(), json.loads(json.dumps(audit.to_json())))
        for kind, audit in audits.items()
    ]
