"""Pushing what changed here to hospitals, and the round trip with receiving."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest

from gateway.acts.gateway import Gateway
from gateway.acts.outgoing import Waiting, choose
from gateway.delivery import fanout
from gateway.errors import PartnerRefused
from gateway.fhir.identifiers import Identifier
from gateway.fhir.json_codec import write
from gateway.store import resources
from gateway.store.database import Database
from gateway.store.versions import Version
from tests.unit.acts.hospital import (
    COORDINATOR,
    PUBLIC_URL,
    Hospital,
    coordinator_edits,
    gateway_for,
    ours,
    patient,
    plan,
    polled,
    pushed,
)
from tests.unit.care.test_consent_denials import consent, rule

ADA = "9990000018"
MARK = f"{PUBLIC_URL}/fhir/R4"


@pytest.fixture
def shared(linked_gateway: Gateway, st_annes: Hospital, northside: Hospital) -> Version:
    """Ada is known to both hospitals; her plan came from St Anne's."""
    st_annes.writes(patient(ADA), "P1")
    northside.writes(patient(ADA), "77")
    st_annes.writes(plan("P1"), "C1")
    polled(linked_gateway, st_annes)
    polled(linked_gateway, northside)
    return ours(linked_gateway, st_annes, "CarePlan", "C1")


def test_a_plan_of_one_hospital_reaches_the_other_about_its_own_patient(
    linked_gateway: Gateway, northside: Hospital, shared: Version
) -> None:
    pushed(linked_gateway, northside, shared.reference)

    [copy] = northside.holds("CarePlan")
    assert copy.resource["subject"] == {"reference": "Patient/77"}
    assert copy.resource["title"] == "Home after the fall"
    assert copy.resource["identifier"] == [{"system": MARK, "value": shared.reference}]


def test_what_came_from_a_hospital_is_not_sent_back_to_it(
    linked_gateway: Gateway, st_annes: Hospital, shared: Version
) -> None:
    assert pushed(linked_gateway, st_annes, shared.reference) == [{}]
    assert st_annes.holds("CarePlan")[0].version == 1


def test_pushing_twice_sends_once(linked_gateway: Gateway, northside: Hospital, shared: Version) -> None:
    pushed(linked_gateway, northside, shared.reference)
    pushed(linked_gateway, northside, shared.reference)

    assert [copy.version for copy in northside.holds("CarePlan")] == [1]


def test_the_echo_of_a_push_changes_nothing(
    linked_gateway: Gateway, northside: Hospital, st_annes: Hospital, shared: Version
) -> None:
    pushed(linked_gateway, northside, shared.reference)
    polled(linked_gateway, northside)

    assert ours(linked_gateway, st_annes, "CarePlan", "C1").version == shared.version


def test_an_edit_here_arrives_at_both_and_leaves_what_only_they_know(
    linked_gateway: Gateway, northside: Hospital, st_annes: Hospital, shared: Version
) -> None:
    pushed(linked_gateway, northside, shared.reference)
    [copy] = northside.holds("CarePlan")
    northside.edits(
        "CarePlan", copy.id, extension=[{"url": "https://n.org/x", "valueDecimal": Decimal("2.50")}]
    )
    coordinator_edits(linked_gateway, shared, title="Home, with stairs")

    for hospital in (northside, st_annes):
        pushed(linked_gateway, hospital, shared.reference)

    [copy], [original] = northside.holds("CarePlan"), st_annes.holds("CarePlan")
    assert copy.resource["title"] == original.resource["title"] == "Home, with stairs"
    assert b"2.50" in copy.body
    assert original.resource["subject"] == {"reference": "Patient/P1"}


def test_an_edit_there_since_is_received_before_ours_is_sent(
    linked_gateway: Gateway, northside: Hospital, st_annes: Hospital, shared: Version
) -> None:
    pushed(linked_gateway, northside, shared.reference)
    [copy] = northside.holds("CarePlan")
    northside.edits("CarePlan", copy.id, status="on-hold")
    coordinator_edits(linked_gateway, shared, title="Home, with stairs")

    pushed(linked_gateway, northside, shared.reference)

    here, there = (
        ours(linked_gateway, st_annes, "CarePlan", "C1").resource,
        northside.holds("CarePlan")[0].resource,
    )
    assert (here["status"], here["title"]) == ("on-hold", "Home, with stairs")
    assert (there["status"], there["title"]) == ("on-hold", "Home, with stairs")


def test_after_one_edit_on_each_side_all_three_agree(
    linked_gateway: Gateway, northside: Hospital, st_annes: Hospital, shared: Version
) -> None:
    pushed(linked_gateway, northside, shared.reference)
    [copy] = northside.holds("CarePlan")
    coordinator_edits(linked_gateway, shared, title="Home, with stairs")
    northside.edits("CarePlan", copy.id, status="on-hold")
    st_annes.edits("CarePlan", "C1", period={"start": "2026-11-22"})

    for _ in range(2):
        for hospital in (northside, st_annes):
            polled(linked_gateway, hospital)
            pushed(linked_gateway, hospital, shared.reference)

    everywhere = [
        ours(linked_gateway, st_annes, "CarePlan", "C1").resource,
        northside.holds("CarePlan")[0].resource,
        st_annes.holds("CarePlan")[0].resource,
    ]
    said = [(each["title"], each["status"], each["period"]) for each in everywhere]
    assert said == [("Home, with stairs", "on-hold", {"start": "2026-11-22"})] * 3


