"""The consolidated record of one person: GET /api/people/{id}/record."""

from __future__ import annotations

from flask import Response, g
from flask_smorest import Blueprint

from gateway.acts.read_record import read_consolidated
from gateway.records import RECORDS
from gateway.web import the_gateway
from gateway.web.records_api import operations
from gateway.web.records_api.answers import json_answer
from gateway.web.records_api.offers import offer


def person_record() -> Blueprint:
    """`/api/people/{id}/record`."""
    records = Blueprint(
        "person-record", __name__, url_prefix="/api/people", description="One person, from every source."
    )

    offer(records, "GET", "/<string:id>/record", "read", read, operations.consolidated(RECORDS))
    return records


def read(id: str) -> Response:
    """Everything about the person."""
    return json_answer(read_consolidated(the_gateway(), g.actor, id))
