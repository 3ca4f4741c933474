"""A machine client shows its key and becomes an actor, bound to what the operator registered it for."""

from __future__ import annotations

from gateway.access.actors import Actor, ActorKind
from gateway.acts.agency_organisation import signs_in_as
from gateway.acts.gateway import Gateway
from gateway.store import clients
from gateway.store.database import Transaction


def sign_in_client(gateway: Gateway, key: str) -> Actor | None:
    """The actor whose key this is; None when the key is unknown or its client disabled.

    Looked up anew for every request, so a disabled client is out at once. An agency acts for the
    Organization that carries its partner's `organisation` identifier; while there is none, it signs in and
    sees nothing.
    """
    with gateway.database.transaction(gateway.self_actor) as tx:
        client = clients.authenticate(tx, key)
        if client is None:
            return None
        organisation = _organisation(tx, gateway, client.source) if client.kind is ActorKind.AGENCY else None
        return Actor(client.kind, client.name, client.source, organisation)


def _organisation(tx: Transaction, gateway: Gateway, partner_name: str) -> str | None:
    partner = gateway.partners.get(partner_name)
    return signs_in_as(tx, partner) if partner is not None else None
