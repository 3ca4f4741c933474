"""An operator registers machine clients, sees them, and shuts one out; each time one audit row says so."""

from __future__ import annotations

from gateway.access.actors import Actor, ActorKind
from gateway.acts.gateway import Gateway
from gateway.errors import Unprocessable
from gateway.mapping.problems import did_you_mean
from gateway.store import audit, clients
from gateway.store.clients import ClientRow


def register_client(
    gateway: Gateway, actor: Actor, name: str, kind: ActorKind, partner: str | None = None, scope: str = ""
) -> str:
    """The key of the new client, told this once and kept nowhere.

    Raises Unprocessable for a partner that has no file, naming those that have; else as `clients.add`.
    """
    if partner is not None and partner not in gateway.partners:
        raise Unprocessable(_no_such_partner(partner, tuple(gateway.partners)))
    with gateway.database.transaction(actor) as tx:
        key = clients.add(tx, name, kind, partner, scope)
        audit.record(tx, "register client", [f"client/{name}"], detail=kind.value)
    return key


def registered_clients(gateway: Gateway, actor: Actor) -> tuple[ClientRow, ...]:
    """Every client by name, disabled ones too."""
    with gateway.database.transaction(actor) as tx:
        found = clients.list(tx)
        audit.record(tx, "list clients", [])
    return found


def disable_client(gateway: Gateway, actor: Actor, name: str) -> ClientRow:
    """The client, whose key opens nothing from now on. Raises NotFound when there is none of that name."""
    with gateway.database.transaction(actor) as tx:
        client = clients.disable(tx, name)
        audit.record(tx, "disable client", [f"client/{name}"])
    return client


def _no_such_partner(partner: str, known: tuple[str, ...]) -> str:
    if not known:
        return (
            f"there is no partner {partner!r}, and no partner at all yet:"
            f" describe it in config/partners/{partner}.yaml (partners/examples/ shows how)"
        )
    return f"there is no partner {partner!r}{did_you_mean(partner, known)}; known are {', '.join(known)}"
