"""Two gateways, each over a database of its own, whose clocks show the same time.

The clock stands still until the test moves it, in both worlds at once. So times need not be left out of a
comparison: an instant, a Last-Modified or a search by _lastUpdated that differs is a difference.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Final
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from sqlalchemy import text

from gateway.access.actors import Actor, ActorKind
from gateway.acts import bundle_steps, matching_steps
from gateway.acts.gateway import Gateway
from gateway.app import create_app
from gateway.fhir.identifiers import Identifier
from gateway.mapping import Mappings
from gateway.settings import Settings
from gateway.store import clients, resources
from gateway.store.database import Database, Transaction
from gateway.sync.partner import Partner
from tests.conftest import create_database, drop_database, url_of

PUBLIC_URL: Final = "http://gateway.test"
VERIFIED: Final = "https://fhir.nhs.uk/Id/nhs-number"
ORGANISATIONS: Final = "https://example.org/organisations"
ELM: Final = Identifier(ORGANISATIONS, "elm-trust")
OAK: Final = Identifier(ORGANISATIONS, "oak-trust")
GATEWAY: Final = Actor.gateway()
BEGINNING: Final = datetime(2026, 3, 1, 9, 0, tzinfo=UTC)

MAKING_IDS: Final = (bundle_steps, matching_steps, resources)
"""Where ids of resources are made."""

_CLOCK: Final = """
    CREATE TABLE told_time (at timestamptz NOT NULL);
    INSERT INTO told_time VALUES ('2026-03-01T09:00:00Z');
    CREATE OR REPLACE FUNCTION gateway_now() RETURNS timestamptz LANGUAGE sql STABLE PARALLEL SAFE
        AS $$ SELECT at FROM told_time $$;
"""
# What is never removed is removed here between two stories, so the tables are emptied at once or not at all.
_MAY_BE_EMPTIED: Final = """
    DO $$ DECLARE held record; BEGIN
        FOR held IN SELECT t.tgname, t.tgrelid::regclass AS place FROM pg_trigger AS t
            JOIN pg_proc AS p ON p.oid = t.tgfoid WHERE p.proname = 'refuse_change' AND t.tgtype & 32 > 0
        LOOP EXECUTE format('DROP TRIGGER %I ON %s', held.tgname, held.place); END LOOP;
    END $$
"""
_EMPTY: Final = "TRUNCATE resource, person_patient, change, lane, message, audit CASCADE"


@dataclass(frozen=True, slots=True)
class World:
    """One of the two: its number, its database, and its clients by the kind of actor."""

    number: int
    database: Database = field(repr=False)
    clients: dict[ActorKind, FlaskClient] = field(repr=False)

    def emptied(self) -> None:
        """Nothing of an earlier story is left."""
        with self.database.engine.begin() as connection:
            connection.execute(text(_EMPTY))


def set_clock(tx: Transaction, moment: datetime) -> None:
    """From now on it is that time in the world of the transaction."""
    tx.connection.execute(text("UPDATE told_time SET at = :at"), {"at": moment})


def after(minutes: int) -> datetime:
    """So many minutes after the beginning of every story."""
    return BEGINNING + timedelta(minutes=minutes)


def _ids_in_order() -> Callable[[], UUID]:
    """Makes ids as a server does, each after the one before it.

    Real ones have a random order, which tells nothing but would differ between the worlds wherever something
    is sorted by id. They come after every id of a story.
    """
    made = count(1)
    return lambda: UUID(f"eeeeeeee-0000-4000-8000-{next(made):012x}")


@contextmanager
def two_worlds(server_url: str, template: str, var: Path) -> Iterator[tuple[World, World]]:
    """Both, empty, for as long as the block lasts."""
    mappings = Mappings.load()
    names = [f"{template}_world_{number}" for number in (1, 2)]
    for name in names:
        create_database(server_url, name, template=template)
    opened = [Database.connect(url_of(server_url, name), pool_size=2) for name in names]
    try:
        first, second = (_world(number, held, mappings, var) for number, held in enumerate(opened, start=1))
        with pytest.MonkeyPatch.context() as patched:
            made = _ids_in_order()
            for place in MAKING_IDS:
                patched.setattr(place, "uuid4", made)
            yield first, second
    finally:
        for database, name in zip(opened, names, strict=True):
            database.close()
            drop_database(server_url, name)


def _world(number: int, database: Database, mappings: Mappings, var: Path) -> World:
    hospitals = [
        Partner(name, name, "fhir_rest", verified_identifiers=(VERIFIED,))
        for name in ("st-annes", "northside")
    ]
    agencies = [
        Partner("elm-trust", "Elm Trust", "webhook", organisation=ELM),
        Partner("oak-trust", "Oak Trust", "webhook", organisation=OAK),
    ]
    partners = {partner.name: partner for partner in (*hospitals, *agencies)}
    gateway = Gateway(database, mappings, partners, GATEWAY, PUBLIC_URL)
    settings = Settings.load({"CARE_GATEWAY_VAR": str(var), "CARE_GATEWAY_PUBLIC_URL": PUBLIC_URL})
    app = create_app(settings, gateway)
    with database.engine.begin() as connection:
        connection.exec_driver_sql(_CLOCK)
        connection.exec_driver_sql(_MAY_BE_EMPTIED.replace("%", "%%"))
    known: dict[ActorKind, FlaskClient] = {}
    for kind, partner in ((ActorKind.EHR, "st-annes"), (ActorKind.AGENCY, "elm-trust")):
        with database.transaction(GATEWAY) as tx:
            key = clients.add(tx, f"{kind}-{partner}", kind, partner)
        known[kind] = app.test_client()
        known[kind].environ_base["HTTP_AUTHORIZATION"] = f"Bearer {key}"
    return World(number, database, known)
