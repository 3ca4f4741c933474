"""Which elements of a resource an agency is shown: what it needs in order to help, and nothing beside it.

Which rows it sees is one question (visibility.py); what of such a row is for its eyes is this one. A Patient
that it was granted names, in `link`, every other place that knows the person; a request names conditions and
plans. So types have a list of elements, what no rule file knows is left out, and a reference that the agency
cannot follow is not shown at all. Elements that change the meaning of others are never left out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import Any, Final

from gateway.fhir.references import parse_reference
from gateway.fhir.resource_types import DIRECTORY_TYPES

Resource = dict[str, Any]
Follows = Callable[[str], bool]
"""Whether the agency sees what a reference text names."""

_ALWAYS: Final = frozenset({"resourceType", "id", "meta", "implicitRules", "language", "modifierExtension"})
_META: Final = frozenset({"versionId", "lastUpdated", "source", "profile", "security"})
_NEVER: Final = frozenset({"contained", "text"})  # narrative can say anything; what is contained is unmapped

_ELEMENTS: Final[Mapping[str, frozenset[str]]] = MappingProxyType(
    {
        type: frozenset(names.split())
        for type, names in {
            "Patient": "active identifier name telecom gender birthDate deceasedBoolean deceasedDateTime"
            " address communication contact link extension",
            "ServiceRequest": "identifier intent status priority doNotPerform category code orderDetail"
            " subject occurrenceDateTime occurrencePeriod authoredOn requester performer reasonCode"
            " reasonReference supportingInfo note patientInstruction replaces basedOn encounter extension",
            "Task": "identifier intent code status statusReason businessStatus priority description focus for"
            " owner requester authoredOn lastModified restriction executionPeriod note output extension",
            "Practitioner": "active identifier name telecom qualification",
            "PractitionerRole": "active identifier period practitioner organization code specialty location"
            " healthcareService telecom availableTime notAvailable availabilityExceptions",
            "Organization": "active identifier type name alias telecom address partOf contact",
        }.items()
    }
)
"""What is shown of a type; of one that is not here (places, services, evidence) everything but _NEVER."""

_OURS: Final = "https://care-gateway.example/fhir/StructureDefinition/"
_HL7: Final = "http://hl7.org/fhir/StructureDefinition/"
_EXTENSIONS: Final = frozenset(
    {
        *(
            _OURS + name
            for name in ("preferred-name", "identifier-verified", "leg-service", "leg-appointment")
        ),
        *(
            _HL7 + name
            for name in ("patient-interpreterRequired", "resource-pertainsToGoal", "data-absent-reason")
        ),
    }
)
# An item of a list that is nothing without what it refers to.
_CARRIED: Final = frozenset({"other", "valueReference", "actor"})
_OF_A_REFERENCE: Final = frozenset({"id", "extension", "reference", "type", "identifier", "display"})
_ABSENT: Final[object] = object()


def agency_view(resource: Resource, follows: Follows) -> Resource:
    """The resource as an agency is shown it; the one given is never altered, and order is kept."""
    shown = _ELEMENTS.get(str(resource.get("resourceType")))
    return {
        name: kept
        for name, value in resource.items()
        if _is_for_agencies(name.removeprefix("_"), shown)
        and (kept := _meta(value) if name == "meta" else _seen(name, value, follows)) is not _ABSENT
    }


def answered_list(stored: list[Any], answered: Any, follows: Follows) -> Any:
    """A list as an agency sent it back, with what it was not shown of the stored one still there.

    An item that comes back as it was shown is the stored item; an item that was not shown stays, in front.
    """
    if not isinstance(answered, list):
        return answered
    pairs = [(item, _seen("", item, follows)) for item in stored]
    hidden = [item for item, shown in pairs if shown is _ABSENT]
    return [*hidden, *_restored(answered, [pair for pair in pairs if pair[1] is not _ABSENT])]


def _restored(answered: list[Any], pairs: list[tuple[Any, Any]]) -> Iterator[Any]:
    for item in answered:
        at = next((at for at, (_, shown) in enumerate(pairs) if shown == item), None)
        yield item if at is None else pairs.pop(at)[0]


def _is_for_agencies(name: str, shown: frozenset[str] | None) -> bool:
    if name in _ALWAYS:
        return True
    return name not in _NEVER if shown is None else name in shown


def _meta(value: Any) -> Any:
    return {name: each for name, each in value.items() if name in _META} if isinstance(value, dict) else value


def _seen(name: str, node: Any, follows: Follows) -> Any:
    if isinstance(node, list):
        return _seen_list(name, node, follows)
    if not isinstance(node, dict):
        return node
    if _is_reference(node):
        return _seen_reference(node, follows)
    if "resourceType" in node or (name == "extension" and node.get("url") not in _EXTENSIONS):
        return _ABSENT
    kept = {each: _seen(each, child, follows) for each, child in node.items()}
    if any(kept.get(each) is _ABSENT for each in _CARRIED):
        return _ABSENT
    return {each: child for each, child in kept.items() if child is not _ABSENT} or _ABSENT


def _seen_list(name: str, items: list[Any], follows: Follows) -> Any:
    kept = [_seen(name, item, follows) for item in items]
    if name.startswith("_"):  # beside a list of primitives: the positions count
        kept = [None if item is _ABSENT else item for item in kept]
        return kept if any(item is not None for item in kept) else _ABSENT
    return [item for item in kept if item is not _ABSENT] or _ABSENT


def _is_reference(node: Mapping[str, Any]) -> bool:
    if not node.keys() <= _OF_A_REFERENCE:
        return False
    return isinstance(node.get("reference"), str) or isinstance(node.get("identifier"), dict)


def _seen_reference(node: Mapping[str, Any], follows: Follows) -> Any:
    text = str(node.get("reference", ""))
    if text and follows(text):
        return {name: value for name, value in node.items() if name != "extension"}
    # Whom to ring up is worth knowing by name, also when there is no more to be read of them here.
    if (parse_reference(text).type or node.get("type")) in DIRECTORY_TYPES and "display" in node:
        return {"display": node["display"]}
    return _ABSENT
