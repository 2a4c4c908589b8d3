"""The demo's models are what the story says of them, on a real MLflow server."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
import urllib.request

import pytest

from governance.engine.lineage.audit import audit_lineage
from governance.registry import Connection
from portal.demo import lending
from portal.demo.mlflow_server import MlflowServer, MlflowServerFailed, healthy
from portal.demo.repository import commit_files
from portal.demo.training import EVALUATION_TABLE, MODELS, one_thread
from tests.mlflow_server import mlflow_server, trained  # noqa: F401  fixtures


@pytest.mark.mlflow
def test_diabetes_is_logged_with_all_its_lineage(mlflow_server, trained, tmp_path):  # noqa: F811
    told = trained("diabetes")
    connection = Connection(mlflow_server.address)
    facts = connection.describe_version(told["model"], told["version"], hashed=True)
    audit = audit_lineage(facts)
    assert audit.verdict == "pass"
    assert {item.outcome for item in audit.items} == {"pass"}
    with urllib.request.urlopen(audit.item("source").found) as source:  # the source can be fetched
        assert source.read(4) == b"PAR1"

    import pyarrow.parquet as parquet

    table = parquet.read_table(connection.download_run_artifact(told["run_id"], EVALUATION_TABLE, tmp_path))
    assert {"sex", "age", "label", "prediction", "score"} <= set(table.column_names)
    assert set(table["sex"].to_pylist()) == {1.0, 2.0}
    assert min(table["age"].to_pylist()) > 15  # years, not standard deviations


@pytest.mark.mlflow
def test_imaging_is_logged_carelessly(mlflow_server, trained):  # noqa: F811
    told = trained("imaging")
    audit = audit_lineage(Connection(mlflow_server.address).describe_version(told["model"], 1, hashed=True))
    failed = {item.key for item in audit.items if item.outcome == "fail"}
    assert audit.verdict == "fail"
    assert {"commit", "dataset", "signature"} <= failed
    assert "run" not in failed


@pytest.mark.mlflow
def test_the_server_is_gone_when_its_parent_is_killed(tmp_path):
    program = (
        "import sys, pathlib; from portal.demo.mlflow_server import MlflowServer; import time;"
        "server = MlflowServer(pathlib.Path(sys.argv[1])).start(); print(server.pid, flush=True); time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", program, str(tmp_path)], stdout=subprocess.PIPE, text=True) as parent:
        pid = int(parent.stdout.readline())
        os.kill(pid, 0)
        parent.kill()
    for _ in range(100):
        if not _alive(pid):
            return
        time.sleep(0.1)
    os.killpg(pid, signal.SIGKILL)
    pytest.fail("the server outlived its parent")


def _alive(pid: int) -> bool:
    try:
        with open(f"/proc/{pid}/stat") as stat:
            return stat.read().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_a_server_that_cannot_start_says_why(tmp_path, monkeypatch):
    (tmp_path / "mlflow.db").write_text("not a database")
    server = MlflowServer(tmp_path)
    monkeypatch.setattr("portal.demo.mlflow_server.command", lambda home, port: ([sys.executable, "-c", "1/0"], {}))
    with pytest.raises(MlflowServerFailed, match="ZeroDivisionError"), server:
        pass
    assert not server.running
    assert not healthy(server.port)


class TestRepository:
    def test_commits_are_stable_while_the_files_are(self, tmp_path):
        first = commit_files(tmp_path, {"a.py": b"1", "b.py": b"2"}, "First")
        assert commit_files(tmp_path, {"b.py": b"2", "a.py": b"1"}, "Again") == first
        second = commit_files(tmp_path, {"a.py": b"1", "b.py": b"3"}, "Second")
        assert second != first
        assert len(second) == 40

    def test_git_reads_it(self, tmp_path):
        git_program = shutil.which("git")
        first = commit_files(tmp_path, {"a.py": b"print(1)\n"}, "First")
        second = commit_files(tmp_path, {"a.py": b"print(2)\n"}, "Second")
        assert (tmp_path / "refs/heads/main").read_text().strip() == second
        if git_program:
            git = [git_program, "-c", "safe.directory=*", "-C", str(tmp_path)]
            log = subprocess.run([*git, "log", "--format=%H"], capture_output=True, text=True, check=True)
            assert log.stdout.split() == [second, first]
            shown = subprocess.run([*git, "show", "HEAD:a.py"], capture_output=True, text=True, check=True)
            assert shown.stdout == "print(2)\n"
            subprocess.run([*git, "fsck", "--strict"], check=True, capture_output=True)


@pytest.fixture(scope="module")
def tables():
    """Lending's applications to train on, and those held out."""
    data = lending.applications()
    return data[: lending.TRAINING], data[lending.TRAINING :]


@pytest.fixture(scope="module")
def mitigated(tables):
    return lending.mitigated_model(tables[0])


@pytest.mark.filterwarnings("ignore::pandas.errors.Pandas4Warning")  # from fairlearn, with pandas 3
class TestLending:
    def test_the_applications_are_seeded_and_the_sexes_repay_alike(self, tables):
        again = lending.applications(1000)
        assert again.equals(lending.applications(1000))
        assert len(tables[0]) + len(tables[1]) == 60_000
        repaid = tables[1].groupby("sex")["label"].mean()
        assert abs(repaid["female"] - repaid["male"]) < 0.02
        decided = tables[0].groupby("sex")["decision"].mean()
        assert decided["male"] - decided["female"] > 0.1

    def test_the_plain_model_is_surely_unfair(self, tables):
        gaps = self._gaps(lending.plain_model(tables[0]), tables[1])
        assert gaps["sex", "selection"] > 0.15
        assert gaps["sex", "odds"] > 0.15

    def test_the_mitigated_model_is_surely_fair(self, tables, mitigated):
        gaps = self._gaps(mitigated, tables[1])
        assert max(gaps.values()) < 0.05

    def test_its_predictions_never_vary_and_need_no_sex(self, tables, mitigated):
        features = tables[1][list(lending.FEATURES)]
        with one_thread():
            assert (mitigated.predict(features) == mitigated.predict(features)).all()
        assert "sex" not in mitigated.feature_names_in_
        assert type(mitigated).__module__.startswith("sklearn.")
        again = lending.mitigated_model(tables[0])
        with one_thread():
            assert (again.predict(features) == mitigated.predict(features)).all()

    def _gaps(self, model, held_out):
        from fairlearn.metrics import demographic_parity_difference, equalized_odds_difference

        table = lending.evaluated(model, held_out)
        measures = {"selection": demographic_parity_difference, "odds": equalized_odds_difference}
        return {
            (column, name): measure(table["label"], table["prediction"], sensitive_features=table[column])
            for column in ("sex", "age_band")
            for name, measure in measures.items()
        }


def test_every_model_has_a_name_of_its_own():
    assert len(set(MODELS.values())) == len(MODELS) == 3
