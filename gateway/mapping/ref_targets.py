"""What `ref:` may name: a record, or a FHIR type.

Records of later days are known here by their root already.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

# The records that other rules point at and that have no rule file of their own yet, with their roots.
PROMISED: Final[Mapping[str, str]] = MappingProxyType(
    {
        "practitioner_role": "PractitionerRole",
        "service": "HealthcareService",
        "measurement": "Observation",
        "assessment": "QuestionnaireResponse",
        "document": "DocumentReference",
    }
)
