"""Compile the tree kernel behind the walls, without any model, and give the files of numba's cache.

Numba finds a cached function by the path of its source, the processor and its own version: compiled here, all of
them are as the run with the model will see them.
"""

from __future__ import annotations

import base64
import json
import os
import sys
from pathlib import Path

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import answer
from kernel import load_kernel


def main() -> None:
    answer.claim_output()
    task = json.loads(Path(sys.argv[1]).read_text("utf-8"))
    sys.path.extend(path for path in task["packages"] if path not in sys.path)
    kernel = load_kernel()
    if kernel is None:
        answer.answer({"files": {}})
        return
    kernel.warm_up()
    folder = Path(os.environ["NUMBA_CACHE_DIR"])
    files = {
        str(path.relative_to(folder)): base64.b64encode(path.read_bytes()).decode("ascii")
        for path in sorted(folder.glob("treeshap_*/*.nb[ic]"))
    }
    answer.answer({"files": files})


main()
