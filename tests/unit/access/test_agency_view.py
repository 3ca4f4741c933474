"""What of a resource an agency is shown."""

from __future__ import annotations

from typing import Any

from gateway.access.agency_view import agency_view, answered_list

SEEN = frozenset({"Patient/seen", "Practitioner/seen", "Procedure/seen"})
OURS = "https://care-gateway.example/fhir/StructureDefinition/"


def view(**resource: Any) -> dict[str, Any]:
    return agency_view(resource, SEEN.__contains__)


def test_a_person_is_shown_without_the_places_that_know_it() -> None:
    shown = view(
        resourceType="Patient",
        id="1",
        meta={"versionId": "2", "source": "urn:a", "tag": [{"code": "register"}]},
        text={"status": "generated", "div": "<div>all of it</div>"},
        name=[{"family": "Example"}],
        birthDate="1941",
        _birthDate={"extension": [{"url": "urn:private", "valueString": "x"}]},
        generalPractitioner=[{"reference": "Practitioner/hidden"}],
        link=[
            {"other": {"reference": "Patient/seen"}, "type": "seealso"},
            {"other": {"reference": "Patient/hidden"}, "type": "seealso"},
            {"other": {"identifier": {"system": "urn:mrn", "value": "7"}}, "type": "seealso"},
            {"other": {"reference": "https://elsewhere.example/fhir/Patient/9"}, "type": "seealso"},
        ],
    )

    assert shown == {
        "resourceType": "Patient",
        "id": "1",
        "meta": {"versionId": "2", "source": "urn:a"},
        "name": [{"family": "Example"}],
        "birthDate": "1941",
        "link": [{"other": {"reference": "Patient/seen"}, "type": "seealso"}],
    }


def test_a_request_is_shown_without_what_its_agency_cannot_follow() -> None:
    shown = view(
        resourceType="ServiceRequest",
        doNotPerform=True,
        modifierExtension=[{"url": "urn:stop", "valueBoolean": True}],
        subject={"reference": "Patient/seen", "display": "Ada"},
        requester={"reference": "Practitioner/hidden", "display": "Dr Example"},
        performer=[{"reference": "Practitioner/seen"}],
        reasonReference=[{"reference": "Condition/hidden", "display": "a diagnosis"}],
        basedOn=[{"reference": "CarePlan/hidden"}],
        supportingInfo=[{"reference": "#c"}],
        contained=[{"resourceType": "Condition", "id": "c"}],
        insurance=[{"reference": "Coverage/hidden"}],
        extension=[
            {"url": "urn:private", "valueString": "x"},
            {
                "url": "http://hl7.org/fhir/StructureDefinition/resource-pertainsToGoal",
                "valueReference": {"reference": "Goal/hidden"},
            },
        ],
    )

    assert shown == {
        "resourceType": "ServiceRequest",
        "doNotPerform": True,
        "modifierExtension": [{"url": "urn:stop", "valueBoolean": True}],
        "subject": {"reference": "Patient/seen", "display": "Ada"},
        "requester": {"display": "Dr Example"},
        "performer": [{"reference": "Practitioner/seen"}],
    }


def test_places_of_primitives_in_a_list_are_kept() -> None:
    shown = view(
        resourceType="Patient",
        name=[{"given": ["A", "B"], "_given": [{"extension": [{"url": "urn:x"}]}, {"id": "b"}]}],
    )

    assert shown["name"] == [{"given": ["A", "B"], "_given": [None, {"id": "b"}]}]


def test_an_answer_keeps_what_its_sender_was_not_shown() -> None:
    hidden = {"type": {"text": "letter"}, "valueReference": {"reference": "DocumentReference/hidden"}}
    noted = {"text": "asked", "authorReference": {"reference": "Practitioner/hidden"}}
    added = {"text": "done"}
    stored = [hidden, noted]
    shown = view(resourceType="Task", note=stored)["note"]

    assert shown == [{"text": "asked"}]
    assert answered_list(stored, [*shown, added], SEEN.__contains__) == [hidden, noted, added]
    assert answered_list(stored, [added], SEEN.__contains__) == [hidden, added]
