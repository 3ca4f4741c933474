"""The lane `fanout`: what changed here is written into the lane of each hospital that is to have it.

The change and its fan-out message committed together; this expansion and its acknowledgement do too. Each
hospital is asked with its own actor: what it may not see is not sent to it.
"""

from __future__ import annotations

from gateway.access.actors import HERE
from gateway.acts.gateway import Gateway
from gateway.acts.id_spaces import actor_of
from gateway.delivery.workplace import LaneWork, Turn, Workplace
from gateway.fhir.references import parse_reference
from gateway.store import lanes, resources
from gateway.store.database import Transaction
from gateway.store.lanes import Message
from gateway.store.search import Query, search
from gateway.sync.partner import Partner

PUSH = "push"
PAGE = 200


def deliver(place: Workplace, turn: Turn, message: Message) -> None:
    """Every hospital that is sent this type, and may see the resource, has a message in its push lane."""
    gateway = place.gateway
    reference, source = str(message.payload["reference"]), str(message.payload["source"])
    with gateway.database.transaction(gateway.self_actor) as tx:
        for partner in gateway.partners.values():
            if partner.pushes:
                _expand(gateway, tx, partner, reference, source)
        turn.acknowledge(tx, message, {})


def enqueue_push(tx: Transaction, partner: Partner, reference: str) -> None:
    """The resource as it then is goes to the partner. One lane per resource: its versions keep their order.

    Several messages in a lane are no several sends: the first sends what is current, the others find it
    agreed.
    """
    lanes.enqueue(tx, f"{PUSH}:{partner.name}", reference, {"reference": reference})


def _expand(gateway: Gateway, tx: Transaction, partner: Partner, reference: str, source: str) -> None:
    named = parse_reference(reference)
    assert named.type is not None
    assert named.id is not None
    theirs = tx.acting_as(actor_of(partner))
    if named.type in partner.pushes and resources.find(theirs, named.type, named.id) is not None:
        enqueue_push(tx, partner, reference)
    if named.type == "Patient" and source == HERE and resources.find(theirs, "Patient", named.id) is not None:
        # The person may just have been linked to a Patient of theirs: all that is about it is theirs to
        # have now.
        for type in partner.pushes:
            if not _is_about_patients(gateway, type):
                continue
            for found in _about(theirs, type, named.id):
                enqueue_push(tx, partner, found)


def _is_about_patients(gateway: Gateway, type: str) -> bool:
    served = gateway.served.get(type)
    return served is not None and any(param.name == "patient" for param in served.search)


def _about(theirs: Transaction, type: str, person: str) -> list[str]:
    """References of what is about the person, as far as the partner may see it."""
    found: list[str] = []
    cursor: str | None = None
    while True:
        page = search(theirs, Query.of(type, [("patient", person)], count=PAGE, cursor=cursor))
        found.extend(version.reference for version in page.versions)
        cursor = page.next_cursor
        if cursor is None:
            return found


LANE = LaneWork("fanout", owner="operations", deliver=deliver)
