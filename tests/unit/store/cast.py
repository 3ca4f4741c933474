"""Who appears in the tests of the store, and the little they need to say."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from uuid import uuid4

from gateway.access.actors import HERE, Actor, ActorKind
from gateway.fhir.json_codec import Resource
from gateway.store import people, resources
from gateway.store.database import Database
from gateway.store.versions import Version

GATEWAY = Actor.gateway()
ST_ANNES = Actor(ActorKind.EHR, "st-annes", "st-annes")
NORTHSIDE = Actor(ActorKind.EHR, "northside", "northside")
AMINA = Actor(ActorKind.COORDINATOR, "amina", HERE)
OPS = Actor(ActorKind.ADMIN, "ops", HERE)
ELM_TRUST = str(uuid4())
ELM = Actor(ActorKind.AGENCY, "elm", "elm-trust", ELM_TRUST)
OAK = Actor(ActorKind.AGENCY, "oak", "oak-trust", str(uuid4()))
SYSTEM = "https://example.org/number"


def patient(*numbers: str, **more: Any) -> Resource:
    """A Patient with identifiers."""
    identifiers = [{"system": SYSTEM, "value": number} for number in numbers]
    return {"resourceType": "Patient", **({"identifier": identifiers} if numbers else {}), **more}


def goal(about: Version | None = None, status: str = "active", **more: Any) -> Resource:
    """A Goal, about somebody."""
    subject = {"subject": {"reference": about.reference}} if about else {}
    return {"resourceType": "Goal", "lifecycleStatus": status, **subject, **more}


def made(database: Database, resource: Resource, source: str = HERE) -> Version:
    """Version 1, committed, written by the gateway."""
    with database.transaction(GATEWAY) as tx:
        return resources.create(tx, resource, source=source)


def changed(database: Database, version: Version, **elements: Any) -> Version:
    """The next version, committed, written by the gateway."""
    with database.transaction(GATEWAY) as tx:
        return resources.update(tx, {**resources.read(tx, version.type, version.id).resource, **elements})


def linked(database: Database, person: Version, patients: Iterable[Version]) -> None:
    """The patients are the person's."""
    with database.transaction(GATEWAY) as tx:
        for one in patients:
            people.link(tx, one.id, person.id, "identifier")


def sees(database: Database, actor: Actor, version: Version) -> bool:
    """Whether the resource exists for the actor."""
    with database.transaction(actor) as tx:
        return resources.find(tx, version.type, version.id) is not None
