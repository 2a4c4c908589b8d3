"""``python -m sekisho_client`` is ``sekisho``."""

from sekisho_client.cli import main

raise SystemExit(main())
