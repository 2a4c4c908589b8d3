"""The lineage audit on facts, one thing missing at a time; and its graph."""

from __future__ import annotations

import copy
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from governance.engine.lineage.audit import ITEMS, REQUIRED, audit_lineage, source_address
from governance.engine.lineage.graph import COLUMNS, lineage_graph
from portal.message import Message, registered, render

COMMIT = "3f9c2a1d" * 5
FACTS = {
    "schema": "sekisho.version-facts/1",
    "version": {"model": "credit-limit", "version": "14", "run_id": "8f21c0", "aliases": ["champion", "shadow"]},
    "run": {
        "run_id": "8f21c0",
        "name": "nightly",
        "user": "ito",
        "status": "FINISHED",
        "lifecycle": "active",
        "tags": {"mlflow.source.git.commit": COMMIT, "mlflow.source.git.repoURL": "https://git.example/credit.git"},
        "params": {"depth": "3"},
        "metrics": {"auc": 0.8},
        "datasets": [
            {"name": "loans", "digest": "4be190aa", "source_type": "s3", "source": {"uri": "s3://core/loans.parquet"},
             "context": "training", "rows": 40000},
            {"name": "held-out", "digest": "a93d52bb", "source_type": "http",
             "source": {"url": "https://data.example/held-out.parquet"}, "context": "evaluation", "rows": 9000},
        ],
    },
    "logged_model": None,
    "files": {
        "signature": {"inputs": [{"name": "income", "type": "double"}], "outputs": None, "params": None},
        "requirements": ["scikit-learn==1.6.1", "numpy==2.2.0 ; python_version > '3.10'", "mlflow[extras]==3.17.2"],
        "digest": "c81f" * 16,
        "files": [{"path": "MLmodel", "size": 1, "sha256": "0" * 64}],
    },
    "problems": {},
}  # fmt: skip


def facts(**changes):
    """The complete facts with parts replaced, by dotted path."""
    changed = copy.deepcopy(FACTS)
    for path, value in changes.items():
        *where, last = path.split("__")
        place = changed
        for step in where:
            place = place[step]
        place[last] = value
    return changed


def outcomes(audit):
    return {item.key: item.outcome for item in audit.items}


def test_complete_facts_pass():
    audit = audit_lineage(FACTS)
    assert audit.verdict == "pass"
    assert set(outcomes(audit).values()) == {"pass"}
    assert tuple(item.key for item in audit.items) == ITEMS
    assert audit.item("commit").found == COMMIT
    assert audit.item("dataset").found == "loans 4be190aa"


@pytest.mark.parametrize(
    ("change", "failed", "code"),
    [
        ({"version__run_id": "", "run": None}, "run", "lineage.run.none"),
        ({"run": None}, "run", "lineage.run.gone"),
        ({"run__lifecycle": "deleted"}, "run", "lineage.run.deleted"),
        ({"run__status": "FAILED"}, "run", "lineage.run.status"),
        ({"run__tags": {}}, "commit", "lineage.commit.none"),
        ({"run__tags": {"mlflow.source.git.commit": "main"}}, "commit", "lineage.commit.form"),
        ({"run__datasets": []}, "dataset", "lineage.dataset.none"),
        ({"run__datasets": [{"name": "x", "digest": "", "context": "training"}]}, "dataset", "lineage.dataset.digest"),
        ({"run__datasets": [FACTS["run"]["datasets"][1]]}, "dataset", "lineage.dataset.none"),
        ({"files__signature": None}, "signature", "lineage.signature.none"),
        ({"files__requirements": None}, "environment", "lineage.environment.none"),
        ({"files__requirements": []}, "environment", "lineage.environment.empty"),
        ({"files__requirements": ["numpy"]}, "environment", "lineage.environment.loose"),
        ({"files__requirements": ["numpy>=2"]}, "environment", "lineage.environment.loose"),
        ({"files__requirements": ["numpy==2.*"]}, "environment", "lineage.environment.loose"),
        ({"files": None}, "artifact", "lineage.artifact.none"),
    ],
)
def test_what_is_missing_fails_and_says_how_to_add_it(change, failed, code):
    audit = audit_lineage(facts(**change))
    item = audit.item(failed)
    assert audit.verdict == "fail"
    assert item.outcome == "fail"
    assert item.missing.code == code
    assert render(item.remedy) != item.remedy.code
    assert render(item.title) in str(audit.message)


@pytest.mark.parametrize(
    ("change", "failed"),
    [
        ({"run__tags": {"mlflow.source.git.commit": COMMIT}}, "repository"),
        ({"run__params": {}}, "parameters"),
        ({"run__metrics": {}}, "metrics"),
        ({"run__datasets": FACTS["run"]["datasets"][:1]}, "evaluation"),
    ],
)
def test_what_is_recommended_does_not_fail_but_is_named(change, failed):
    audit = audit_lineage(facts(**change))
    assert audit.verdict == "pass"
    assert [key for key, outcome in outcomes(audit).items() if outcome == "fail"] == [failed]
    assert render(audit.item(failed).title) in str(audit.message)


