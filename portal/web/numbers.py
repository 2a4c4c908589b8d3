"""Whole numbers as addresses and forms send them."""

from __future__ import annotations


def whole_number(text: str) -> int | None:
    """The number that is written there in at most nine plain digits; None for anything else."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None
