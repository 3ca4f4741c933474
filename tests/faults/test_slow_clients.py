"""Slow clients hold nobody up: while they hang, everybody else is answered as before (F-23).

Fewer of them than `tests/benchmarks/slow_clients.py` has, but far more than the gateway has threads at work.
"""

from __future__ import annotations

import time
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from gateway.cli.serve import THREADS
from tests.benchmarks.slow_clients import DRIP_S, PATIENT, SlowClients, reads, served

SLOW = 60


@pytest.mark.parametrize("server", ["granian", "waitress"])
def test_sixty_clients_that_never_end_their_requests_hold_nobody_up(
    server: str, database_url: str, tmp_path: Path
) -> None:
    assert SLOW > 2 * THREADS
    with served(database_url, tmp_path, "--server", server) as site:
        made = site.ask("POST", "/fhir/R4/Patient", PATIENT)
        path = urlsplit(made.getheader("Location") or "").path.partition("/_history")[0]
        before = reads(site, path, 2)

        with SlowClients(site, headers=SLOW, bodies=SLOW):
            time.sleep(2 * DRIP_S)
            meanwhile = reads(site, path, 3)
            written = site.ask("POST", "/fhir/R4/Patient", PATIENT)

    assert before.in_vain == meanwhile.in_vain == 0
    assert len(meanwhile.answered) >= len(before.answered), "in half as much time again"
    assert written.status == 201
