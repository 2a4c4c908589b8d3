"""The safety audit of a version, from the job to the page; interpreters, and which one a model is run with."""

from __future__ import annotations

import json
import os
import sys
import venv
from io import StringIO

import pandas as pd
import pytest
from django.core.management import call_command
from django.urls import reverse

from governance.actions import interpreters
from governance.actions.audits import request_audits
from governance.audit_kinds import kinds_for
from governance.auditing import safety
from governance.auditing.interpreters import environment_for, run_check
from governance.auditing.sources import EvaluationTable, NotEvaluated
from governance.models import Audit, AuditKind, Interpreter, Kind, Profile
from portal.jobs.kinds import KINDS
from portal.jobs.models import Job
from portal.ledger.models import Event
from portal.web.errors import DomainError, Forbidden, Invalid
from tests.governance import factories as make
from tests.governance.models_made import PINNED, write_model

HOSTILE_NAME = "<script>alert(1)<_script>.pkl"


@pytest.fixture
def version(cast):
    return make.make_version(make.make_model(cast.team, profile={"prediction_column": "said"}))


def audited(version, monkeypatch, folder, table=None) -> Audit:
    """Run the job on a folder in place of a registry's files, and on a table in place of the profile's."""

    def fetch_table(*args):
        if table is None:
            raise NotEvaluated("audit.no_data")
        path = folder.parent / "evaluation.parquet"
        table.to_parquet(path)
        return EvaluationTable(path, "sha256:" + "d" * 64)

    monkeypatch.setattr(safety, "fetch_model", lambda version, place: (folder, make.FILES))
    monkeypatch.setattr(safety, "fetch_table", fetch_table)
    (job,) = request_audits(version=version, by=None, kinds=["safety"])
    safety.run(Job.objects.get(pk=job.pk), lambda *args: None)
    return version.audits.get(kind=AuditKind.SAFETY)


def page(browser, version, **query) -> str:
    response = browser.get(reverse("version-safety", args=[version.model_id, version.number]), query)
    assert response.status_code == 200
    return response.content.decode()


@pytest.mark.sandbox
def test_from_the_job_to_the_page(cast, as_user, version, monkeypatch, tmp_path):
    folder = write_model(tmp_path / "model")
    table = pd.DataFrame({"income": [10.0, 90.0, 60.0], "said": [0, 1, 0], "label": [0, 1, 1]})
    audit = audited(version, monkeypatch, folder, table)
    assert (audit.outcome, audit.label) == ("fail", "replayed")
    assert audit.inputs["data"].startswith("sha256:d")
    browser = as_user(cast.member)
    shown = page(browser, version)
    for words in (
        "Rows that differ",
        "we ran the model",
        "proves nothing",
        "DecisionTreeClassifier",
        "Sekisho&#x27;s own",
    ):
        assert words in shown, words
    assert json.loads(page(browser, version, format="json"))["result"]["schema"] == "sekisho.safety/1"
    rows = page(browser, version, format="csv").splitlines()
    assert rows[0].endswith("found,evidence")
    assert "differing,3,,0,1,,replayed" in rows
    assert "再実行" in page(as_user(cast.japanese), version)


def test_what_could_not_be_run_says_why_and_shows_the_rest(cast, as_user, version, monkeypatch, tmp_path):
    folder = write_model(tmp_path / "model", requirements=["scikit-learn==0.24.2", *PINNED[1:]], name=HOSTILE_NAME)
    audit = audited(version, monkeypatch, folder, pd.DataFrame({"income": [1.0], "said": [0]}))
    assert (audit.outcome, audit.label) == ("not_evaluated", "computed")
    shown = page(as_user(cast.member), version)
    assert "It matters" in shown
    assert "scikit-learn 0.24.2 (here" in shown
    assert "<script>alert" not in shown


def test_a_model_of_another_kind_is_not_left_open_for_ever(cast, monkeypatch, tmp_path):
    image = make.make_version(make.make_model(cast.team, "scans", profile={"kind": "image"}))
    audit = audited(image, monkeypatch, write_model(tmp_path / "model"))
    outcomes = {item["key"]: item["outcome"] for item in audit.result["items"]}
    assert (audit.outcome, outcomes["replay"]) == ("pass", "not_applicable")


