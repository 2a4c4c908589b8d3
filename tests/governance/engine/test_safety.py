"""The safety audit: what it fails, what it leaves open, and that nothing hostile runs while it looks."""

from __future__ import annotations

import gzip
import io
import json
import os
import pickle
import zipfile

import pyarrow as pa
import pytest

from governance.engine.safety import contents as safety_contents
from governance.engine.safety.advisories import AdvisoryError, read_advisories
from governance.engine.safety.audit import NEEDS_MODEL, REQUIRED, audit_safety
from governance.engine.safety.contents import read_contents
from governance.engine.safety.environment import Environment, best, compare, own_environment, read_environment
from governance.engine.safety.replay import ReplayRequest
from governance.engine.safety.scan import scan_files
from governance.sandbox import SandboxFailure
from tests.governance.models_made import PINNED, write_model

FILES_ONLY = [item for item in REQUIRED if item not in NEEDS_MODEL]


class Hostile:
    """Unpickled, it would leave a file behind."""

    def __init__(self, trace):
        self.trace = trace

    def __reduce__(self):
        return os.system, (f"touch {self.trace}",)


def look(folder, **options):
    return audit_safety(folder, required=FILES_ONLY, **options)


@pytest.fixture
def model(tmp_path):
    return write_model(tmp_path / "model")


def test_a_model_in_order_passes_on_what_was_asked(model):
    audit = look(model)
    assert audit.verdict == "pass"
    assert {item.key: item.outcome for item in audit.items} == {
        "tree": "pass", "signature": "pass", "environment": "pass", "advisories": "not_evaluated",
        "interpreter": "pass", "replay": "not_applicable", "repeatable": "not_applicable",
    }  # fmt: skip
    said = audit.to_json()
    assert said["schema"] == "sekisho.safety/1"
    assert json.loads(json.dumps(said, allow_nan=False)) == said
    assert said["loads"]["loader"] == "mlflow.sklearn"
    assert [file["kind"] for file in said["loads"]["files"]] == ["pickle"]


def test_without_data_what_is_required_stays_open(model):
    audit = audit_safety(model)
    assert audit.verdict == "not_evaluated"
    assert "No data" in str(audit.message)


# -- files that cannot be trusted -----------------------------------------------------------------------


def link_out(folder):
    (folder / "more").symlink_to("/etc/passwd")


def link_in(folder):
    (folder / "more").symlink_to("model.pkl")


def pipe(folder):
    os.mkfifo(folder / "pipe")


def odd_name(folder):
    (folder / "a\u202egnp.exe").write_bytes(b"")


def many(folder):
    for i in range(9):
        (folder / f"{i}").write_bytes(b"")


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (link_out, "a link"),
        (link_in, "a link"),
        (pipe, "neither a file"),
        (odd_name, "cannot be shown"),
        (many, "more than 8"),
    ],
)
def test_a_tree_that_cannot_be_trusted_fails_and_is_not_read_on(model, monkeypatch, spoil, says):
    monkeypatch.setattr(safety_contents, "MOST_FILES", 8)
    spoil(model)
    audit = look(model)
    assert audit.verdict == "fail"
    assert says in str(audit.message)
    assert {item.outcome for item in audit.items if item.key != "tree"} == {"not_evaluated"}
    assert audit.to_json()["loads"] is None


def test_too_many_bytes_are_refused_unread(model, monkeypatch):
    monkeypatch.setattr(safety_contents, "MOST_BYTES", 10)
    assert look(model).item("tree").outcome == "fail"


@pytest.mark.parametrize(
    "text",
    ["", "- 1", "flavors: 3", "a: &a [x]\nb: {<<: &c {k: v}}\nflavors: {sklearn: {}}", "{" * 400, "flavors: &a [*a]"],
)
def test_an_unreadable_mlmodel_is_a_sentence(model, text):
    (model / "MLmodel").write_text(text)
    with pytest.raises(SandboxFailure, match="MLmodel"):
        look(model)


# -- what it would load ---------------------------------------------------------------------------------


def zipped(data: bytes, name: str) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr(name, data)
    return file.getvalue()


