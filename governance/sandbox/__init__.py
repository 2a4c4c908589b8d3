"""Run a model, which is hostile code, behind walls. Pure: no Django, and nothing of the model here."""

from governance.sandbox import texts as _texts  # noqa: F401 - registers the sentences
from governance.sandbox.backends import Sandbox
from governance.sandbox.digest import tree_digest
from governance.sandbox.failures import SandboxFailure
from governance.sandbox.limits import Limits
from governance.sandbox.mlmodel import ModelFile, read_model_file
from governance.sandbox.probe import find_sandbox
from governance.sandbox.replay import Predictions, predict
from governance.sandbox.run import Outcome, run

__all__ = [
    "Limits",
    "ModelFile",
    "Outcome",
    "Predictions",
    "Sandbox",
    "SandboxFailure",
    "find_sandbox",
    "predict",
    "read_model_file",
    "run",
    "tree_digest",
]
