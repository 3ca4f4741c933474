"""Two hospitals and a gateway that knows them, for the acts that reach partners."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.acts.gateway import Gateway
from gateway.mapping import Mappings
from gateway.store.database import Database
from tests.unit.acts.agency_town import Desk, gateway_over
from tests.unit.acts.hospital import Hospital, gateway_for, hospitals


@pytest.fixture
def town(tmp_path: Path) -> Iterator[dict[str, Hospital]]:
    with hospitals(tmp_path, "st-annes", "northside") as found:
        yield dict(found)


@pytest.fixture
def st_annes(town: dict[str, Hospital]) -> Hospital:
    return town["st-annes"]


@pytest.fixture
def northside(town: dict[str, Hospital]) -> Hospital:
    return town["northside"]


@pytest.fixture
def linked_gateway(database: Database, town: dict[str, Hospital]) -> Gateway:
    return gateway_for(database, town)


@pytest.fixture(scope="session")
def mappings() -> Mappings:
    return Mappings.load()


@pytest.fixture
def desk(database: Database, mappings: Mappings) -> Desk:
    """A coordinator's desk in a gateway that knows a hospital and two agencies."""
    return Desk(gateway_over(database, mappings))
