"""The gate before MLflow's own handlers and store: what passes, what is refused, and why."""

from __future__ import annotations

import pytest

from governance.mlflow_gate import tokens
from governance.mlflow_gate.gate import REPORT
from tests.gate.inside import PROMPT, Registry, code, token
from tests.gate.test_tokens import PUBLIC

# MLflow's own warnings, at its import and in its store, are not ours.
pytestmark = pytest.mark.filterwarnings("ignore")


def test_an_alias_moves_with_its_token_only(registry, name):
    registry.model(name, versions=3)
    assert code(registry.set_alias(name, "champion", "1")) == "no-token"
    assert registry.aliases(name) == {}
    first = token("alias.set", name, "champion", None, "1")
    assert registry.set_alias(name, "champion", "1", token=first).status_code == 200
    assert code(registry.set_alias(name, "champion", "2", token=first)) == "other-change"
    assert code(registry.set_alias(name, "champion", "2")) == "no-token"
    move = token("alias.set", name, "champion", "1", "2")
    assert registry.set_alias(name, "champion", "2", token=move).status_code == 200
    back = token("alias.set", name, "champion", "2", "1")
    assert registry.set_alias(name, "champion", "1", token=back).status_code == 200
    assert code(registry.set_alias(name, "champion", "2", token=move)) == "used"
    assert registry.aliases(name) == {"champion": "1"}


def test_a_token_starts_from_what_stands_there(registry, name):
    registry.model(name, versions=3)
    assert (
        registry.set_alias(name, "champion", "1", token=token("alias.set", name, "champion", None, "1")).status_code
        == 200
    )
    for old in (None, "2", "", "3"):
        assert (
            code(registry.set_alias(name, "champion", "3", token=token("alias.set", name, "champion", old, "3")))
            == "other-change"
        )
    assert registry.aliases(name) == {"champion": "1"}


def test_the_sentence_names_the_change_and_links_to_the_portal(registry, name):
    registry.model(name)
    message = registry.set_alias(name, "champion", "2").json["message"]
    assert message == (
        f"Sekisho's gate refuses moving the alias 'champion' of '{name}' to version '2'. It needs a decision. "
        f"Ask for the promotion, and see what it lacks, at https://sekisho.example.org/models/?q={name}"
    )
    deletion = registry.call("model-versions/delete", {"name": name, "version": "1"}, method="DELETE").json["message"]
    assert "Ask an administrator for a token; the model is at https://sekisho.example.org/models/?q=" in deletion
    nasty = registry.set_alias("<b>\u202e" + "x" * 200, "champion", "2").json["message"]
    assert "\u202e" not in nasty
    assert "x" * 80 not in nasty.partition("https://")[0]


@pytest.mark.parametrize("spelling", ["Champion", "CHAMPION", "chámpion", "ｃｈａｍｐｉｏｎ", "champion\n"])
def test_no_spelling_of_an_alias_passes(registry, name, spelling):
    registry.model(name)
    assert code(registry.set_alias(name, spelling, "1")) == "no-token"
    deletion = {"name": name, "alias": spelling}
    assert code(registry.call("registered-models/alias", deletion, method="DELETE")) == "no-token"
    other = token("alias.set", name, "champion", None, "1")
    assert code(registry.set_alias(name, spelling, "1", token=other)) == "other-change"


def test_other_aliases_pass(registry, name):
    registry.model(name)
    assert registry.set_alias(name, "challenger", "1").status_code == 200
    assert (
        registry.call("registered-models/alias", {"name": name, "alias": "challenger"}, method="DELETE").status_code
        == 200
    )


def test_other_models_pass(store, tmp_path, name):
    registry = Registry(tmp_path, SEKISHO_GOVERNED_MODELS="prod.*")
    registry.model(name)
    registry.model(f"prod.{name}")
    assert registry.set_alias(name, "champion", "1").status_code == 200
    assert code(registry.set_alias(f"prod.{name}", "champion", "1")) == "no-token"
    rename = {"name": name, "new_name": f"Prod.{name}-2"}
    assert code(registry.call("registered-models/rename", rename)) == "no-token"
    assert registry.call("model-versions/delete", {"name": name, "version": "1"}, method="DELETE").status_code == 200
    assert registry.call("registered-models/delete", {"name": name}, method="DELETE").status_code == 200


GOVERNED = [
    ("alias.delete", "champion", "1", None, "DELETE", "registered-models/alias", {"alias": "champion"}),
    (
        "stage.set",
        "Production",
        "None",
        "2",
        "POST",
        "model-versions/transition-stage",
        {"version": "2", "stage": "Production", "archive_existing_versions": False},
    ),
    (
        "tag.set",
        "sekisho.move",
        "2",
        "x",
        "POST",
        "model-versions/set-tag",
        {"version": "2", "key": "sekisho.move", "value": "x"},
    ),
    (
        "tag.delete",
        "sekisho.move",
        "2",
        None,
        "DELETE",
        "model-versions/delete-tag",
        {"version": "2", "key": "sekisho.move"},
    ),
    (
        "tag.set",
        "sekisho.owner",
        None,
        "x",
        "POST",
        "registered-models/set-tag",
        {"key": "sekisho.owner", "value": "x"},
    ),
    ("tag.delete", "sekisho.owner", None, None, "DELETE", "registered-models/delete-tag", {"key": "sekisho.owner"}),
    (
        "version.create",
        None,
        None,
        "s3://bucket/model",
        "POST",
        "model-versions/create",
        {"source": "s3://bucket/model", "tags": [{"key": "sekisho.move", "value": "x"}]},
    ),
    ("version.delete", None, "2", None, "DELETE", "model-versions/delete", {"version": "2"}),
    ("model.rename", None, None, "{name}-new", "POST", "registered-models/rename", {"new_name": "{name}-new"}),
    ("model.delete", None, None, None, "DELETE", "registered-models/delete", {}),
]


