"""Receiving what hospitals hold."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from gateway.acts.gateway import Gateway
from gateway.acts.receive import receive_page
from gateway.fhir.json_codec import write
from gateway.store import cursors, inbox, lanes, people, resources
from gateway.sync.ports import Page
from tests.unit.acts.hospital import (
    COORDINATOR,
    Hospital,
    coordinator_edits,
    ours,
    patient,
    plan,
    polled,
    pushed,
)

ADA, CHEN = "9990000018", "9990000034"


def page_of(*found: Any) -> Page:
    return Page(write({"resourceType": "Bundle", "n": len(found)}), "application/fhir+json", found, None)


def asked(gateway: Gateway) -> list[dict[str, Any]]:
    """The questions that wait for a coordinator."""
    questions = []
    with gateway.database.transaction(gateway.self_actor) as tx:
        for lease in lanes.claim(tx, limit=50, lease_s=1, destinations=["ask"]):
            message = lanes.head(tx, lease)
            assert message is not None
            questions.append(message.payload)
    return questions


def inbox_size(gateway: Gateway) -> int:
    with gateway.database.transaction(gateway.self_actor) as tx:
        from sqlalchemy import text

        return int(tx.connection.execute(text("SELECT count(*) FROM inbox")).scalar_one())


def test_references_become_ours_and_everything_else_stays_as_it_came(
    linked_gateway: Gateway, st_annes: Hospital
) -> None:
    st_annes.writes(patient(ADA), "P1")
    st_annes.writes(plan("P1", extension=[{"url": "https://x.org/d", "valueDecimal": Decimal("1.10")}]), "C1")

    polled(linked_gateway, st_annes, "CarePlan", "Patient")

    held, who = (
        ours(linked_gateway, st_annes, "CarePlan", "C1"),
        ours(linked_gateway, st_annes, "Patient", "P1"),
    )
    assert held.resource["subject"] == {"reference": who.reference}
    assert b"1.10" in held.body
    assert held.source == "st-annes"
    assert who.resource["birthDate"] == "1947-06"


def test_polling_again_changes_nothing_and_keeps_no_second_copy_of_the_page(
    linked_gateway: Gateway, st_annes: Hospital
) -> None:
    st_annes.writes(patient(ADA), "P1")
    polled(linked_gateway, st_annes, "Patient")
    before = inbox_size(linked_gateway)

    again = polled(linked_gateway, st_annes, "Patient")

    assert (sum(again.outcomes.values()), inbox_size(linked_gateway), before) == (0, 1, 1)
    assert ours(linked_gateway, st_annes, "Patient", "P1").version == 1


def test_what_changed_there_is_the_next_version_here(linked_gateway: Gateway, st_annes: Hospital) -> None:
    st_annes.writes(patient(ADA), "P1")
    st_annes.writes(plan("P1"), "C1")
    polled(linked_gateway, st_annes)

    st_annes.edits("CarePlan", "C1", status="on-hold")
    polled(linked_gateway, st_annes)

    held = ours(linked_gateway, st_annes, "CarePlan", "C1")
    assert (held.version, held.resource["status"]) == (2, "on-hold")


def test_edits_to_different_elements_here_and_there_are_both_kept(
    linked_gateway: Gateway, st_annes: Hospital
) -> None:
    st_annes.writes(patient(ADA), "P1")
    st_annes.writes(plan("P1"), "C1")
    polled(linked_gateway, st_annes)

    coordinator_edits(
        linked_gateway, ours(linked_gateway, st_annes, "CarePlan", "C1"), title="Home, with stairs"
    )
    st_annes.edits("CarePlan", "C1", status="on-hold")
    polled(linked_gateway, st_annes)

    held = ours(linked_gateway, st_annes, "CarePlan", "C1").resource
    assert (held["title"], held["status"]) == ("Home, with stairs", "on-hold")
    assert asked(linked_gateway) == []


def test_an_element_edited_on_both_sides_stays_as_it_is_here_and_is_asked_about(
    linked_gateway: Gateway, st_annes: Hospital
) -> None:
    st_annes.writes(patient(ADA), "P1")
    st_annes.writes(plan("P1"), "C1")
    polled(linked_gateway, st_annes)

    coordinator_edits(linked_gateway, ours(linked_gateway, st_annes, "CarePlan", "C1"), title="Ours")
    st_annes.edits("CarePlan", "C1", title="Theirs")
    polled(linked_gateway, st_annes)

    held = ours(linked_gateway, st_annes, "CarePlan", "C1")
    assert held.resource["title"] == "Ours"
    [question] = asked(linked_gateway)
    assert question["reference"] == held.reference
    assert question["elements"] == ["CarePlan.title"]
    assert "Theirs" not in str(question)


def test_an_entry_that_cannot_be_read_is_set_aside_and_the_others_are_received(
    linked_gateway: Gateway, st_annes: Hospital
) -> None:
    good = {**patient(ADA), "id": "P1"}
    misshapen = {**patient(ADA), "id": "P2", "link": "rubbish", "identifier": {"value": 7}}
    page = page_of(good, None, {"resourceType": "Goal", "id": "g"}, {"resourceType": "Patient"}, misshapen)

    received = receive_page(linked_gateway, st_annes.partner, "Patient", page)

    assert received.outcomes["new"] >= 1
    assert {1, 2, 3} <= set(received.quarantined)
    with linked_gateway.database.transaction(COORDINATOR) as tx:
        aside = inbox.quarantined(tx, "st-annes")
    assert {each.position for each in aside} == set(received.quarantined)
    assert all(each.reason and ADA not in each.reason for each in aside)


def test_an_id_with_an_underscore_is_odd_but_readable(linked_gateway: Gateway, st_annes: Hospital) -> None:
    found = {**patient(ADA), "id": "ward_7.P-1"}

    received = receive_page(linked_gateway, st_annes.partner, "Patient", page_of(found))

    assert (received.quarantined, received.outcomes["new"]) == ((), 1)


def test_what_was_set_aside_is_not_set_aside_at_every_poll(
    linked_gateway: Gateway, st_annes: Hospital
) -> None:
    page = page_of({"resourceType": "Goal", "id": "g"})

    received = [receive_page(linked_gateway, st_annes.partner, "Patient", page) for _ in range(2)]

    assert [each.quarantined for each in received] == [(0,), ()]


def test_the_cursor_moves_with_the_page(linked_gateway: Gateway, st_annes: Hospital) -> None:
    receive_page(linked_gateway, st_annes.partner, "Patient", page_of(), cursor="2026-11-22T03:00:00.000Z")

    with linked_gateway.database.transaction(linked_gateway.self_actor) as tx:
        assert cursors.get(tx, "st-annes", "Patient") == "2026-11-22T03:00:00.000Z"


def test_two_hospitals_that_verified_the_same_number_hold_the_same_person(
    linked_gateway: Gateway, st_annes: Hospital, northside: Hospital
) -> None:
    st_annes.writes(patient(ADA), "P1")
    northside.writes(patient(ADA, name=[{"family": "OKAFOR"}]), "77")
    polled(linked_gateway, st_annes, "Patient")
    polled(linked_gateway, northside, "Patient")

    first, second = (
        ours(linked_gateway, st_annes, "Patient", "P1"),
        ours(linked_gateway, northside, "Patient", "77"),
    )
    with linked_gateway.database.transaction(COORDINATOR) as tx:
        person = people.person_of(tx, first.id)
        assert person is not None
        assert people.person_of(tx, second.id) == person
        linked = resources.read(tx, "Patient", person)
        assert {link.source for link in people.patients_of(tx, person)} == {"st-annes", "northside"}
    assert linked.source == "here"
    assert linked.resource["birthDate"] == "1947-06"
    assert linked.resource["name"][0]["family"] == "Okafor"
    assert first.version == second.version == 1


@pytest.mark.parametrize("number", ["9990000026", "9990000019", ""])
def test_another_or_a_malformed_number_is_another_person(
    linked_gateway: Gateway, st_annes: Hospital, northside: Hospital, number: str
) -> None:
    st_annes.writes(patient(ADA), "P1")
    northside.writes(patient(number), "77")
    polled(linked_gateway, st_annes, "Patient")
    polled(linked_gateway, northside, "Patient")

    ids = [
        ours(linked_gateway, st_annes, "Patient", "P1").id,
        ours(linked_gateway, northside, "Patient", "77").id,
    ]
    with linked_gateway.database.transaction(COORDINATOR) as tx:
        assert len(set(people.persons_of(tx, ids).values())) == 2


def test_when_two_persons_fit_nobody_is_linked_and_a_coordinator_is_asked(
    linked_gateway: Gateway, st_annes: Hospital, northside: Hospital
) -> None:
    mrn = "https://st-annes.example/mrn"
    st_annes.writes(patient(ADA), "P1")
    polled(linked_gateway, st_annes, "Patient")
    first = ours(linked_gateway, st_annes, "Patient", "P1")
    with linked_gateway.database.transaction(linked_gateway.self_actor) as tx:
        # Linked by hand to a second person: the number now stands for two.
        twin = resources.create(tx, {**patient(ADA), "id": "x"}, source="loaded")
        verified = {"url": "https://care-gateway.example/fhir/StructureDefinition/identifier-verified"}
        number = {**patient(ADA)["identifier"][0], "extension": [{**verified, "valueBoolean": True}]}
        resources.create(
            tx,
            {
                "resourceType": "Patient",
                "identifier": [number, {"system": mrn, "value": "1"}],
                "link": [{"type": "seealso", "other": {"reference": twin.reference}}],
            },
            source="here",
        )
    northside.writes(patient(ADA), "77")
    polled(linked_gateway, northside, "Patient")

    second = ours(linked_gateway, northside, "Patient", "77")
    with linked_gateway.database.transaction(COORDINATOR) as tx:
        assert people.person_of(tx, first.id) is not None
        assert people.person_of(tx, second.id) is None
    [question] = asked(linked_gateway)
    assert question["reference"] == second.reference
    assert len(question["persons"]) == 2


@pytest.mark.parametrize(("number", "asked_about"), [(CHEN, "another person"), ("9990000026", "are others")])
def test_a_linked_patient_that_is_given_another_number_is_asked_about_once(
    linked_gateway: Gateway, st_annes: Hospital, northside: Hospital, number: str, asked_about: str
) -> None:
    st_annes.writes(patient(ADA), "P1")
    northside.writes(patient(CHEN), "88")
    polled(linked_gateway, st_annes, "Patient")
    polled(linked_gateway, northside, "Patient")
    before = ours(linked_gateway, st_annes, "Patient", "P1")
    with linked_gateway.database.transaction(COORDINATOR) as tx:
        person = people.person_of(tx, before.id)

    st_annes.edits("Patient", "P1", identifier=patient(number)["identifier"])
    polled(linked_gateway, st_annes, "Patient")
    st_annes.edits("Patient", "P1", gender="female")
    polled(linked_gateway, st_annes, "Patient")

    [question] = asked(linked_gateway)
    assert (question["reference"], question["persons"]) == (before.reference, [person])
    assert asked_about in question["question"]
    with linked_gateway.database.transaction(COORDINATOR) as tx:
        assert people.person_of(tx, before.id) == person


def test_a_hospital_does_not_move_a_referral_by_editing_its_copy_of_the_task(
    linked_gateway: Gateway, st_annes: Hospital
) -> None:
    st_annes.writes(patient(ADA), "P1")
    polled(linked_gateway, st_annes, "Patient")
    who = ours(linked_gateway, st_annes, "Patient", "P1")
    with linked_gateway.database.transaction(COORDINATOR) as tx:
        subject = {"reference": f"Patient/{people.person_of(tx, who.id)}"}
        leg = {"resourceType": "Task", "status": "requested", "intent": "order", "for": subject}
        task = resources.create(tx, leg, source="here")
    pushed(linked_gateway, st_annes, task.reference)
    [copy] = st_annes.holds("Task")

    st_annes.edits("Task", copy.id, status="completed", note=[{"text": "She rang us."}])
    polled(linked_gateway, st_annes, "Task")

    here = ours(linked_gateway, st_annes, "Task", copy.id).resource
    assert (here["status"], here["note"]) == ("requested", [{"text": "She rang us."}])
    [question] = asked(linked_gateway)
    assert question["elements"] == ["Task.status"]


def test_a_hospital_does_not_give_somebody_elses_plan_to_another_person(
    linked_gateway: Gateway, st_annes: Hospital
) -> None:
    st_annes.writes(patient(ADA), "P1")
    st_annes.writes(patient(CHEN), "P2")
    polled(linked_gateway, st_annes, "Patient")
    who = ours(linked_gateway, st_annes, "Patient", "P1")
    with linked_gateway.database.transaction(COORDINATOR) as tx:
        subject = {"reference": f"Patient/{people.person_of(tx, who.id)}"}
        made_here = resources.create(tx, {**plan("P1"), "subject": subject}, source="here")
    pushed(linked_gateway, st_annes, made_here.reference)
    [copy] = st_annes.holds("CarePlan")

    st_annes.edits("CarePlan", copy.id, subject={"reference": "Patient/P2"}, title="Home, with stairs")
    polled(linked_gateway, st_annes, "CarePlan")

    here = ours(linked_gateway, st_annes, "CarePlan", copy.id).resource
    assert (here["subject"], here["title"]) == (subject, "Home, with stairs")
    [question] = asked(linked_gateway)
    assert question["elements"] == ["CarePlan.subject"]
