"""The entry that asks what this server can do.

https://hl7.org/fhir/R4/http.html#capabilities
"""

from __future__ import annotations

from flask import current_app, make_response

from gateway.access.actors import Actor
from gateway.access.policy import SystemInteraction
from gateway.acts.bundle_steps import Answered, Read, Step
from gateway.acts.gateway import Gateway
from gateway.fhir.bundle_entries import Method
from gateway.web.fhir_api.entries.kind import Asking, EntryKind


def _capabilities(asking: Asking) -> Step:
    return Read(_statement)


def _statement(gateway: Gateway, actor: Actor) -> Answered:
    # The one statement that this application makes, of all that it serves.
    told = current_app.view_functions[f"fhir.{SystemInteraction.CAPABILITIES}"]()
    return Answered(200, body=make_response(told).get_data())


KINDS = (EntryKind(frozenset({Method.GET}), "metadata", SystemInteraction.CAPABILITIES, _capabilities),)
