"""A coordinator's desk, a hospital and an agency over one database, for the acts on records and referrals."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from gateway.access.actors import HERE, Actor, ActorKind
from gateway.acts.agency_organisation import signs_in_as
from gateway.acts.asked_move import read_move
from gateway.acts.gateway import Gateway
from gateway.acts.move_referral import move_referral
from gateway.acts.read_record import read_record
from gateway.acts.record_view import Shown
from gateway.acts.write_record import create_record
from gateway.care.referral import Move
from gateway.fhir.identifiers import Identifier
from gateway.mapping import Mappings
from gateway.records import RECORDS
from gateway.store import people, resources
from gateway.store.database import Database
from gateway.sync.partner import Partner

ODS_CODE = "https://fhir.nhs.uk/Id/ods-organization-code"
COORDINATOR = Actor(ActorKind.COORDINATOR, "desk", HERE)
ST_ANNES = Actor(ActorKind.EHR, "st-annes-ehr", "st-annes")
AGENCIES = ("elm-trust", "oak-house")


def gateway_over(database: Database, mappings: Mappings) -> Gateway:
    """A gateway that knows one hospital and two agencies."""
    agencies = [Partner(name, name, "webhook", organisation=Identifier(ODS_CODE, name)) for name in AGENCIES]
    partners = {
        partner.name: partner for partner in (Partner("st-annes", "St Anne's", "fhir_rest"), *agencies)
    }
    return Gateway(database, mappings, partners, Actor.gateway(), "https://care.example")


@dataclass
class Desk:
    """What a coordinator does all day, in as few words as a test wants to spend on it."""

    gateway: Gateway
    organisations: dict[str, str] = field(default_factory=dict)

    def create(self, kind: str, actor: Actor = COORDINATOR, /, **record: Any) -> Shown:
        return create_record(self.gateway, actor, RECORDS[kind], record)

    def read(self, kind: str, id: str, actor: Actor = COORDINATOR) -> dict[str, Any]:
        return read_record(self.gateway, actor, RECORDS[kind], id).record

    def person(self) -> str:
        return self.create("person", names=[{"family": "Example", "given": ["Ada"]}]).id

    def organisation(self, name: str) -> str:
        """The id of the agency's Organization, made when first asked for."""
        if name not in self.organisations:
            identifiers = [{"system": ODS_CODE, "value": name}]
            self.organisations[name] = self.create("organisation", name=name, identifiers=identifiers).id
        return self.organisations[name]

    def agency(self, name: str) -> Actor:
        """The agency's own client, signed in."""
        self.organisation(name)
        with self.gateway.database.transaction(self.gateway.self_actor) as tx:
            organisation = signs_in_as(tx, self.gateway.partners[name])
        return Actor(ActorKind.AGENCY, name, name, organisation)

    def referral(self, **record: Any) -> str:
        person = record.pop("person", None) or self.person()
        return self.create("referral", person=person, service_text="Company on walks", **record).id

    def sent(self, to: str = "elm-trust", **record: Any) -> str:
        """A new referral, sent."""
        referral = self.referral(**record)
        self.move(referral, Move.SEND, organisation=self.organisation(to))
        return referral

    def move(self, referral: str, move: Move, actor: Actor = COORDINATOR, /, **body: Any) -> dict[str, Any]:
        return move_referral(self.gateway, actor, referral, read_move(move, body)).record

    def patient_of(self, source: Actor, person: str) -> str:
        """A Patient that a hospital holds for a person, linked."""
        with self.gateway.database.transaction(source) as tx:
            patient = resources.create(tx, {"resourceType": "Patient"}, source=source.source)
        with self.gateway.database.transaction(self.gateway.self_actor) as tx:
            people.link(tx, patient.id, person, "identifier")
        return patient.id

    def store(self, actor: Actor, resource: dict[str, Any]) -> str:
        """A resource that came through another door; its id."""
        with self.gateway.database.transaction(actor) as tx:
            return resources.create(tx, resource, source=actor.source).id

    def fhir(self, type: str, id: str, actor: Actor = COORDINATOR) -> dict[str, Any]:
        with self.gateway.database.transaction(actor) as tx:
            return resources.read(tx, type, id).resource

    def versions(self, type: str, id: str) -> int:
        with self.gateway.database.transaction(self.gateway.self_actor) as tx:
            return resources.read(tx, type, id).version

    def rows(self, statement: str) -> list[Any]:
        with self.gateway.database.transaction(self.gateway.self_actor) as tx:
            return list(tx.connection.exec_driver_sql(statement))
