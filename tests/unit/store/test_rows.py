"""Who sees which rows: each kind of actor against everything there is, through every way of reading."""

from __future__ import annotations

from dataclasses import dataclass, fields
from uuid import uuid4

import pytest

from gateway.access.actors import HERE, Actor
from gateway.errors import Forbidden, NotFound
from gateway.store import changes, grants, people, resources
from gateway.store.database import Database
from gateway.store.search import Query, count, search
from gateway.store.versions import Version

from .cast import (
    AMINA,
    ELM,
    ELM_TRUST,
    GATEWAY,
    NORTHSIDE,
    OAK,
    OPS,
    ST_ANNES,
    changed,
    goal,
    linked,
    made,
    patient,
    sees,
)


@dataclass(frozen=True)
class Town:
    """Two hospitals that share one person, each with somebody of its own besides."""

    person: Version
    anne_patient: Version
    north_patient: Version
    anne_goal: Version
    north_goal: Version
    here_goal: Version
    stranger: Version
    stranger_goal: Version
    organisation: Version


@pytest.fixture
def town(database: Database) -> Town:
    person, anne, north = (made(database, patient("1"), source) for source in (HERE, "st-annes", "northside"))
    stranger = made(database, patient("2"), "northside")
    linked(database, person, [anne, north])
    return Town(
        person,
        anne,
        north,
        made(database, goal(anne), "st-annes"),
        made(database, goal(north), "northside"),
        made(database, goal(person)),
        stranger,
        made(database, goal(stranger), "northside"),
        made(database, {"resourceType": "Organization", "name": "x"}, "northside"),
    )


def names(town: Town) -> list[str]:
    return [field.name for field in fields(town)]


def seen(database: Database, actor: Actor, town: Town) -> set[str]:
    return {name for name in names(town) if sees(database, actor, getattr(town, name))}


def test_an_ehr_sees_its_own_its_persons_and_every_directory(database: Database, town: Town) -> None:
    shared = {
        "person",
        "anne_patient",
        "north_patient",
        "anne_goal",
        "north_goal",
        "here_goal",
        "organisation",
    }
    assert seen(database, ST_ANNES, town) == shared
    assert seen(database, NORTHSIDE, town) == shared | {"stranger", "stranger_goal"}


def test_coordinators_see_everything_admins_and_agencies_without_grants_nothing(
    database: Database, town: Town
) -> None:
    everything = set(names(town))
    assert seen(database, AMINA, town) == everything
    assert seen(database, ELM, town) == set()
    for version in (town.anne_goal, town.organisation):
        with database.transaction(OPS) as tx, pytest.raises(Forbidden):
            resources.find(tx, version.type, version.id)


def test_when_a_link_ends_so_does_the_view(database: Database, town: Town) -> None:
    with database.transaction(AMINA) as tx:
        people.unlink(tx, town.north_patient.id, town.person.id)
    assert seen(database, NORTHSIDE, town) == {
        "north_patient",
        "north_goal",
        "stranger",
        "stranger_goal",
        "organisation",
    }
    assert "north_goal" not in seen(database, ST_ANNES, town)


def test_searches_counts_and_changes_show_what_reads_show(database: Database, town: Town) -> None:
    versions = [getattr(town, name) for name in names(town)]
    for actor in (ST_ANNES, NORTHSIDE, AMINA, ELM):
        readable = {version.reference for version in versions if sees(database, actor, version)}
        with database.transaction(actor) as tx:
            found = {
                version.reference
                for type in ("Patient", "Goal", "Organization")
                for version in search(tx, Query.of(type)).versions
            }
            numbers = [count(tx, Query.of(type)) for type in ("Patient", "Goal", "Organization")]
            told = {change.reference for change in changes.changes(tx)}
        assert found == readable
        assert sum(numbers) == len(readable)
        assert told == readable


def test_an_earlier_version_about_somebody_else_stays_hidden(database: Database, town: Town) -> None:
    moved = made(database, goal(town.stranger), "northside")
    now = changed(database, moved, subject={"reference": town.north_patient.reference})
    with database.transaction(ST_ANNES) as tx:
        assert resources.history(tx, "Goal", moved.id) == (now,)
        with pytest.raises(NotFound):
            resources.vread(tx, "Goal", moved.id, 1)
    with database.transaction(NORTHSIDE) as tx:
        assert len(resources.history(tx, "Goal", moved.id)) == 2


