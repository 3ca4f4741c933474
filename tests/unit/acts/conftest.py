"""Two hospitals and a gateway that knows them, for the acts that reach partners."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.acts.gateway import Gateway
from gateway.store.database import Database
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
