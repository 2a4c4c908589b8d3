"""A version is judged on the challenger sets too: where one is worse, it decides, in the audit and at the gate."""

from __future__ import annotations

import random

import pytest

from governance.actions.evaluation_uses import release_set, use_set
from governance.auditing.challengers import judged_on_challengers
from governance.auditing.examination import Examination, Finding
from governance.auditing.run import known_inputs, run_audit
from governance.auditing.sources import load_version
from governance.models import Audit, Profile
from governance.policy import FairnessNeeds
from governance.readings import read
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


def found(examination: Examination, label: str, artifact: str) -> Finding:
    return Finding("pass", Message("x"), {}, known_inputs(examination, artifact=artifact), label)


def test_the_label_is_the_weakest_and_other_files_say_nothing(cast, version):
    """A gate that wants the model to be run is not opened by predictions that came with the challenger set."""
    hard = uploaded(cast.other_team, cast.stranger, text=decisions(0.1), name="Hard cases")
    use_set(model=version.model, one=hard, role="challenger", by=cast.reviewer)
    gold = found(Examination(version), "replayed", "sha256:a")
    supplied = judged_on_challengers(version, gold, lambda one, *a: found(one, "computed", "sha256:a"), None)
    assert (supplied.outcome, supplied.label) == ("pass", "computed")
    run = judged_on_challengers(version, gold, lambda one, *a: found(one, "replayed", "sha256:a"), None)
    assert (run.outcome, run.label) == ("pass", "replayed")
    others = judged_on_challengers(version, gold, lambda one, *a: found(one, "replayed", "sha256:b"), None)
    assert others.outcome == "not_evaluated"
    assert "changed while they were audited" in str(others.message)


def test_a_profile_that_is_written_meanwhile_has_no_part_in_what_is_found(version):
    """The audit binds what it read, so that the gate sees that the profile is another one now."""
    version = load_version(version.pk)
    before = version.model.profile.digest

    def examine(examination, folder, progress):
        Profile.objects.filter(model=version.model).update(positive="0")
        return found(examination, "computed", "sha256:a")

    job = make_job(version)
    run_audit("performance", job, lambda *args: None, examine)
    audit = Audit.objects.get(job=job)
    assert audit.inputs["profile"] == before
    assert Profile.objects.get(model=version.model).digest != before


def make_job(version) -> Job:
    return Job.objects.filter(kind="audit.performance", params__version=version.pk).latest("pk")


def audited() -> Audit:
    """Run the fairness audit that the change of the model's sets has asked for."""
    job = Job.objects.filter(kind="audit.fairness").latest("pk")
    KINDS["audit.fairness"].run(job, lambda *args: None)
    return Audit.objects.filter(kind="fairness").latest("pk")


def test_groups_are_judged_together_as_the_profile_declares(cast, version):
    head, *rows = decisions(0).splitlines()
    third = [f"{row[:-1]}x" if i % 50 == 0 else row for i, row in enumerate(rows)]
    rare = uploaded(cast.team, cast.member, text="\n".join([head, *third]), name="Three groups")
    release_set(use=version.model.evaluation_uses.get(), by=cast.member)
    use_set(model=version.model, one=rare, role="gold", by=cast.member)
    Profile.objects.filter(model=version.model).update(pools={"sex": {"m or x": ["m", "x"]}})
    audit = audited()
    assert {tuple(group["group"].values()) for group in audit.result["groups"]} == {("f",), ("m or x",)}
    assert any(note["code"] == "fairness.note.pooled" for note in audit.result["notes"])


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
