"""Hospitals whose EHR is a FHIR R4 REST server: polled for changes, sent creates and updates."""

from __future__ import annotations

from gateway.partners.fhir_rest.server import FhirRestServer, connect
from gateway.partners.fhir_rest.settings import FhirRestSettings, FhirRestSettingsSchema
from gateway.sync.ports import PartnerKind

KIND = PartnerKind("fhir_rest", FhirRestSettingsSchema, connect)

__all__ = ["KIND", "FhirRestServer", "FhirRestSettings", "FhirRestSettingsSchema"]
