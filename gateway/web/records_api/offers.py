"""Putting a view at its address, together with how it describes itself."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Response
from flask_smorest import Blueprint


def offer(
    blueprint: Blueprint,
    method: str,
    rule: str,
    endpoint: str,
    view: Callable[..., Response],
    operation: dict[str, Any],
) -> None:
    """`view` answers `method` at `rule`, and OpenAPI says so."""
    described = blueprint.doc(**operation)(view)
    blueprint.route(rule, methods=[method], endpoint=endpoint)(described)