def test_a_lost_answer_is_found_again_by_our_identifier(
    linked_gateway: Gateway, northside: Hospital, shared: Version
) -> None:
    class Lost(Exception):
        pass

    def lose() -> None:
        raise Lost

    from gateway.acts.push import push

    with pytest.raises(Lost):
        push(
            linked_gateway,
            northside.partner,
            northside.system,
            shared.reference,
            lambda *_: None,
            after_send=lose,
        )
    coordinator_edits(linked_gateway, shared, title="Home, with stairs")
    pushed(linked_gateway, northside, shared.reference)

    [copy] = northside.holds("CarePlan")
    assert copy.resource["title"] == "Home, with stairs"


def test_a_copy_polled_before_its_push_was_settled_joins_what_we_hold(
    linked_gateway: Gateway, northside: Hospital, st_annes: Hospital, shared: Version
) -> None:
    mark = [{"system": MARK, "value": shared.reference}]
    northside.writes({**plan("77"), "identifier": mark}, "C77")

    polled(linked_gateway, northside)

    assert ours(linked_gateway, northside, "CarePlan", "C77").id == shared.id
    assert ours(linked_gateway, st_annes, "CarePlan", "C1").version == shared.version


def test_a_hospital_cannot_claim_what_it_may_not_see(
    linked_gateway: Gateway, northside: Hospital, st_annes: Hospital
) -> None:
    st_annes.writes(patient(ADA), "P1")
    st_annes.writes(plan("P1"), "C1")
    polled(linked_gateway, st_annes)
    hidden = ours(linked_gateway, st_annes, "CarePlan", "C1")
    northside.writes(patient("9990000026"), "77")
    mark = [{"system": MARK, "value": hidden.reference}]
    northside.writes({**plan("77", title="Taken over"), "identifier": mark}, "C77")

    polled(linked_gateway, northside)

    assert ours(linked_gateway, northside, "CarePlan", "C77").id != hidden.id
    assert ours(linked_gateway, st_annes, "CarePlan", "C1").resource["title"] == "Home after the fall"


def test_a_hospital_without_a_patient_of_the_person_is_sent_nothing(
    linked_gateway: Gateway, northside: Hospital, st_annes: Hospital
) -> None:
    st_annes.writes(patient(ADA), "P1")
    st_annes.writes(plan("P1"), "C1")
    polled(linked_gateway, st_annes)

    receipts = pushed(linked_gateway, northside, ours(linked_gateway, st_annes, "CarePlan", "C1").reference)

    assert receipts == [{}]
    assert northside.holds("CarePlan") == []
    assert northside.holds("Patient") == []


def test_what_a_plan_refers_to_goes_first(
    linked_gateway: Gateway, northside: Hospital, st_annes: Hospital, shared: Version
) -> None:
    goal = {
        "resourceType": "Goal",
        "lifecycleStatus": "active",
        "description": {"text": "Walk to the shop"},
        "subject": {"reference": "Patient/P1"},
    }
    st_annes.writes(goal, "G1")
    st_annes.edits("CarePlan", "C1", goal=[{"reference": "Goal/G1"}])
    polled(linked_gateway, st_annes)
    our_goal = ours(linked_gateway, st_annes, "Goal", "G1")

    assert pushed(linked_gateway, northside, shared.reference) == Waiting((our_goal.reference,))
    pushed(linked_gateway, northside, our_goal.reference)
    pushed(linked_gateway, northside, shared.reference)

    [copy], [their_goal] = northside.holds("CarePlan"), northside.holds("Goal")
    assert copy.resource["goal"] == [{"reference": f"Goal/{their_goal.id}"}]


def test_what_is_not_waited_for_is_named_by_its_address_here(
    linked_gateway: Gateway, northside: Hospital, st_annes: Hospital, shared: Version
) -> None:
    author = {"reference": "Practitioner/9", "display": "Dr Ward"}
    st_annes.edits("CarePlan", "C1", author=author)
    polled(linked_gateway, st_annes)

    pushed(linked_gateway, northside, shared.reference, awaits_targets=False)

    sent = northside.holds("CarePlan")[0].resource["author"]
    assert sent["display"] == "Dr Ward"
    assert sent["reference"].startswith(f"{MARK}/Practitioner/")


def test_a_resource_made_here_reaches_the_hospitals_of_the_person(
    linked_gateway: Gateway, northside: Hospital, shared: Version
) -> None:
    from gateway.store import people

    with linked_gateway.database.transaction(COORDINATOR) as tx:
        person = people.person_of(tx, shared.resource["subject"]["reference"].split("/")[1])
        assert person is not None
        made = resources.create(tx, plan(person, title="Made here"), source="here")

    pushed(linked_gateway, northside, made.reference)
    polled(linked_gateway, northside)

    [copy] = northside.holds("CarePlan")
    assert copy.resource["subject"] == {"reference": "Patient/77"}
    assert ours(linked_gateway, northside, "CarePlan", copy.id).version == 1


