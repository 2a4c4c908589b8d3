"""The house: which part may import which, and what the web process must not load."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
HEAVY = {
    "mlflow",
    "shap",
    "sklearn",
    "fairlearn",
    "numba",
    "pandas",
    "duckdb",
    "ibis",
    "pyarrow",
    "scipy",
    "weasyprint",
}
FLOOR = {f"portal.{name}" for name in ("accounts", "ledger", "jobs", "pdf", "charts", "web", "inbox")}
PURE = (
    "portal.message",
    "portal.calendars",
    "portal.charts",
    "portal.client",
    "portal.ledger.canonical",
    "portal.ledger.checkpoint",
    "portal.ledger.offline",
    "portal.ledger.tree",
    "portal.ledger.tree",
    "portal.ledger.checkpoint",
    "portal.ledger.offline",
    "assessments.framework",
    "assessments.framework_checks",
    "assessments.framework_filling",
    "assessments.framework_parts",
    "assessments.migration",
    "assessments.framework_source",
    "assessments.impact",
    "assessments.document",
    "assessments.facts",
    "assessments.scoring",
    "assessments.claims",
    "assessments.comparison",
    "assessments.coverage",
    "assessments.distribution",
    "assessments.explanation",
    "assessments.position",
    "assessments.position_file",
    "assessments.stored_score",
    "assessments.texts_levels",
    "assessments.standing",
    "assessments.roadmap",
    "assessments.least_effort",
    "assessments.investments",
    "assessments.texts_roadmap",
    "assessments.evidence_rules",
    "assessments.answers_file",
    "assessments.agreement",
    "assessments.file_kinds",
    "assessments.questions",
    "assessments.sheet_difference",
    "assessments.spreadsheet",
    "assessments.texts",
    "governance.engine",
    "governance.sandbox",
    "governance.policy",
    "governance.gates",
    "governance.lifecycle",
    "governance.profile_change",
    "governance.quorum",
    "governance.gate_texts",
    "governance.readings",
    "governance.pack_count",
    "governance.policies_apply",
    "governance.quorum",
    "governance.way",
    "governance.profile_change",
    "governance.quorum",
    "governance.reconcile_rules",
    "governance.texts_environments",
    "governance.way_back",
    "governance.windows",
    "governance.mlflow_gate",
    "governance.suppression",
    "governance.registry",
)


def modules() -> dict[str, Path]:
    found = {}
    for top in ("portal", "assessments", "governance"):
        for path in (ROOT / top).rglob("*.py"):
            parts = path.relative_to(ROOT).with_suffix("").parts
            name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
            if "migrations" not in parts:
                found[name] = path
    return found


@cache
def imports(name: str, path: Path, *, top_only: bool = False) -> frozenset[str]:
    """The absolute names that a module imports, relative ones resolved."""
    tree = ast.parse(path.read_text("utf-8"))
    nodes = ast.walk(tree) if not top_only else _run_at_import(tree)
    package = name if path.name == "__init__.py" else name.rpartition(".")[0]
    found = set()
    for node in nodes:
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                up = package.split(".")[: len(package.split(".")) - node.level + 1]
                base = ".".join([*up, base] if base else up)
            found.add(base)
            found.update(f"{base}.{alias.name}" for alias in node.names)
    return frozenset(found)


def _run_at_import(tree: ast.Module):
    """Nodes outside functions and outside `if TYPE_CHECKING`."""
    stack = list(tree.body)
    while stack:
        node = stack.pop()
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test):
            continue
        yield node
        stack.extend(ast.iter_child_nodes(node))


def layer(name: str) -> int | None:
    """0 pure, 1 floor, 2 assessments, 3 governance, 4 roof; None for what is not ours."""
    parts = name.split(".")
    if len(parts) == 1:
        return None  # the bare package holds nothing
    if any(name == pure or name.startswith(pure + ".") for pure in PURE):
        return 0
    if parts[0] == "portal":
        return 1 if ".".join(parts[:2]) in FLOOR else 4
    return {"assessments": 2, "governance": 3}.get(parts[0])


MODULES = modules()
# The floor reads these two of the roof: they hold no rule and import nothing of ours.
GROUND = {"portal", "portal.settings", "portal.environment", "portal.logging"}
# Files that know each other, one of them within a function.
TWO_OF_A_KIND = [
    ("assessments.framework", "assessments.framework_checks"),
    ("governance.auditing.examination", "governance.auditing.sources"),
    ("governance.dossier", "governance.dossier_words"),
    ("governance.sandbox.probe", "governance.sandbox.run"),
    ("portal.jobs.queue", "portal.jobs.runner"),
    ("portal.ledger.key_actions", "portal.ledger.signing"),
]


@pytest.mark.parametrize("name", sorted(MODULES))
def test_arrows_run_one_way(name):
    own = layer(name)
    for target in imports(name, MODULES[name]):
        theirs = layer(target)
        if None in (own, theirs) or target in GROUND:
            continue
        assert theirs <= own, f"{name} (layer {own}) imports {target} (layer {theirs})"


def test_no_circle_goes_through_more_than_two_files():
    """Imports within functions count as well: a circle that is only put off is one."""
    pairs = {other: one for one, other in TWO_OF_A_KIND}
    arrows: dict[str, set[str]] = {}
    for name, path in MODULES.items():
        targets = {t for t in imports(name, path) if t in MODULES}
        targets -= {t for t in targets if any(other.startswith(f"{t}.") for other in targets)}  # what it passes through
        arrows.setdefault(pairs.get(name, name), set()).update(pairs.get(t, t) for t in targets)
    TopologicalSorter({name: targets - {name} for name, targets in arrows.items()}).prepare()


@pytest.mark.parametrize("name", sorted(n for n in MODULES if layer(n) == 0))
def test_pure_modules_import_no_django(name):
    assert not {t for t in imports(name, MODULES[name]) if t.split(".")[0] in ("django", "rest_framework")}


@pytest.mark.parametrize("name", sorted(n for n in MODULES if layer(n) == 0))
def test_pure_modules_import_only_pure_ones(name):
    ours = {t for t in imports(name, MODULES[name]) if layer(t) not in (None, 0) and t not in GROUND}
    assert not ours


def test_mlflow_is_imported_by_the_registry_and_the_sandboxed_child_alone():
    allowed = ("governance.registry", "governance.sandbox", "governance.mlflow_gate", "portal.demo")
    users = {n for n, p in MODULES.items() if any(t.split(".")[0] == "mlflow" for t in imports(n, p))}
    assert all(user.startswith(allowed) for user in users), users


def test_the_gate_runs_beside_mlflow_with_nothing_else_of_ours():
    """It is installed without our dependencies: what it imports of ours is its own, and what lies above it is empty."""
    gate = {n: p for n, p in MODULES.items() if n.startswith("governance.mlflow_gate")}
    assert gate
    found = {t for n, p in gate.items() for t in imports(n, p)}
    ours = {t for t in found if t.split(".")[0] in ("portal", "assessments", "governance")}
    assert not {t for t in ours if not t.startswith("governance.mlflow_gate")}
    assert not (ROOT / "governance" / "__init__.py").read_text("utf-8").strip()


def test_the_client_of_pipelines_needs_nothing_but_python():
    """It is installed without our dependencies: whatever it imports is its own or of the standard library."""
    client = {n: p for n, p in MODULES.items() if n.startswith("portal.client.")}
    assert client
    found = {t.split(".")[0] for n, p in client.items() for t in imports(n, p)}
    assert found <= sys.stdlib_module_names | {"sekisho_client"}


def test_the_web_process_loads_nothing_heavy_and_needs_no_environment():
    program = (
        "import sys; import portal.wsgi; from django.urls import get_resolver; get_resolver().url_patterns; "
        "from django.test import Client; Client().get('/health/live/'); "
        f"print(sorted({HEAVY!r} & set(sys.modules)))"
    )
    clean = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, "-c", program], env=clean, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip().splitlines()[-1] == "[]"


def test_no_module_is_named_for_a_duty_that_was_not_found():
    assert not [n for n in MODULES if n.rpartition(".")[2] in {"utils", "helpers", "core", "manager", "misc", "common"}]
