"""A command of a site, as a fork of what `tests.warm` keeps ready: libraries alone, since each reads settings anew."""

from __future__ import annotations

import importlib
import os
import runpy
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

MANAGE = Path(__file__).parents[3] / "manage.py"
OURS = ("portal", "assessments", "governance", "__main__")
SETTINGS = "DJANGO_SETTINGS_MODULE"
LISTED = "import sys, django; django.setup(); print(*sys.modules)"


def prepare() -> None:
    """Import what a site imports, but for what is ours or wants settings."""
    from django.core.exceptions import ImproperlyConfigured

    names = subprocess.run([sys.executable, "-c", LISTED], capture_output=True, text=True, check=True).stdout.split()
    del os.environ[SETTINGS]  # so that nothing is read here that should be read for a place
    for name in names:
        if name.partition(".")[0] not in OURS:
            with suppress(ImportError, ImproperlyConfigured):
                importlib.import_module(name)


def run(order: dict[str, Any]) -> None:
    """Run ``program``, or the management command in ``words``, in ``folder``, for the site that ``place`` says."""
    assert "portal.settings" not in sys.modules
    os.environ |= order["place"] | {SETTINGS: "portal.settings"}
    os.chdir(order["folder"])
    if order.get("program"):
        exec(order["program"], {"__name__": "__main__"})
    else:
        sys.argv = [str(MANAGE), *order["words"]]
        runpy.run_path(str(MANAGE), run_name="__main__")
