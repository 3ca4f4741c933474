"""What each kind of actor may do with each type of resource: one table, and what is not in it is denied.

The table is decided without looking at data. Which rows an actor may touch is `visibility`
(access/visibility.py); which of the rows it sees it may also change is `may_write`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final, TypeAlias

from gateway.access.actors import HERE, Actor, ActorKind
from gateway.access.visibility import Visibility, visibility
from gateway.errors import Forbidden
from gateway.fhir.resource_types import DIRECTORY_TYPES

__all__ = [
    "NEVER_SERVED", "SYSTEM", "TABLE", "Interaction", "SystemInteraction", "Visibility", "gate",
    "gate_system", "may", "may_create", "may_write", "only", "visibility",
]  # fmt: skip


class Interaction(StrEnum):
    """What can be done with a resource. Source: https://hl7.org/fhir/R4/http.html"""

    READ = "read"
    VREAD = "vread"
    HISTORY = "history"
    HISTORY_TYPE = "history-type"
    SEARCH = "search"
    CREATE = "create"
    UPDATE = "update"
    PATCH = "patch"
    DELETE = "delete"


class SystemInteraction(StrEnum):
    """What is asked of the API as a whole. Source: https://hl7.org/fhir/R4/http.html

    Those that carry resources (a Bundle, a search, a history) also ask `gate` about each type they touch.
    """

    CAPABILITIES = "capabilities"
    SMART_CONFIGURATION = "smart-configuration"
    SEARCH_SYSTEM = "search-system"
    HISTORY_SYSTEM = "history-system"
    BATCH = "batch"
    TRANSACTION = "transaction"


Kinds: TypeAlias = frozenset[ActorKind]
Row: TypeAlias = Mapping[Interaction, Kinds]

EHR, AGENCY, COORDINATOR = ActorKind.EHR, ActorKind.AGENCY, ActorKind.COORDINATOR
ADMIN = ActorKind.ADMIN

PATIENTS: Final = ("Patient",)
COORDINATION: Final = (
    "Person", "RelatedPerson", "CarePlan", "CareTeam", "Goal", "ServiceRequest", "Condition", "Observation",
    "Procedure", "Encounter", "EpisodeOfCare", "Communication", "CommunicationRequest", "DocumentReference",
    "Consent", "Appointment", "Provenance", "QuestionnaireResponse",
)  # fmt: skip
TASKS: Final = ("Task",)
RECORD: Final = (  # the rest of a patient's record: kept whole for its source and the person's other EHRs
    "Account", "AdverseEvent", "AllergyIntolerance", "AppointmentResponse", "Basic", "Binary",
    "BodyStructure", "Bundle", "ChargeItem", "Claim", "ClaimResponse", "ClinicalImpression", "Composition",
    "Coverage",
    "CoverageEligibilityRequest", "CoverageEligibilityResponse", "DetectedIssue", "Device", "DeviceRequest",
    "DeviceUseStatement", "DiagnosticReport", "DocumentManifest", "EnrollmentRequest", "EnrollmentResponse",
    "ExplanationOfBenefit", "FamilyMemberHistory", "Flag", "Group", "GuidanceResponse", "ImagingStudy",
    "Immunization", "ImmunizationEvaluation", "ImmunizationRecommendation", "InsurancePlan", "Invoice",
    "List", "MeasureReport", "Media", "Medication", "MedicationAdministration", "MedicationDispense",
    "MedicationRequest",
    "MedicationStatement", "MolecularSequence", "NutritionOrder", "PaymentNotice", "PaymentReconciliation",
    "Questionnaire", "RequestGroup", "ResearchSubject", "RiskAssessment", "Schedule", "Slot", "Specimen",
    "Substance", "SupplyDelivery", "SupplyRequest", "VisionPrescription",
)  # fmt: skip
WATCHING: Final = ("Subscription",)
KNOWLEDGE: Final = (  # definitions, products and studies: about no patient, and nothing an agency is sent
    "ActivityDefinition", "BiologicallyDerivedProduct", "CapabilityStatement", "CatalogEntry",
    "ChargeItemDefinition", "CodeSystem", "CompartmentDefinition", "ConceptMap", "Contract",
    "DeviceDefinition", "DeviceMetric", "EffectEvidenceSynthesis", "EventDefinition", "Evidence",
    "EvidenceVariable", "ExampleScenario", "GraphDefinition", "ImplementationGuide", "Library", "Linkage",
    "Measure", "MedicationKnowledge", "MedicinalProduct", "MedicinalProductAuthorization",
    "MedicinalProductContraindication", "MedicinalProductIndication", "MedicinalProductIngredient",
    "MedicinalProductInteraction", "MedicinalProductManufactured", "MedicinalProductPackaged",
    "MedicinalProductPharmaceutical", "MedicinalProductUndesirableEffect", "MessageDefinition",
    "MessageHeader", "NamingSystem", "ObservationDefinition", "OperationDefinition",
    "OrganizationAffiliation", "PlanDefinition", "ResearchDefinition", "ResearchElementDefinition",
    "ResearchStudy", "RiskEvidenceSynthesis", "SearchParameter", "SpecimenDefinition", "StructureDefinition",
    "StructureMap", "SubstanceNucleicAcid", "SubstancePolymer", "SubstanceProtein",
    "SubstanceReferenceInformation", "SubstanceSourceMaterial", "SubstanceSpecification",
    "TerminologyCapabilities", "TestReport", "TestScript", "ValueSet", "VerificationResult",
)  # fmt: skip

