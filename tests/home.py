"""Sets the home of a test run before settings are read; loaded by `-p tests.home` (see pyproject.toml)."""

import os
import tempfile

# Each run, and each of its worker processes, has a home of its own: a test database is never shared.
os.environ["SEKISHO_HOME"] = tempfile.mkdtemp(prefix="sekisho-test-")
os.environ.setdefault("SEKISHO_SECRET_KEY", "only-for-tests-" + "x" * 40)
