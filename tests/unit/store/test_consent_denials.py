"""A Consent that denies an organisation takes a person's rows from its actor, in the same transaction."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from importlib import import_module
from typing import Any

import pytest
from sqlalchemy import text

from gateway.access.actors import HERE, Actor
from gateway.errors import NotFound
from gateway.fhir.identifiers import Identifier
from gateway.store import changes, clock, grants, resources
from gateway.store.database import Database
from gateway.store.search import Query, count, search
from gateway.store.versions import Version
from tests.unit.care.test_consent_denials import consent, rule
from tests.unit.store.cast import (
    AMINA,
    ELM,
    GATEWAY,
    NORTHSIDE,
    ST_ANNES,
    changed,
    goal,
    linked,
    made,
    patient,
    sees,
)

HOSPITAL = Identifier("https://example.org/organisations", "st-annes")
AGENCY = Identifier("https://example.org/organisations", "elm-trust")
DENIED = replace(ST_ANNES, known_by=HOSPITAL)
ELM_DENIED = replace(ELM, known_by=AGENCY)
REFERRAL = "6a0a0e9e-54f3-4f43-a0e8-0ac1e2ed5dd4"


def organisation(number: Identifier | None = None, **more: Any) -> dict[str, Any]:
    """An Organization, with or without a number."""
    carried = [{"system": number.system, "value": number.value}] if number else []
    return {"resourceType": "Organization", **({"identifier": carried} if carried else {}), **more}


@dataclass
class Town:
    """One person whom two hospitals know, and a goal that each of them and the gateway wrote."""

    database: Database
    person: Version
    at_st_annes: Version
    at_northside: Version
    own: Version
    theirs: Version
    here: Version
    somebody_else: Version

    def deny(self, about: Version, *references: dict[str, Any], source: str = HERE, **more: Any) -> Version:
        """A Consent of the patient's, committed."""
        provision = rule("deny", *references, **more)
        stated = consent(provision, patient={"reference": about.reference})
        return made(self.database, stated, source)

    def hidden_from(self, actor: Actor) -> bool:
        """Whether the actor sees nothing of the person that others wrote; never only half of it."""
        seen = {sees(self.database, actor, it) for it in (self.person, self.at_northside, self.theirs)}
        seen |= {sees(self.database, actor, self.here)}
        assert len(seen) == 1
        return seen == {False}


@pytest.fixture
def town(database: Database) -> Town:
    person, at_st_annes, at_northside = (
        made(database, patient(), source) for source in (HERE, "st-annes", "northside")
    )
    linked(database, person, [at_st_annes, at_northside])
    other = made(database, patient(), HERE)
    linked(database, other, [made(database, patient(), "st-annes")])
    return Town(
        database, person, at_st_annes, at_northside,
        own=made(database, goal(at_st_annes), "st-annes"),
        theirs=made(database, goal(at_northside), "northside"),
        here=made(database, goal(person)),
        somebody_else=made(database, goal(other)),
    )  # fmt: skip


def _by_reference(town: Town, number: Identifier) -> dict[str, Any]:
    return {"reference": made(town.database, organisation(number), "northside").reference}


def _by_number(_: Town, number: Identifier) -> dict[str, Any]:
    return {"identifier": {"system": number.system, "value": number.value}}


NAMED: list[Callable[[Town, Identifier], dict[str, Any]]] = [_by_reference, _by_number]


@pytest.mark.parametrize("named", NAMED)
@pytest.mark.parametrize("about", ["person", "at_st_annes", "at_northside"])
def test_what_others_hold_of_the_person_is_gone_for_the_denied_hospital(
    town: Town, named: Callable[[Town, Identifier], dict[str, Any]], about: str
) -> None:
    assert not town.hidden_from(DENIED)

    stated = town.deny(getattr(town, about), named(town, HOSPITAL))

    assert town.hidden_from(DENIED)
    assert not sees(town.database, DENIED, stated)
    # Its own records stay its own, and nobody else loses anything.
    assert sees(town.database, DENIED, town.own)
    assert sees(town.database, DENIED, town.at_st_annes)
    assert sees(town.database, DENIED, town.somebody_else)
    assert not any(town.hidden_from(actor) for actor in (NORTHSIDE, AMINA, GATEWAY))


