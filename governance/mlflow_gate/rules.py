"""Which endpoint of MLflow's registry changes what, and whether that change is governed.

Endpoints are named as Flask names them: by the function of `mlflow.server.handlers` that serves them. A test
holds the two lists below against all that the installed MLflow serves; what a later MLflow adds is refused
until it stands in one of them (`app.unknown_route`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from .configuration import Configuration
from .names import fold
from .tokens import Change

PROMPT_TAG = "mlflow.prompt.is_prompt"
OWN_TAGS = "sekisho."
NEVER = "never"  # the action of a change that no token allows


class Holdings(Protocol):
    """What the registry holds now, asked of its store and never of the request."""

    def model(self, name: str) -> Any | None:
        """The registered model with `_is_prompt()` and `aliases`, or None."""

    def stage(self, name: str, version: str) -> str | None:
        """The stage that a version is in, or None."""


@dataclass(frozen=True)
class Rule:
    """How to read a request: its message in `model_registry_pb2`, and the governed change that it asks for."""

    message: str
    read: Callable[[Any, Holdings, Configuration], Change | None]


def is_own_tag(key: str) -> bool:
    return fold(key).startswith(OWN_TAGS)


def is_prompt_tag(key: str) -> bool:
    return fold(key) == PROMPT_TAG


def _is_prompt(holdings: Holdings, name: str) -> bool:
    """Prompts share the registry with models; a name that is not there counts as a model's."""
    model = holdings.model(name)
    return model is not None and model._is_prompt()


def _model(message: Any, holdings: Holdings, configuration: Configuration) -> bool:
    return configuration.governs(message.name) and not _is_prompt(holdings, message.name)


def _standing(holdings: Holdings, name: str, alias: str) -> str | None:
    """The version at an alias; where the database overlooks case, the alias may be spelled otherwise."""
    model = holdings.model(name)
    aliases = dict(model.aliases) if model is not None else {}
    if alias in aliases:
        return str(aliases[alias])
    return next((str(version) for key, version in sorted(aliases.items()) if fold(key) == fold(alias)), None)


def _alias_set(message: Any, holdings: Holdings, configuration: Configuration) -> Change | None:
    if not configuration.governs_alias(message.alias) or not _model(message, holdings, configuration):
        return None
    old = _standing(holdings, message.name, message.alias)
    return Change("alias.set", message.name, message.alias, old, message.version)


def _alias_delete(message: Any, holdings: Holdings, configuration: Configuration) -> Change | None:
    if not configuration.governs_alias(message.alias) or not _model(message, holdings, configuration):
        return None
    old = _standing(holdings, message.name, message.alias)
    return Change("alias.delete", message.name, message.alias, old, None)


def _version_delete(message: Any, holdings: Holdings, configuration: Configuration) -> Change | None:
    if not _model(message, holdings, configuration):
        return None
    return Change("version.delete", message.name, None, message.version, None)


def _model_delete(message: Any, holdings: Holdings, configuration: Configuration) -> Change | None:
    return Change("model.delete", message.name) if _model(message, holdings, configuration) else None


def _model_rename(message: Any, holdings: Holdings, configuration: Configuration) -> Change | None:
    governed = configuration.governs(message.name) or configuration.governs(message.new_name)
    if not governed or _is_prompt(holdings, message.name):
        return None
    return Change("model.rename", message.name, None, None, message.new_name)


def _stage_set(message: Any, holdings: Holdings, configuration: Configuration) -> Change | None:
    if not _model(message, holdings, configuration):
        return None
    if message.archive_existing_versions:  # it moves others too, which no token names
        return Change(NEVER, message.name, message.stage, None, message.version)
    old = holdings.stage(message.name, message.version)
    return Change("stage.set", message.name, message.stage, old, message.version)


def _version_tag_set(message: Any, holdings: Holdings, configuration: Configuration) -> Change | None:
    if not (is_own_tag(message.key) or is_prompt_tag(message.key)) or not _model(message, holdings, configuration):
        return None
    return Change("tag.set", message.name, message.key, message.version, message.value)


def _version_tag_delete(message: Any, holdings: Holdings, configuration: Configuration) -> Change | None:
    if not (is_own_tag(message.key) or is_prompt_tag(message.key)) or not _model(message, holdings, configuration):
        return None
    return Change("tag.delete", message.name, message.key, message.version, None)


def _model_tag_set(message: Any, holdings: Holdings, configuration: Configuration) -> Change | None:
    if not configuration.governs(message.name):
        return None
    prompt = _is_prompt(holdings, message.name)
    if is_prompt_tag(message.key):
        # The way round the gate: call a model a prompt, or move a prompt's aliases and then call it a model.
        stays = prompt and message.key == PROMPT_TAG and message.value.lower() == "true"
        return None if stays else Change(NEVER, message.name, message.key, None, message.value)
    if prompt or not is_own_tag(message.key):
        return None
    return Change("tag.set", message.name, message.key, None, message.value)


def _model_tag_delete(message: Any, holdings: Holdings, configuration: Configuration) -> Change | None:
    if not configuration.governs(message.name):
        return None
    if is_prompt_tag(message.key):
        return Change(NEVER, message.name, message.key)
    if not is_own_tag(message.key) or _is_prompt(holdings, message.name):
        return None
    return Change("tag.delete", message.name, message.key)


def _model_create(message: Any, holdings: Holdings, configuration: Configuration) -> Change | None:
    tags = {tag.key: tag.value for tag in message.tags}  # as MLflow reads them: the last of a key counts
    if not configuration.governs(message.name) or tags.get(PROMPT_TAG, "").lower() == "true":
        return None
    return Change(NEVER, message.name) if any(map(is_own_tag, tags)) else None


def _version_create(message: Any, holdings: Holdings, configuration: Configuration) -> Change | None:
    marked = any(is_own_tag(tag.key) or is_prompt_tag(tag.key) for tag in message.tags)
    if not (marked or configuration.is_closed(message.name)) or not _model(message, holdings, configuration):
        return None
    return Change("version.create", message.name, None, None, message.source)


RULES: dict[str, Rule] = {
    "_set_registered_model_alias": Rule("SetRegisteredModelAlias", _alias_set),
    "_delete_registered_model_alias": Rule("DeleteRegisteredModelAlias", _alias_delete),
    "_create_registered_model": Rule("CreateRegisteredModel", _model_create),
    "_rename_registered_model": Rule("RenameRegisteredModel", _model_rename),
    "_delete_registered_model": Rule("DeleteRegisteredModel", _model_delete),
    "_create_model_version": Rule("CreateModelVersion", _version_create),
    "_transition_stage": Rule("TransitionModelVersionStage", _stage_set),
    "_delete_model_version": Rule("DeleteModelVersion", _version_delete),
    "_set_registered_model_tag": Rule("SetRegisteredModelTag", _model_tag_set),
    "_delete_registered_model_tag": Rule("DeleteRegisteredModelTag", _model_tag_delete),
    "_set_model_version_tag": Rule("SetModelVersionTag", _version_tag_set),
    "_delete_model_version_tag": Rule("DeleteModelVersionTag", _version_tag_delete),
}

# What the registry serves besides: reads, descriptions, and webhooks, which only tell.
LET_THROUGH = frozenset(
    {
        "_get_registered_model",
        "_update_registered_model",
        "_search_registered_models",
        "_get_latest_versions",
        "_get_model_version",
        "_update_model_version",
        "_get_model_version_download_uri",
        "_search_model_versions",
        "_get_model_version_by_alias",
        "serve_model_version_artifact",
    }
)
