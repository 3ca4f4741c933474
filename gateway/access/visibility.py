"""What an actor can see, as closed values; gateway/store/rows.py turns each into a SQL condition."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias, assert_never

from gateway.access.actors import Actor, ActorKind


@dataclass(frozen=True, slots=True)
class Everything:
    """All rows."""


@dataclass(frozen=True, slots=True)
class Nothing:
    """No rows."""


@dataclass(frozen=True, slots=True)
class SourceAndItsPersons:
    """Rows of one source, everything about persons linked to one of its Patients, and every directory row."""

    source: str


@dataclass(frozen=True, slots=True)
class Granted:
    """Rows for which one organisation holds an open grant, from the version on that was granted."""

    organisation: str


Visibility: TypeAlias = Everything | Nothing | SourceAndItsPersons | Granted


def visibility(actor: Actor) -> Visibility:
    """The rows that exist for this actor. Hidden rows and missing rows look the same to it.

    A coordinator sees all persons until teams exist. An agency without a known organisation sees nothing.
    """
    match actor.kind:
        case ActorKind.GATEWAY | ActorKind.COORDINATOR:
            return Everything()
        case ActorKind.EHR:
            return SourceAndItsPersons(actor.source)
        case ActorKind.AGENCY:
            return Granted(actor.organisation) if actor.organisation else Nothing()
        case ActorKind.ADMIN:
            return Nothing()
        case _:
            assert_never(actor.kind)
