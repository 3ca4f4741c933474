"""Machine clients: what a key opens, and what no longer opens anything."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text

from gateway.access.actors import HERE, Actor, ActorKind
from gateway.errors import Conflict, Forbidden, NotFound, Unprocessable
from gateway.store import clients
from gateway.store.database import Database

GATEWAY = Actor.gateway()


def add(database: Database, name: str, kind: ActorKind, partner: str | None = None) -> str:
    with database.transaction(GATEWAY) as tx:
        return clients.add(tx, name, kind, partner)


def signed_in(database: Database, key: str) -> clients.ClientRow | None:
    with database.transaction(GATEWAY) as tx:
        return clients.authenticate(tx, key)


def test_a_key_opens_the_door_as_what_it_was_registered_for(database: Database) -> None:
    key = add(database, "elm-office", ActorKind.AGENCY, "elm-trust")
    client = signed_in(database, key)
    assert client is not None
    assert (client.name, client.kind, client.source) == ("elm-office", ActorKind.AGENCY, "elm-trust")
    coordinator = signed_in(database, add(database, "amina", ActorKind.COORDINATOR))
    assert coordinator is not None
    assert coordinator.source == HERE


def test_no_two_keys_are_alike_and_none_is_kept(database: Database) -> None:
    keys = [add(database, f"client-{n}", ActorKind.COORDINATOR) for n in range(3)]
    assert len(set(keys)) == 3
    with database.transaction(GATEWAY) as tx:
        kept = str(tx.connection.execute(text("SELECT c::text, secret_sha256 FROM client c")).all())
    for key in keys:
        assert key.rsplit("_", 1)[1] not in kept


def test_a_key_changed_in_any_place_opens_nothing(database: Database) -> None:
    key = add(database, "amina", ActorKind.COORDINATOR)
    for place in range(len(key)):
        other = "b" if key[place] == "a" else "a"
        assert signed_in(database, key[:place] + other + key[place + 1 :]) is None
    for altered in (key + "a", key[:-1], f" {key}", f"{key}\n", key.upper(), f"{key}\0"):
        assert signed_in(database, altered) is None


def test_one_clients_secret_with_anothers_id_opens_nothing(database: Database) -> None:
    first, second = (add(database, name, ActorKind.COORDINATOR) for name in ("first", "second"))
    assert signed_in(database, first[:20] + second[20:]) is None


@given(key=st.text(max_size=80))
def test_any_other_text_is_no_key(migrated_database: Database, key: str) -> None:
    assert signed_in(migrated_database, key) is None


def test_a_disabled_client_is_out_at_once_and_stays_listed(database: Database) -> None:
    key = add(database, "amina", ActorKind.COORDINATOR)
    with database.transaction(GATEWAY) as tx:
        assert clients.disable(tx, "amina").is_disabled
    assert signed_in(database, key) is None
    with database.transaction(GATEWAY) as tx:
        first = clients.disable(tx, "amina")
        assert [(row.name, row.disabled_at) for row in clients.list(tx)] == [("amina", first.disabled_at)]


def test_a_name_is_given_once_even_when_its_client_is_disabled(database: Database) -> None:
    add(database, "amina", ActorKind.COORDINATOR)
    with database.transaction(GATEWAY) as tx:
        clients.disable(tx, "amina")
    with pytest.raises(Conflict, match="another name"):
        add(database, "amina", ActorKind.ADMIN)


def test_disabling_a_stranger_is_refused(database: Database) -> None:
    with pytest.raises(NotFound), database.transaction(GATEWAY) as tx:
        clients.disable(tx, "nobody")


@pytest.mark.parametrize(
    ("kind", "partner", "told"),
    [
        (ActorKind.EHR, None, "--partner"),
        (ActorKind.AGENCY, None, "--partner"),
        (ActorKind.COORDINATOR, "elm-trust", "leave --partner out"),
        (ActorKind.ADMIN, "elm-trust", "leave --partner out"),
        (ActorKind.GATEWAY, None, "not gateway"),
    ],
)
def test_who_acts_for_a_partner_names_it_and_nobody_else_does(
    database: Database, kind: ActorKind, partner: str | None, told: str
) -> None:
    with pytest.raises(Unprocessable, match=told):
        add(database, "somebody", kind, partner)


@pytest.mark.parametrize("name", ["", "-x", "two words", "ä", "x" * 64, "x\n", "../x"])
def test_a_name_that_could_mislead_a_log_is_refused(database: Database, name: str) -> None:
    with pytest.raises(Unprocessable):
        add(database, name, ActorKind.COORDINATOR)


@pytest.mark.parametrize("kind", [ActorKind.EHR, ActorKind.AGENCY, ActorKind.COORDINATOR])
def test_clients_are_no_business_of_clinical_actors(database: Database, kind: ActorKind) -> None:
    somebody = Actor(kind, "somebody", HERE)
    for act in (
        clients.list,
        lambda tx: clients.add(tx, "x", ActorKind.ADMIN),
        lambda tx: clients.disable(tx, "x"),
    ):
        with pytest.raises(Forbidden), database.transaction(somebody) as tx:
            act(tx)
    with pytest.raises(Forbidden), database.transaction(somebody) as tx:
        clients.authenticate(tx, "cgk_")
