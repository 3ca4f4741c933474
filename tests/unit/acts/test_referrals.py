"""Moving a referral over a real store: versions, grants, delivery and audit commit together."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from gateway.access.actors import Actor, ActorKind
from gateway.acts.answer_referral import answer_by_task, expire, received
from gateway.acts.asked_move import read_move
from gateway.acts.move_referral import move_referral
from gateway.acts.once import Once
from gateway.acts.read_record import read_record
from gateway.acts.write_record import patch_record
from gateway.care.conservation import account_for
from gateway.care.referral import Move
from gateway.errors import Forbidden, IllegalMove, NotFound, PreconditionFailed, RecordInvalid
from gateway.fhir.json_codec import Resource
from gateway.records import RECORDS
from gateway.store.versions import Version
from tests.unit.acts.agency_town import COORDINATOR, ST_ANNES, Desk

REFERRAL = RECORDS["referral"]


def _answer_by_task(desk: Desk, actor: Actor, task: Resource, *, if_match: int) -> Version:
    with desk.gateway.database.transaction(actor) as tx:
        return answer_by_task(desk.gateway, tx, task, if_match=if_match)


def messages(desk: Desk) -> list[tuple[str, str, str]]:
    rows = desk.rows(
        "SELECT destination, key, payload ->> 'move' FROM message"
        " WHERE destination LIKE 'referral:%%' ORDER BY id"
    )
    return [tuple(row) for row in rows]


def test_a_new_referral_has_a_number_to_read_out_and_waits_to_be_sent(desk: Desk) -> None:
    referral = desk.referral()
    record = desk.read("referral", referral)
    assert record["state"] == "draft"
    group, _, other = record["reference_number"].partition("-")
    assert len(group) == len(other) == 4
    assert not set(record["reference_number"]) & set("01ILOU")
    assert desk.fhir("ServiceRequest", referral)["status"] == "draft"


def test_sending_writes_leg_grants_delivery_and_one_audit_row(desk: Desk) -> None:
    referral = desk.referral(requester=None)
    before = len(desk.rows("SELECT id FROM audit"))
    record = desk.move(referral, Move.SEND, organisation=desk.organisation("elm-trust"))

    [leg] = record["legs"]
    assert (record["state"], leg["status"]) == ("sent", "requested")
    task = desk.fhir("Task", leg["id"])
    assert task["intent"] == "order"
    assert task["code"]["coding"][0]["code"] == "fulfill"
    assert task["focus"] == {"reference": f"ServiceRequest/{referral}"}
    assert task["for"] == {"reference": f"Patient/{record['person']}"}
    reference = f"Organization/{desk.organisation('elm-trust')}"
    assert task["owner"] == {"reference": reference, "display": "elm-trust"}
    assert task["restriction"]["period"]["end"] == leg["answer_by"] > task["authoredOn"]
    assert desk.fhir("ServiceRequest", referral)["status"] == "active"
    assert messages(desk) == [("referral:elm-trust", referral, "send")]
    [_, row] = desk.rows("SELECT action, entities FROM audit ORDER BY id")[before:]
    assert row.action == "send referral"
    assert set(row.entities) == {f"ServiceRequest/{referral}", f"Task/{leg['id']}"}


def test_the_delivery_carries_references_and_nothing_about_the_person(desk: Desk) -> None:
    referral = desk.sent()
    record = desk.read("referral", referral)
    [(payload,)] = desk.rows("SELECT payload FROM message WHERE destination = 'referral:elm-trust'")
    assert set(payload) == {"move", "referral", "leg", "reference_number", "answer_by", "at"}
    assert payload["reference_number"] == record["reference_number"]
    assert payload["leg"] == record["legs"][0]["id"]


def test_the_agency_sees_its_referral_and_no_other_and_no_more(desk: Desk) -> None:
    elm, oak = desk.agency("elm-trust"), desk.agency("oak-house")
    person = desk.person()
    plan = desk.create("care_plan", person=person, status="active")
    referral = desk.sent(person=person, care_plan=plan.id)

    seen = desk.read("referral", referral, elm)
    assert (seen["state"], seen["person"]) == ("sent", person)
    assert [event["move"] for event in seen["events"]] == ["send"]
    assert desk.read("person", person, elm)["names"][0]["family"] == "Example"
    for actor in (oak, Actor(ActorKind.AGENCY, "shell", "shell", None)):
        with pytest.raises(NotFound):
            desk.read("referral", referral, actor)
    with pytest.raises(NotFound):
        desk.read("care_plan", plan.id, elm)


def test_an_organisation_that_nobody_stands_behind_is_refused_with_a_way_out(desk: Desk) -> None:
    referral = desk.referral()
    stranger = desk.create("organisation", name="No partner").id
    with pytest.raises(RecordInvalid, match="config/partners"):
        desk.move(referral, Move.SEND, organisation=stranger)
    with pytest.raises(RecordInvalid, match="to which organisation"):
        desk.move(referral, Move.SEND)
    assert desk.read("referral", referral)["state"] == "draft"
    assert messages(desk) == []


def test_a_leg_prepared_in_the_record_is_the_one_that_is_sent(desk: Desk) -> None:
    legs = [{"organisation": desk.organisation("elm-trust"), "notes": [{"text": "Ring twice"}]}]
    referral = desk.referral(legs=legs)
    assert desk.read("referral", referral)["state"] == "draft"
    record = desk.move(referral, Move.SEND)
    [leg] = record["legs"]
    assert (leg["status"], leg["notes"][0]["text"]) == ("requested", "Ring twice")


def test_the_whole_loop_ends_completed_with_evidence_that_both_can_read(desk: Desk) -> None:
    elm = desk.agency("elm-trust")
    referral = desk.sent()
    desk.move(referral, Move.ACCEPT, elm)
    desk.move(
        referral,
        Move.SCHEDULE,
        elm,
        appointment={"starts_at": "2031-04-05T10:00:00Z", "ends_at": "2031-04-05T11:00:00Z"},
    )
    desk.move(referral, Move.START, elm)
    outcomes = [{"kind": "service-delivered", "text": "Walks every Sunday"}, {"text": "She was pleased"}]
    desk.move(referral, Move.COMPLETE, elm, outcomes=outcomes)

    record = desk.read("referral", referral)
    [leg] = record["legs"]
    assert (record["state"], leg["status"]) == ("completed", "completed")
    assert [e["move"] for e in record["events"]] == ["send", "accept", "schedule", "start", "complete"]
    assert {e["by"] for e in record["events"][1:]} == {"elm-trust"}
    first, second = leg["outcomes"]
    assert second["text"] == "She was pleased"
    type, _, id = first["resource"].partition("/")
    for actor in (COORDINATOR, elm):
        procedure = desk.fhir(type, id, actor)
        assert procedure["basedOn"] == [{"reference": f"ServiceRequest/{referral}"}]
        assert procedure["subject"] == {"reference": f"Patient/{record['person']}"}
        assert (procedure["status"], procedure["code"]["text"]) == ("completed", "Walks every Sunday")
    appointment = desk.fhir("Appointment", leg["appointment"], elm)
    assert appointment["basedOn"] == [{"reference": f"ServiceRequest/{referral}"}]
    assert desk.fhir("ServiceRequest", referral)["status"] == "completed"
    outputs = desk.fhir("Task", leg["id"])["output"]
    assert "resulting-activity" in [coding["code"] for coding in outputs[0]["type"]["coding"]]


def test_an_agency_that_declines_leaves_its_reason_and_sees_no_more(desk: Desk) -> None:
    elm = desk.agency("elm-trust")
    referral = desk.sent()
    told = desk.move(referral, Move.DECLINE, elm, reason_code="capacity", reason_text="No places until May")
    assert told["state"] == "rejected"
    with pytest.raises(NotFound):
        desk.read("referral", referral, elm)
    record = desk.read("referral", referral)
    [leg] = record["legs"]
    assert (record["state"], leg["status"]) == ("rejected", "rejected")
    assert (leg["reason_code"]["code"], leg["reason_text"]) == ("capacity", "No places until May")
    assert desk.fhir("ServiceRequest", referral)["status"] == "active"


def test_a_declined_referral_can_go_elsewhere_as_a_new_leg(desk: Desk) -> None:
    elm, oak = desk.agency("elm-trust"), desk.agency("oak-house")
    referral = desk.sent()
    desk.move(referral, Move.DECLINE, elm)
    record = desk.move(referral, Move.REASSIGN, organisation=desk.organisation("oak-house"))
    assert (record["state"], [leg["status"] for leg in record["legs"]]) == ("sent", ["rejected", "requested"])
    assert desk.read("referral", referral, oak)["state"] == "sent"
    assert len(desk.read("referral", referral, oak)["legs"]) == 1
    assert messages(desk) == [
        ("referral:elm-trust", referral, "send"),
        ("referral:oak-house", referral, "send"),
    ]


def test_reassigning_an_open_leg_closes_it_and_tells_who_had_it(desk: Desk) -> None:
    elm = desk.agency("elm-trust")
    referral = desk.sent()
    desk.move(referral, Move.ACCEPT, elm)
    record = desk.move(
        referral, Move.REASSIGN, organisation=desk.organisation("oak-house"), reason_text="Moved house"
    )
    assert [leg["status"] for leg in record["legs"]] == ["cancelled", "requested"]
    assert [event["move"] for event in record["events"]] == ["send", "accept", "reassign", "send"]
    assert messages(desk)[1:] == [
        ("referral:elm-trust", referral, "cancel"),
        ("referral:oak-house", referral, "send"),
    ]
    with pytest.raises(NotFound):
        desk.move(referral, Move.COMPLETE, elm)


def test_a_recall_is_a_request_and_completion_wins(desk: Desk) -> None:
    elm = desk.agency("elm-trust")
    referral = desk.sent()
    desk.move(referral, Move.ACCEPT, elm)
    record = desk.move(referral, Move.CANCEL, reason_text="She went into hospital")
    assert (record["state"], record["legs"][0]["status"]) == ("cancel_requested", "accepted")
    assert messages(desk)[-1] == ("referral:elm-trust", referral, "cancel")
    assert desk.fhir("ServiceRequest", referral)["status"] == "revoked"
    done = desk.move(referral, Move.COMPLETE, elm, outcomes=[{"text": "Was done the day before"}])
    assert done["state"] == "completed"
    assert desk.fhir("ServiceRequest", referral)["status"] == "completed"


def test_a_recall_that_the_agency_confirms_is_cancelled(desk: Desk) -> None:
    elm = desk.agency("elm-trust")
    referral = desk.sent()
    desk.move(referral, Move.CANCEL)
    assert desk.move(referral, Move.CANCEL, elm)["state"] == "cancelled"
    assert desk.read("referral", referral)["state"] == "cancelled"


def test_a_coordinator_writes_down_what_an_agency_said_on_the_phone(desk: Desk) -> None:
    referral = desk.sent()
    record = desk.move(referral, Move.ACCEPT, by="Elm Trust's office, by phone")
    assert record["state"] == "accepted"
    assert record["legs"][0]["notes"][0]["by"] == "Elm Trust's office, by phone"
    desk.move(referral, Move.CANCEL)
    assert desk.move(referral, Move.CANCEL, by="Elm Trust's office")["state"] == "cancelled"


def test_a_draft_is_cancelled_at_once_and_an_error_is_said_of_the_whole(desk: Desk) -> None:
    draft = desk.referral(legs=[{"organisation": desk.organisation("elm-trust")}])
    assert desk.move(draft, Move.CANCEL)["state"] == "cancelled"
    sent = desk.sent()
    assert desk.move(sent, Move.ENTER_IN_ERROR)["state"] == "entered_in_error"
    with pytest.raises(NotFound):
        desk.read("referral", sent, desk.agency("elm-trust"))
    assert messages(desk) == [("referral:elm-trust", sent, "send"), ("referral:elm-trust", sent, "cancel")]


def test_a_move_that_is_not_possible_changes_nothing_and_names_what_is(desk: Desk) -> None:
    elm = desk.agency("elm-trust")
    referral = desk.sent()
    before = desk.read("referral", referral)
    with pytest.raises(IllegalMove, match="possible now: accept, decline"):
        desk.move(referral, Move.COMPLETE, elm, outcomes=[{"kind": "service-delivered"}])
    assert desk.read("referral", referral) == before
    assert desk.rows("SELECT count(*) FROM resource WHERE type = 'Procedure'")[0][0] == 0


def test_an_agency_makes_no_move_of_the_requester(desk: Desk) -> None:
    elm = desk.agency("elm-trust")
    referral = desk.sent()
    for move in (Move.SEND, Move.ENTER_IN_ERROR, Move.CANCEL):
        with pytest.raises(IllegalMove):
            desk.move(referral, move, elm)
    with pytest.raises(IllegalMove):
        desk.move(referral, Move.REASSIGN, elm, organisation=desk.organisation("oak-house"))


def test_a_hospital_moves_what_it_requested_and_nothing_else(desk: Desk) -> None:
    person = desk.person()
    patient = desk.patient_of(ST_ANNES, person)
    mine = desk.sent(person=person)
    with pytest.raises(IllegalMove):
        desk.move(mine, Move.CANCEL, ST_ANNES)
    order = {
        "resourceType": "ServiceRequest",
        "status": "active",
        "intent": "order",
        "subject": {"reference": f"Patient/{patient}"},
    }
    theirs = desk.store(ST_ANNES, order)
    assert (
        desk.move(theirs, Move.SEND, ST_ANNES, organisation=desk.organisation("oak-house"))["state"] == "sent"
    )
    assert desk.read("referral", theirs, desk.agency("oak-house"))["state"] == "sent"


def test_a_hospital_shares_nobody_whom_it_does_not_see(desk: Desk) -> None:
    stranger = desk.person()
    order = {
        "resourceType": "ServiceRequest",
        "status": "active",
        "intent": "order",
        "subject": {"reference": f"Patient/{stranger}"},
    }
    theirs = desk.store(ST_ANNES, order)
    desk.move(theirs, Move.SEND, ST_ANNES, organisation=desk.organisation("oak-house"))

    with pytest.raises(NotFound):
        desk.fhir("Patient", stranger, desk.agency("oak-house"))


def test_an_admin_moves_nothing(desk: Desk) -> None:
    with pytest.raises(Forbidden):
        desk.move(desk.sent(), Move.CANCEL, Actor(ActorKind.ADMIN, "ops", "here"))


def test_a_move_on_an_old_version_is_refused(desk: Desk) -> None:
    referral = desk.sent()
    etag = read_record(desk.gateway, COORDINATOR, REFERRAL, referral).etag
    desk.move(referral, Move.ACCEPT)
    with pytest.raises(PreconditionFailed):
        move_referral(desk.gateway, COORDINATOR, referral, read_move(Move.CANCEL, {}), if_match=etag)


def test_the_same_move_sent_twice_is_made_once(desk: Desk) -> None:
    referral = desk.referral()
    asked = read_move(Move.SEND, {"organisation": desk.organisation("elm-trust")})
    once = Once("send-1", b"same")
    first = move_referral(desk.gateway, COORDINATOR, referral, asked, once=once)
    again = move_referral(desk.gateway, COORDINATOR, referral, asked, once=once)
    assert (again.record, again.replayed) == (first.record, True)
    assert messages(desk) == [("referral:elm-trust", referral, "send")]


def test_a_receipt_makes_it_received_once_and_never_takes_an_answer_back(desk: Desk) -> None:
    referral = desk.sent()
    leg = desk.read("referral", referral)["legs"][0]["id"]
    gateway = desk.gateway
    for _ in range(2):
        with gateway.database.transaction(gateway.self_actor) as tx:
            received(gateway, tx, referral, leg)
    record = desk.read("referral", referral)
    assert (record["state"], record["legs"][0]["status"]) == ("received", "received")
    assert [event["move"] for event in record["events"]] == ["send", "receive"]
    desk.move(referral, Move.ACCEPT)
    with gateway.database.transaction(gateway.self_actor) as tx:
        received(gateway, tx, referral, leg)
    assert desk.read("referral", referral)["state"] == "accepted"


def test_an_offer_that_nobody_answered_expires_and_can_go_elsewhere(desk: Desk) -> None:
    referral = desk.sent()
    leg = desk.read("referral", referral)["legs"][0]["id"]
    with desk.gateway.database.transaction(desk.gateway.self_actor) as tx:
        expire(desk.gateway, tx, referral, leg)
    record = desk.read("referral", referral)
    assert (record["state"], record["legs"][0]["status"]) == ("expired", "cancelled")
    assert desk.fhir("ServiceRequest", referral)["status"] == "active"
    with pytest.raises(NotFound):
        desk.read("referral", referral, desk.agency("elm-trust"))
    again = desk.move(referral, Move.REASSIGN, organisation=desk.organisation("oak-house"))
    assert again["state"] == "sent"


def test_an_agency_answers_by_updating_its_task(desk: Desk) -> None:
    elm = desk.agency("elm-trust")
    referral = desk.sent()
    leg = desk.read("referral", referral)["legs"][0]["id"]
    task = desk.fhir("Task", leg, elm)
    written = _answer_by_task(desk, elm, {**task, "status": "accepted"}, if_match=1)
    assert (written.version, written.author) == (2, "elm-trust")
    task = desk.fhir("Task", leg, elm)
    note = [{"text": "Joan will ring her"}]
    _answer_by_task(desk, elm, {**task, "note": note}, if_match=2)
    task = desk.fhir("Task", leg, elm)
    result = {"type": {"text": "result"}, "valueString": "Walks every Sunday"}
    _answer_by_task(desk, elm, {**task, "status": "completed", "output": [result]}, if_match=3)

    record = desk.read("referral", referral)
    assert record["state"] == "completed"
    assert [event["move"] for event in record["events"]] == ["send", "accept", "complete"]
    [told] = record["legs"][0]["outcomes"]
    assert told["text"] == "Walks every Sunday"
    assert record["legs"][0]["notes"][0]["text"] == "Joan will ring her"


def test_an_answer_changes_nothing_of_what_was_agreed(desk: Desk) -> None:
    elm = desk.agency("elm-trust")
    referral, other = desk.sent(), desk.person()
    leg = desk.read("referral", referral)["legs"][0]["id"]
    task = desk.fhir("Task", leg, elm)
    for changed in (
        {"for": {"reference": f"Patient/{other}"}},
        {"owner": {"reference": f"Organization/{desk.organisation('oak-house')}"}},
        {"focus": {"reference": "ServiceRequest/3f0c6bd2-6d1c-4a0b-9a5e-0d5b6f6b9f11"}},
        {"requester": {"reference": "Practitioner/3f0c6bd2-6d1c-4a0b-9a5e-0d5b6f6b9f11"}},
    ):
        with pytest.raises(IllegalMove, match="cannot change"):
            _answer_by_task(desk, elm, {**task, "status": "accepted", **changed}, if_match=1)
    hidden = desk.create("goal", person=other, description="Walk", status="active").id
    for named in (f"Goal/{hidden}", "https://elsewhere.example/Procedure/1", "#p1"):
        output = [{"type": {"text": "x"}, "valueReference": {"reference": named}}]
        with pytest.raises(IllegalMove, match="can name only"):
            _answer_by_task(desk, elm, {**task, "output": output}, if_match=1)
    with pytest.raises(IllegalMove, match="possible now"):
        _answer_by_task(desk, elm, {**task, "status": "completed"}, if_match=1)
    with pytest.raises(PreconditionFailed):
        _answer_by_task(desk, elm, {**task, "status": "accepted"}, if_match=7)
    with pytest.raises(NotFound):
        _answer_by_task(desk, desk.agency("oak-house"), {**task, "status": "accepted"}, if_match=1)
    assert desk.versions("Task", leg) == 1


def test_a_record_edit_cannot_do_what_only_a_move_may(desk: Desk) -> None:
    referral = desk.sent()
    shown = read_record(desk.gateway, COORDINATOR, REFERRAL, referral)
    [leg] = shown.record["legs"]
    for patch, field in (
        ({"legs": [leg | {"organisation": desk.organisation("oak-house")}]}, "legs[0].organisation"),
        ({"legs": [leg | {"reason_text": "because"}]}, "legs[0].reason_text"),
        ({"legs": []}, "legs"),
        ({"person": desk.person()}, "person"),
        ({"state": "completed"}, "state"),
        ({"reference_number": "AAAA-AAAA"}, "reference_number"),
    ):
        with pytest.raises(RecordInvalid) as refused:
            patch_record(desk.gateway, COORDINATOR, REFERRAL, referral, patch, if_match=shown.etag)
        assert [issue.expression for issue in refused.value.issues] == [field]
    after = patch_record(
        desk.gateway, COORDINATOR, REFERRAL, referral, {"details_text": "Side door"}, if_match=shown.etag
    )
    assert after.record["details_text"] == "Side door"
    assert desk.versions("Task", leg["id"]) == 1


def test_every_referral_is_accounted_for(desk: Desk) -> None:
    elm = desk.agency("elm-trust")
    draft, sent, declined, done = desk.referral(), desk.sent(), desk.sent(), desk.sent()
    desk.move(declined, Move.DECLINE, elm)
    desk.move(done, Move.ACCEPT, elm)
    desk.move(done, Move.COMPLETE, elm)
    phases = []
    for referral in (draft, sent, declined, done):
        request = desk.fhir("ServiceRequest", referral)
        legs = [desk.fhir("Task", leg["id"]) for leg in desk.read("referral", referral).get("legs", ())]
        account = account_for(request, legs, updated_at=request["meta"]["lastUpdated"])
        phases.append(account.phase)
        assert (account.deadline is None) == (account.phase != "open")
    assert phases == ["open", "open", "rejected", "completed"]


def test_of_two_answers_at_one_moment_one_wins_and_the_other_is_told(desk: Desk) -> None:
    elm = desk.agency("elm-trust")
    referral = desk.sent()

    def tried(move: Move) -> str:
        try:
            return str(desk.move(referral, move, elm)["state"])
        except (IllegalMove, NotFound) as refused:
            return type(refused).__name__

    with ThreadPoolExecutor(4) as pool:
        told = list(pool.map(tried, [Move.ACCEPT, Move.DECLINE] * 2))
    assert len([answer for answer in told if answer in ("accepted", "rejected")]) == 1
    record = desk.read("referral", referral)
    assert len(record["events"]) == 2
    assert record["state"] in told
