"""The two worlds, once for all that is asked of them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.two_worlds.worlds import World, two_worlds


@pytest.fixture(scope="module")
def worlds(
    server_url: str, migrated_template: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[World, World]]:
    var: Path = tmp_path_factory.mktemp("worlds")
    with two_worlds(server_url, migrated_template, var) as held:
        yield held
