"""The tree kernel as the parent bound it: its package, and a numba cache that was compiled beforehand."""

from __future__ import annotations

import json
import os
import shutil
import sys
from functools import cache
from pathlib import Path
from typing import Any


@cache
def load_kernel() -> Any:
    """The package of the kernel; None if it was not given."""
    task = json.loads(Path(sys.argv[1]).read_text("utf-8"))
    if "kernel" not in task:
        return None
    if "kernel_cache" in task:
        # Numba loads from a cache only if it may write there, so it gets a copy.
        for folder in Path(task["kernel_cache"]).iterdir():
            shutil.copytree(folder, Path(os.environ["NUMBA_CACHE_DIR"], folder.name), dirs_exist_ok=True)
    sys.path.insert(0, os.path.dirname(task["kernel"]))
    try:
        import treeshap
    except ImportError as why:  # another interpreter, without numba
        print(f"the tree kernel cannot be loaded: {why}", file=sys.stderr)
        return None
    finally:
        sys.path.pop(0)
    return treeshap
