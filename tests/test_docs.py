"""Documentation that the code keeps complete."""

from __future__ import annotations

import re
from pathlib import Path

DOCS = Path(__file__).resolve().parent.parent / "docs"


def test_every_address_of_the_api_is_documented():
    from portal.api import api_urls

    page = (DOCS / "api.md").read_text("utf-8")
    addresses = set()
    for entry in api_urls:
        patterns = getattr(entry, "url_patterns", [entry])
        addresses |= {str(pattern.pattern).split("/")[0] for pattern in patterns}
    assert not {a for a in addresses if a and f"`{a}/" not in page and a not in ("schema", "docs")}


def test_every_gate_and_its_needs_are_documented():
    from governance import policy

    page = (DOCS / "policy.md").read_text("utf-8")
    for gate in policy.GATES:
        needs = gate.__annotations__["needs"]
        needs = getattr(policy, needs) if isinstance(needs, str) else needs
        assert not {name for name in needs.__dataclass_fields__ if f"`{name}`" not in page}
    parts = (policy.Environment, policy.Approvals, policy.Stage, policy.BreakGlass, policy.Rollback, policy.Roles)
    for part in (*parts, policy.ChecklistItem, policy.MaturityRule, policy.Applies):
        fields = {name.rstrip("_") for name in part.__dataclass_fields__}
        assert not {name for name in fields if not re.search(rf"\b{name}\b", page)}


def test_the_policies_in_the_documentation_are_valid():
    from governance.policy import parse

    page = (DOCS / "policy.md").read_text("utf-8")
    texts = [text for text in re.findall(r"```yaml\n(.*?)```", page, re.DOTALL) if text.startswith("key:")]
    assert texts
    for text in texts:
        assert parse(text).environments


def test_links_between_pages_lead_somewhere():
    root = DOCS.parent
    broken = []
    for page in [root / "README.md", *DOCS.rglob("*.md")]:
        for target in re.findall(r"\]\(([^)#]+)\)", page.read_text("utf-8")):
            if "://" not in target and not (page.parent / target).exists():
                broken.append(f"{page.name}: {target}")
    assert not broken


def test_every_command_is_named_in_the_documentation():
    text = "\n".join(path.read_text("utf-8") for path in [DOCS.parent / "README.md", *DOCS.rglob("*.md")])
    folders = [DOCS.parent / app / "management" / "commands" for app in ("portal", "assessments", "governance")]
    names = {path.stem for folder in folders for path in folder.glob("*.py") if path.stem != "__init__"}
    assert not {name for name in names if f"manage.py {name}" not in text}


def test_every_field_of_a_framework_is_documented():
    from assessments import framework_parts
    from assessments.framework import Framework

    page = (DOCS / "frameworks.md").read_text("utf-8")
    parts = (
        Framework,
        framework_parts.Criterion,
        framework_parts.Dimension,
        framework_parts.Level,
        framework_parts.Tool,
        framework_parts.Change,
        framework_parts.Rule,
    )
    names = {name.rstrip("_") for part in parts for name in part.__dataclass_fields__} - {"digest", "fact", "items"}
    assert not {name for name in names if f"`{name}`" not in page and f"`{name}:" not in page}


def test_every_framework_is_named_in_the_documentation():
    from assessments.framework import shipped

    page = (DOCS / "frameworks.md").read_text("utf-8")
    assert not {key for key in shipped() if f"`{key}`" not in page}