def test_hostile_pickles_are_listed_and_never_run(tmp_path):
    """One bounded process for all; the verdict does not change, since a scan is a warning label."""
    trace = tmp_path / "trace"
    bad = pickle.dumps(Hostile(trace))
    skops = json.dumps(
        {"__class__": "system", "__module__": "posix", "content": [{"__class__": "A", "__module__": "b"}]}
    )
    folder = write_model(tmp_path / "model", stored=bad)
    hostile = {
        "compressed.joblib": gzip.compress(bad),
        "old.pickle": pickle.dumps(Hostile(trace), protocol=0),
        "weights.pt": zipped(bad, "archive/data.pkl"),
        "no_suffix": bad,
        "model.skops": zipped(skops.encode(), "schema.json"),
        "cut.pkl": bad[:-3],
    }
    for name, data in hostile.items():
        (folder / name).write_bytes(data)
    (folder / "bomb.joblib").write_bytes(gzip.compress(bytes(2**26), 1) * 9)
    (folder / "noise.pkl").write_bytes(b"\x80\x04" + b"noise" * 9)
    audit = look(folder)
    scanned = {one.path: one for one in audit.scanned}
    for name in ("model.pkl", *hostile):
        assert ("system", "dangerous") in {(one.name, one.level) for one in scanned[name].imports}, name
    assert scanned["cut.pkl"].read == "part"
    assert scanned["bomb.joblib"].read == "no"
    assert scanned["noise.pkl"].read == "part"
    assert "power" in str(audit.warning)
    assert audit.verdict == "pass"
    assert not trace.exists()


def test_a_clean_scan_says_that_it_proves_nothing(tmp_path):
    audit = look(write_model(tmp_path / "model", stored=pickle.dumps({"weights": [1.0]})))
    assert "proves nothing" in str(audit.warning)


def test_files_that_the_scan_did_not_reach_are_unread(tmp_path):
    (one,) = scan_files(tmp_path, ["not-there.pkl"])
    assert one.read == "no"


# -- environment ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("requirements", "outcome", "says"),
    [
        (["numpy==2.0.1", "scikit-learn[x]==1.6.1 ; python_version >= '3.9'"], "pass", "all exact"),
        (["a==1 --hash=sha256:" + "0" * 64, "b @ https://x.example/b.whl#sha256=" + "0" * 64], "pass", "all exact"),
        (["numpy"], "fail", "numpy"),
        (["numpy==2.*"], "fail", r"numpy==2.\*"),
        (["numpy>=1,<2"], "fail", "numpy"),
        (["-r other.txt"], "fail", "other.txt"),
        (["b @ https://x.example/b.whl"], "fail", "b @"),
        ([], "fail", "no packages"),
        (None, "fail", "no packages"),
    ],
)
def test_an_environment_is_pinned_when_every_requirement_is_one_version(tmp_path, requirements, outcome, says):
    item = look(write_model(tmp_path / "model", requirements=requirements)).item("environment")
    assert item.outcome == outcome
    assert says.replace("\\", "") in str(item.found)


def test_the_python_has_to_be_stated(tmp_path):
    assert "which Python" in str(look(write_model(tmp_path / "model", python=None)).item("environment").found)


def test_conda_stands_in_for_requirements(tmp_path):
    folder = write_model(tmp_path / "model", requirements=None, python=None)
    (folder / "conda.yaml").write_text("dependencies: [python=3.10.4, pip, {pip: [numpy==2.0.1]}]\n")
    declared = read_environment(folder, read_contents(folder))
    assert (declared.source, declared.python, declared.wanted[0].version) == ("conda.yaml", "3.10.4", "2.0.1")


def test_no_signature_fails(tmp_path):
    assert look(write_model(tmp_path / "model", inputs=None)).item("signature").outcome == "fail"


def differences(folder, **packages):
    contents = read_contents(folder)
    own = own_environment()
    here = Environment("", packages.pop("python", own.python), {**own.packages, **packages})
    return [one.name for one in compare(read_environment(folder, contents), contents, here).mismatches]


def test_only_what_reads_the_model_and_its_python_matter(tmp_path):
    folder = write_model(
        tmp_path / "model", requirements=["scikit-learn==1.6.1", "numpy==2.1.0", "requests==2.0.0"], python="3.10.4"
    )
    assert differences(folder, python="3.10.14", numpy="2.1.9", requests="3.0", **{"scikit-learn": "1.6.0"}) == []
    assert differences(folder, python="3.11.4", numpy="2.1.0", **{"scikit-learn": "1.6.1"}) == ["python"]
    assert differences(folder, python="3.10.4", numpy="1.26.0", **{"scikit-learn": "1.7.0"}) == [
        "numpy",
        "scikit-learn",
    ]


def test_a_version_that_only_mlmodel_states_counts(tmp_path):
    folder = write_model(tmp_path / "model", requirements=["numpy>=1"], sklearn_version="0.24.2")
    assert differences(folder) == ["scikit-learn"]
    assert look(folder).item("interpreter").outcome == "not_evaluated"


