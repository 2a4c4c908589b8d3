"""Canonical JSON and the leaf hash of an event.

Pure: no Django. The form is final, since every hash of the log stands on it:
keys sorted by code point, no white space, UTF-8 without escapes but those JSON demands,
whole numbers within ±(2^53 − 1), no fractions, no repeated keys.
The leaf hash is that of RFC 6962, section 2.1: SHA-256 of a zero byte and the entry.
"""

from __future__ import annotations

import hashlib
import json
import re
from typing import Any

LARGEST = 2**53 - 1
_HALF = re.compile("[\ud800-\udfff]")


def canonical_json(value: Any) -> bytes:
    """The one byte string of a value.

    Raises
    ------
    TypeError
        For floats and other types that have no one form: write numbers with fractions as strings.
    ValueError
        For whole numbers that other languages cannot read exactly, and for lone surrogates.
    """
    _check(value, "$")
    text = json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return text.encode("utf-8")


def leaf_hash(entry: bytes) -> str:
    """The RFC 6962 hash of an entry of the log, in hexadecimal digits."""
    return hashlib.sha256(b"\x00" + entry).hexdigest()


def text_hash(salt: str, text: str) -> str:
    """What stands in the log for a free text: erasing salt and text leaves the log whole and tells nothing."""
    return "sha256:" + hashlib.sha256(f"{salt}\x00{text}".encode()).hexdigest()


def _check(value: Any, where: str) -> None:
    if value is None or isinstance(value, bool):
        return
    if isinstance(value, str):
        if not value.isascii() and _HALF.search(value):
            raise ValueError(f"{where} holds half a character (a lone surrogate)")
    elif isinstance(value, int):
        if abs(value) > LARGEST:
            raise ValueError(f"{where} is too large for an exact number: write it as a string")
    elif isinstance(value, dict):
        for key, item in value.items():
            if not isinstance(key, str):
                raise TypeError(f"{where} has the key {key!r}, which is no string")
            _check(key, where)
            _check(item, f"{where}.{key}")
    elif isinstance(value, list | tuple):
        for index, item in enumerate(value):
            _check(item, f"{where}[{index}]")
    else:
        raise TypeError(f"{where} is a {type(value).__name__}: an event holds strings, whole numbers, lists and maps")