def test_neither_search_nor_count_nor_history_nor_the_feed_shows_it(town: Town) -> None:
    def all_that_is_found() -> tuple[set[str], int, set[str]]:
        with town.database.transaction(DENIED) as tx:
            found = search(tx, Query.of("Goal", [("patient", town.person.id)])).versions
            total = count(tx, Query.of("Goal", []))
            feed = {it.reference for it in changes.changes(tx)}
        return {it.reference for it in found}, total, feed

    before = all_that_is_found()
    assert before[0] >= {town.theirs.reference, town.here.reference}
    town.deny(town.person, _by_number(town, HOSPITAL))

    found, total, feed = all_that_is_found()
    assert found == set()
    assert total == before[1] - 2
    hidden = {it.reference for it in (town.person, town.at_northside, town.theirs, town.here)}
    assert not hidden & feed
    with town.database.transaction(DENIED) as tx, pytest.raises(NotFound):
        resources.history(tx, "Goal", town.here.id)
    with town.database.transaction(DENIED) as tx, pytest.raises(NotFound):
        resources.vread(tx, "Goal", town.theirs.id, 1)


def test_it_takes_effect_in_the_transaction_that_writes_it(town: Town) -> None:
    stated = consent(rule("deny", _by_number(town, HOSPITAL)), patient={"reference": town.person.reference})
    with town.database.transaction(GATEWAY) as tx:
        assert resources.find(tx.acting_as(DENIED), "Goal", town.here.id) is not None
        version = resources.create(tx, stated, source=HERE)
        assert resources.find(tx.acting_as(DENIED), "Goal", town.here.id) is None
        resources.update(tx, {**version.resource, "status": "inactive"})
        assert resources.find(tx.acting_as(DENIED), "Goal", town.here.id) is not None


@pytest.mark.parametrize("end", ["inactive", "entered-in-error", "permit", "deleted"])
def test_it_ends_with_its_consent(town: Town, end: str) -> None:
    stated = town.deny(town.person, _by_number(town, HOSPITAL))
    assert town.hidden_from(DENIED)

    if end == "deleted":
        with town.database.transaction(GATEWAY) as tx:
            resources.delete(tx, "Consent", stated.id)
    elif end == "permit":
        changed(town.database, stated, provision=rule("permit", _by_number(town, HOSPITAL)))
    else:
        changed(town.database, stated, status=end)

    assert not town.hidden_from(DENIED)


def test_its_time_is_the_time_of_the_question(town: Town) -> None:
    with town.database.transaction(GATEWAY) as tx:
        now = clock.now(tx)
    period = {
        "start": (now + timedelta(days=2)).isoformat(timespec="seconds"),
        "end": (now + timedelta(days=4)).isoformat(timespec="seconds"),
    }
    town.deny(town.person, _by_number(town, HOSPITAL), period=period)

    hidden = []
    for days in (0, 3, 5):
        clock.move(town.database, timedelta(days=days))
        hidden.append(town.hidden_from(DENIED))
    assert hidden == [False, True, False]


def test_another_denial_goes_on_when_one_ends(town: Town) -> None:
    first = town.deny(town.person, _by_number(town, HOSPITAL))
    town.deny(town.at_northside, _by_reference(town, HOSPITAL), source="northside")

    changed(town.database, first, status="inactive")

    assert town.hidden_from(DENIED)


def test_an_organisation_is_the_hospital_by_the_number_it_carries_then_or_now(town: Town) -> None:
    unnumbered = made(town.database, organisation(), "northside")
    town.deny(town.person, {"reference": unnumbered.reference})
    assert not town.hidden_from(DENIED)
    changed(town.database, unnumbered, **organisation(HOSPITAL))
    assert town.hidden_from(DENIED)