def test_a_policy_may_require_more():
    changed = facts(run__params={})
    assert audit_lineage(changed, (*REQUIRED, "parameters")).verdict == "fail"
    with pytest.raises(ValueError, match="no such lineage item"):
        audit_lineage(changed, ("run", "karma"))


def test_what_could_not_be_read_is_not_evaluated_and_never_a_pass():
    timeout = Message("registry.timeout", {"address": "http://x", "seconds": 10.0}).to_json()
    audit = audit_lineage(facts(files=None, problems={"files": timeout}))
    assert audit.verdict == "not_evaluated"
    unread = {key for key, outcome in outcomes(audit).items() if outcome == "not_evaluated"}
    assert unread == {"signature", "environment", "artifact"}
    gone = audit_lineage(facts(run=None, problems={"run": timeout}))
    assert gone.verdict == "not_evaluated"
    assert "fail" not in outcomes(gone).values()


def test_what_is_surely_missing_outweighs_what_could_not_be_read():
    timeout = Message("registry.timeout", {"address": "http://x", "seconds": 10.0}).to_json()
    audit = audit_lineage(facts(run__tags={}, files=None, problems={"files": timeout}))
    assert audit.verdict == "fail"


def test_files_that_were_not_hashed_are_not_evaluated_unless_another_hashed_them():
    unhashed = facts(files__digest="")
    assert audit_lineage(unhashed).verdict == "not_evaluated"
    assert audit_lineage(unhashed | {"artifact_digest": "sha256:abc"}).verdict == "pass"


@pytest.mark.parametrize(
    ("source_type", "source", "address"),
    [
        ("s3", {"uri": "s3://a/b"}, "s3://a/b"),
        ("http", {"url": "https://a/b"}, "https://a/b"),
        ("delta_table", {"delta_table_name": "core.loans"}, "core.loans"),
        ("hugging_face", {"path": "org/data"}, "org/data"),
        ("code", {"tags": {"mlflow.source.name": "train.py"}}, ""),
        ("local", {"uri": "/home/ito/loans.csv"}, ""),
        ("http", {"url": "file:///home/ito/loans.csv"}, ""),
        ("s3", {"uri": 7}, ""),
        ("", {}, ""),
    ],
)
def test_a_script_or_a_path_is_no_source(source_type, source, address):
    dataset = {"name": "loans", "digest": "1", "source_type": source_type, "source": source, "context": "training"}
    assert source_address(dataset) == address
    item = audit_lineage(facts(run__datasets=[dataset])).item("source")
    assert item.outcome == ("pass" if address else "fail")


def test_facts_of_another_schema_are_refused():
    with pytest.raises(ValueError, match="schema"):
        audit_lineage({"schema": "other/1"})


@given(st.sets(st.sampled_from(["run", "files"])), st.sets(st.sampled_from(ITEMS)))
def test_a_pass_means_that_every_required_item_passed(lost, required):
    audit = audit_lineage(facts(**dict.fromkeys(lost)), required)
    met = all(audit.item(key).outcome == "pass" for key in required)
    assert (audit.verdict == "pass") == met


def test_json_holds_registered_messages_only():
    told = json.loads(json.dumps(audit_lineage(facts(run=None, files=None)).to_json()))
    assert told["schema"] == "sekisho.lineage/1"
    codes = {told["message"]["code"]} | {
        i[part]["code"] for i in told["items"] for part in ("title", "missing") if i[part]
    }
    codes |= {i["remedy"]["code"] for i in told["items"] if i["remedy"]}
    assert codes <= set(registered())


class TestGraph:
    def test_complete_facts_have_no_gap(self):
        graph = lineage_graph(FACTS, {"champion": "Production"})
        assert graph.gaps == ()
        assert {node.column for node in graph.nodes} == set(range(len(COLUMNS)))
        assert [node.key for node in graph.nodes if node.kind == "self"] == ["version"]
        titles = {str(node.title) for node in graph.nodes}
        assert {"loans 4be190aa", "Production", "shadow", "credit-limit 14", "loans.parquet"} <= titles
        assert not any(edge.gap for edge in graph.edges)

    @pytest.mark.parametrize(
        ("change", "gaps"),
        [
            ({"run": None}, {"run", "commit", "training", "evaluation"}),
            ({"run__tags": {}}, {"commit"}),
            ({"run__tags": {"mlflow.source.git.commit": COMMIT}}, {"repository"}),
            ({"run__datasets": []}, {"training", "evaluation"}),
            ({"run__datasets": [FACTS["run"]["datasets"][0] | {"source_type": "code"}]}, {"source-0", "evaluation"}),
        ],
    )
    def test_what_is_not_recorded_is_a_gap(self, change, gaps):
        graph = lineage_graph(facts(**change))
        assert {node.key for node in graph.gaps} == gaps
        assert any(edge.gap for edge in graph.edges)

    def test_every_edge_goes_right_between_known_nodes(self):
        for change in ({}, {"run": None}, {"run__datasets": []}):
            graph = lineage_graph(facts(**change))
            columns = {node.key: node.column for node in graph.nodes}
            assert len(columns) == len(graph.nodes)
            assert all(columns[edge.source] < columns[edge.target] for edge in graph.edges)
            assert json.dumps(graph.to_json())
