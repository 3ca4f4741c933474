"""The worker is killed, as by a power cut, around a send: started again, the agency sees one effect.

Real worker processes, a real agency that deduplicates by webhook-id, as Standard Webhooks asks of receivers.
"""

from __future__ import annotations

import base64
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from flask import Flask, Response, request

from gateway.mapping import Mappings
from gateway.store.database import Database
from gateway.transport.webhooks import verify
from tests.contract.served import served
from tests.unit.acts.agency_town import ODS_CODE, Desk, gateway_over

SECRET = "whsec_" + base64.b64encode(b"shared with elm trust only").decode()
LEASE_S = 2
DEADLINE_S = 60


class Agency:
    """Every arrival, and the effects: one for each webhook-id."""

    def __init__(self) -> None:
        self.arrivals: list[str] = []
        self.effects: dict[str, bytes] = {}
        self.app = Flask("agency")
        self.app.add_url_rule("/referrals", view_func=self._take, methods=["POST"])

    def _take(self) -> Response:
        body = request.get_data()
        delivery_id = verify(body, dict(request.headers), [SECRET])
        self.arrivals.append(delivery_id)
        self.effects.setdefault(delivery_id, body)
        return Response(status=204)


@dataclass(frozen=True, slots=True)
class Town:
    """A coordinator's desk, the agency, and what a worker process needs to know of both."""

    desk: Desk
    agency: Agency
    environment: dict[str, str]

    @contextmanager
    def worker(self, crash_at: str = "") -> Iterator[subprocess.Popen[bytes]]:
        """One worker process; whatever became of it, it is gone afterwards."""
        command = [sys.executable, "-m", "gateway", "worker", "--lease", str(LEASE_S)]
        environment = {**self.environment, "CARE_GATEWAY_CRASH_AT": crash_at}
        log = Path(self.environment["CARE_GATEWAY_VAR"]) / "worker.log"
        with log.open("ab") as words:
            process = subprocess.Popen(command, env=environment, stdout=words, stderr=words)
        try:
            yield process
        finally:
            process.kill()
            process.wait()

    def states(self, referral: str) -> list[str]:
        return [leg["status"] for leg in self.desk.read("referral", referral)["legs"]]

    def deliveries(self) -> dict[str, int]:
        """Where the referral deliveries are: waiting, delivered with a receipt, or dead."""
        tables = {"waiting": "message", "receipts": "receipt", "dead": "dead_letter"}
        return {
            name: self.desk.rows(f"SELECT count(*) FROM {table} WHERE destination = 'referral:elm-trust'")[0][
                0
            ]
            for name, table in tables.items()
        }


@pytest.fixture
def town(database: Database, database_url: str, tmp_path: Path) -> Iterator[Town]:
    agency = Agency()
    partners = tmp_path / "config" / "partners"
    partners.mkdir(parents=True)
    with served(agency.app) as address:
        (partners / "elm-trust.yaml").write_text(
            "title: Elm Trust\n"
            "kind: webhook\n"
            f"organisation: {{system: '{ODS_CODE}', value: elm-trust}}\n"
            "settings:\n"
            f"  url: {address}/referrals\n"
            "  secrets: ['env:ELM_TRUST_SECRET']\n"
            "  allow_networks: [127.0.0.0/8]\n"
        )
        environment = {
            **os.environ,
            "CARE_GATEWAY_ENVIRONMENT": "development",
            "CARE_GATEWAY_DATABASE_URL": database_url,
            "CARE_GATEWAY_CONFIG": str(tmp_path / "config"),
            "CARE_GATEWAY_VAR": str(tmp_path),
            "CARE_GATEWAY_PUBLIC_URL": "https://care.example",
            "ELM_TRUST_SECRET": SECRET,
        }
        yield Town(Desk(gateway_over(database, Mappings.load())), agency, environment)


def until(holds: Callable[[], bool], what: str) -> None:
    ends = time.monotonic() + DEADLINE_S
    while time.monotonic() < ends:
        if holds():
            return
        time.sleep(0.1)
    pytest.fail(f"not within {DEADLINE_S} s: {what}")


def killed(process: subprocess.Popen[bytes]) -> bool:
    return process.wait(DEADLINE_S) == -signal.SIGKILL


@pytest.mark.parametrize(("crash_at", "arrived_before"), [("before-send", 0), ("after-send", 1)])
def test_killed_around_a_send_and_started_again_there_is_one_effect(
    town: Town, crash_at: str, arrived_before: int
) -> None:
    referral = town.desk.sent()
    with town.worker(crash_at) as process:
        assert killed(process)
    assert len(town.agency.arrivals) == arrived_before
    assert town.deliveries() == {"waiting": 1, "receipts": 0, "dead": 0}
    assert town.states(referral) == ["requested"]

    with town.worker():
        until(lambda: town.deliveries()["receipts"] == 1, "a receipt")

    assert len(town.agency.effects) == 1
    assert len(town.agency.arrivals) == arrived_before + 1
    assert town.deliveries() == {"waiting": 0, "receipts": 1, "dead": 0}
    assert town.states(referral) == ["received"]


def test_killed_again_and_again_every_referral_has_one_effect_and_a_receipt(town: Town) -> None:
    referrals = [town.desk.sent() for _ in range(4)]
    for crash_at in ("after-send", "before-send", "after-send"):
        with town.worker(crash_at) as process:
            assert killed(process)

    with town.worker():
        until(lambda: town.deliveries()["receipts"] == len(referrals), "every receipt")

    assert len(town.agency.effects) == len(referrals)
    assert town.deliveries() == {"waiting": 0, "receipts": len(referrals), "dead": 0}
    assert [town.states(referral) for referral in referrals] == [["received"]] * len(referrals)


def test_asked_to_stop_a_worker_ends_by_itself_and_leaves_nothing_claimed(town: Town) -> None:
    referral = town.desk.sent()
    with town.worker() as process:
        until(lambda: town.states(referral) == ["received"], "the receipt")
        process.send_signal(signal.SIGTERM)
        assert process.wait(DEADLINE_S) == 0

    held = town.desk.rows(
        "SELECT count(*) FROM lane WHERE destination = 'referral:elm-trust' AND ready_at IS NOT NULL"
    )
    assert held[0][0] == 0
