"""Whether an actor may see a version, decided a second time: from facts about it instead of by a condition.

visibility.py and the SQL made of it say which rows are selected; this says, of what was selected and is about
to leave, whether it may. It shares no line with the first, so that what one of them forgets the other holds.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from gateway.access.actors import Actor, ActorKind
from gateway.fhir.resource_types import DIRECTORY_TYPES


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of a Patient that a version is about.

    own     whether the person whom it is also has a Patient of the actor's own
    denied  whether that person's Consent keeps the actor's organisation out
    """

    own: bool
    denied: bool


def needs_no_facts(actor: Actor, type: str, source: str) -> bool:
    """Whether the actor sees such a version whomever it is about."""
    if actor.kind is ActorKind.EHR:
        return source == actor.source or type in DIRECTORY_TYPES
    return actor.kind in (ActorKind.COORDINATOR, ActorKind.GATEWAY)


def may_see(actor: Actor, about: Collection[Known], *, granted: bool) -> bool:
    """Whether a version about these may be shown to the actor.

    granted  whether a referral opened it to the actor's organisation
    """
    if any(it.denied for it in about):
        return False
    if actor.kind is ActorKind.AGENCY:
        return granted
    return actor.kind is ActorKind.EHR and any(it.own for it in about)
