"""One resource that a partner holds, reconciled with what we hold: new, fetched, merged, or asked about.

Runs inside the caller's transaction with the partner's own actor, so that a partner changes only what it may.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from gateway.access.actors import HERE
from gateway.acts.agreeing import agree
from gateway.acts.asking import ask
from gateway.acts.gateway import Gateway
from gateway.acts.id_spaces import IdSpaces
from gateway.acts.link_person import link_person
from gateway.fhir.compare import changed_elements
from gateway.fhir.json_codec import Resource
from gateway.fhir.subjects import patients_named, subject_elements
from gateway.mapping.overlays.partner_form import PartnerForm
from gateway.store import ledger, resources
from gateway.store.database import Transaction
from gateway.store.ledger import Agreement
from gateway.store.versions import Version
from gateway.sync.decide import Decision, Since, decide
from gateway.sync.merge import Merged, Side, edited, merge
from gateway.sync.partner import Partner
from gateway.sync.ports import Held
from gateway.sync.translate import our_id_on

REFERRAL_MOVES: Final[Mapping[str, frozenset[str]]] = {
    "Task": frozenset({"status", "businessStatus", "owner", "for", "focus", "requester", "code", "intent"}),
    "ServiceRequest": frozenset({"status", "subject", "intent"}),
}


class Outcome(StrEnum):
    """What came of one resource."""

    NEW = "new"
    CHANGED = "changed"
    UNCHANGED = "unchanged"
    ASKED = "asked"


@dataclass(frozen=True, slots=True)
class Reconciled:
    """The outcome, and our reference of the resource."""

    outcome: Outcome
    reference: str


def reconcile(gateway: Gateway, tx: Transaction, partner: Partner, there: Held) -> Reconciled:
    """What both sides hold after this, and the ledger's word on it.

    `tx` is the partner's. What both edited differently stays as it is here and is asked about.
    """
    spaces = IdSpaces.of(gateway, tx, partner)
    agreement = ledger.agreed(tx, partner.name, there.type, there.id)
    our_id = agreement.our_id if agreement else _joined(spaces, there)
    our_id = our_id or ledger.ours_or_new(tx, partner.name, there.type, there.id)
    here = _locked(tx, there.type, our_id)
    ours = spaces.to_ours(there.resource)
    if here is None:
        return _received_first(gateway, tx, partner, there, our_id, ours)
    if here.deleted:
        return _about_deleted(tx, partner, there, here, agreement)
    kept, other = _sides(gateway, spaces, agreement, here, there, ours)
    merged = Merged(here.resource)
    if decide(_since(kept, other), _since(other, kept)) in (Decision.FETCH, Decision.MERGE):
        merged = merge(kept, other, _reserved(here, partner, other))
    version = here
    if merged.taken:
        version = resources.update(tx, {**merged.resource, "id": here.id}, expect=here.version)
    # What is still to be sent was edited since the version agreed before, so that one stays the base of the
    # push.
    to_send = edited(kept, other) & changed_elements(merged.resource, other.now)
    before = agreement.our_version if agreement else None
    agree(tx, partner, there, version, before if to_send else version.version)
    if merged.taken and version.type == "Patient" and version.source == partner.name:
        link_person(gateway, tx, version)
    if merged.conflicts:
        _ask_about(tx, partner, version, merged)
        return Reconciled(Outcome.ASKED, version.reference)
    return Reconciled(Outcome.CHANGED if merged.taken else Outcome.UNCHANGED, version.reference)


def _reserved(here: Version, partner: Partner, other: Side) -> frozenset[str]:
    """Elements that a partner's edit does not change: whom another source's resource is about, and what of a
    referral made here moves only by the rules of referrals.
    """
    moves = REFERRAL_MOVES.get(here.type, frozenset()) if here.source == HERE else frozenset()
    if here.source == partner.name or patients_named(other.now) == patients_named(other.base):
        return moves
    return moves | subject_elements(here.type)


def _joined(spaces: IdSpaces, there: Held) -> str | None:
    """Our id, when this is a copy of ours: it carries our mark or our very id, and no other copy does.

    The claim counts only for what the partner may see, and may write: everything else is a thing of its own.
    """
    for claimed in (our_id_on(there.resource, spaces.addresses), there.id):
        if claimed is None or ledger.theirs(spaces.tx, spaces.partner.name, there.type, claimed) is not None:
            continue
        if resources.find(spaces.tx, there.type, claimed) is not None:
            return claimed
    return None


def _locked(tx: Transaction, type: str, id: str) -> Version | None:
    resources.lock(tx, [f"{type}/{id}"])
    return resources.find(tx, type, id)


def _received_first(
    gateway: Gateway, tx: Transaction, partner: Partner, there: Held, our_id: str, ours: Resource
) -> Reconciled:
    version = resources.create(tx, ours, source=partner.name, id=our_id)
    agree(tx, partner, there, version, version.version)
    if version.type == "Patient":
        link_person(gateway, tx, version)
    return Reconciled(Outcome.NEW, version.reference)


def _about_deleted(
    tx: Transaction, partner: Partner, there: Held, here: Version, agreement: Agreement | None
) -> Reconciled:
    """Deleted here: nothing is brought back by itself; an edit made there since is asked about."""
    before = agreement.their_resource if agreement else None
    is_edited = before is None or changed_elements(before, there.resource)
    decision = decide(Since.DELETED, Since.EDITED if is_edited else Since.SAME)
    agree(tx, partner, there, here, here.version)
    if decision is Decision.ASK:
        question = f"it was deleted here and then edited at {partner.name}"
        ask(tx, here.reference, question, {"partner": partner.name})
        return Reconciled(Outcome.ASKED, here.reference)
    return Reconciled(Outcome.UNCHANGED, here.reference)


def _said_alike(spaces: IdSpaces, here: Resource, there: Resource) -> Mapping[str, Any]:
    """The elements of ours that read the same in the partner's id space: its own Patient is our person
    there.
    """
    expected = spaces.to_theirs(here)
    alike = (expected.keys() | there.keys()) - changed_elements(expected, there)
    return {name: value for name, value in here.items() if name.removeprefix("_") in alike}


def _sides(
    gateway: Gateway,
    spaces: IdSpaces,
    agreement: Agreement | None,
    here: Version,
    there: Held,
    ours: Resource,
) -> tuple[Side, Side]:
    """Both sides in our id space and form. Sides that never agreed have empty bases: all that they say is an
    edit.
    """
    last = agreement.their_resource if agreement else None
    form = PartnerForm.of(gateway.mappings, spaces.partner.overlays, here.type)

    def formed(resource: Resource) -> Resource:
        # What the partner made itself is held here in the partner's own form, as it was received.
        is_copy = form is not None and here.source != spaces.partner.name
        return form.read(resource, here.resource) if form is not None and is_copy else resource

    ours = formed(ours)
    if agreement is None or last is None:
        return Side({}, here.resource), Side(
            {}, {**ours, **_said_alike(spaces, here.resource, there.resource)}
        )
    base: Resource = {}
    if agreement.our_version is not None:
        # For comparison only, never sent: the version may be of a time when the partner could not see it.
        books = spaces.tx.acting_as(gateway.self_actor)
        base = resources.vread(books, here.type, here.id, agreement.our_version).resource
    return Side(base, here.resource), Side(formed(spaces.to_ours(last)), ours)


def _since(side: Side, other: Side) -> Since:
    return Since.EDITED if edited(side, other) else Since.SAME


def _ask_about(tx: Transaction, partner: Partner, version: Version, merged: Merged) -> None:
    elements = [f"{version.type}.{name}" for name in merged.conflicts]
    question = f"{', '.join(elements)}: edited at {partner.name} and not taken over; what is here was kept"
    about = {"partner": partner.name, "elements": elements, "version": version.version}
    ask(tx, version.reference, question, about)
