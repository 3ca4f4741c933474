"""Receiving what a partner holds: a page of its changes, or one resource that it answered.

One page is one transaction: the raw bytes, what came of each entry, the cursor and the audit row commit
together.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from gateway.acts.gateway import Gateway
from gateway.acts.id_spaces import actor_of
from gateway.acts.reconcile import Reconciled, reconcile
from gateway.errors import GatewayError, Unreadable
from gateway.fhir.compare import same
from gateway.fhir.json_codec import write
from gateway.store import audit, cursors, inbox, ledger, resources
from gateway.store.database import Transaction
from gateway.sync.partner import Partner
from gateway.sync.ports import Held, Page

# R4 has no underscore in ids; servers have, and references with one are followed too.
READABLE_ID = re.compile(r"[A-Za-z0-9\-._]{1,64}")
# What code that walks a resource raises when an element has another shape than R4 gives it.
MISSHAPEN = (KeyError, TypeError, ValueError, AttributeError, IndexError)


@dataclass(frozen=True, slots=True)
class Received:
    """What came of a page: how many resources by outcome, and the positions set aside as unreadable."""

    outcomes: Counter[str] = field(default_factory=Counter)
    quarantined: tuple[int, ...] = ()


def receive_page(
    gateway: Gateway, partner: Partner, type: str, page: Page, *, cursor: str | None = None
) -> Received:
    """What came of the page; receiving it again changes nothing.

    Entries we already agreed on are passed over, and a page in which nothing is new leaves no trace but the
    `cursor`. An entry that cannot be read is set aside with its reason; the others are received all the same.
    Raises VersionConflict or DatabaseUnreachable when nothing was written and the whole page may be tried
    again.
    """
    with gateway.database.transaction(actor_of(partner)) as tx:
        entries = enumerate(page.resources)
        fresh = [(at, found) for at, found in entries if not _is_known(tx, partner, type, found)]
        received = _received(gateway, tx, partner, type, page, fresh)
        if cursor is not None and cursor != cursors.get(tx, partner.name, type):
            cursors.set(tx, partner.name, type, cursor)
    return received


def receive_held(gateway: Gateway, partner: Partner, there: Held) -> Reconciled:
    """What came of one resource that the partner just answered; safe to repeat."""
    with gateway.database.transaction(actor_of(partner)) as tx:
        reconciled = reconcile(gateway, tx, partner, there)
        audit.record(tx, f"receive {there.type}", [reconciled.reference], detail="read after a conflict")
    return reconciled


def _received(
    gateway: Gateway,
    tx: Transaction,
    partner: Partner,
    type: str,
    page: Page,
    fresh: Sequence[tuple[int, Any]],
) -> Received:
    message_id = f"{type} {_digest([found for _, found in fresh])}"
    if not fresh or not inbox.keep(tx, partner.name, message_id, page.body, page.content_type):
        return Received()
    _lock_known(tx, partner, [found for _, found in fresh])
    outcomes, references, set_aside = Counter[str](), list[str](), list[int]()
    for position, found in fresh:
        try:
            with tx.savepoint():
                reconciled = reconcile(gateway, tx, partner, _held(type, found))
        except GatewayError as error:
            if error.retry:
                raise
            reason = error.message
        except MISSHAPEN as error:
            reason = f"an element has another shape than R4 gives it ({error.__class__.__name__})"
        else:
            outcomes[reconciled.outcome] += 1
            references.append(reconciled.reference)
            continue
        inbox.quarantine(tx, partner.name, message_id, position, reason)
        set_aside.append(position)
    outcome = "failed" if set_aside and not references else "success"
    detail = f"quarantined {len(set_aside)}" if set_aside else ""
    audit.record(tx, f"receive {type}", references, outcome=outcome, detail=detail)
    return Received(outcomes, tuple(set_aside))


def _is_known(tx: Transaction, partner: Partner, type: str, found: Any) -> bool:
    """Whether this is what they and we agreed on already: an overlap of polls, or the echo of our own
    push.
    """
    if not isinstance(found, dict) or not isinstance(found.get("id"), str):
        return False
    agreement = ledger.agreed(tx, partner.name, type, found["id"])
    if agreement is None or agreement.their_body is None:
        return False
    version = _version_of(found)
    if version is not None and agreement.their_version is not None:
        return version == agreement.their_version
    before = agreement.their_resource
    return before is not None and same(before, found)


def _held(type: str, found: Any) -> Held:
    """The entry as a resource of this type. Raises Unreadable."""
    if not isinstance(found, dict):
        raise Unreadable("the entry holds no resource", expression="Bundle.entry.resource")
    if found.get("resourceType") != type:
        raise Unreadable(f"the entry is no {type}, which is what was asked for", expression="resourceType")
    id = found.get("id")
    if not isinstance(id, str) or not READABLE_ID.fullmatch(id):
        raise Unreadable(f"{type}.id is missing or no FHIR id", expression=f"{type}.id")
    return Held(type, id, _version_of(found), found)


def _version_of(found: dict[str, Any]) -> str | None:
    meta = found.get("meta")
    version = meta.get("versionId") if isinstance(meta, dict) else None
    return version if isinstance(version, str) else None


def _lock_known(tx: Transaction, partner: Partner, resources_found: Sequence[Any]) -> None:
    """All rows that this page may change, locked in the order that everybody uses."""
    known = []
    for found in resources_found:
        if isinstance(found, dict) and isinstance(found.get("id"), str):
            type = str(found.get("resourceType"))
            our_id = ledger.ours(tx, partner.name, type, found["id"])
            if our_id is not None:
                known.append(f"{type}/{our_id}")
    resources.lock(tx, known)


def _digest(found: Sequence[Any]) -> str:
    return hashlib.sha256(write(list(found))).hexdigest()[:32]