AUDIT: Final = ("AuditEvent",)  # made by the gateway itself and written by nobody

NEVER_SERVED: Final[Mapping[str, str]] = MappingProxyType(
    {
        "OperationOutcome": "it is the answer to a request and is never kept",
        "Parameters": "it carries the input and output of operations and is never kept",
    }
)
"""Types that no deployment can switch on, and why. Source: https://hl7.org/fhir/R4/parameters.html"""

_READING: Final = (
    Interaction.READ, Interaction.VREAD, Interaction.HISTORY, Interaction.HISTORY_TYPE, Interaction.SEARCH,
)  # fmt: skip


def _row(read: Iterable[ActorKind], create: Iterable[ActorKind], update: Iterable[ActorKind],
         delete: Iterable[ActorKind]) -> Row:  # fmt: skip
    by = dict.fromkeys(_READING, frozenset(read))
    by |= {Interaction.CREATE: frozenset(create), Interaction.DELETE: frozenset(delete)}
    # A patch is an update that says less.
    return MappingProxyType(by | dict.fromkeys((Interaction.UPDATE, Interaction.PATCH), frozenset(update)))


def _only(kinds: Iterable[ActorKind], *interactions: Interaction) -> Row:
    return MappingProxyType({it: frozenset(kinds if it in interactions else ()) for it in Interaction})


_READERS: Final = (EHR, AGENCY, COORDINATOR)
_BOTH: Final = (EHR, COORDINATOR)

# types               read, vread, history, search   create  update      delete
_GROUPS: Final = (
    (PATIENTS,                       _row(_READERS,  _BOTH,  _BOTH,      _BOTH)),
    (COORDINATION,                   _row(_READERS,  _BOTH,  _BOTH,      _BOTH)),
    (TASKS,                          _row(_READERS,  _BOTH,  _READERS,   _BOTH)),
    (tuple(sorted(DIRECTORY_TYPES)), _row(_READERS,  _BOTH,  _BOTH,      _BOTH)),
    (RECORD,                         _row(_READERS,  _BOTH,  _BOTH,      _BOTH)),
    (WATCHING,                       _row(_BOTH,     _BOTH,  _BOTH,      _BOTH)),
    (KNOWLEDGE,                      _row(_BOTH,     _BOTH,  _BOTH,      _BOTH)),
    (AUDIT,                          _only((COORDINATOR, ADMIN), Interaction.READ, Interaction.SEARCH)),
)  # fmt: skip

TABLE: Final[Mapping[str, Row]] = MappingProxyType({type: row for types, row in _GROUPS for type in types})
"""type -> interaction -> the kinds that may. Admins read the audit and no record."""

_EVERYBODY: Final = frozenset(ActorKind)
SYSTEM: Final[Mapping[SystemInteraction, Kinds]] = MappingProxyType(
    {
        SystemInteraction.CAPABILITIES: _EVERYBODY,
        SystemInteraction.SMART_CONFIGURATION: _EVERYBODY,
        SystemInteraction.SEARCH_SYSTEM: frozenset(_READERS),
        SystemInteraction.HISTORY_SYSTEM: frozenset(_READERS),
        SystemInteraction.BATCH: frozenset(_READERS),
        SystemInteraction.TRANSACTION: frozenset(_READERS),
    }
)
"""interaction -> the kinds that may ask it; what they are shown and may change is decided type by type."""


