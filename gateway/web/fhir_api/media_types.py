"""Which media types are FHIR's own, and which of those are spoken here.

https://hl7.org/fhir/R4/http.html#mime-type
"""

from __future__ import annotations

from typing import Final

FHIR_JSON: Final = frozenset(
    {"application/fhir+json", "application/json", "text/json", "application/json+fhir"}
)
"""FHIR as JSON, under its name and under those that older clients use."""

FHIR_XML: Final = frozenset({"application/fhir+xml", "application/xml+fhir"})
"""FHIR as XML, which is not spoken. Plain XML is no FHIR: a CDA document is one."""

ANYTHING: Final = frozenset({"*/*", "application/*"})
"""What a client accepts that leaves the choice to the server."""
