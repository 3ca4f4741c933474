"""What an actor can see, as closed values; gateway/store/rows.py turns each into a SQL condition."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias, assert_never

from gateway.access.actors import Actor, ActorKind
from gateway.fhir.identifiers import Identifier


@dataclass(frozen=True, slots=True)
class Everything:
    """All rows."""


@dataclass(frozen=True, slots=True)
class Nothing:
    """No rows."""


@dataclass(frozen=True, slots=True)
class SourceAndItsPersons:
    """Rows of one source, everything about persons linked to one of its Patients, and every directory row.

    A Consent that denies the source's organisation takes away what others hold about that person. What the
    source wrote itself stays in its sight: it is its own record, and it goes on keeping it.
    """

    source: str
    known_by: Identifier | None = None


@dataclass(frozen=True, slots=True)
class Granted:
    """Rows for which one organisation holds an open grant, from the version on that was granted.

    Nothing about a person whose Consent denies the organisation: the grant stands, and shows nothing.
    """

    organisation: str
    known_by: Identifier | None = None


Visibility: TypeAlias = Everything | Nothing | SourceAndItsPersons | Granted


def visibility(actor: Actor) -> Visibility:
    """The rows that exist for this actor. Hidden rows and missing rows look the same to it.

    A coordinator sees all persons until teams exist. An agency without a known organisation sees nothing.
    """
    match actor.kind:
        case ActorKind.GATEWAY | ActorKind.COORDINATOR:
            return Everything()
        case ActorKind.EHR:
            return SourceAndItsPersons(actor.source, actor.known_by)
        case ActorKind.AGENCY:
            return Granted(actor.organisation, actor.known_by) if actor.organisation else Nothing()
        case ActorKind.ADMIN:
            return Nothing()
        case _:
            assert_never(actor.kind)
