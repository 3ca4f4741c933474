"""The addresses of one kind of record: list, create, read, replace, change. Nothing is deleted.

Source: https://www.rfc-editor.org/rfc/rfc9110#name-conditional-requests, https://www.rfc-editor.org/rfc/rfc7396
"""

from __future__ import annotations

from flask import Response, g, request
from flask_smorest import Blueprint

from gateway.acts.read_record import list_records, read_record
from gateway.acts.write_record import create_record, patch_record, replace_record
from gateway.records import RecordKind
from gateway.web import the_gateway
from gateway.web.records_api import operations
from gateway.web.records_api.answers import json_answer, record_answer
from gateway.web.records_api.offers import offer
from gateway.web.records_api.requests import body_of, listing_of, once_of, required_if_match


def records_of_a_kind(kind: RecordKind) -> Blueprint:
    """`/api/<path>` and `/api/<path>/{id}`."""
    records = Blueprint(
        kind.path, __name__, url_prefix=f"/api/{kind.path}", description=f"The record {kind.name}."
    )
    filters = operations.filters_of(kind)

    def list_them() -> Response:
        asked = listing_of(request, filters)
        page = list_records(
            the_gateway(), g.actor, kind, asked.wanted, count=asked.count, cursor=asked.cursor
        )
        return json_answer({"items": page.items, "next": page.next})

    def create() -> Response:
        shown = create_record(the_gateway(), g.actor, kind, body_of(request), once=once_of(request))
        return record_answer(shown, 201, f"{the_gateway().public_url}/api/{kind.path}/{shown.id}")

    def read(id: str) -> Response:
        return record_answer(read_record(the_gateway(), g.actor, kind, id))

    def replace(id: str) -> Response:
        etag = required_if_match(request)
        return record_answer(
            replace_record(the_gateway(), g.actor, kind, id, body_of(request), if_match=etag)
        )

    def patch(id: str) -> Response:
        etag = required_if_match(request)
        body = body_of(request, patch=True)
        return record_answer(patch_record(the_gateway(), g.actor, kind, id, body, if_match=etag))

    offer(records, "GET", "", "list", list_them, operations.listing(kind))
    offer(records, "POST", "", "create", create, operations.creating(kind))
    offer(records, "GET", "/<string:id>", "read", read, operations.reading(kind))
    offer(records, "PUT", "/<string:id>", "replace", replace, operations.replacing(kind))
    offer(records, "PATCH", "/<string:id>", "patch", patch, operations.patching(kind))
    return records