def test_digits_that_the_hospital_rewrote_are_not_sent_again_and_not_taken_over(
    linked_gateway: Gateway, northside: Hospital, st_annes: Hospital, shared: Version
) -> None:
    st_annes.edits("CarePlan", "C1", extension=[{"url": "https://x.org/d", "valueDecimal": Decimal("1.10")}])
    polled(linked_gateway, st_annes)
    pushed(linked_gateway, northside, shared.reference)
    [copy] = northside.holds("CarePlan")
    # What a server does that keeps numbers as floats (sekmet-fhir 0.1.1), and then a real edit.
    northside.edits(
        "CarePlan", copy.id, extension=[{"url": "https://x.org/d", "valueDecimal": Decimal("1.1")}]
    )
    northside.edits("CarePlan", copy.id, status="on-hold")
    polled(linked_gateway, northside)

    held = ours(linked_gateway, st_annes, "CarePlan", "C1")
    assert held.resource["status"] == "on-hold"
    assert b"1.10" in write(held.resource["extension"])


def test_what_was_deleted_there_waits_for_a_person(
    linked_gateway: Gateway, northside: Hospital, shared: Version
) -> None:
    pushed(linked_gateway, northside, shared.reference)
    [copy] = northside.holds("CarePlan")
    northside.shelf.delete("CarePlan", copy.id)
    northside.shelf.put(copy.resource, copy.id)
    northside.shelf.delete("CarePlan", copy.id)
    coordinator_edits(linked_gateway, shared, title="Home, with stairs")

    with pytest.raises(PartnerRefused, match="deleted there"):
        pushed(linked_gateway, northside, shared.reference)


def test_a_plan_waits_for_a_team_that_its_source_named_but_has_not_sent_yet(
    linked_gateway: Gateway, st_annes: Hospital, northside: Hospital
) -> None:
    st_annes.writes(patient(ADA), "P1")
    northside.writes(patient(ADA), "N1")
    st_annes.writes({**plan("P1"), "careTeam": [{"reference": "CareTeam/T1"}]}, "C1")
    polled(linked_gateway, st_annes)
    polled(linked_gateway, northside, "Patient")
    shared = ours(linked_gateway, st_annes, "CarePlan", "C1")
    team = shared.resource["careTeam"][0]["reference"]

    waiting = choose(
        linked_gateway,
        linked_gateway.partners["northside"],
        shared.reference,
        awaits_targets=True,
        awaits_unreceived=True,
    )

    assert waiting == Waiting((team,))


def test_nothing_about_a_person_goes_to_a_hospital_that_the_persons_consent_denies(
    database: Database, st_annes: Hospital, northside: Hospital
) -> None:
    number = Identifier("https://example.org/organisations", "northside")
    told = replace(northside, partner=replace(northside.partner, organisation=number))
    gateway = gateway_for(database, {"st-annes": st_annes, "northside": told})
    for hospital, id in ((st_annes, "P1"), (told, "77")):
        hospital.writes(patient(ADA), id)
        polled(gateway, hospital)
    st_annes.writes(plan("P1"), "C1")
    polled(gateway, st_annes)
    shared = ours(gateway, st_annes, "CarePlan", "C1")
    pushed(gateway, told, shared.reference)
    about = {"reference": ours(gateway, st_annes, "Patient", "P1").reference}
    named = {"identifier": {"system": number.system, "value": number.value}}
    with database.transaction(COORDINATOR) as tx:
        denial = resources.create(tx, consent(rule("deny", named), patient=about), source="here")
    coordinator_edits(gateway, shared, title="Nothing for Northside")

    fanned_out(gateway, shared)
    with database.transaction(gateway.self_actor) as tx:
        lanes = {row.destination for row in tx.connection.exec_driver_sql("SELECT destination FROM lane")}
    assert "push:st-annes" in lanes
    assert "push:northside" not in lanes
    # Nor what waited in its lane when the Consent came.
    assert pushed(gateway, told, shared.reference) == [{}]
    assert [copy.resource["title"] for copy in told.holds("CarePlan")] == ["Home after the fall"]

    coordinator_edits(gateway, denial, status="inactive")
    pushed(gateway, told, shared.reference)
    assert [copy.resource["title"] for copy in told.holds("CarePlan")] == ["Nothing for Northside"]


def fanned_out(gateway: Gateway, version: Version) -> None:
    """The message about a change is expanded into the lanes of those who are to have it."""
    place: Any = SimpleNamespace(gateway=gateway)
    turn: Any = SimpleNamespace(acknowledge=lambda *_: None)
    message: Any = SimpleNamespace(payload={"reference": version.reference, "source": version.source})
    fanout.deliver(place, turn, message)