def test_an_agency_sees_what_was_granted_from_that_version_until_the_grant_ends(
    database: Database, town: Town
) -> None:
    referral = str(uuid4())
    second = changed(database, town.anne_goal, lifecycleStatus="on-hold")
    with database.transaction(AMINA) as tx:
        grants.grant(tx, ELM_TRUST, referral, [second.reference, town.organisation.reference], "referral")
    third = changed(database, town.anne_goal, lifecycleStatus="active")
    assert seen(database, ELM, town) == {"anne_goal", "organisation"}
    assert seen(database, OAK, town) == set()
    with database.transaction(ELM) as tx:
        shown = resources.history(tx, "Goal", second.id)
        assert [it.etag for it in shown] == [third.etag, second.etag]
        for it, whole in zip(shown, (third, second), strict=True):  # the Patient was not granted
            assert it.resource == {name: value for name, value in whole.resource.items() if name != "subject"}
        with pytest.raises(NotFound):
            resources.vread(tx, "Goal", second.id, 1)
        assert people.person_of(tx, town.anne_patient.id) is None
    with database.transaction(AMINA) as tx:
        assert grants.close(tx, referral, ELM_TRUST) == 2
        assert grants.close(tx, referral, ELM_TRUST) == 0
    assert seen(database, ELM, town) == set()


def test_an_agency_learns_of_no_link_that_it_does_not_see(database: Database, town: Town) -> None:
    with database.transaction(AMINA) as tx:
        grants.grant(
            tx, ELM_TRUST, str(uuid4()), [town.anne_goal.reference, town.anne_patient.reference], "r"
        )
    with database.transaction(ELM) as tx:
        assert search(tx, Query.of("Goal", [("patient", town.anne_patient.id)])).versions
        assert not search(tx, Query.of("Goal", [("patient", town.person.id)])).versions
        assert people.person_of(tx, town.anne_patient.id) is None
        assert people.patients_of(tx, town.person.id) == []


def test_nobody_grants_what_it_does_not_see(database: Database, town: Town) -> None:
    with database.transaction(ST_ANNES) as tx, pytest.raises(NotFound):
        grants.grant(tx, ELM_TRUST, str(uuid4()), [town.stranger_goal.reference], "referral")
    for actor in (ELM, OPS):
        with database.transaction(actor) as tx, pytest.raises(Forbidden):
            grants.grant(tx, ELM_TRUST, str(uuid4()), [town.anne_goal.reference], "referral")


def test_grants_say_who_sees_what_why_and_until_when(database: Database, town: Town) -> None:
    referral = str(uuid4())
    with database.transaction(AMINA) as tx:
        grants.grant(tx, ELM_TRUST, referral, [town.anne_goal.reference] * 2, "referral")
        grants.grant(tx, ELM_TRUST, referral, [town.anne_goal.reference], "referral")
        (held,) = grants.grants(tx, reference=town.anne_goal.reference)
        grants.close(tx, referral, ELM_TRUST)
        (ended,) = grants.grants(tx, org=ELM_TRUST, referral_id=referral)
    assert (held.organisation, held.referral_id, held.basis) == (ELM_TRUST, referral, "referral")
    assert (held.reference, held.from_version, held.granted_by) == (town.anne_goal.reference, 1, "amina")
    assert held.until is None
    assert ended.until is not None


def test_an_ehr_edits_a_shared_plan_but_never_the_person_or_a_foreign_patient(
    database: Database, town: Town
) -> None:
    with database.transaction(ST_ANNES) as tx:
        assert resources.update(tx, town.north_goal.resource).author == "st-annes"
        for other in (town.person, town.north_patient, town.organisation):
            with pytest.raises(Forbidden):
                resources.update(tx, other.resource)
        with pytest.raises(Forbidden):
            resources.delete(tx, "Goal", town.north_goal.id)


def test_the_gateway_sees_all(database: Database, town: Town) -> None:
    assert seen(database, GATEWAY, town) == set(names(town))
