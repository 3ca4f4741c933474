"""A machine client shows its key and becomes an actor, bound to what the operator registered it for."""

from __future__ import annotations

from gateway.access.actors import Actor, ActorKind
from gateway.acts.agency_organisation import signs_in_as
from gateway.acts.gateway import Gateway
from gateway.store import clients
from gateway.store.clients import BOUND_KINDS


def sign_in_client(gateway: Gateway, key: str) -> Actor | None:
    """The actor whose key this is; None when the key is unknown or its client disabled.

    Looked up anew for every request, so a disabled client is out at once. An agency acts for the
    Organization that carries its partner's `organisation` identifier; while there is none, it signs in and
    sees nothing. That identifier also says which Consents deny the client's organisation something.
    """
    with gateway.database.transaction(gateway.self_actor) as tx:
        client = clients.authenticate(tx, key)
        if client is None:
            return None
        partner = gateway.partners.get(client.source) if client.kind in BOUND_KINDS else None
        if partner is None:
            return Actor(client.kind, client.name, client.source)
        organisation = signs_in_as(tx, partner) if client.kind is ActorKind.AGENCY else None
        return Actor(client.kind, client.name, client.source, organisation, partner.organisation)
