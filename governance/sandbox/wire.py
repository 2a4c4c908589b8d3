"""The answer of a sandboxed process, read without trusting a byte of it.

A stream of lines ``phase NAME``, then ``result SIZE``, a JSON object of that size, and the blocks of
numbers it lists under ``arrays`` (name and shape), each little-endian float64 in row order. No pickle and no
format with a header of its own: sizes are checked before anything is allocated.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np

JSON_BYTES = 32 * 1024**2
LINE_BYTES = 64
ITEM_BYTES = 8


class BadAnswer(ValueError):
    """The bytes are no answer."""


@dataclass(frozen=True)
class Answer:
    """What the process said.

    Attributes
    ----------
    phase : str
        Last phase it said to be in; informative only.
    payload : dict or None
        The JSON object; None if the process ended before it answered.
    arrays : dict of str to ndarray of float64
    """

    phase: str
    payload: dict[str, Any] | None = None
    arrays: dict[str, np.ndarray] = field(default_factory=dict)


def read(data: bytes) -> Answer:
    """Read an answer.

    Raises
    ------
    BadAnswer
        If sizes, shapes or JSON are not as they have to be.
    """
    phase, position = "start", 0
    while True:
        end = data.find(b"\n", position, position + LINE_BYTES)
        if end < 0:
            if len(data) - position < LINE_BYTES:
                return Answer(phase)
            raise BadAnswer("no line")
        word, _, value = data[position:end].partition(b" ")
        position = end + 1
        if word == b"phase":
            phase = value.decode("ascii", "replace")
        elif word == b"result":
            return _result(data, position, value, phase)
        else:
            raise BadAnswer("unknown line")


def _result(data: bytes, position: int, size: bytes, phase: str) -> Answer:
    if not size.isdigit() or int(size) > JSON_BYTES or position + int(size) > len(data):
        raise BadAnswer("size")
    end = position + int(size)
    try:
        payload = json.loads(data[position:end], parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise BadAnswer("JSON") from error
    if not isinstance(payload, dict):
        raise BadAnswer("no object")
    return Answer(phase, payload, _arrays(data, end, payload.pop("arrays", [])))


def _no_constant(name: str) -> None:
    raise ValueError(name)


def _arrays(data: bytes, position: int, listed: Any) -> dict[str, np.ndarray]:
    if not isinstance(listed, list) or len(listed) > 16:
        raise BadAnswer("arrays")
    arrays = {}
    for entry in listed:
        import numpy as np

        name, shape = _name_and_shape(entry)
        count = math.prod(shape)
        if position + count * ITEM_BYTES > len(data):
            raise BadAnswer("short")
        arrays[name] = np.frombuffer(data, dtype="<f8", count=count, offset=position).reshape(shape)
        position += count * ITEM_BYTES
    if position != len(data):
        raise BadAnswer("bytes left over")
    return arrays


def _name_and_shape(entry: Any) -> tuple[str, tuple[int, ...]]:
    if not isinstance(entry, dict):
        raise BadAnswer("entry")
    name, shape = entry.get("name"), entry.get("shape")
    if not isinstance(name, str) or not isinstance(shape, list) or len(shape) > 3:
        raise BadAnswer("entry")
    if not all(type(n) is int and 0 <= n < 2**40 for n in shape):
        raise BadAnswer("shape")
    return name, tuple(shape)