def test_a_package_that_is_not_there_matters_if_it_reads_the_model(tmp_path):
    folder = write_model(tmp_path / "model", requirements=["requests-of-old==1", "catboost==1.2"])
    assert differences(folder) == []
    text = (folder / "MLmodel").read_text().replace("sklearn:", "catboost: {}\n  sklearn:", 1)
    (folder / "MLmodel").write_text(text)
    assert differences(folder) == ["catboost"]


def test_the_interpreter_that_fits_best_is_chosen(tmp_path):
    folder = write_model(tmp_path / "model", requirements=["scikit-learn==1.6.1"])
    contents, own = read_contents(folder), own_environment()
    declared = read_environment(folder, contents)
    fitting = Environment("2024", own.python, {**own.packages, "scikit-learn": "1.6.1"}, "/opt/2024/bin/python")
    bare = Environment("bare", own.python, {"scikit-learn": "1.6.1", "numpy": "2.1"}, "/opt/bare/bin/python")
    chosen = best([compare(declared, contents, one) for one in (own, bare, fitting)])
    assert chosen.environment.name == "2024"


# -- advisories -----------------------------------------------------------------------------------------


def advisory(**fields):
    events = [{"introduced": "0"}, {"fixed": "1.5"}, {"introduced": "2.0"}, {"last_affected": "2.2"}]
    affected = {
        "package": {"ecosystem": "PyPI", "name": "Some_Package"},
        "ranges": [{"type": "ECOSYSTEM", "events": events}],
    }
    return {
        "id": "PYSEC-1",
        "aliases": ["CVE-1"],
        "summary": "Bad.",
        "affected": [affected | fields.pop("of", {})],
        **fields,
    }


def advised(tmp_path, document, version="1.4"):
    place = tmp_path / "osv.json"
    place.write_text(json.dumps(document))
    return look(write_model(tmp_path / "model", requirements=[f"some.package=={version}"]), advisories=place)


@pytest.mark.parametrize(
    ("version", "outcome"),
    [
        ("1.4.9", "fail"),
        ("1.5", "pass"),
        ("1.5rc1", "fail"),
        ("2.0", "fail"),
        ("2.2", "fail"),
        ("2.2.1", "pass"),
        ("1.9", "pass"),
    ],
)
def test_the_ranges_of_an_advisory_decide(tmp_path, version, outcome):
    audit = advised(tmp_path, advisory(), version)
    assert audit.item("advisories").outcome == audit.verdict == outcome


def test_a_known_vulnerability_is_named_with_what_fixes_it(tmp_path):
    audit = advised(tmp_path, {"vulns": [advisory()]})
    assert audit.affected[0] | {"summary": ""} == {
        "package": "some-package", "version": "1.4", "id": "PYSEC-1", "aliases": ["CVE-1"], "summary": "",
        "fixed": ["1.5"],
    }  # fmt: skip
    assert "some-package 1.4 (PYSEC-1)" in str(audit.message)


@pytest.mark.parametrize(
    ("document", "outcome"),
    [
        ([advisory(withdrawn="2024-01-01T00:00:00Z")], "pass"),
        ([advisory(of={"package": {"ecosystem": "npm", "name": "some-package"}})], "pass"),
        ([advisory(of={"ranges": [], "versions": ["1.4"]})], "fail"),
        ([advisory(of={"ranges": [{"type": "GIT", "events": [{"introduced": "0"}]}]})], "pass"),
        ([], "not_evaluated"),
        ([{"id": 3}], "not_evaluated"),
        ([advisory(of={"ranges": [{"type": "ECOSYSTEM", "events": [{"fixed": "not a version"}]}]})], "not_evaluated"),
        ("text", "not_evaluated"),
    ],
)
def test_advisories_are_read_strictly(tmp_path, document, outcome):
    audit = advised(tmp_path, document)
    assert audit.item("advisories").outcome == audit.verdict == outcome


def test_a_folder_of_advisories_and_one_that_is_missing(tmp_path):
    (tmp_path / "osv").mkdir()
    for i in range(3):
        (tmp_path / "osv" / f"{i}.json").write_text(json.dumps(advisory(id=f"PYSEC-{i}")))
    assert read_advisories(tmp_path / "osv").count == 3
    with pytest.raises(AdvisoryError, match="not there"):
        read_advisories(tmp_path / "none")


def test_a_version_that_is_not_stated_cannot_be_cleared(tmp_path):
    place = tmp_path / "osv.json"
    place.write_text(json.dumps(advisory()))
    item = look(write_model(tmp_path / "model", requirements=["some-package>=1"]), advisories=place).item("advisories")
    assert item.outcome == "not_evaluated"
    assert "some-package" in str(item.found)


# -- replay ---------------------------------------------------------------------------------------------

INCOMES = pa.table({"income": [10.0, 90.0, 60.0, 20.0]})


