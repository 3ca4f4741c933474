"""What the FHIR API serves: one declaration per type, and nothing else knows the list.

The store keeps any R4 type; these are the ones with an address. Each is searched by all that R4 defines for
it, but for the few parameters that are decided against.
Source: https://hl7.org/fhir/R4/searchparameter-registry.html
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from gateway.conformance.searching.parameters import ParamKind, SearchParam, search_params

NOT_SEARCHED: Final = frozenset({"near", "phonetic", "_text", "_content", "_query"})
"""Parameters of R4 that no type is searched by here."""


@dataclass(frozen=True, slots=True)
class ServedType:
    """A resource type with an address in the FHIR API.

    clinical_date  the date parameter that its lists are walked by; None where it has none
    read_only      it is made by the gateway itself and never written through the API
    note           what a client should know of it beyond R4, for the CapabilityStatement
    """

    name: str
    clinical_date: str | None = None
    read_only: bool = False
    note: str = ""

    @property
    def profile(self) -> str:
        """The canonical of R4's definition of the type."""
        return f"http://hl7.org/fhir/StructureDefinition/{self.name}"

    @property
    def search(self) -> tuple[SearchParam, ...]:
        """Every parameter that the type is searched by."""
        return tuple(
            param
            for param in search_params(self.name).values()
            if param.kind is not ParamKind.SPECIAL and param.name not in NOT_SEARCHED
        )

    def param(self, name: str) -> SearchParam | None:
        """The search parameter of that name, or None when the type is not searched by it."""
        return next((param for param in self.search if param.name == name), None)


_SERVED: Final = (
    ServedType("Patient"),
    ServedType("Person"),
    ServedType("RelatedPerson"),
    ServedType("Practitioner"),
    ServedType("PractitionerRole"),
    ServedType("Organization"),
    ServedType("Location"),
    ServedType("HealthcareService"),
    ServedType("Endpoint"),
    ServedType("CarePlan", "date"),
    ServedType("CareTeam", "date"),
    ServedType("Goal", "start-date"),
    ServedType("ServiceRequest", "authored"),
    ServedType("Task", "authored-on"),
    ServedType("Condition", "recorded-date"),
    ServedType("Observation", "date"),
    ServedType("Procedure", "date"),
    ServedType("Encounter", "date"),
    ServedType("EpisodeOfCare", "date"),
    ServedType("Appointment", "date"),
    ServedType("Schedule", "date"),
    ServedType("Slot", "start"),
    ServedType("Communication", "sent"),
    ServedType("CommunicationRequest", "authored"),
    ServedType("Consent", "date"),
    ServedType("DocumentReference", "date"),
    ServedType(
        "Binary",
        note="Read with an Accept that prefers another media type than FHIR's, the content comes as it is, to"
        " be saved; */*, no Accept and _format give FHIR. A body of any media type but FHIR XML and forms is"
        " taken as the content, with X-Security-Context as its securityContext.",
    ),
    ServedType("Composition", "date"),
    ServedType("Questionnaire", "date"),
    ServedType("QuestionnaireResponse", "authored"),
    ServedType("AllergyIntolerance", "date"),
    ServedType("MedicationRequest", "authoredon"),
    ServedType("MedicationStatement", "effective"),
    ServedType("Medication"),
    ServedType("Immunization", "date"),
    ServedType("DiagnosticReport", "date"),
    ServedType("DetectedIssue", "identified"),
    ServedType("Flag", "date"),
    ServedType("List", "date"),
    ServedType("Group"),
    ServedType("Provenance", "recorded"),
    ServedType(
        "AuditEvent",
        "date",
        read_only=True,
        note="Made by this gateway, for coordinators and admins. Sorted by date or _lastUpdated only;"
        " searched alone, and reached by no chain, _has or _revinclude from other types.",
    ),
    ServedType(
        "Subscription",
        note="Kept, read and searched; nothing is delivered for it yet. Its status is written as requested or"
        " off: active and error are for the server alone to say. Whoever may read it reads its headers too.",
    ),
    ServedType("Bundle", "timestamp"),
    ServedType("Basic", "created"),
    ServedType("MeasureReport", "date"),
)

SERVED: Final[Mapping[str, ServedType]] = MappingProxyType({served.name: served for served in _SERVED})
"""The types that every gateway serves."""

_FURTHER_DATES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "Account": "period",
        "AdverseEvent": "date",
        "ChargeItem": "occurrence",
        "Claim": "created",
        "ClaimResponse": "created",
        "ClinicalImpression": "date",
        "Contract": "issued",
        "CoverageEligibilityRequest": "created",
        "CoverageEligibilityResponse": "created",
        "DeviceRequest": "authored-on",
        "DocumentManifest": "created",
        "ExplanationOfBenefit": "created",
        "FamilyMemberHistory": "date",
        "ImagingStudy": "started",
        "ImmunizationEvaluation": "date",
        "ImmunizationRecommendation": "date",
        "Invoice": "date",
        "Media": "created",
        "MedicationAdministration": "effective-time",
        "MedicationDispense": "whenhandedover",
        "NutritionOrder": "datetime",
        "OrganizationAffiliation": "date",
        "PaymentNotice": "created",
        "PaymentReconciliation": "created",
        "RequestGroup": "authored",
        "ResearchStudy": "date",
        "ResearchSubject": "date",
        "RiskAssessment": "date",
        "Specimen": "collected",
        "SupplyRequest": "date",
        "TestReport": "issued",
        "VisionPrescription": "datewritten",
    }
)
"""The clinical dates of R4's other types of records; a definition (ValueSet, Measure) has none."""


def served_with(also: frozenset[str]) -> Mapping[str, ServedType]:
    """The served types, and those that a deployment switches on."""
    more = {name: ServedType(name, clinical_date(name)) for name in sorted(also) if name not in SERVED}
    return MappingProxyType({**SERVED, **more})


def clinical_date(type: str) -> str | None:
    """The date parameter that lists of a type are walked by, whether or not it is served; None for none.

    It is indexed of everything that is stored, so a type can be switched on without indexing again.
    """
    return SERVED[type].clinical_date if type in SERVED else _FURTHER_DATES.get(type)
