"""Pushing what changed here to a hospital's EHR: chosen with the partner's own eyes, sent once, agreed after.

Choosing (`outgoing.py`) and settling are transactions of their own with the exchange in between; the settling
one also acknowledges the delivery, so that a crash in between repeats the exchange and not its effect.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from gateway.acts.agreeing import agree
from gateway.acts.gateway import Gateway
from gateway.acts.id_spaces import actor_of
from gateway.acts.outgoing import Creation, Nothing, Update, Waiting, choose
from gateway.acts.receive import receive_held
from gateway.errors import PartnerConflict, PartnerRefused
from gateway.fhir.compare import same
from gateway.fhir.references import parse_reference
from gateway.store import ledger
from gateway.store.database import Transaction
from gateway.store.versions import Version
from gateway.sync.partner import Partner
from gateway.sync.ports import EhrSystem, Held

ROUNDS = 3

Settle = Callable[[Transaction, Mapping[str, Any]], None]
"""Ends the delivery with a receipt, inside the transaction that it is given."""


def push(
    gateway: Gateway,
    partner: Partner,
    ehr: EhrSystem,
    reference: str,
    settle: Settle,
    *,
    awaits_targets: bool = True,
    awaits_unreceived: bool = False,
    before_send: Callable[[], None] = lambda: None,
    after_send: Callable[[], None] = lambda: None,
) -> Waiting | None:
    """The references that have to be pushed first, or None: then the delivery was settled.

    With `awaits_targets` false nothing is waited for; what the partner does not hold is named by its
    address here. When the partner holds a version we have not seen, theirs is received first and the rest
    is sent again. Raises a PartnerError when the exchange failed: nothing was settled, and the same push
    may be tried again.
    """
    for _ in range(ROUNDS):
        outgoing = choose(
            gateway,
            partner,
            reference,
            awaits_targets=awaits_targets,
            awaits_unreceived=awaits_unreceived,
        )
        match outgoing:
            case Waiting():
                return outgoing
            case Nothing():
                _settled_without_sending(gateway, partner, outgoing, settle)
                return None
        before_send()
        try:
            held = _sent(ehr, outgoing)
        except PartnerConflict:
            _received_theirs(gateway, partner, ehr, reference)
            continue
        after_send()
        if isinstance(outgoing, Creation) and not held.is_new and not same(held.resource, outgoing.resource):
            # Found under our mark, from an attempt whose answer was lost, and changed since on either side.
            receive_held(gateway, partner, held)
            continue
        _settled(gateway, partner, outgoing.version, held, settle)
        return None
    raise PartnerConflict(f"{partner.name}: {reference} changed there during each of {ROUNDS} attempts")


def _sent(ehr: EhrSystem, outgoing: Creation | Update) -> Held:
    if isinstance(outgoing, Creation):
        return ehr.create(outgoing.resource, outgoing.mark)
    return ehr.update(outgoing.resource, outgoing.if_match)


def _received_theirs(gateway: Gateway, partner: Partner, ehr: EhrSystem, reference: str) -> None:
    named = parse_reference(reference)
    assert named.type is not None
    assert named.id is not None
    with gateway.database.transaction(actor_of(partner)) as tx:
        agreement = ledger.theirs(tx, partner.name, named.type, named.id)
    if agreement is None:
        raise PartnerRefused(
            f"{partner.name}: {reference} cannot be created there; it answers that one exists"
        )
    there = ehr.read(named.type, agreement.their_id)
    if there is None:
        raise PartnerRefused(f"{partner.name}: {reference} was deleted there")
    receive_held(gateway, partner, there)


def _settled(gateway: Gateway, partner: Partner, version: Version, held: Held, settle: Settle) -> None:
    with gateway.database.transaction(gateway.self_actor) as tx:
        agree(tx, partner, held, version, version.version)
        settle(tx, {"version": version.version, "their_version": held.version or ""})


def _settled_without_sending(gateway: Gateway, partner: Partner, nothing: Nothing, settle: Settle) -> None:
    with gateway.database.transaction(gateway.self_actor) as tx:
        if nothing.version is not None and nothing.agreement is not None:
            current = ledger.theirs(tx, partner.name, nothing.version.type, nothing.version.id)
            if current == nothing.agreement:
                ledger.agree(tx, replace(nothing.agreement, our_version=nothing.version.version))
        settle(tx, {})
