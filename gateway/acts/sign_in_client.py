"""A machine client shows its key and becomes an actor, bound to what the operator registered it for."""

from __future__ import annotations

import re

from gateway.access.actors import HERE, Actor, ActorKind
from gateway.acts.gateway import Gateway
from gateway.store import clients
from gateway.store.database import Transaction
from gateway.store.search import Query, search


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
    """Id of the Organization by which referrals name the partner: ours, else the one that was here first."""
    partner = gateway.partners.get(partner_name)
    if partner is None or partner.organisation is None:
        return None
    known_as = f"{_escaped(partner.organisation.system)}|{_escaped(partner.organisation.value)}"
    for source in (HERE, None):
        query = Query.of("Organization", [("identifier", known_as)], count=1, source=source)
        if found := search(tx, query).versions:
            return found[0].id
    return None


def _escaped(text: str) -> str:
    return re.sub(r"([\\,|$])", r"\\\1", text)
