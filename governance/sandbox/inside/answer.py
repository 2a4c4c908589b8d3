"""Give the answer: the writing side of ``governance.sandbox.wire``. Standard library only.

Standard output is taken away from the model's prints before anything of it is loaded.
"""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from typing import Any

_stream = None


def claim_output() -> None:
    """Keep standard output for the answer; what is printed from now on goes to standard error."""
    global _stream
    _stream = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)


def phase(name: str) -> None:
    """Say what comes next, so that a sudden end can be told by its phase."""
    _stream.write(f"phase {name}\n".encode("ascii"))
    _stream.flush()


def answer(payload: dict[str, Any], arrays: dict[str, Any] | None = None, blocks: Sequence[Any] = ()) -> None:
    """Write the answer: JSON, then each array as little-endian float64, then each block of bytes as it is."""
    numbers = {}
    for name, values in (arrays or {}).items():
        import numpy as np

        numbers[name] = np.ascontiguousarray(values, dtype="<f8")
    blocks = [memoryview(block).cast("B") for block in blocks]
    listed = [{"name": name, "shape": list(values.shape)} for name, values in numbers.items()]
    listing = {"arrays": listed, "blocks": [block.nbytes for block in blocks]}
    text = json.dumps(payload | listing, allow_nan=False).encode("utf-8")
    _stream.write(f"result {len(text)}\n".encode("ascii") + text)
    for values in numbers.values():
        _stream.write(values.tobytes())
    for block in blocks:
        _stream.write(block)
    _stream.close()
