"""Persons and their links: `link[]` is the truth, one Patient is one person's, and only links change."""

from __future__ import annotations

import pytest

from gateway.errors import Conflict, NotFound, Unprocessable
from gateway.fhir.identifiers import Identifier
from gateway.store import people, resources
from gateway.store.database import Database

from .cast import AMINA, GATEWAY, ST_ANNES, SYSTEM, changed, linked, made, patient


def test_linking_writes_the_persons_link_and_says_how(database: Database) -> None:
    person, theirs = made(database, patient("1")), made(database, patient("1"), "st-annes")
    linked(database, person, [theirs])
    with database.transaction(AMINA) as tx:
        (link,) = people.patients_of(tx, person.id)
        assert (link.source, link.patient, link.how) == ("st-annes", theirs.id, "identifier")
        assert people.person_of(tx, theirs.id) == person.id
        assert people.person_of(tx, person.id) == person.id
        assert resources.read(tx, "Patient", person.id).resource["link"] == [
            {"other": {"reference": theirs.reference}, "type": "seealso"}
        ]
        assert resources.read(tx, "Patient", theirs.id) == theirs
        assert people.link(tx, theirs.id, person.id, "again").version == 2


def test_whoever_writes_the_link_element_links(database: Database) -> None:
    person, a, b = made(database, patient()), made(database, patient(), "a"), made(database, patient(), "b")
    links = [{"other": {"reference": it.reference}, "type": "seealso"} for it in (a, b)]
    replaced = [{"other": {"reference": b.reference}, "type": "replaces"}]
    for link, patients in ((links, {a.id, b.id}), (links[:1], {a.id}), (replaced, set()), ([], set())):
        changed(database, person, link=link)
        with database.transaction(AMINA) as tx:
            assert {it.patient for it in people.patients_of(tx, person.id)} == patients


def test_one_patient_is_one_persons(database: Database) -> None:
    theirs = made(database, patient("1"), "st-annes")
    first, second = made(database, patient("1")), made(database, patient("1"))
    linked(database, first, [theirs])
    with database.transaction(AMINA) as tx, pytest.raises(Conflict):
        people.link(tx, theirs.id, second.id, "coordinator")
    with database.transaction(AMINA) as tx:
        people.unlink(tx, theirs.id, first.id)
        people.link(tx, theirs.id, second.id, "coordinator")
        assert people.person_of(tx, theirs.id) == second.id
        assert "link" not in resources.read(tx, "Patient", first.id).resource


def test_only_a_person_is_linked_and_only_to_a_sources_patient(database: Database) -> None:
    person, other = made(database, patient()), made(database, patient())
    theirs = made(database, patient(), "st-annes")
    with database.transaction(AMINA) as tx:
        with pytest.raises(Unprocessable):
            people.link(tx, other.id, person.id, "coordinator")
        with pytest.raises(Unprocessable):
            people.link(tx, theirs.id, theirs.id, "coordinator")
        with pytest.raises(NotFound):
            people.link(tx, "nobody", person.id, "coordinator")
        with pytest.raises(NotFound):
            people.link(tx, theirs.id, "nobody", "coordinator")
        assert people.person_of(tx, theirs.id) is None


def test_a_match_needs_the_exact_identifier_with_its_system(database: Database) -> None:
    first, second = made(database, patient("1", "2"), "st-annes"), made(database, patient("2"), "northside")
    gone = made(database, patient("2"))
    made(database, patient("22"))
    with database.transaction(GATEWAY) as tx:
        resources.delete(tx, "Patient", gone.id)
        assert people.matching(tx, [Identifier(SYSTEM, "2")]) == [first.id, second.id]
        assert people.matching(tx, [Identifier(SYSTEM, "1"), Identifier(SYSTEM, "9")]) == [first.id]
        assert people.matching(tx, [Identifier("", "2"), Identifier("https://example.org/other", "2")]) == []
        assert people.matching(tx, []) == []
    with database.transaction(ST_ANNES) as tx:
        assert people.matching(tx, [Identifier(SYSTEM, "2")]) == [first.id]


def test_many_are_looked_up_at_once(database: Database) -> None:
    person, a, b = made(database, patient()), made(database, patient(), "a"), made(database, patient(), "b")
    linked(database, person, [a])
    with database.transaction(AMINA) as tx:
        assert people.persons_of(tx, [person.id, a.id, b.id, "x"]) == {person.id: person.id, a.id: person.id}
