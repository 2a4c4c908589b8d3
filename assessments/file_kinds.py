"""What a file beside an answer is, told by its bytes and never by its name.

Pure: no Django. Nothing is unpacked or rendered: of an Office file only the list of its parts is read.
"""

from __future__ import annotations

import io
import zipfile
from dataclasses import dataclass
from pathlib import PurePath

_OFFICE = {
    "xl/workbook.xml": "xlsx",
    "word/document.xml": "docx",
    "ppt/presentation.xml": "pptx",
}
_OPEN = "application/vnd.openxmlformats-officedocument."
KINDS = {
    "pdf": "application/pdf",
    "png": "image/png",
    "jpeg": "image/jpeg",
    "xlsx": f"{_OPEN}spreadsheetml.sheet",
    "docx": f"{_OPEN}wordprocessingml.document",
    "pptx": f"{_OPEN}presentationml.presentation",
    "txt": "text/plain",
    "csv": "text/csv",
    "md": "text/markdown",
}
_TEXTS = ("txt", "csv", "md")
_NAMES = {name: name for name in KINDS} | {"jpg": "jpeg", "markdown": "md", "text": "txt", "log": "txt"}
_CONTROLS = bytes(range(32)).translate(None, b"\t\n\r\f\x1b")
_PARTS_LIMIT = 5000


@dataclass(frozen=True)
class Found:
    """What the bytes are: ``kind`` is a key of `KINDS`, "text" for any text, or "" for what is not known."""

    kind: str
    macros: bool = False


def named(name: str) -> str:
    """The kind that a file's name claims, or ""."""
    return _NAMES.get(PurePath(name).suffix.lower().lstrip("."), "")


def look(data: bytes) -> Found:
    """What the bytes are."""
    if data.startswith(b"%PDF-"):
        return Found("pdf")
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return Found("png")
    if data.startswith(b"\xff\xd8\xff"):
        return Found("jpeg")
    if data.startswith(b"PK\x03\x04"):
        return _office(data)
    return Found("text" if _is_text(data) else "")


def agrees(kind: str, claimed: str) -> bool:
    """Whether the bytes are what the name claims; text may be called by any name of a text."""
    return claimed in _TEXTS if kind == "text" else kind == claimed


def _office(data: bytes) -> Found:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as package:
            parts = package.namelist()
    except (zipfile.BadZipFile, NotImplementedError, ValueError, OSError):  # broken, or of a version to come
        return Found("")
    if len(parts) > _PARTS_LIMIT or "[Content_Types].xml" not in parts:
        return Found("")
    kind = next((kind for part, kind in _OFFICE.items() if part in parts), "")
    return Found(kind, macros=any(part.lower().endswith(("vbaproject.bin", "vbadata.xml")) for part in parts))


def _is_text(data: bytes) -> bool:
    """UTF-8 or the Japanese of older Windows, with no control characters; UTF-16 begins with its mark."""
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return _decodes(data, "utf-16")
    if data.translate(None, _CONTROLS) != data:
        return False
    return _decodes(data, "utf-8") or _decodes(data, "cp932")


def _decodes(data: bytes, encoding: str) -> bool:
    try:
        data.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True
