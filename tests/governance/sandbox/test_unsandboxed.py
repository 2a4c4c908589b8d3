"""Where no sandbox works: nothing runs, unless it was asked for, and then what comes of it is branded."""

from __future__ import annotations

import pyarrow as pa
import pytest

from governance.sandbox import Limits, Sandbox, SandboxFailure, limits, predict, probe, unsandboxed

ROWS = pa.table({"a": [1.0, 2.0]})
MODEL = (
    "import os\nclass Model:\n    def predict(self, table): return [os.environ.get('SEKISHO_TEST_SECRET', 'none')] * 2"
)


@pytest.fixture(autouse=True)
def no_sandbox(monkeypatch):
    """A host on which neither backend holds."""
    monkeypatch.setattr(probe, "candidate", lambda backend: None)
    probe.find_sandbox.cache_clear()
    yield
    unsandboxed.allow(False)
    probe.find_sandbox.cache_clear()


def test_nothing_runs_on_a_host_without_a_sandbox(estimator):
    with pytest.raises(SandboxFailure) as failure:
        predict(estimator(MODEL), ROWS)
    assert failure.value.message.code == "sandbox.none"
    report = probe.probe()
    assert not report.works
    assert [(trial.works, trial.reason is None) for trial in report.trials] == [(False, False)] * 2


def test_what_runs_by_opting_in_is_noticed_and_inherits_no_environment(estimator, monkeypatch):
    monkeypatch.setenv("SEKISHO_TEST_SECRET", "hunter2")
    unsandboxed.allow(True)
    noticed = unsandboxed.watch()
    found = predict(estimator(MODEL), ROWS)
    assert found.labels.to_pylist() == ["none", "none"]
    assert found.backend == "unsandboxed"
    assert noticed == ["child.py"]
    assert not probe.probe().works


def test_a_limit_of_time_holds_without_walls_too(estimator):
    with pytest.raises(SandboxFailure) as failure:
        predict(
            estimator("while True: pass"),
            ROWS,
            sandbox=Sandbox("unsandboxed", False),
            limits=Limits(wall_seconds=1.5),
        )
    assert failure.value.message.code == "sandbox.timed_out"


@pytest.mark.django_db
def test_an_audit_made_without_a_sandbox_opens_no_gate(cast, monkeypatch):
    """From the job to the verdict: branded, kept, and not counted."""
    from governance.auditing import run
    from governance.evidence import collect
    from governance.models import Audit
    from governance.verdict import verdict_for
    from tests.governance import factories as make

    version = make.make_version(make.make_model(cast.team))
    make.audit_explanation(version)
    before = next(r for r in verdict_for(version, "production").results if r.audit == "explanation")
    assert before.outcome == "pass"
    kept = Audit.objects.filter(version=version, kind="explanation").first()

    def examine(version, folder, progress):
        unsandboxed.note("child.py")  # what `sandbox.run` does where there are no walls
        return run.Finding(kept.outcome, make.Message.from_json(kept.message), kept.result, kept.inputs, kept.label)

    job = type("Asked", (), {"params": {"version": version.pk}})()
    monkeypatch.setattr(run, "keep_audit", lambda job, **given: make.keep_audit(**given))
    run.run_audit("explanation", job, lambda *args: None, examine)
    assert Audit.objects.filter(version=version, kind="explanation").first().inputs["unsandboxed"] is True
    assert collect(version)[0]["explanation"].unsandboxed
    after = next(r for r in verdict_for(version, "production").results if r.audit == "explanation")
    assert (after.outcome, after.message.code) == ("not_evaluated", "gates.unsandboxed")


def test_limits_of_the_settings_hold_for_runs_that_name_none(settings):
    from django.apps import apps

    before = limits.configured()
    settings.SANDBOX_LIMITS = settings.SANDBOX_LIMITS | {"wall_seconds": 77}
    try:
        apps.get_app_config("governance")._configure_sandbox()
        assert limits.configured().wall_seconds == 77
        assert probe.probe().to_json()["limits"]["wall_seconds"] == 77
    finally:
        limits.configure(before)