def gate(actor: Actor, interaction: Interaction, type: str) -> None:
    """Nothing, when this kind of actor may do this with this type; Forbidden otherwise. Reads no data."""
    if not may(actor, interaction, type):
        raise Forbidden(f"a client of kind {actor.kind} may not {interaction} {type}")


def may(actor: Actor, interaction: Interaction, type: str) -> bool:
    """Whether this kind of actor may do this with this type. Reads no data."""
    return actor.kind is ActorKind.GATEWAY or actor.kind in TABLE.get(type, {}).get(interaction, frozenset())


def gate_system(actor: Actor, interaction: SystemInteraction) -> None:
    """Nothing, when this kind of actor may ask this of the whole API; Forbidden otherwise."""
    if actor.kind is not ActorKind.GATEWAY and actor.kind not in SYSTEM.get(interaction, frozenset()):
        raise Forbidden(f"a client of kind {actor.kind} may not ask for {interaction} here")


def may_create(actor: Actor, source: str) -> None:
    """Nothing, when the actor may create rows of `source`. Raises Forbidden: everybody creates as itself."""
    if actor.kind is not ActorKind.GATEWAY and actor.source != source:
        raise Forbidden(
            f"{actor.kind} {actor.name} is bound to source {actor.source} and cannot create for {source}"
        )


def may_write(actor: Actor, interaction: Interaction, type: str, source: str) -> None:
    """Nothing, when the actor may change a row of `source` that it can see. Raises Forbidden otherwise.

    An EHR changes its own rows, and updates (never deletes) rows of others about the persons it shares with
    them. It never changes another source's Patient (a person's links decide who sees what) or directory.
    A coordinator deletes no source's Patient: it would come back with the next poll.
    """
    if actor.kind is ActorKind.GATEWAY or source == actor.source:
        return
    if actor.kind is not ActorKind.EHR and (type, interaction) != ("Patient", Interaction.DELETE):
        return
    if interaction is Interaction.UPDATE and type != "Patient" and type not in DIRECTORY_TYPES:
        return
    owner = "this gateway" if source == HERE else f"source {source}"
    raise Forbidden(f"this {type} belongs to {owner}; {actor.name} may read it but not {interaction} it")


def only(actor: Actor, *kinds: ActorKind, source: str | None = None) -> None:
    """Nothing, when the actor is the gateway, one of `kinds`, or bound to `source`. Raises Forbidden
    otherwise.

    For the store's own books (lanes, ledger, inbox, cursors, audit), which hold no resource rows.
    """
    if actor.kind is ActorKind.GATEWAY or actor.kind in kinds:
        return
    if source is not None and source == actor.source and actor.kind in (EHR, AGENCY):
        return
    raise Forbidden(f"a client of kind {actor.kind} may not use these books")


# What an agency searches by: elements that it is shown, never one that its view leaves out (agency_view.py).
_EVERYWHERE: Final = frozenset({"_id", "_lastUpdated"})
_BY_AGENCIES: Final[Mapping[str, frozenset[str]]] = MappingProxyType(
    {
        type: _EVERYWHERE | frozenset(names.split())
        for type, names in {
            "Patient": "identifier active name family given birthdate gender phone email telecom",
            "ServiceRequest": "identifier patient subject status intent priority category code authored"
            " occurrence requester performer",
            "Task": "identifier patient subject status intent priority code authored-on modified focus owner"
            " requester business-status",
        }.items()
    }
)
_OTHERS_BY_AGENCIES: Final = _EVERYWHERE | {"identifier", "patient", "subject", "status", "code", "date"}
_CHAINS_OF_AGENCIES: Final = frozenset({"patient.identifier"})
_INCLUDES_OF_AGENCIES: Final = frozenset({"Task:focus", "Task:patient", "ServiceRequest:patient"})


def searchable(actor: Actor, type: str) -> frozenset[str] | None:
    """The parameters by which the actor may search and sort a type, without modifier; None for every one."""
    return _BY_AGENCIES.get(type, _OTHERS_BY_AGENCIES) if actor.kind is AGENCY else None


def chainable(actor: Actor) -> frozenset[str] | None:
    """The chains that the actor may follow; None for every one."""
    return _CHAINS_OF_AGENCIES if actor.kind is AGENCY else None


def includable(actor: Actor) -> frozenset[str] | None:
    """The references, as `Type:parameter`, whose targets the actor may have included; None for all."""
    return _INCLUDES_OF_AGENCIES if actor.kind is AGENCY else None


def may_reverse(actor: Actor) -> bool:
    """Whether the actor may ask what points at a resource: `_has` and `_revinclude`."""
    return actor.kind is not AGENCY
