"""A route without a declared door keeps the application from starting."""

from __future__ import annotations

import pytest
from flask import Blueprint, Flask

from gateway.errors import ConfigError
from gateway.web.doors import Door, declare, declare_endpoints, declared_doors, refuse_undeclared


def _app() -> tuple[Flask, Blueprint]:
    return Flask("doors", static_folder=None), Blueprint("room", "doors", url_prefix="/room")


def test_every_undeclared_route_is_named() -> None:
    app, room = _app()
    room.add_url_rule("/one", "one", lambda: "")
    app.register_blueprint(room)
    app.add_url_rule("/two", "two", lambda: "")

    with pytest.raises(ConfigError, match=r"/room/one, /two"):
        refuse_undeclared(app)


def test_a_blueprint_declares_one_door_and_its_exceptions() -> None:
    app, room = _app()
    room.add_url_rule("/one", "one", lambda: "")
    room.add_url_rule("/open", "open", lambda: "")
    declare(room, Door.KEY, {"open": Door.OPEN})
    app.register_blueprint(room)
    app.add_url_rule("/two", "two", lambda: "")
    declare_endpoints(app, {"two": Door.SIGNATURE})

    refuse_undeclared(app)

    assert declared_doors(app) == {"/room/one": Door.KEY, "/room/open": Door.OPEN, "/two": Door.SIGNATURE}
