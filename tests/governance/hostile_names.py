"""Names that MLflow accepts for models and tags, and that must stay text wherever they are shown, sent or written."""

from __future__ import annotations

FORMULA = "=cmd|calc"
MARKUP = "<script>alert(1)</script>"
NAMES = (
    FORMULA,
    "@SUM(A1)",
    "\u202egnp.exe",  # reads backwards
    "%2e%2e%2f",
    "..",
    "a b&c=d#e?f",
    "日本語モデル",
    "m" * 300,
    MARKUP,
    "'; rm -rf / #",
    '"\\\t',
)
