"""The records: what coordinators' systems speak, and what a lens shows of FHIR resources.

`RECORDS` is the one list of them. A schema checks a record as it stands and converts nothing;
`validate` says what is wrong with one, field by field.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from gateway.records.appointment import AppointmentSchema
from gateway.records.care_plan import CarePlanSchema
from gateway.records.care_team import CareTeamSchema
from gateway.records.consent import ConsentSchema
from gateway.records.contact import ContactSchema
from gateway.records.goal import GoalSchema
from gateway.records.kinds import RecordKind
from gateway.records.need import NeedSchema
from gateway.records.note import NoteRecordSchema
from gateway.records.organisation import OrganisationSchema
from gateway.records.person import PersonSchema
from gateway.records.practitioner import PractitionerSchema
from gateway.records.read_only import changed_read_only, keep_read_only
from gateway.records.referral import ReferralSchema
from gateway.records.validation import validate
from gateway.records.visit import VisitSchema

__all__ = [
    "RECORDS",
    "RecordKind",
    "changed_read_only",
    "keep_read_only",
    "validate",
]

RECORDS: Mapping[str, RecordKind] = MappingProxyType(
    {
        kind.name: kind
        for kind in (
            RecordKind("person", "people", "person", PersonSchema, "Patient"),
            RecordKind("contact", "contacts", "contact", ContactSchema, "RelatedPerson"),
            RecordKind("practitioner", "practitioners", "practitioner", PractitionerSchema, "Practitioner"),
            RecordKind("organisation", "organisations", "organisation", OrganisationSchema, "Organization"),
            RecordKind("need", "needs", "need", NeedSchema, "Condition"),
            RecordKind("goal", "goals", "goal", GoalSchema, "Goal"),
            RecordKind("care_plan", "care-plans", "care-plan", CarePlanSchema, "CarePlan", ("Goal",)),
            RecordKind("referral", "referrals", "referral", ReferralSchema, "ServiceRequest", ("Task",)),
            RecordKind("care_team", "care-teams", "care-team", CareTeamSchema, "CareTeam"),
            RecordKind("appointment", "appointments", "appointment", AppointmentSchema, "Appointment"),
            RecordKind("visit", "visits", "visit", VisitSchema, "Encounter"),
            RecordKind("note", "notes", "note", NoteRecordSchema, "Communication"),
            RecordKind("consent", "consents", "consent", ConsentSchema, "Consent"),
        )
    }
)
