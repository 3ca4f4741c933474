"""FHIR batch and transaction: POST [base], with a Bundle that says which of the two it is.

https://hl7.org/fhir/R4/http.html#transaction — batch.py and transaction.py carry them out.
"""

from __future__ import annotations

from typing import Final

from flask import Response, g, request

from gateway.access.policy import SystemInteraction, gate_system
from gateway.fhir.bundle_entries import BundleKind, kind_of, listed_entries
from gateway.web.fhir_api import batch, transaction
from gateway.web.fhir_api.bundle_reading import read_entries
from gateway.web.fhir_api.negotiation import body_resource
from gateway.web.fhir_api.routes import Route

_DONE_BY: Final = {
    BundleKind.BATCH: (SystemInteraction.BATCH, batch.batch),
    BundleKind.TRANSACTION: (SystemInteraction.TRANSACTION, transaction.transaction),
}


def bundle() -> Response:
    """A Bundle with an answer for each entry, in the order of the entries."""
    posted = body_resource(request, "Bundle")
    interaction, carried_out = _DONE_BY[kind_of(posted)]
    g.action = interaction.value
    gate_system(g.actor, interaction)
    return carried_out(read_entries(posted, listed_entries(posted)))


ROUTES = (Route("POST", "/", SystemInteraction.BATCH, bundle, also=SystemInteraction.TRANSACTION),)
