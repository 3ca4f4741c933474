"""A Subscription says only what is true of it: nothing is delivered for one yet, so none is `active`.

A client asks for a Subscription (`requested`) or ends it (`off`); that it is active, or failed, is for the
server alone to say. Source: https://hl7.org/fhir/R4/subscription.html and
https://hl7.org/fhir/R4/valueset-subscription-status.html
"""

from __future__ import annotations

from typing import Final

from gateway.errors import Unprocessable
from gateway.fhir.json_codec import Resource

OF_CLIENTS: Final = ("requested", "off")


def refuse_claimed(resource: Resource) -> None:
    """Nothing, unless it is a Subscription with a status that only the server gives: Unprocessable then."""
    if resource["resourceType"] != "Subscription" or resource.get("status") in OF_CLIENTS:
        return
    raise Unprocessable(
        f"A Subscription is written with status {' or '.join(OF_CLIENTS)}: only the server says that it is"
        " active, and this version keeps Subscriptions without delivering anything for them.",
        expression="Subscription.status",
    )