def test_the_denied_hospital_cannot_lift_it_through_its_own_organisation(town: Town) -> None:
    own = made(town.database, organisation(HOSPITAL), "st-annes")
    town.deny(town.person, {"reference": own.reference})

    with town.database.transaction(DENIED) as tx:
        resources.update(tx, {**organisation(), "id": own.id})
        resources.delete(tx, "Organization", own.id)

    assert town.hidden_from(DENIED)


def test_unlinking_the_patient_it_names_does_not_lift_it(town: Town) -> None:
    town.deny(town.at_northside, _by_number(town, HOSPITAL))
    with town.database.transaction(GATEWAY) as tx:
        person = resources.read(tx, "Patient", town.person.id).resource
        left = [it for it in person["link"] if it["other"]["reference"] != town.at_northside.reference]
        resources.update(tx, {**person, "link": left})

    assert not sees(town.database, DENIED, town.here)


def test_the_denied_hospital_can_neither_change_nor_end_the_consent_of_others(town: Town) -> None:
    stated = [
        town.deny(town.person, _by_number(town, HOSPITAL)),
        town.deny(town.at_northside, _by_number(town, HOSPITAL), source="northside"),
    ]
    for one in stated:
        with town.database.transaction(DENIED) as tx, pytest.raises(NotFound):
            resources.update(tx, {**one.resource, "status": "inactive"})
        with town.database.transaction(DENIED) as tx, pytest.raises(NotFound):
            resources.delete(tx, "Consent", one.id)

    assert town.hidden_from(DENIED)


def test_a_permit_shows_nothing(town: Town) -> None:
    stranger = replace(NORTHSIDE, name="eastgate", source="eastgate", known_by=HOSPITAL)
    permit = consent(rule("permit", _by_number(town, HOSPITAL)), patient={"reference": town.person.reference})
    made(town.database, permit)

    assert town.hidden_from(stranger)


@pytest.mark.parametrize("by", ["id", "number"])
def test_an_agencys_grants_stand_and_show_nothing(town: Town, by: str) -> None:
    with town.database.transaction(AMINA) as tx:
        grants.grant(tx, ELM.organisation or "", REFERRAL, [town.here.reference], "referral")
        grants.grant(tx, ELM.organisation or "", REFERRAL, [town.somebody_else.reference], "referral")
    assert sees(town.database, ELM_DENIED, town.here)

    named = {"reference": f"Organization/{ELM.organisation}"}
    stated = town.deny(town.person, named if by == "id" else _by_number(town, AGENCY))

    assert not sees(town.database, ELM_DENIED, town.here)
    with town.database.transaction(ELM_DENIED) as tx, pytest.raises(NotFound):
        resources.vread(tx, "Goal", town.here.id, 1)
    assert sees(town.database, ELM_DENIED, town.somebody_else)
    with town.database.transaction(AMINA) as tx:
        assert [it.until for it in grants.grants(tx, reference=town.here.reference)] == [None]
    changed(town.database, stated, status="inactive")
    assert sees(town.database, ELM_DENIED, town.here)


def test_consents_kept_before_the_table_are_read_into_it(town: Town) -> None:
    stated = town.deny(town.at_northside, _by_reference(town, HOSPITAL), _by_number(town, AGENCY))
    rows = text("SELECT resource_pk, patient_id, organisation, identifier, since, until FROM consent_denial")
    with town.database.engine.begin() as connection:
        before = {tuple(row) for row in connection.execute(rows)}
        connection.exec_driver_sql("DELETE FROM consent_denial")
        migration = import_module("gateway.store.migrations.versions.0006_consent_denials")
        migration.fill(connection)
        assert {tuple(row) for row in connection.execute(rows)} == before
    assert stated.version == 1
    assert len(before) == 6  # two patients; one Organization, its number, and the agency's
