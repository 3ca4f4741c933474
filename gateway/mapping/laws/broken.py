"""A broken law, as the case that breaks it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from gateway.mapping.elements import Location
from gateway.mapping.rules import Origin


class Law(StrEnum):
    """The laws by name."""

    CREATE_GET = "CreateGet"
    EXACT = "Exact"
    GET_PUT = "GetPut"
    PUT_GET = "PutGet"
    FRAME = "Frame"
    RESIDUE = "Residue"
    STALE = "Stale"
    OWN = "Own"
    OVERLAY = "Overlay"
    COMPILED = "interpreted = compiled"


@dataclass
class Broken(Exception):
    """A law does not hold for these: the record that was put and the resources before and after.

    origin   the rule that lies, where it can be told
    at       the first place that should not be as it is
    """

    law: Law
    why: str
    record: dict[str, Any]
    before: dict[str, Any]
    after: dict[str, Any]
    origin: Origin | None = None
    at: Location = ()
