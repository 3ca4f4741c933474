"""Addresses that name things: ours, and the identifier systems that we know by heart.

None of them is ever fetched. Source: https://hl7.org/fhir/R4/terminologies.html#uri
"""

from __future__ import annotations

from typing import Final

OURS: Final = "https://care-gateway.example/fhir/"
"""Everything that we name ourselves begins so; the definitions lie in profiles/."""

EXTENSIONS: Final = f"{OURS}StructureDefinition/"
CODE_SYSTEMS: Final = f"{OURS}CodeSystem/"

NHS_NUMBER: Final = "https://fhir.nhs.uk/Id/nhs-number"
ODS_CODE: Final = "https://fhir.nhs.uk/Id/ods-organization-code"