def test_an_explanation_of_such_a_model_is_not_applicable_once_asked_for(cast, as_user):
    """What cannot be said of a kind of model is not left open for ever, and is not asked for by itself."""
    image = make.make_version(make.make_model(cast.team, "scans", profile={"kind": "image"}))
    assert AuditKind.EXPLANATION not in kinds_for(image.model.profile)
    (job,) = request_audits(version=image, by=None, kinds=["explanation"])
    KINDS["audit.explanation"].run(Job.objects.get(pk=job.pk), lambda *args: None)
    assert image.audits.get().outcome == "not_applicable"
    shown = as_user(cast.member).get(reverse("version-explanation", args=[image.model_id, 1])).content.decode()
    assert "does not apply to this kind of model" in shown
    assert "verdict-pass" not in shown


def test_what_applies_is_asked_for_of_every_kind_of_model(db):
    for kind in Kind.values:
        asked = set(kinds_for(Profile(kind=kind)))
        assert asked >= {AuditKind.LINEAGE, AuditKind.PERFORMANCE, AuditKind.FAIRNESS, AuditKind.SAFETY}
        assert (AuditKind.EXPLANATION in asked) == (kind == Kind.TABULAR)


def test_advisories_of_the_setting_are_evidence(version, monkeypatch, tmp_path, settings):
    settings.ADVISORIES = str(tmp_path / "none.json")
    audit = audited(version, monkeypatch, write_model(tmp_path / "model"))
    assert audit.outcome == "not_evaluated"
    document = {
        "id": "PYSEC-1",
        "affected": [{"package": {"ecosystem": "PyPI", "name": "numpy"}, "versions": [PINNED[1][7:]]}],
    }
    (tmp_path / "none.json").write_text(json.dumps(document))
    Audit.objects.all().delete()
    Job.objects.all().delete()
    audit = audited(version, monkeypatch, tmp_path / "model")
    assert audit.outcome == "fail"
    assert audit.inputs["advisories"].startswith("sha256:")


def test_the_command_prints_a_verdict_and_json_alone(tmp_path):
    folder, out = write_model(tmp_path / "model"), StringIO()
    call_command("audit", "safety", str(folder), stdout=out)
    assert out.getvalue().startswith("PASS")
    assert "suspicious" in out.getvalue()
    out = StringIO()
    call_command("audit", "safety", str(folder), "--json", stdout=out)
    assert json.loads(out.getvalue())["verdict"] == "pass"


# -- interpreters ---------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def other_python(tmp_path_factory) -> str:
    """A virtual environment with our packages, but with another scikit-learn by its own account."""
    place = tmp_path_factory.mktemp("interpreters") / "models-2024"
    venv.create(place, with_pip=False, symlinks=True)
    (packages,) = place.glob("lib/python3.*/site-packages")
    ours = next(path for path in sys.path if path.endswith("site-packages"))
    (packages / "ours.pth").write_text(ours + "\n")
    (packages / "scikit_learn-0.24.2.dist-info").mkdir()
    (packages / "scikit_learn-0.24.2.dist-info" / "METADATA").write_text("Name: scikit-learn\nVersion: 0.24.2\n")
    for folder in (place, *place.parents):
        if folder.is_relative_to(tmp_path_factory.getbasetemp().parent):
            os.chmod(folder, 0o755)
    return str(place / "bin" / "python")


@pytest.mark.sandbox
def test_a_model_runs_with_the_interpreter_that_it_asks_for(cast, version, monkeypatch, tmp_path, other_python):
    """A real second interpreter: asked in the sandbox, chosen by its packages, and used."""
    folder = write_model(tmp_path / "model", requirements=["scikit-learn==0.24.2", *PINNED[1:]])
    with pytest.raises(NotEvaluated, match=r"scikit-learn 0\.24\.2"):
        environment_for(folder)
    one = interpreters.add_interpreter(name="Models of 2024", executable=other_python, by=cast.admin)
    run_check(Job.objects.get(kind="interpreter.check"), lambda *args: None)
    one.refresh_from_db()
    assert (one.error, one.packages["scikit-learn"]) == (None, "0.24.2")
    assert one.python == ".".join(map(str, sys.version_info[:3]))
    assert {"pandas", "pyarrow", "pyyaml", "mlflow"} <= set(one.packages)
    assert environment_for(folder).executable == other_python
    audit = audited(version, monkeypatch, folder, pd.DataFrame({"income": [10.0, 90.0], "said": [0, 1]}))
    assert audit.outcome == "pass"
    assert audit.result["environment"]["interpreter"] == "Models of 2024"
    recorded = Event.objects.filter(action__startswith="interpreter").values_list("action", flat=True)
    assert set(recorded) == {"interpreter.add", "interpreter.check"}


