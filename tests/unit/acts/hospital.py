"""A gateway on a real database, and hospitals whose EHR is the small one, served on loopback."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gateway.access.actors import Actor, ActorKind
from gateway.acts.gateway import Gateway
from gateway.acts.id_spaces import actor_of
from gateway.acts.push import push
from gateway.acts.receive import Received, receive_page
from gateway.demo import small_ehr
from gateway.demo.small_ehr_shelf import Held, Shelf
from gateway.fhir.json_codec import Resource
from gateway.fhir.systems import NHS_NUMBER
from gateway.mapping import Mappings
from gateway.partners.fhir_rest import FhirRestServer, FhirRestSettings
from gateway.partners.fhir_rest.server import connect
from gateway.store import audit, ledger, resources
from gateway.store.database import Database
from gateway.store.versions import Version
from gateway.sync.abilities import Abilities
from gateway.sync.partner import Partner
from tests.contract.served import free_port, served

PUBLIC_URL = "https://care.example.org"
COORDINATOR = Actor(ActorKind.COORDINATOR, "amina", "here")
TYPES = ("Patient", "Goal", "CareTeam", "CarePlan", "ServiceRequest", "Task")


@dataclass(frozen=True, slots=True)
class Hospital:
    """One hospital: its shelf is what its own staff see; `system` is how the gateway reaches it."""

    partner: Partner
    shelf: Shelf
    system: FhirRestServer

    def writes(self, resource: Resource, id: str | None = None) -> Held:
        """Its staff put a resource into its EHR."""
        held = self.shelf.put(resource, id)
        assert held is not None
        return held

    def edits(self, type: str, id: str, **elements: Any) -> Held:
        """Its staff change elements of a resource; None removes one."""
        now = {**self.sees(type, id), **elements}
        return self.writes({name: value for name, value in now.items() if value is not None}, id)

    def sees(self, type: str, id: str) -> Resource:
        held = self.shelf.held(type, id)
        assert held is not None
        return held.resource

    def holds(self, type: str) -> list[Held]:
        return self.shelf.newest(type)


@contextmanager
def hospitals(folder: Path, *names: str) -> Iterator[Mapping[str, Hospital]]:
    """The hospitals, open for exchanges until the block is left."""
    with ExitStack() as stack:
        yield {name: stack.enter_context(_hospital(folder / name, name)) for name in names}


@contextmanager
def _hospital(folder: Path, name: str) -> Iterator[Hospital]:
    port = free_port()
    base_url = f"http://127.0.0.1:{port}/fhir"
    settings = FhirRestSettings(base_url, None, (ipaddress.ip_network("127.0.0.0/8"),), page_size=10)
    partner = Partner(
        name,
        name.title(),
        "fhir_rest",
        pulls=TYPES,
        pushes=TYPES[1:],
        poll_every_s=1,
        verified_identifiers=(NHS_NUMBER,),
        abilities=Abilities(version_aware_update=True, conditional_create=True),
        settings=settings,
    )
    shelf = small_ehr.open_shelf(folder, name[:2].upper())
    with served(small_ehr.create_ehr(shelf, base_url), port):
        yield Hospital(partner, shelf, connect(partner, str))
    shelf.close()


def gateway_for(database: Database, partners: Mapping[str, Hospital]) -> Gateway:
    return Gateway(
        database=database,
        mappings=Mappings.load(),
        partners={name: hospital.partner for name, hospital in partners.items()},
        self_actor=Actor.gateway(),
        public_url=PUBLIC_URL,
    )


def polled(gateway: Gateway, hospital: Hospital, *types: str) -> Received:
    """Everything of these types is received; what came of the last type."""
    received = Received()
    for type in types or TYPES:
        page = hospital.system.page(type, None)
        while True:
            received = receive_page(gateway, hospital.partner, type, page)
            if page.next_url is None:
                break
            page = hospital.system.page(type, None, page.next_url)
    return received


def pushed(gateway: Gateway, hospital: Hospital, reference: str, *, awaits_targets: bool = True) -> Any:
    """What `push` said, and the receipts it settled with."""
    receipts: list[Mapping[str, Any]] = []
    waiting = push(
        gateway,
        hospital.partner,
        hospital.system,
        reference,
        lambda _, receipt: receipts.append(receipt),
        awaits_targets=awaits_targets,
    )
    return waiting if waiting is not None else receipts


def ours(gateway: Gateway, hospital: Hospital, type: str, their_id: str) -> Version:
    """Our version of what the hospital holds under this id."""
    with gateway.database.transaction(gateway.self_actor) as tx:
        our_id = ledger.ours(tx, hospital.partner.name, type, their_id)
        assert our_id is not None
        return resources.read(tx, type, our_id)


def coordinator_edits(gateway: Gateway, version: Version, **elements: Any) -> Version:
    """A coordinator changes elements of what we hold; None removes one."""
    with gateway.database.transaction(COORDINATOR) as tx:
        now = {**resources.read(tx, version.type, version.id).resource, **elements}
        kept = {name: value for name, value in now.items() if value is not None}
        audit.record(tx, "edit", [version.reference])
        return resources.update(tx, kept)


def as_seen_by(gateway: Gateway, hospital: Hospital, reference: str) -> Version | None:
    with gateway.database.transaction(actor_of(hospital.partner)) as tx:
        type, id = reference.split("/")
        return resources.find(tx, type, id)


def patient(nhs_number: str, **more: Any) -> Resource:
    return {
        "resourceType": "Patient",
        "identifier": [{"system": NHS_NUMBER, "value": nhs_number}],
        "name": [{"family": "Okafor", "given": ["Ada"]}],
        "birthDate": "1947-06",
        **more,
    }


def plan(patient_id: str, **more: Any) -> Resource:
    return {
        "resourceType": "CarePlan",
        "status": "active",
        "intent": "plan",
        "title": "Home after the fall",
        "subject": {"reference": f"Patient/{patient_id}"},
        **more,
    }
