"""Polling a hospital: how the cursor moves, page by page, whatever order its server answers in."""

from __future__ import annotations

import contextlib
import ipaddress
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask, Response, jsonify, request

from gateway.access.actors import Actor
from gateway.acts.gateway import Gateway
from gateway.delivery.pace import Pace
from gateway.delivery.poll import run
from gateway.delivery.workplace import Turn, Workplace
from gateway.errors import AnswerUnreadable, PartnerUnavailable
from gateway.mapping import Mappings
from gateway.partners.fhir_rest import FhirRestSettings
from gateway.partners.fhir_rest.server import connect
from gateway.store import cursors, lanes
from gateway.store.database import Database
from gateway.sync.partner import Partner
from tests.contract.served import served


class Scripted:
    """A server that answers the pages it was given, whatever is asked; None stands for an outage."""

    def __init__(self) -> None:
        self.pages: list[list[str] | None] = []
        self.asked: list[str] = []
        self.leads_back = False  # each page says that it comes after itself
        self.app = Flask("hospital")
        self.app.add_url_rule("/fhir/Goal", view_func=self._page)

    def _page(self) -> Response:
        number = int(request.args.get("page", 0))
        self.asked.append(request.args.get("_lastUpdated", ""))
        moments = self.pages[number]
        if moments is None:
            return Response(status=503)
        entries: list[dict[str, Any]] = [{"resource": goal(moment)} for moment in moments]
        bundle: dict[str, Any] = {"resourceType": "Bundle", "type": "searchset", "entry": entries}
        if self.leads_back:
            bundle["link"] = [{"relation": "next", "url": f"{request.host_url}fhir/Goal?page={number}"}]
        elif number + 1 < len(self.pages):
            bundle["link"] = [{"relation": "next", "url": f"{request.host_url}fhir/Goal?page={number + 1}"}]
        return jsonify(bundle)


def goal(moment: str) -> dict[str, Any]:
    id = moment.replace(":", "").replace(".", "-")
    return {"resourceType": "Goal", "id": id, "meta": {"lastUpdated": moment, "versionId": "1"}}


def at(minute: int) -> str:
    return f"2026-11-22T03:{minute:02}:00.000Z"


@pytest.fixture
def hospital() -> Scripted:
    return Scripted()


@pytest.fixture
def place(database: Database, hospital: Scripted) -> Iterator[Workplace]:
    with served(hospital.app) as address:
        settings = FhirRestSettings(f"{address}/fhir", None, (ipaddress.ip_network("127.0.0.0/8"),))
        partner = Partner("st-annes", "St Anne's", "fhir_rest", pulls=("Goal",), settings=settings)
        gateway = Gateway(
            database, Mappings.load(), {"st-annes": partner}, Actor.gateway(), "https://care.example"
        )
        yield Workplace(gateway, {"st-annes": connect(partner, str)}, Pace(overlap_s=5))


def polled(place: Workplace) -> str | None:
    """The cursor after one run."""
    gateway = place.gateway
    with gateway.database.transaction(gateway.self_actor) as tx:
        lanes.ensure_periodic(tx, "poll:st-annes", "Goal", 1)
        tx.connection.exec_driver_sql("UPDATE lane SET ready_at = gateway_now()")
        [lease] = lanes.claim(tx, limit=1, lease_s=60, destinations=["poll:st-annes"])
    with contextlib.suppress(PartnerUnavailable):
        run(place, Turn(lease, float("inf")))
    with gateway.database.transaction(gateway.self_actor) as tx:
        return cursors.get(tx, "st-annes", "Goal")


def test_the_first_poll_asks_for_everything_and_the_next_from_a_little_before_the_cursor(
    place: Workplace, hospital: Scripted
) -> None:
    hospital.pages = [[at(1), at(2)]]

    assert polled(place) == at(2)
    assert polled(place) == at(2)
    assert hospital.asked == ["", "ge2026-11-22T03:01:55.000Z"]


def test_in_order_the_cursor_moves_with_each_page(place: Workplace, hospital: Scripted) -> None:
    hospital.pages = [[at(1), at(2)], None]
    assert polled(place) == at(2)


def test_out_of_order_nothing_is_skipped_when_a_later_page_fails(
    place: Workplace, hospital: Scripted
) -> None:
    hospital.pages = [[at(9), at(1)], None]
    assert polled(place) is None

    hospital.pages = [[at(9), at(1)], [at(3)]]
    assert polled(place) == at(9)


def test_a_server_that_says_no_times_is_read_but_leaves_no_cursor(
    place: Workplace, hospital: Scripted
) -> None:
    hospital.pages = [["soon"]]
    assert polled(place) is None


def test_one_resource_dated_in_the_future_does_not_hide_what_changes_until_then(
    place: Workplace, hospital: Scripted
) -> None:
    hospital.pages = [[at(1), "2099-01-01T00:00:00.000Z"]]
    earliest = datetime.now(UTC)

    cursor = polled(place)
    polled(place)

    assert cursor is not None
    assert earliest - timedelta(seconds=1) < datetime.fromisoformat(cursor) <= datetime.now(UTC)
    assert hospital.asked[1] < f"ge{datetime.now(UTC).isoformat()}"


@pytest.mark.parametrize("moment", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"])
def test_the_first_and_the_last_moment_of_all_do_not_end_the_polls(
    place: Workplace, hospital: Scripted, moment: str
) -> None:
    hospital.pages = [[moment]]
    polled(place)
    polled(place)
    assert len(hospital.asked) == 2


def test_pages_that_lead_in_a_circle_are_received_and_then_left(place: Workplace, hospital: Scripted) -> None:
    hospital.pages, hospital.leads_back = [[at(1)]], True

    with pytest.raises(AnswerUnreadable, match="circle"):
        polled(place)

    assert len(hospital.asked) == 2
