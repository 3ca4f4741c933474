"""The coordinator's screens: people, and one person's record with every source named; no script is needed."""

from __future__ import annotations

from flask import Blueprint, Flask

from gateway.acts.gateway import Gateway
from gateway.web import doors
from gateway.web.coordinator.views import blueprint as screens
from gateway.web.doors import Door
from gateway.web.pages import prepare_pages


def register(app: Flask, gateway: Gateway) -> None:
    """Offer the screens, and the style sheet, script and icons that they use."""
    prepare_pages(app)
    assets = Blueprint("assets", "gateway.web", static_folder="static", static_url_path="/static")
    doors.declare(assets, Door.OPEN)
    app.register_blueprint(assets)
    app.register_blueprint(screens(gateway))
