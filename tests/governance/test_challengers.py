"""A version is judged on the challenger sets too: where one is worse, it decides, in the audit and at the gate."""

from __future__ import annotations

import random

import pytest

from governance.actions.evaluation_uses import use_set
from governance.gate_readings import read
from governance.models import Audit
from governance.policy import FairnessNeeds
from governance.verdict import environments
from portal.jobs.kinds import KINDS
from portal.jobs.models import Job
from portal.message import Message
from tests.governance import factories as make
from tests.governance.evaluation_made import uploaded

pytestmark = pytest.mark.django_db


def decisions(gap: float) -> str:
    """Labels and decisions of two groups, one of which is chosen more often by a gap."""
    seeded = random.Random(3)
    rows = []
    for i in range(4000):
        label, second = int(seeded.random() < 0.5), i % 2
        rows.append(f"{label},{int(seeded.random() < 0.3 + 0.3 * label + gap * second)},{'m' if second else 'f'}")
    return "label,prediction,sex\n" + "\n".join(rows)


@pytest.fixture
def version(cast):
    columns = {"sensitive_columns": ["sex"], "prediction_column": "prediction", "positive": "1"}
    version = make.make_version(make.make_model(cast.team, profile=columns))
    use_set(model=version.model, one=uploaded(cast.team, cast.member, text=decisions(0)), role="gold", by=cast.member)
    return version


def audited() -> Audit:
    """Run the fairness audit that the change of the model's sets has asked for."""
    job = Job.objects.filter(kind="audit.fairness").latest("pk")
    KINDS["audit.fairness"].run(job, lambda *args: None)
    return Audit.objects.filter(kind="fairness").latest("pk")


def test_the_worse_finding_counts_and_the_gold_one_is_kept(cast, version):
    hard = uploaded(cast.other_team, cast.stranger, text=decisions(0.35), name="Hard cases")
    use = use_set(model=version.model, one=hard, role="challenger", by=cast.reviewer)
    audit = audited()
    assert audit.result["verdict"] == "pass"  # of the gold set
    assert audit.outcome == "fail"
    assert audit.message["code"] == "audit.challenger_decides"
    assert (audit.inputs["challenger"], audit.inputs["set"]) == (hard.digest, "Held out")
    version.model.profile.refresh_from_db()
    assert audit.inputs["profile"] == version.model.profile.digest
    gates = [gate for env in environments().values() for gate in env.gates if isinstance(gate.needs, FairnessNeeds)]
    reading = read(gates[0].needs, audit.outcome, Message.from_json(audit.message), audit.result)
    assert reading.outcome == "fail"
    assert "Hard cases" in str(reading.message)
    use.delete()
    use_set(
        model=version.model,
        one=uploaded(cast.other_team, cast.stranger, text="prediction,label\n1,1\n", name="Bare"),
        role="challenger",
        by=cast.reviewer,
    )
    bare = audited()  # without the column of the groups
    assert bare.outcome == "not_evaluated"
    assert bare.result["challengers"][0]["outcome"] == "not_evaluated"