def test_each_governed_change_needs_a_token_for_just_it(registry, name):
    """One model's life, each step refused without a token, refused with the next step's, done with its own."""
    registry.model(name)
    assert (
        registry.set_alias(name, "champion", "1", token=token("alias.set", name, "champion", None, "1")).status_code
        == 200
    )
    current = name
    for place, (action, alias, old, new, method, path, fields) in enumerate(GOVERNED):
        body = {key: value.format(name=name) if isinstance(value, str) else value for key, value in fields.items()}
        body["name"] = current
        new = new.format(name=name) if new else new
        following = GOVERNED[(place + 1) % len(GOVERNED)]
        other = token(following[0], current, following[1], following[2], following[3])
        assert code(registry.call(path, body, method=method)) == "no-token", path
        assert code(registry.call(path, body, method=method, token=other)) == "other-change", path
        own = token(action, current, alias, old, new)
        response = registry.call(path, body, method=method, token=own)
        assert response.status_code == 200, (path, response.json)
        if action != "model.delete":
            repeated = registry.call(path, body, method=method, token=own)
            assert code(repeated) in ("used", "other-change"), path  # what stands there is another now
        if action == "model.rename":
            current = new
    assert registry.call(f"registered-models/get?name={current}", method="GET").status_code == 404


def test_changes_that_no_token_allows(registry, name):
    registry.model(name)
    archive = {"name": name, "version": "1", "stage": "Production", "archive_existing_versions": True}
    allowed = token("stage.set", name, "Production", "None", "1")
    assert code(registry.call("model-versions/transition-stage", archive, token=allowed)) == "never"
    born = {"name": f"{name}-2", "tags": [{"key": "Sekisho.owner", "value": "x"}]}
    assert code(registry.call("registered-models/create", born, token=allowed)) == "never"


def test_ordinary_work_passes(registry, name):
    registry.model(name)
    for method, path, body in (
        ("PATCH", "registered-models/update", {"description": "what it is for"}),
        ("PATCH", "model-versions/update", {"version": "1", "description": "better"}),
        ("POST", "registered-models/set-tag", {"key": "team", "value": "risk"}),
        ("DELETE", "registered-models/delete-tag", {"key": "team"}),
        ("POST", "model-versions/set-tag", {"version": "1", "key": "sekishox", "value": "1"}),
        ("DELETE", "model-versions/delete-tag", {"version": "1", "key": "sekishox"}),
        ("POST", "model-versions/create", {"source": "s3://bucket/model", "tags": [{"key": "a", "value": "b"}]}),
        ("POST", "registered-models/get-latest-versions", {}),
    ):
        response = registry.call(path, {"name": name} | body, method=method)
        assert response.status_code == 200, (path, response.json)


def test_prompts_pass(registry, name):
    registry.model(name, tags=PROMPT)
    assert registry.set_alias(name, "champion", "1").status_code == 200
    for method, path, body in (
        ("POST", "model-versions/set-tag", {"version": "1", "key": "sekisho.x", "value": "1"}),
        ("POST", "registered-models/set-tag", {"key": "mlflow.prompt.is_prompt", "value": "true"}),
        ("POST", "registered-models/set-tag", {"key": "sekisho.x", "value": "1"}),
        ("DELETE", "registered-models/delete-tag", {"key": "sekisho.x"}),
        ("DELETE", "registered-models/alias", {"alias": "champion"}),
        ("DELETE", "model-versions/delete", {"version": "2"}),
        ("POST", "registered-models/rename", {"new_name": f"{name}-2"}),
    ):
        response = registry.call(path, {"name": name} | body, method=method)
        assert response.status_code == 200, (path, response.json)
    assert registry.call("registered-models/delete", {"name": f"{name}-2"}, method="DELETE").status_code == 200


