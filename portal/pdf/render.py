"""HTML to PDF in a process of its own: no network, no files but ours, a limit of time and memory."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from pathlib import Path

from django.conf import settings
from django.template.loader import render_to_string

from portal.web.errors import DomainError, Unavailable

SECONDS = 120
MEMORY = 3 * 2**30
MOST_HTML = 8 * 2**20
NO_PANGO = 3


def render_pdf(template: str, context: dict, target: Path) -> int:
    """Render a template to a PDF file and return its size in bytes.

    Language and time zone are those in force. The child may read what stands below our static files, and the
    Japanese font; everything else is refused.

    Raises
    ------
    Unavailable
        Pango is missing on this machine; the message gives the line that installs it.
    DomainError
        The document is too large or takes too long.
    """
    html = render_to_string(template, {**context, "paper": True, "paper_font": "IPAexGothic"})
    if len(html) > MOST_HTML:
        raise DomainError("pdf.too_large")
    target.parent.mkdir(parents=True, exist_ok=True)
    order = {"target": str(target), "static": str(settings.STATIC_SOURCE), "font": str(font_file()), "memory": MEMORY}
    child = Path(__file__).with_name("child.py")
    try:
        done = subprocess.run(
            [sys.executable, "-I", str(child), json.dumps(order)],
            input=html.encode(),
            capture_output=True,
            timeout=SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise DomainError("pdf.too_slow", seconds=SECONDS) from None
    if done.returncode == NO_PANGO:
        raise Unavailable("pdf.no_pango")
    if done.returncode:
        raise DomainError("pdf.failed", detail=done.stderr.decode("utf-8", "replace").strip()[-300:])
    return target.stat().st_size


def font_file() -> Path:
    """IPAexGothic, from the package that carries it; found without importing it."""
    spec = importlib.util.find_spec("matplotlib_fontja")
    return Path(spec.origin).with_name("fonts") / "ipaexg.ttf"
