"""HTML to PDF in a process of its own: no network, no files but ours, a limit of time and memory."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

import structlog
from django.conf import settings
from django.template.loader import render_to_string
from django.utils.translation import get_language

from portal.charts import PAPER
from portal.web.errors import DomainError, Unavailable

log = structlog.get_logger("sekisho.pdf")

CHILD = Path(__file__).with_name("child.py")
SECONDS = 120
MEMORY = 3 * 2**30
MOST_HTML = 8 * 2**20
NO_PANGO = 3
# What finding libraries and fonts may need; secrets of the environment stay here.
KEPT = ("PATH", "HOME", "LANG", "LD_LIBRARY_PATH", "FONTCONFIG_FILE", "FONTCONFIG_PATH", "XDG_CACHE_HOME", "TMPDIR")


def render_pdf(
    template: str, context: dict, target: Path, *, attached: Mapping[str, bytes] = MappingProxyType({})
) -> int:
    """Render a template to a PDF file and return how many pages it has.

    Language and time zone are those in force. The child may read what stands below our static files, and the
    Japanese font; everything else is refused. Files that are attached, by their names, lie within the PDF.

    Raises
    ------
    Unavailable
        Pango is missing on this machine; the message gives the line that installs it.
    DomainError
        The document is too large or takes too long.
    """
    html = render_to_string(template, {**context, "paper": True, **_fonts()}).encode()
    if len(html) > MOST_HTML:
        raise DomainError("pdf.too_large")
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        with tempfile.TemporaryDirectory() as scratch:
            files = {}
            for number, (name, data) in enumerate(attached.items()):
                path = Path(scratch) / str(number)
                path.write_bytes(data)
                files[name] = str(path)
            return _run(html, target, files)
    except BaseException:
        target.unlink(missing_ok=True)
        raise


def _run(html: bytes, target: Path, attached: Mapping[str, str]) -> int:
    order = {"target": str(target), "static": str(settings.STATIC_SOURCE), "font": str(font_file()), "memory": MEMORY}
    order["attached"] = dict(attached)
    try:
        done = subprocess.run(
            [sys.executable, "-I", str(CHILD), json.dumps(order)],
            input=html,
            capture_output=True,
            timeout=SECONDS,
            env={name: os.environ[name] for name in KEPT if name in os.environ},
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise DomainError("pdf.too_slow", seconds=SECONDS) from None
    if done.returncode == NO_PANGO:
        raise Unavailable("pdf.no_pango")
    if done.returncode:
        said = done.stderr.decode("utf-8", "replace").strip()
        log.error("pdf failed", code=done.returncode, said=said[-4000:])
        raise DomainError("pdf.failed", detail=said.rpartition("\n")[2][-300:] or str(done.returncode))
    return int(done.stdout)


def _fonts() -> dict[str, str]:
    """The font of stamps, and what stands between two sentences."""
    japanese = (get_language() or "").startswith("ja")
    return {"paper_font": "IPAexGothic" if japanese else PAPER.font, "space": "" if japanese else " "}


def font_file() -> Path:
    """IPAexGothic, from the package that carries it; found without importing it."""
    spec = importlib.util.find_spec("matplotlib_fontja")
    return Path(spec.origin).with_name("fonts") / "ipaexg.ttf"