def registered(name: str, **packages: str) -> Interpreter:
    inside = {"pandas": "2.2.3", "pyarrow": "18.0.0", "pyyaml": "6.0.2"}
    python = ".".join(map(str, sys.version_info[:3]))
    return Interpreter.objects.create(
        name=name, executable=f"/opt/{name}/bin/python", python=python, packages=inside | packages
    )


def test_an_interpreter_that_cannot_explain_says_what_it_lacks(db, tmp_path):
    """Where another one fits too, that is taken; what is stated of an interpreter follows its packages."""
    folder = write_model(tmp_path / "model", requirements=["scikit-learn==0.24.2", *PINNED[1:]])
    wanted = dict(line.split("==") for line in ["scikit-learn==0.24.2", *PINNED[1:]])
    bare = registered("bare", **wanted)
    assert environment_for(folder).executable == bare.executable
    with pytest.raises(NotEvaluated, match="bare, lacks packages that an explanation needs: shap"):
        environment_for(folder, needs=("shap",))
    before = environment_for(folder).stated
    Interpreter.objects.filter(pk=bare.pk).update(packages=bare.packages | {"scipy": "1.0.0"})
    assert environment_for(folder).stated != before
    able = registered("able", shap="0.47.0", **wanted)
    assert environment_for(folder, needs=("shap",)).executable == able.executable


def test_what_is_not_there_is_not_used(cast):
    one = interpreters.add_interpreter(name="Gone", executable="/opt/none/bin/python", by=cast.admin)
    with pytest.raises(DomainError, match="no file"):
        run_check(Job.objects.get(kind="interpreter.check"), lambda *args: None)
    one.refresh_from_db()
    assert one.error["code"] == "interpreter.missing"
    assert not Interpreter.objects.usable().exists()


@pytest.mark.parametrize("path", ["python", "/opt/../etc/python", "/opt/py\u202ethon", "", "/opt//python"])
def test_a_path_that_is_none_is_refused(cast, path):
    with pytest.raises(Invalid):
        interpreters.add_interpreter(name="X", executable=path, by=cast.admin)


def test_an_interpreter_that_never_answers_is_given_up_with_a_reason(cast, tmp_path, monkeypatch):
    silent = tmp_path / "python"
    silent.write_text("#!/bin/sh\nsleep 600\n")
    silent.chmod(0o755)
    monkeypatch.setattr("governance.auditing.interpreters.ANSWER_SECONDS", 1.0)
    one = interpreters.add_interpreter(name="Silent", executable=str(silent), by=cast.admin)
    with pytest.raises(DomainError, match="1 second"):
        run_check(Job.objects.get(kind="interpreter.check"), lambda *args: None)
    one.refresh_from_db()
    assert (one.python, one.error["code"]) == ("", "interpreter.silent")


def test_interpreters_are_an_administrators(cast, as_user):
    with pytest.raises(Forbidden):
        interpreters.add_interpreter(name="X", executable="/usr/bin/python3", by=cast.manager)
    assert as_user(cast.member).get(reverse("interpreters")).status_code == 403
    browser = as_user(cast.admin)
    assert "No further interpreter" in browser.get(reverse("interpreters")).content.decode()
    answer = browser.post(
        reverse("interpreter-new"), {"name": "2024", "executable": "/opt/2024/bin/python"}, follow=True
    )
    assert "has not been asked yet" in answer.content.decode()
    assert browser.post(reverse("interpreter-new"), {"name": "2024", "executable": "/x/python"}).status_code == 422
    one = Interpreter.objects.get()
    interpreters.keep_check(interpreter=one, python="3.10.4", packages={"numpy": "1.26"}, by=None)
    assert "It lacks what reads tables" in browser.get(reverse("interpreter", args=[one.pk])).content.decode()
    assert "Lacks packages" in as_user(cast.auditor).get(reverse("interpreters")).content.decode()
    assert as_user(cast.auditor).post(reverse("interpreter-remove", args=[one.pk])).status_code == 403
    assert as_user(cast.admin).post(reverse("interpreter-remove", args=[one.pk])).status_code == 302
    assert not Interpreter.objects.exists()
    assert Event.objects.filter(action="interpreter.remove").exists()
