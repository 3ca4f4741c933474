"""The pages themselves: who is asking is known from the session; the acts are the records API's own."""

from __future__ import annotations

from datetime import UTC, datetime

from flask import Blueprint, Response, g, make_response, render_template, request

from gateway.acts.gateway import Gateway
from gateway.acts.read_record import Wanted, list_records, read_consolidated
from gateway.errors import GatewayError
from gateway.records import RECORDS
from gateway.web import doors
from gateway.web.coordinator.people_page import person_row
from gateway.web.coordinator.record_page import record_page
from gateway.web.doors import Door
from gateway.web.pages import guard_pages
from gateway.web.sign_in import need_session

PEOPLE_A_PAGE = 25


def blueprint(gateway: Gateway) -> Blueprint:
    """`/` and `/people/{id}`, for a signed-in coordinator."""
    pages = Blueprint("coordinator", __name__, template_folder="templates")
    doors.declare(pages, Door.SESSION)
    guard_pages(pages)
    need_session(pages, gateway)

    def title_of(source: str) -> str:
        partner = gateway.partners.get(source)
        return partner.title if partner else {"here": "Entered here"}.get(source, source)

    @pages.get("/")
    def people() -> str:
        listed = list_records(
            gateway,
            g.actor,
            RECORDS["person"],
            Wanted(),
            count=PEOPLE_A_PAGE,
            cursor=request.args.get("cursor"),
        )
        today = datetime.now(UTC).date()
        rows = [person_row(person, title_of, today) for person in listed.items]
        return render_template("coordinator/people.html", rows=rows, next_cursor=listed.next)

    @pages.get("/people/<id>")
    def record(id: str) -> str:
        consolidated = read_consolidated(gateway, g.actor, id)
        page = record_page(consolidated, title_of, datetime.now(UTC).date())
        return render_template("coordinator/record.html", page=page)

    @pages.errorhandler(GatewayError)
    def refused(error: GatewayError) -> Response:
        heading = "This page does not exist" if error.status == 404 else "This did not work"
        page = render_template("refused.html", heading=heading, message=error.message)
        return make_response(page, error.status)

    return pages