@pytest.mark.sandbox
def test_predictions_that_are_not_the_models_fail(model):
    audit = audit_safety(model, replay=ReplayRequest(INCOMES, pa.array(["0", "1", "0", None])))
    assert audit.verdict == "fail"
    assert (audit.replay.compared, audit.replay.equal, audit.replay.kind) == (3, 2, "label")
    (wrong,) = audit.replay.differing
    assert (wrong.row, wrong.supplied, wrong.made) == (3, "0", "1")
    assert audit.item("repeatable").outcome == "pass"


RANDOM = """
import os
class Model:
    def predict(self, rows):
        return [int.from_bytes(os.urandom(4), "big") / 7 for _ in range(len(rows))]
"""
# As unpickled, it finds its class in the code that comes with the model.
OF_THEIRS = b"ctheirs\nModel\n)\x81."


@pytest.mark.sandbox
def test_rows_without_a_supplied_prediction_are_not_passed_over(model):
    audit = audit_safety(model, replay=ReplayRequest(INCOMES, pa.array([None, None, None, "0"])))
    item = audit.item("replay")
    assert (audit.replay.compared, audit.replay.equal) == (1, 1)
    assert (item.outcome, audit.verdict) == ("not_evaluated", "not_evaluated")
    assert str(item.found).startswith("3 of 4 rows have no supplied prediction")


@pytest.mark.sandbox
def test_a_model_that_draws_lots_is_not_repeatable(tmp_path):
    folder = write_model(tmp_path / "model", stored=b"\x80\x02" + OF_THEIRS, code=RANDOM)
    audit = audit_safety(folder, replay=ReplayRequest(INCOMES))
    assert audit.item("replay").outcome == "not_applicable"
    assert audit.item("repeatable").outcome == audit.verdict == "fail"
    assert len(audit.replay.unstable) == 4


def test_a_mismatch_that_matters_runs_nothing(tmp_path):
    folder = write_model(tmp_path / "model", requirements=["scikit-learn==0.24.2", *PINNED[1:]])
    audit = audit_safety(folder, replay=ReplayRequest(INCOMES, pa.array([0, 1, 1, 0])))
    assert audit.verdict == "not_evaluated"
    assert audit.replay is None
    assert "scikit-learn 0.24.2" in str(audit.message)


def numbers(monkeypatch, supplied, made, scores=None):
    """What a comparison says when the sandbox answers this."""
    import numpy as np

    from governance.engine.safety import replay as safety_replay
    from governance.sandbox import Predictions

    answer = Predictions(pa.array(made), None if scores is None else np.array(scores), (0, 1), 0.0, "test")
    monkeypatch.setattr(safety_replay, "predict", lambda *args, **options: answer)
    request = ReplayRequest(pa.table({"x": range(len(made))}), pa.array(supplied))
    done = safety_replay.replay(None, request)
    return done.kind, done.compared, done.equal


@pytest.mark.parametrize(
    ("supplied", "made", "scores", "found"),
    [
        ([1.0, 2.0], [1.0 + 1e-9, 2.1], None, ("number", 2, 1)),
        ([1e9, float("nan")], [1e9 + 1, 2.0], None, ("number", 2, 1)),
        ([True, False], [1, 1], None, ("label", 2, 1)),
        (["true", "1.0"], [1, 1], None, ("label", 2, 1)),
        ([0.25, 0.5], [0, 1], [[0.75, 0.25], [0.4, 0.6]], ("score", 2, 1)),
        (["a", None], ["a", "b"], None, ("label", 1, 1)),
        (["n/a", "1"], [0.5, 1.0], None, ("label", 2, 1)),
    ],
)
def test_labels_are_exact_and_numbers_within_tolerance(monkeypatch, supplied, made, scores, found):
    assert numbers(monkeypatch, supplied, made, scores) == found


def test_a_sample_is_drawn_by_its_seed_and_counts_rows_of_the_table(monkeypatch):
    from governance.engine.safety import replay as safety_replay
    from governance.sandbox import Predictions

    def echo(folder, features, **options):
        return Predictions(features["x"].combine_chunks(), None, None, 0.0, "test")

    monkeypatch.setattr(safety_replay, "predict", echo)
    features, supplied = pa.table({"x": range(1000)}), pa.array([0, *range(1, 999), -1])
    first, again, other = (
        safety_replay.replay(None, ReplayRequest(features, supplied, rows=990, seed=seed)) for seed in (7, 7, 8)
    )
    assert (first.rows, first.of, first.compared) == (990, 1000, 990)
    assert first == again
    assert [one.row for one in first.differing] in ([], [1000])
    assert first.share == 1.0 or first.equal == 989
    assert other.seed == 8
