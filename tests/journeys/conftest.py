"""Journeys go through the front door: a web server on loopback, and a real browser where one is installed."""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright
from werkzeug.serving import make_server

from gateway.access.actors import Actor
from gateway.acts.gateway import Gateway
from gateway.app import create_app
from gateway.mapping import Mappings
from gateway.settings import Settings
from gateway.store.database import Database


@pytest.fixture
def gateway(database: Database) -> Gateway:
    """A gateway without partners, over a database of the test's own."""
    return Gateway(database, Mappings.load(), {}, Actor.gateway(), "http://gateway.test")


@pytest.fixture
def site(gateway: Gateway, tmp_path: Path) -> Iterator[str]:
    """The address of a running web server over `gateway`."""
    settings = Settings.load({"CARE_GATEWAY_VAR": str(tmp_path)})
    server = make_server("127.0.0.1", 0, create_app(settings, gateway), threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.port}"
    server.shutdown()  # ends the loop from inside: no socket is closed under whoever waits on it
    thread.join()
    server.server_close()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Chromium as the machine has it; a test that needs it is skipped by name where there is none."""
    found = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if found is None:
        reason = "no Chromium on this machine; on Debian: apt-get install chromium"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=found, args=["--no-sandbox"])
        yield chromium
        chromium.close()
