"""Says which Python this is and which packages it has, for whoever wants to run models with it.

Standard library only: nothing of the packages is imported, their names and versions are read.
"""

from __future__ import annotations

import os
import platform
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from answer import answer, claim_output

MOST_PACKAGES = 2000


def main() -> None:
    claim_output()
    from importlib.metadata import distributions

    packages = {}
    for distribution in distributions():
        name = distribution.metadata["Name"]
        if name and len(packages) < MOST_PACKAGES:
            packages.setdefault(name[:200], str(distribution.version)[:100])
    answer({"python": platform.python_version(), "packages": packages})


main()