def test_no_model_becomes_a_prompt_and_no_prompt_a_model(registry, name):
    registry.model(name)
    for key, value in (("mlflow.prompt.is_prompt", "true"), ("mlflow.Prompt.is_prompt", "True")):
        body = {"name": name, "key": key, "value": value}
        assert code(registry.call("registered-models/set-tag", body)) == "never"
        assert code(registry.call("model-versions/set-tag", body | {"version": "1"})) == "no-token"
    marked = {"name": name, "source": "dummy-source", "tags": PROMPT}
    assert code(registry.call("model-versions/create", marked)) == "no-token"
    prompt = registry.model(f"{name}-prompt", tags=PROMPT)
    assert registry.set_alias(prompt, "champion", "1").status_code == 200  # now it would be a model with a champion
    body = {"name": prompt, "key": "mlflow.prompt.is_prompt"}
    assert code(registry.call("registered-models/delete-tag", body, method="DELETE")) == "never"
    assert code(registry.call("registered-models/set-tag", body | {"value": "false"})) == "never"
    both = [*PROMPT, {"key": "mlflow.prompt.is_prompt", "value": "false"}, {"key": "sekisho.x", "value": "1"}]
    assert code(registry.call("registered-models/create", {"name": f"{name}-both", "tags": both})) == "never"


def test_a_model_that_is_an_environment_takes_no_version_without_a_token(store, tmp_path, name):
    registry = Registry(tmp_path, SEKISHO_ENVIRONMENT_MODELS="prod.*")
    registry.model(name)
    closed = f"prod.{name}"
    assert registry.call("registered-models/create", {"name": closed}).status_code == 200
    body = {"name": closed, "source": f"models:/{name}/1"}
    assert code(registry.call("model-versions/create", body)) == "no-token"
    other = token("version.create", closed, None, None, f"models:/{name}/2")
    assert code(registry.call("model-versions/create", body, token=other)) == "other-change"
    own = token("version.create", closed, None, None, f"models:/{name}/1")
    assert registry.call("model-versions/create", body, token=own).status_code == 200
    assert code(registry.call("model-versions/create", body, token=own)) == "used"


def test_without_a_key_every_governed_change_is_refused_and_the_rest_passes(store, tmp_path, name):
    registry = Registry(tmp_path, SEKISHO_PUBLIC_KEY="")
    registry.model(name)
    registry.model(f"{name}-prompt", tags=PROMPT)
    good = token("alias.set", name, "champion", None, "1")
    assert code(registry.set_alias(name, "champion", "1")) == "closed"
    assert code(registry.set_alias(name, "champion", "1", token=good)) == "closed"
    for *_, method, path, fields in GOVERNED:
        body = {key: value.format(name=name) if isinstance(value, str) else value for key, value in fields.items()}
        assert code(registry.call(path, body | {"name": name}, method=method)) == "closed", path
    assert registry.set_alias(name, "challenger", "1").status_code == 200
    assert registry.set_alias(f"{name}-prompt", "champion", "1").status_code == 200
    assert (
        registry.call(
            "model-versions/update", {"name": name, "version": "1", "description": ""}, method="PATCH"
        ).status_code
        == 200
    )


def test_without_a_place_for_used_tokens_none_is_taken(store, tmp_path, name):
    registry = Registry(tmp_path, SEKISHO_STATE="")
    registry.model(name)
    assert (
        code(registry.set_alias(name, "champion", "1", token=token("alias.set", name, "champion", None, "1")))
        == "no-state"
    )
    (tmp_path / "file").write_text("in the way")
    registry = Registry(tmp_path, SEKISHO_STATE=str(tmp_path / "file"))
    assert (
        code(registry.set_alias(name, "champion", "1", token=token("alias.set", name, "champion", None, "1")))
        == "no-state"
    )
    assert registry.client.get(REPORT).json["single_use"] is False
    assert registry.aliases(name) == {}


def test_a_token_is_spent_by_a_change_that_fails(registry, name):
    registry.model(name, versions=1)
    wrong = token("alias.set", name, "champion", None, "7")
    assert registry.set_alias(name, "champion", "7", token=wrong).status_code == 404
    assert code(registry.set_alias(name, "champion", "7", token=wrong)) == "used"
    assert (
        registry.set_alias(name, "champion", "1", token=token("alias.set", name, "champion", None, "1")).status_code
        == 200
    )


def test_a_name_that_is_not_there_is_a_models(registry, name):
    assert code(registry.set_alias(name, "champion", "1")) == "no-token"
    assert code(registry.set_alias("", "champion", "1")) == "no-token"
    assert code(registry.set_alias("a/b", "champion", "1")) == "no-token"


def test_an_emergency_token_sets_the_alias_once(registry, name):
    registry.model(name)
    sealed = token("alias.set", name, "champion", "*", "*", life=86_400)
    assert code(registry.set_alias(name, "staging", "2", token=sealed)) == "other-change"
    assert registry.set_alias(name, "champion", "2", token=sealed).status_code == 200
    assert code(registry.set_alias(name, "champion", "1", token=sealed)) == "used"
    uses = registry.client.get(REPORT).json["uses"]
    assert [(use["model"], use["old"], use["new"], use["emergency"], use["status"]) for use in uses] == [
        (name, None, "2", True, 200)
    ]


def test_the_report(registry, name):
    report = registry.client.get(REPORT).json
    assert report | {"version": ""} == {
        "form": "sekisho.gate/1",
        "version": "",
        "keys": [tokens.key_id(PUBLIC)],
        "aliases": ["champion", "staging"],
        "models": ["*"],
        "environment_models": [],
        "server": "",
        "single_use": True,
        "problems": [],
        "uses": [],
    }
