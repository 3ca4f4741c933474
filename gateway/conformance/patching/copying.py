"""A JSON value of one's own: lists and objects anew, what cannot change shared."""

from __future__ import annotations

from typing import Any


def copied(value: Any) -> Any:
    """The same value, nothing of which changes when the one given does."""
    # The doors let nothing in that is nested deeper than 64 levels, so recursion is safe here.
    if isinstance(value, dict):
        return {name: copied(child) for name, child in value.items()}
    if isinstance(value, list):
        return [copied(child) for child in value]
    return value
