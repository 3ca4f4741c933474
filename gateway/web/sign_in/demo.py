"""The demonstration's sign-in: only in development, only for this machine, and it says so on every page."""

from __future__ import annotations

import ipaddress
from typing import Final

from flask import Blueprint, Response, make_response, redirect, render_template, request, url_for
from flask_wtf.csrf import CSRFError

from gateway.acts.gateway import Gateway
from gateway.errors import Forbidden
from gateway.web import doors
from gateway.web.doors import Door
from gateway.web.pages import guard_pages
from gateway.web.sign_in.session import begin, end

DEMO_USER: Final = "Amina Khan"


def blueprint(gateway: Gateway) -> Blueprint:
    """`/sign-in` and `/sign-out`. A production application does not start while this is the only sign-in."""
    pages = Blueprint("sign_in", __name__, template_folder="templates")
    doors.declare(pages, Door.OPEN)
    guard_pages(pages)

    @pages.before_request
    def only_this_machine() -> None:
        if not ipaddress.ip_address(request.remote_addr or "::").is_loopback:
            raise Forbidden("the demonstration's sign-in answers only the machine that it runs on")

    @pages.get("/sign-in")
    def choose() -> str:
        return render_template("sign_in/sign_in.html", user=DEMO_USER)

    @pages.post("/sign-in")
    def enter() -> Response:
        answer = make_response(redirect(url_for("coordinator.people")))
        begin(gateway, DEMO_USER, answer)
        return answer

    @pages.post("/sign-out")
    def leave() -> Response:
        answer = make_response(redirect(url_for("sign_in.choose")))
        end(gateway, answer)
        return answer

    @pages.errorhandler(CSRFError)
    def stale_form(error: CSRFError) -> Response:
        page = render_template(
            "refused.html", heading="This form has expired", message="Go back, reload the page and try again."
        )
        return make_response(page, 400)

    return pages
