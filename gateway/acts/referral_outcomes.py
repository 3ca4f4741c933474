"""What an agency reports, as FHIR: a Procedure for what was done, an Appointment for what is planned.

Source: https://hl7.org/fhir/R4/procedure.html, https://hl7.org/fhir/R4/appointment.html,
https://hl7.org/fhir/us/sdoh-clinicalcare/StructureDefinition-SDOHCC-TaskForReferralManagement.html
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final

from gateway.fhir.json_codec import Resource
from gateway.fhir.systems import EXTENSIONS

_OUTPUT_SYSTEM: Final = "http://hl7.org/fhir/us/sdoh-clinicalcare/CodeSystem/SDOHCC-CodeSystemTemporaryCodes"
_RESULTING: Final = {"system": _OUTPUT_SYSTEM, "code": "resulting-activity", "display": "Resulting Activity"}
APPOINTMENT_URL: Final = f"{EXTENSIONS}leg-appointment"


def outputs_of(
    request: Resource,
    leg: Mapping[str, Any],
    outcomes: Iterable[Mapping[str, Any]],
    at: str,
    keep: Callable[[Resource], str],
) -> Iterator[dict[str, Any]]:
    """One Task.output for each outcome, in order. `keep` stores a new resource and gives its reference.

    What names a kind or a code becomes a Procedure; words alone stay words.
    """
    for outcome in outcomes:
        kind = [outcome["kind"]] if outcome.get("kind") else []
        shown: dict[str, Any] = {"type": {"coding": [*kind, _RESULTING]}}
        text = outcome.get("text")
        if "resource" in outcome:
            named = outcome["resource"]
        elif kind or "code" in outcome:
            named = keep(_procedure(request, leg, outcome, at))
        else:
            yield shown | {"valueString": text}
            continue
        yield shown | {"valueReference": {"reference": named} | ({"display": text} if text else {})}


def appointment_of(request: Resource, told: Mapping[str, str]) -> Resource:
    """The booked Appointment with the person, based on the request."""
    words = {"description": told["text"]} if "text" in told else {}
    return {
        "resourceType": "Appointment",
        "status": "booked",
        **words,
        "start": told["starts_at"],
        "end": told["ends_at"],
        "basedOn": [_reference_to(request)],
        "participant": [{"actor": request["subject"], "status": "accepted"}],
    }


def with_appointment(leg: Resource, reference: str) -> Resource:
    """The leg naming its latest appointment."""
    others = [item for item in leg.get("extension", ()) if item.get("url") != APPOINTMENT_URL]
    named = {"url": APPOINTMENT_URL, "valueReference": {"reference": reference}}
    return {**leg, "extension": [*others, named]}


def _procedure(request: Resource, leg: Mapping[str, Any], outcome: Mapping[str, Any], at: str) -> Resource:
    codings = [outcome[name] for name in ("code", "kind") if outcome.get(name)]
    text = {"text": outcome["text"]} if outcome.get("text") else {}
    owner = leg.get("owner")
    return {
        "resourceType": "Procedure",
        "basedOn": [_reference_to(request)],
        "status": "completed",
        "code": {"coding": codings[:1], **text},
        "subject": request["subject"],
        "performedDateTime": at,
    } | ({"performer": [{"actor": owner}]} if owner else {})


def _reference_to(request: Resource) -> dict[str, str]:
    return {"reference": f"ServiceRequest/{request['id']}"}
