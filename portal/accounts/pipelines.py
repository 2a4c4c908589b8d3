"""What a pipeline's token may ask for: addresses by name, with the method. All else is refused, whatever is added."""

from __future__ import annotations

PIPELINE_MAY = frozenset(
    {
        ("api-me", "GET"),
        ("api-models", "GET"),
        ("api-versions", "GET"),
        ("api-versions", "POST"),
        ("api-facts", "GET"),
        ("api-facts", "POST"),
        ("api-evaluation-files", "POST"),
        ("api-evaluation-set", "GET"),
        ("api-verdict", "GET"),
        ("api-preflight", "GET"),
        ("api-promotions", "GET"),
        ("api-promotions", "POST"),
        ("api-promotion", "GET"),
        ("api-job", "GET"),
    }
)
