"""What the audit's own words for an act mean in the codes of an AuditEvent: its first word decides.

The words are `read CarePlan`, `send referral`, `sign in`. Those of FHIR's interactions are RESTful
operations, in which BALP says who was the source and who the destination.
Source: https://hl7.org/fhir/R4/valueset-audit-event-type.html, valueset-audit-event-sub-type.html and
valueset-audit-event-action.html; https://profiles.ihe.net/ITI/BALP/content.html
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

Coding = Mapping[str, str]

_DCM: Final = "http://dicom.nema.org/resources/ontology/DCM"
_LIFECYCLE: Final = "http://terminology.hl7.org/CodeSystem/iso-21089-lifecycle"
_INTERACTIONS: Final = "http://hl7.org/fhir/restful-interaction"
_REST: Final = {
    "system": "http://terminology.hl7.org/CodeSystem/audit-event-type",
    "code": "rest",
    "display": "Restful Operation",
}
_ACTIVITY: Final = {"system": _DCM, "code": "110100", "display": "Application Activity"}
_SOURCE: Final = {"system": _DCM, "code": "110153", "display": "Source Role ID"}
_DESTINATION: Final = {"system": _DCM, "code": "110152", "display": "Destination Role ID"}
_APPLICATION: Final = {"system": _DCM, "code": "110150", "display": "Application"}
_CUSTODIAN: Final = {
    "system": "http://terminology.hl7.org/CodeSystem/provenance-participant-type",
    "code": "custodian",
    "display": "Custodian",
}


@dataclass(frozen=True, slots=True)
class Act:
    """How an AuditEvent says what was done.

    code            C, R, U, D or E
    client, server  the parts that whoever asked and this gateway had in it
    """

    type: Coding
    code: str
    subtypes: tuple[Coding, ...]
    client: Coding
    server: Coding
    is_search: bool = False


def _act(type: Coding, code: str) -> Act:
    return Act(type, code, (), _SOURCE, _DESTINATION)


def _rest(interaction: str, code: str) -> Act:
    subtypes = ({"system": _INTERACTIONS, "code": interaction, "display": interaction},)
    match code:
        case "R":  # what is read flows to the client
            return Act(_REST, code, subtypes, _DESTINATION, _SOURCE)
        case "D":
            return Act(_REST, code, subtypes, _APPLICATION, _CUSTODIAN)
    return Act(_REST, code, subtypes, _SOURCE, _DESTINATION, interaction.startswith("search"))


OTHER: Final = _act(_ACTIVITY, "E")
"""Every act whose first word is not listed."""

SEARCH_SYSTEM: Final = _rest("search-system", "E")

ACTS: Final[Mapping[str, Act]] = MappingProxyType(
    {
        "read": _rest("read", "R"),
        "vread": _rest("vread", "R"),
        "history": _rest("history-instance", "R"),
        "history-type": _rest("history-type", "R"),
        "history-system": _rest("history-system", "R"),
        "search": _rest("search-type", "E"),
        "search-system": SEARCH_SYSTEM,
        "create": _rest("create", "C"),
        "update": _rest("update", "U"),
        "patch": _rest("patch", "U"),
        "delete": _rest("delete", "D"),
        "batch": _rest("batch", "E"),
        "transaction": _rest("transaction", "E"),
        "capabilities": _rest("capabilities", "R"),
        "link": _act({"system": _LIFECYCLE, "code": "link"}, "U"),
        "receive": _act({"system": _LIFECYCLE, "code": "receive"}, "E"),
        "send": _act({"system": _LIFECYCLE, "code": "transmit"}, "R"),
        "load": _act({"system": _DCM, "code": "110107", "display": "Import"}, "C"),
        "sign": _act({"system": _DCM, "code": "110114", "display": "User Authentication"}, "E"),
    }
)
"""By the first word of what the audit says was done."""

SEVERAL: Final = "search several types"


def act_of(action: str) -> Act:
    """What an action of the audit was."""
    return SEARCH_SYSTEM if action == SEVERAL else ACTS.get(action.partition(" ")[0], OTHER)
