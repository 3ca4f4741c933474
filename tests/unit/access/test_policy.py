"""The policy, listed: what each kind of actor may do with each group of types."""

from __future__ import annotations

from itertools import product

import pytest

from gateway.access.actors import HERE, Actor, ActorKind
from gateway.access.policy import (
    TABLE,
    Interaction,
    SystemInteraction,
    gate,
    gate_system,
    may_create,
    may_write,
    only,
)
from gateway.access.visibility import Everything, Granted, Nothing, SourceAndItsPersons, visibility
from gateway.conformance.served_types import SERVED
from gateway.errors import Forbidden
from gateway.fhir.resource_types import DIRECTORY_TYPES, R4_TYPES

ACTORS = {
    ActorKind.EHR: Actor(ActorKind.EHR, "st-annes", "st-annes"),
    ActorKind.AGENCY: Actor(ActorKind.AGENCY, "elm", "elm-trust", "0b0e4f5e-7f0e-4f6e-9a51-0d0a4a1f1c11"),
    ActorKind.COORDINATOR: Actor(ActorKind.COORDINATOR, "amina", HERE),
    ActorKind.ADMIN: Actor(ActorKind.ADMIN, "ops", HERE),
    ActorKind.GATEWAY: Actor.gateway(),
}
HISTORIES = {Interaction.HISTORY, Interaction.HISTORY_TYPE}
READING = {Interaction.READ, Interaction.VREAD, Interaction.SEARCH} | HISTORIES
EVERY = set(Interaction)

# The whole policy for the types that matter most, as a reader would state it.
LISTED = {
    ("Patient", ActorKind.EHR): EVERY,
    ("Patient", ActorKind.AGENCY): READING,
    ("Patient", ActorKind.COORDINATOR): EVERY,
    ("Patient", ActorKind.ADMIN): set(),
    ("CarePlan", ActorKind.EHR): EVERY,
    ("CarePlan", ActorKind.AGENCY): READING,
    ("CarePlan", ActorKind.COORDINATOR): EVERY,
    ("CarePlan", ActorKind.ADMIN): set(),
    ("Task", ActorKind.EHR): EVERY,
    ("Task", ActorKind.AGENCY): READING | {Interaction.UPDATE, Interaction.PATCH},
    ("Task", ActorKind.COORDINATOR): EVERY,
    ("Task", ActorKind.ADMIN): set(),
    ("Organization", ActorKind.EHR): EVERY,
    ("Organization", ActorKind.AGENCY): READING,
    ("Organization", ActorKind.COORDINATOR): EVERY,
    ("Organization", ActorKind.ADMIN): set(),
    ("AuditEvent", ActorKind.EHR): set(),
    ("AuditEvent", ActorKind.AGENCY): set(),
    ("AuditEvent", ActorKind.COORDINATOR): {Interaction.READ, Interaction.SEARCH},
    ("AuditEvent", ActorKind.ADMIN): {Interaction.READ, Interaction.SEARCH},
    ("Subscription", ActorKind.EHR): EVERY,
    ("Subscription", ActorKind.AGENCY): set(),
    ("ValueSet", ActorKind.EHR): EVERY,
    ("ValueSet", ActorKind.AGENCY): set(),
    ("ValueSet", ActorKind.COORDINATOR): EVERY,
    ("ValueSet", ActorKind.ADMIN): set(),
    ("Parameters", ActorKind.COORDINATOR): set(),
}


def allowed(kind: ActorKind, type: str) -> set[Interaction]:
    open_to = set()
    for interaction in Interaction:
        try:
            gate(ACTORS[kind], interaction, type)
        except Forbidden:
            continue
        open_to.add(interaction)
    return open_to


@pytest.mark.parametrize(("type", "kind"), LISTED)
def test_each_kind_may_do_what_is_listed_and_nothing_else(type: str, kind: ActorKind) -> None:
    assert allowed(kind, type) == LISTED[type, kind]


def test_every_served_type_has_a_policy_and_every_policy_is_for_a_type_of_r4() -> None:
    assert SERVED.keys() <= TABLE.keys() <= R4_TYPES
    assert TABLE.keys() >= DIRECTORY_TYPES
    assert all(set(row) == EVERY for row in TABLE.values())


