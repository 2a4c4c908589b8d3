"""A program of its own: list what the pickles among a model's files would import. Nothing is unpickled.

``python -I scanner.py FOLDER`` with a JSON list of paths on standard input; one JSON line a file on
standard output, as soon as it is read, so that a file that exhausts this process takes no other's result
along. It bounds itself before it opens anything: the files are hostile.
"""

from __future__ import annotations

import bz2
import gzip
import io
import json
import logging
import lzma
import os
import pickletools
import resource
import sys
import zipfile
import zlib
from typing import Any

MEMORY_BYTES = 2 * 2**30
CPU_SECONDS = 60
FILE_BYTES = 512 * 2**20
SCHEMA_BYTES = 32 * 2**20
MOST_GLOBALS = 200
NAME_CHARACTERS = 120
LEVELS = ("dangerous", "suspicious", "innocuous")


def bound() -> None:
    """Limit memory and time, and forbid writing; what a platform cannot limit is limited by the parent's clock."""
    bounds = {resource.RLIMIT_AS: MEMORY_BYTES, resource.RLIMIT_CPU: CPU_SECONDS, resource.RLIMIT_CORE: 0}
    for which, most in bounds.items():
        try:
            resource.setrlimit(which, (most, most))
        except (OSError, ValueError):
            continue


def scan(path: str) -> dict[str, Any]:
    """What one file would import: its globals, and whether it could be read to its end."""
    if os.path.getsize(path) > FILE_BYTES:
        return {"read": "no", "why": "large", "globals": []}
    with open(path, "rb") as file:
        data = unpacked(file.read())
    if data is None:
        return {"read": "no", "why": "large", "globals": []}
    if data[:2] == b"PK" and zipfile.is_zipfile(io.BytesIO(data)):
        return scan_archive(data, path)
    return scan_stream(data, path)


def scan_stream(data: bytes, path: str) -> dict[str, Any]:
    """A pickle, or an array that may hold one."""
    from picklescan.scanner import scan_bytes

    result = scan_bytes(io.BytesIO(data), "file", os.path.splitext(path)[1])
    whole = not result.scan_err and (data[:6] == b"\x93NUMPY" or ends(data))
    return {"read": "whole" if whole else "part", "globals": listed(result.globals)}


def scan_archive(data: bytes, path: str) -> dict[str, Any]:
    """A zip: of skops, whose schema names types, or of torch and numpy, whose members may be pickles."""
    from picklescan.scanner import scan_bytes

    types = skops_types(data)
    result = scan_bytes(io.BytesIO(data), "file", os.path.splitext(path)[1])
    found = [*result.globals, *(classified(types) if types else ())]
    return {"read": "part" if result.scan_err else "whole", "globals": listed(found)}


def unpacked(data: bytes) -> bytes | None:
    """The bytes as they are unpickled: joblib compresses. None if they unfold to more than the limit."""
    openers = {b"\x1f\x8b": gzip.open, b"BZh": bz2.open, b"\xfd7zXZ": lzma.open, b"]\x00\x00": lzma.open}
    for magic, opener in openers.items():
        if data.startswith(magic):
            with opener(io.BytesIO(data)) as file:
                data = file.read(FILE_BYTES + 1)
            return data if len(data) <= FILE_BYTES else None
    if data[:1] == b"x" and data[1:2] in b"\x01\x5e\x9c\xda":
        data = zlib.decompressobj().decompress(data, FILE_BYTES + 1)
        return data if len(data) <= FILE_BYTES else None
    return data


def ends(data: bytes) -> bool:
    """Whether the stream is a pickle that reads to its end, and nothing follows."""
    stream = io.BytesIO(data)
    try:
        while stream.tell() < len(data):
            for _ in pickletools.genops(stream):
                pass
    except Exception:  # whatever a broken stream raises: it is not read to its end
        return False
    return True


def skops_types(data: bytes) -> set[tuple[str, str]]:
    """Module and name of each type in the schema of a skops file; empty if it is none."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        if "schema.json" not in archive.namelist():
            return set()
        with archive.open("schema.json") as file:
            text = file.read(SCHEMA_BYTES + 1)
    if len(text) > SCHEMA_BYTES:
        raise ValueError("schema.json is too large")
    found, rest = set(), [json.loads(text)]
    while rest:
        node = rest.pop()
        if isinstance(node, dict):
            if isinstance(node.get("__module__"), str) and isinstance(node.get("__class__"), str):
                found.add((node["__module__"], node["__class__"]))
            if isinstance(node.get("module_path"), str) and isinstance(node.get("function"), str):
                found.add((node["module_path"], node["function"]))
            rest.extend(node.values())
        elif isinstance(node, list):
            rest.extend(node)
    return found


def classified(types: set[tuple[str, str]]) -> list[Any]:
    """The names by picklescan's own lists."""
    from picklescan.scanner import _build_scan_result_from_raw_globals

    return _build_scan_result_from_raw_globals(types, "schema.json").globals


def listed(found: list[Any]) -> list[list[str]]:
    """Module, name and level of each, the gravest first."""
    named = {(one.safety.value, str(one.module)[:NAME_CHARACTERS], str(one.name)[:NAME_CHARACTERS]) for one in found}
    ordered = sorted(named, key=lambda one: (LEVELS.index(one[0]), one[1:]))
    return [[module, name, level] for level, module, name in ordered[:MOST_GLOBALS]]


def main() -> None:
    root, paths = sys.argv[1], json.load(sys.stdin)
    bound()
    logging.disable(logging.CRITICAL)
    for path in paths:
        try:
            found = scan(os.path.join(root, path))
        except (Exception, MemoryError) as error:  # a hostile file may raise anything; it is said, and the next read
            found = {"read": "no", "why": type(error).__name__, "globals": []}
        print(json.dumps({"path": path, **found}), flush=True)


if __name__ == "__main__":
    main()
