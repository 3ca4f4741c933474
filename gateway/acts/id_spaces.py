"""Which of theirs is which of ours, for one partner in one transaction: the look-ups that translation
needs.
"""

from __future__ import annotations

from dataclasses import dataclass

from gateway.access.actors import Actor, ActorKind
from gateway.acts.gateway import Gateway
from gateway.fhir.json_codec import Resource
from gateway.store import ledger, people
from gateway.store.database import Transaction
from gateway.sync.partner import Partner
from gateway.sync.ports import HasServiceBase
from gateway.sync.translate import Addresses, to_ours, to_theirs


def actor_of(partner: Partner) -> Actor:
    """The actor with whose eyes everything for and from this EHR is chosen."""
    return Actor(ActorKind.EHR, partner.name, partner.name, known_by=partner.organisation)


@dataclass(frozen=True, slots=True)
class IdSpaces:
    """Two id spaces. `tx` must be the partner's own: it finds nothing that the partner may not see."""

    tx: Transaction
    partner: Partner
    addresses: Addresses

    @classmethod
    def of(cls, gateway: Gateway, tx: Transaction, partner: Partner) -> IdSpaces:
        settings = partner.settings
        theirs = settings.base_url if isinstance(settings, HasServiceBase) else ""
        return cls(tx, partner, Addresses(gateway.fhir_base, theirs))

    def to_ours(self, resource: Resource) -> Resource:
        """Their resource with our references. Ids are allocated for what they name and we never met."""
        return to_ours(resource, self.addresses, self._ours_of)

    def to_theirs(self, resource: Resource) -> Resource:
        """Our resource with their references."""
        return to_theirs(resource, self.addresses, self.theirs_of)

    def theirs_of(self, type: str, our_id: str) -> str | None:
        """Their id; of a person, or of another source's Patient, that of their own Patient of the same
        person.
        """
        agreement = ledger.theirs(self.tx, self.partner.name, type, our_id)
        if agreement is not None:
            return agreement.their_id
        return self._their_patient(our_id) if type == "Patient" else None

    def _ours_of(self, type: str, their_id: str) -> str:
        return ledger.ours_or_new(self.tx, self.partner.name, type, their_id)

    def _their_patient(self, our_id: str) -> str | None:
        person = people.person_of(self.tx, our_id)
        if person is None:
            return None
        for link in people.patients_of(self.tx, person):
            if link.source == self.partner.name:
                agreement = ledger.theirs(self.tx, self.partner.name, "Patient", link.patient)
                if agreement is not None:
                    return agreement.their_id
        return None
