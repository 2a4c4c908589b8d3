"""Whatever is asked with whatever token: a governed change passes with a token for just it, once, and not else."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from governance.mlflow_gate import tokens
from governance.mlflow_gate.configuration import Configuration
from governance.mlflow_gate.gate import Gate, Refusal
from governance.mlflow_gate.rules import RULES
from governance.mlflow_gate.tokens import HEADER, Grant, sign
from tests.gate.test_names import KEY
from tests.gate.test_tokens import PRIVATE

MODELS, ALIASES, VERSIONS = ("churn", "Churn", "fraud"), ("champion", "Champion", "staging", "other"), ("1", "2", "03")


class Holdings:
    """A registry of two models whose aliases stand somewhere, and nothing else."""

    def __init__(self, standing: dict[str, str]):
        self.standing = standing

    def model(self, name: str):
        found = name in ("churn", "fraud")
        return SimpleNamespace(_is_prompt=lambda: False, aliases=self.standing) if found else None

    def stage(self, name: str, version: str) -> str:
        return "None"


@st.composite
def requests(draw):
    """An endpoint, and a message with every field that any of them reads."""
    message = SimpleNamespace(
        name=draw(st.sampled_from(MODELS)),
        new_name=draw(st.sampled_from(("new", *MODELS))),
        alias=draw(st.sampled_from(ALIASES)),
        version=draw(st.sampled_from(VERSIONS)),
        stage=draw(st.sampled_from(("Production", "Staging"))),
        archive_existing_versions=draw(st.booleans()),
        key=draw(st.sampled_from(("sekisho.move", "Sekisho.move", "mlflow.prompt.is_prompt", "team"))),
        value=draw(st.sampled_from(("true", "x"))),
        source=draw(st.sampled_from(("s3://a", "s3://b"))),
        tags=draw(st.sampled_from(((), (SimpleNamespace(key="sekisho.move", value="x"),)))),
    )
    return draw(st.sampled_from(sorted(RULES))), message


words = st.none() | st.sampled_from(
    [*ALIASES, *VERSIONS, "new", "None", "Production", "sekisho.move", "x", "s3://a", "mlflow.prompt.is_prompt", "true"]
)
grants = st.fixed_dictionaries(
    {
        "action": st.sampled_from(tokens.ACTIONS),
        "model": st.sampled_from(MODELS),
        "alias": words,
        "old": words,
        "new": words,
    }
)


def signed(**fields) -> str:
    now = int(time.time())
    return sign(Grant(**fields, expires=now + 60, jti=tokens.new_jti(), server="", issued=now), PRIVATE)


@pytest.fixture(scope="module")
def gate():
    with tempfile.TemporaryDirectory() as folder:
        environ = {"SEKISHO_PUBLIC_KEY": KEY, "SEKISHO_STATE": folder, "SEKISHO_GOVERNED_ALIASES": "champion,staging"}
        made = Gate(Configuration.read(environ))
        made.spent.prepare()
        yield made


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(requests(), grants, st.booleans(), st.sampled_from(VERSIONS), st.data())
def test_a_governed_change_passes_with_its_own_token_alone(gate, request_, other, own, standing, data):
    endpoint, message = request_
    rule, holdings = RULES[endpoint], Holdings({"champion": standing})
    change = rule.read(message, holdings, gate.configuration)
    if change is None:  # not governed: no token is looked at
        assert gate.judge(rule, message, {HEADER: "nonsense"}, holdings, workspace=None) is None
        return
    allowed = change.action in tokens.ACTIONS
    fields = vars(change) if own and allowed else other
    grant = Grant(**fields, expires=0, jti="", server="")
    token = signed(**fields)
    verdict = gate.judge(rule, message, {HEADER: token}, holdings, workspace=None)
    if not allowed or not tokens.covers(grant, change):
        assert isinstance(verdict, Refusal)
        assert verdict.code in ("never", "other-change")
        return
    assert isinstance(verdict, str)
    gate.finish(verdict, 200)
    again = gate.judge(rule, message, {HEADER: token}, holdings, workspace=None)
    assert (again.code, isinstance(gate.judge(rule, message, {}, holdings, workspace=None), Refusal)) == ("used", True)


def test_what_stands_there_is_read_again_once_the_token_is_taken(gate):
    """Another change that comes between the first look and the taking does not slip through."""

    class Moving(Holdings):
        looks = 0

        def model(self, name: str):
            self.looks += 1
            self.standing = {"champion": "1" if self.looks <= 2 else "2"}
            return super().model(name)

    message = SimpleNamespace(name="churn", alias="champion", version="3")
    token = signed(action="alias.set", model="churn", alias="champion", old="1", new="3")
    rule = RULES["_set_registered_model_alias"]
    verdict = gate.judge(rule, message, {HEADER: token}, Moving({}), workspace=None)
    assert verdict.code == "other-change"
    still = gate.judge(rule, message, {HEADER: token}, Holdings({"champion": "1"}), workspace=None)
    assert still.code == "used"


def test_a_folder_that_went_away_refuses(tmp_path):
    environ = {"SEKISHO_PUBLIC_KEY": KEY, "SEKISHO_STATE": str(tmp_path / "state")}
    gate = Gate(Configuration.read(environ))
    gate.spent.prepare()
    Path(gate.spent.path).unlink()
    gate.spent.path.parent.rmdir()
    message = SimpleNamespace(name="churn", alias="staging", version="3")
    token = signed(action="alias.set", model="churn", alias="staging", old=None, new="3")
    rule = RULES["_set_registered_model_alias"]
    assert gate.judge(rule, message, {HEADER: token}, Holdings({}), workspace=None).code == "no-state"
