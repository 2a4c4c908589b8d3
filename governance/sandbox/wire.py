"""The answer of a sandboxed process, read without trusting a byte of it.

A stream of lines ``phase NAME``, then ``result SIZE``, a JSON object of that size, the numbers it lists under
``arrays`` (name and shape), each little-endian float64 in row order, and the bytes it lists under ``blocks``
(sizes). No pickle and no format with a header of its own: sizes are checked before anything is allocated.
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
MOST_ARRAYS, MOST_BLOCKS = 16, 16_384
# A number of a million digits takes Python minutes; no figure of ours has more than 25.
NUMBER_CHARACTERS = 400


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
    blocks : tuple of memoryview
        Bytes as they came, without a copy.
    """

    phase: str
    payload: dict[str, Any] | None = None
    arrays: dict[str, np.ndarray] = field(default_factory=dict)
    blocks: tuple[memoryview, ...] = ()


def read(data: bytes | bytearray) -> Answer:
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


def _result(data: bytes | bytearray, position: int, size: bytes, phase: str) -> Answer:
    if not size.isdigit() or int(size) > JSON_BYTES or position + int(size) > len(data):
        raise BadAnswer("size")
    end = position + int(size)
    try:
        payload = json.loads(bytes(data[position:end]), parse_constant=_refuse, parse_int=_whole, parse_float=_finite)
    except (ValueError, RecursionError) as error:
        raise BadAnswer("JSON") from error
    if not isinstance(payload, dict):
        raise BadAnswer("no object")
    arrays, position = _arrays(data, end, payload.pop("arrays", []))
    return Answer(phase, payload, arrays, _blocks(data, position, payload.pop("blocks", [])))


def _refuse(name: str) -> None:
    raise ValueError(name)


def _whole(digits: str) -> int:
    if len(digits) > NUMBER_CHARACTERS:
        raise ValueError("digits")
    return int(digits)


def _finite(digits: str) -> float:
    value = float(digits[:NUMBER_CHARACTERS])
    if len(digits) > NUMBER_CHARACTERS or not math.isfinite(value):
        raise ValueError("digits")
    return value


def _arrays(data: bytes | bytearray, position: int, listed: Any) -> tuple[dict[str, np.ndarray], int]:
    if not isinstance(listed, list) or len(listed) > MOST_ARRAYS:
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
    return arrays, position


def _blocks(data: bytes | bytearray, position: int, sizes: Any) -> tuple[memoryview, ...]:
    if not isinstance(sizes, list) or len(sizes) > MOST_BLOCKS:
        raise BadAnswer("blocks")
    if not all(type(size) is int and 0 <= size <= len(data) for size in sizes):
        raise BadAnswer("size of a block")
    if position + sum(sizes) != len(data):
        raise BadAnswer("bytes missing or left over")
    whole, blocks = memoryview(data), []
    for size in sizes:
        blocks.append(whole[position : position + size])
        position += size
    return tuple(blocks)


def _name_and_shape(entry: Any) -> tuple[str, tuple[int, ...]]:
    if not isinstance(entry, dict):
        raise BadAnswer("entry")
    name, shape = entry.get("name"), entry.get("shape")
    if not isinstance(name, str) or not isinstance(shape, list) or len(shape) > 3:
        raise BadAnswer("entry")
    if not all(type(n) is int and 0 <= n < 2**40 for n in shape):
        raise BadAnswer("shape")
    return name, tuple(shape)
