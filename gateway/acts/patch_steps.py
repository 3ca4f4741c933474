"""One patch within a transaction that somebody opened: the version that is locked is the one that changes.

So patches that come at the same time follow one another, and none loses what another changed. A patch is an
update that says less: every rule of an update holds for what comes out of it.
https://hl7.org/fhir/R4/http.html#patch
"""

from __future__ import annotations

from gateway.access.policy import Interaction, gate
from gateway.acts.gateway import Gateway
from gateway.acts.resource_steps import Kept, advance, is_answer, refuse_unseen
from gateway.conformance.patching import Patch
from gateway.errors import PreconditionFailed
from gateway.fhir.references import relative
from gateway.store import resources
from gateway.store.database import Transaction
from gateway.store.versions import ANY_VERSION


def patch(
    gateway: Gateway, tx: Transaction, type: str, id: str, change: Patch, *, expect: int | None
) -> Kept:
    """The next version of a resource: what it is now, with `change` applied.

    Raises NotFound, Gone, Forbidden, Unprocessable when the patch does not fit it, NotConformant with every
    issue found, PreconditionFailed when it no longer is at version `expect`, and PreconditionRequired when it
    must say which version it is about.
    """
    gate(tx.actor, Interaction.PATCH, type)
    refuse_unseen(gateway, tx.actor, type, expect)
    if not is_answer(tx.actor, type):  # which asks for the version that is read here
        resources.lock(tx, [relative(type, id)])
    held = resources.read(tx, type, id)
    if expect not in (None, ANY_VERSION) and held.version != expect:
        raise PreconditionFailed(
            f"{held.reference} is at version {held.version}, not {expect}: read it again, then decide again"
        )
    return advance(gateway, tx, change.applied(held.resource), expect=expect, by=Interaction.PATCH)
