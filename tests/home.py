"""Sets the home of a test run before settings are read, and what all its processes do alike.

Loaded by `-p tests.home` (see pyproject.toml).
"""

import gc
import os
import sys
import tempfile

# Each run, and each of its worker processes, has a home of its own: a test database is never shared.
os.environ["SEKISHO_HOME"] = tempfile.mkdtemp(prefix="sekisho-test-")
os.environ.setdefault("SEKISHO_SECRET_KEY", "only-for-tests-" + "x" * 40)
# Two workers and many child processes import the same thousand files: what one has compiled, the next reads.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False
# Looking for garbage every 700 objects is a tenth of the time where so many stay: modules, models, all the tests.
gc.set_threshold(50_000, 20, 20)


def pytest_collection_finish() -> None:
    gc.collect()
    gc.freeze()


def pytest_unconfigure() -> None:
    gc.unfreeze()  # what stays frozen is never freed, and extensions complain of it at the end