def test_whoever_reads_records_may_ask_the_whole_api_and_admins_only_what_it_is() -> None:
    open_to_all = {SystemInteraction.CAPABILITIES, SystemInteraction.SMART_CONFIGURATION}
    for (kind, actor), interaction in product(ACTORS.items(), SystemInteraction):
        if kind is ActorKind.ADMIN and interaction not in open_to_all:
            with pytest.raises(Forbidden):
                gate_system(actor, interaction)
        else:
            gate_system(actor, interaction)


@pytest.mark.parametrize("kind", sorted(set(ActorKind) - {ActorKind.GATEWAY}))
def test_what_is_not_in_the_table_is_denied(kind: ActorKind) -> None:
    for type in (*(R4_TYPES - TABLE.keys()), "NoSuchType"):
        assert allowed(kind, type) == set()


def test_agencies_create_and_delete_nothing_and_update_tasks_only() -> None:
    for type, interaction in product(TABLE, EVERY - READING):
        may = interaction in allowed(ActorKind.AGENCY, type)
        assert may == (type == "Task" and interaction in (Interaction.UPDATE, Interaction.PATCH))


def test_admins_read_the_audit_and_do_nothing_with_resources() -> None:
    assert {type for type in R4_TYPES if allowed(ActorKind.ADMIN, type)} == {"AuditEvent"}


def test_each_kind_sees_its_own_part() -> None:
    organisation = ACTORS[ActorKind.AGENCY].organisation
    assert organisation is not None
    assert {kind: visibility(actor) for kind, actor in ACTORS.items()} == {
        ActorKind.EHR: SourceAndItsPersons("st-annes"),
        ActorKind.AGENCY: Granted(organisation),
        ActorKind.COORDINATOR: Everything(),
        ActorKind.ADMIN: Nothing(),
        ActorKind.GATEWAY: Everything(),
    }


def test_an_agency_without_an_organisation_sees_nothing() -> None:
    assert visibility(Actor(ActorKind.AGENCY, "unknown", "elm-trust")) == Nothing()


@pytest.mark.parametrize(
    ("type", "source", "interaction", "may"),
    [
        ("CarePlan", "st-annes", Interaction.DELETE, True),
        ("CarePlan", "northside", Interaction.UPDATE, True),
        ("CarePlan", "northside", Interaction.DELETE, False),
        ("CarePlan", HERE, Interaction.UPDATE, True),
        ("Patient", "st-annes", Interaction.UPDATE, True),
        ("Patient", "northside", Interaction.UPDATE, False),
        ("Patient", HERE, Interaction.UPDATE, False),  # the person: its links decide who sees what
        ("Organization", "st-annes", Interaction.DELETE, True),
        ("Organization", "northside", Interaction.UPDATE, False),
        ("Organization", HERE, Interaction.DELETE, False),
    ],
)
def test_what_an_ehr_may_change_of_what_it_sees(
    type: str, source: str, interaction: Interaction, may: bool
) -> None:
    ehr = ACTORS[ActorKind.EHR]
    if may:
        may_write(ehr, interaction, type, source)
    else:
        with pytest.raises(Forbidden):
            may_write(ehr, interaction, type, source)
    may_write(ACTORS[ActorKind.COORDINATOR], interaction, type, source)


def test_a_coordinator_deletes_no_sources_patient() -> None:
    may_write(ACTORS[ActorKind.COORDINATOR], Interaction.DELETE, "Patient", HERE)
    with pytest.raises(Forbidden):
        may_write(ACTORS[ActorKind.COORDINATOR], Interaction.DELETE, "Patient", "st-annes")


def test_everybody_creates_for_its_own_source_and_the_gateway_for_all() -> None:
    for kind, actor in ACTORS.items():
        may_create(actor, actor.source)
        if kind is ActorKind.GATEWAY:
            may_create(actor, "northside")
        else:
            with pytest.raises(Forbidden):
                may_create(actor, "northside")


def test_the_books_of_a_source_are_open_to_it_and_to_the_gateway() -> None:
    only(ACTORS[ActorKind.GATEWAY])
    only(ACTORS[ActorKind.EHR], source="st-annes")
    only(ACTORS[ActorKind.ADMIN], ActorKind.ADMIN)
    for kind, source in (
        (ActorKind.EHR, "northside"),
        (ActorKind.COORDINATOR, HERE),
        (ActorKind.ADMIN, HERE),
    ):
        with pytest.raises(Forbidden):
            only(ACTORS[kind], source=source)
