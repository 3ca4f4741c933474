"""The resource that stands for a Binary where access to it is decided: one that its writer can see.

https://hl7.org/fhir/R4/binary-definitions.html#Binary.securityContext
"""

from __future__ import annotations

from gateway.access.actors import Actor
from gateway.acts.gateway import Gateway
from gateway.errors import Unprocessable
from gateway.fhir.references import ReferenceKind, parse_reference
from gateway.fhir.resource_types import R4_TYPES
from gateway.store import resources


def refuse_unseen_context(gateway: Gateway, actor: Actor, reference: str) -> None:
    """Nothing, when the actor sees what is named. Raises Unprocessable for what is hidden or not here."""
    named = parse_reference(reference.removeprefix(f"{gateway.fhir_base}/"))
    if named.kind is ReferenceKind.RELATIVE and named.type in R4_TYPES and named.id is not None:
        with gateway.database.transaction(actor) as tx:
            held = resources.find(tx, named.type, named.id)
        if held is not None and not held.deleted:
            return
    raise Unprocessable(
        "X-Security-Context names nothing here; write for example Patient/<id>, or leave it out.",
        expression="Binary.securityContext",
    )
