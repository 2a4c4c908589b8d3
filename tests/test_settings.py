"""Settings: read from the environment, documented, and wrong values told in a sentence."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import global_settings

ROOT = Path(__file__).resolve().parent.parent


def start(**env) -> subprocess.CompletedProcess:
    clean = {"PATH": os.environ["PATH"], "SEKISHO_HOME": "/nonexistent-home", **env}
    program = "import portal.settings"
    return subprocess.run([sys.executable, "-c", program], env=clean, cwd=ROOT, capture_output=True, text=True)


def test_no_environment_is_needed():
    assert start().returncode == 0


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("DATABASE_URL", "what://is/this", "Set it like postgres://"),
        ("SEKISHO_DEBUG", "maybe", "Set it to 1 or 0"),
        ("SEKISHO_WORKERS", "0", "at least 1"),
        ("SEKISHO_WORKERS", "two", "whole number"),
        ("SEKISHO_SANDBOX_MEMORY_MB", "64", "at least 512"),
        ("SEKISHO_SANDBOX_SECONDS", "86400", "at most 1500"),
        ("SEKISHO_HOLIDAYS", "Narnia", "a country such as JP"),
        ("SEKISHO_INSTANCE", "two words", "small letters"),
        ("SEKISHO_APPROVAL_DAYS", "0", "at least 1"),
    ],
)
def test_a_wrong_value_is_told_in_a_sentence(name, value, says):
    done = start(**{name: value})
    assert done.returncode != 0
    assert says in done.stderr
    assert name in done.stderr


def test_serve_refuses_to_start_without_a_secret_key(tmp_path):
    env = {"PATH": os.environ["PATH"], "SEKISHO_HOME": str(tmp_path)}
    done = subprocess.run([sys.executable, "manage.py", "serve"], env=env, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode != 0
    assert "SEKISHO_SECRET_KEY" in done.stderr
    assert "Traceback" not in done.stderr


def test_every_setting_is_documented():
    source = (ROOT / "portal" / "settings.py").read_text("utf-8")
    names = set(re.findall(r'"(SEKISHO_[A-Z_]+)"', source)) | {"DATABASE_URL"}
    page = (ROOT / "docs" / "operate.md").read_text("utf-8")
    assert not {name for name in names if f"`{name}`" not in page}


def test_nothing_names_a_registry_host_or_a_machine_path():
    hosts = re.compile(
        "|".join(("py" + "pi\\.org", "python" + "hosted", "registry\\." + "npmjs", "deb\\." + "debian\\.org"))
    )
    files = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True).stdout.split()
    texts = {f: (ROOT / f).read_text("utf-8", "ignore") for f in files if (ROOT / f).is_file()}
    assert not [f for f, text in texts.items() if hosts.search(text)]


def test_every_setting_has_an_effect():
    """Read by the code, by Django itself, or by another line of the settings."""
    source = (ROOT / "portal" / "settings.py").read_text("utf-8")
    code = "".join(
        path.read_text("utf-8")
        for area in ("portal", "assessments", "governance")
        for path in (ROOT / area).rglob("*.py")
        if path.name != "settings.py"
    )
    names = set(re.findall(r"^([A-Z_]+) = .*\benv\.", source, re.MULTILINE))
    assert "MOVE_HOURS" in names
    read = set(re.findall(r"\bsettings\.([A-Z_]+)\b", code))
    elsewhere = {name for name in names if len(re.findall(rf"\b{name}\b", source)) > 1}
    assert names - read - elsewhere - {name for name in names if hasattr(global_settings, name)} == set()
