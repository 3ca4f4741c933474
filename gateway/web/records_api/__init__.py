"""The records API below /api: plain JSON for coordinators' systems, described by itself at /api/openapi.json.

Every address but the description needs a client key. What may be seen or changed is decided by the acts.
"""

from __future__ import annotations

from importlib.metadata import version
from typing import Any, Final

from flask import Flask, g, request
from flask_smorest import Api, Blueprint

from gateway.acts.gateway import Gateway
from gateway.records import RECORDS
from gateway.store.versions import our_id
from gateway.web import doors
from gateway.web.doors import Door
from gateway.web.records_api.docs_page import docs_page
from gateway.web.records_api.field_words import field_words
from gateway.web.records_api.moves import moves
from gateway.web.records_api.person_record import person_record
from gateway.web.records_api.records_of_a_kind import records_of_a_kind

_ROOTS: Final = {kind.path: kind.root for kind in RECORDS.values()}
_PROBLEM: Final[dict[str, Any]] = {
    "type": "object",
    "description": "What went wrong (RFC 9457), with every issue found.",
    "properties": {
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "code": {"type": "string"},
        "request_id": {"type": "string"},
        "issues": {"type": "array", "items": {"type": "object"}},
    },
}


class RecordsApi(Api):  # type: ignore[misc]
    """An API whose operations describe their errors themselves, as problems; flask-smorest has its own."""

    DEFAULT_ERROR_RESPONSE_NAME = None

    def _register_responses(self) -> None:
        """Nothing: these would describe answers that no address gives."""

    def _register_pagination_header(self) -> None:
        """Nothing: a list says in its body where it goes on."""


def register(app: Flask, within: Gateway) -> None:
    """The records API of `app`, its description and the page that shows it."""
    app.config |= {
        "API_TITLE": "Care Gateway records API",
        "API_VERSION": version("care-gateway"),
        "OPENAPI_VERSION": "3.0.3",
        "OPENAPI_URL_PREFIX": "/api",
        "API_SPEC_OPTIONS": {
            "servers": [{"url": within.public_url}],
            "security": [{"key": []}],
            "components": {
                "schemas": {"Problem": _PROBLEM},
                "securitySchemes": {"key": {"type": "http", "scheme": "bearer"}},
            },
        },
    }
    api = RecordsApi(app)
    api.ma_plugin.converter.add_attribute_function(field_words)
    for blueprint in (*map(records_of_a_kind, RECORDS.values()), moves(), person_record()):
        _locked(blueprint)
        api.register_blueprint(blueprint)
    page = docs_page(api)
    doors.declare(page, Door.OPEN)
    app.register_blueprint(page)
    doors.declare_endpoints(app, {"api-docs.openapi_json": Door.OPEN})


def _locked(blueprint: Blueprint) -> None:
    doors.declare(blueprint, Door.KEY)

    blueprint.before_request(_name_the_action)


def _name_the_action() -> None:
    """What a refusal is written down as: the address as declared, never as sent, and the record named."""
    rule = request.url_rule
    g.action = f"{request.method} {rule.rule if rule else ''}"
    id = (request.view_args or {}).get("id")
    if isinstance(id, str) and our_id(id) is not None:
        g.target = f"{_ROOTS[request.path.split('/')[2]]}/{id}"
