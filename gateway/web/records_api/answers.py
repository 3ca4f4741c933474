"""Answers of the records API: JSON with the digits that were stored, and the ETag of a record."""

from __future__ import annotations

from typing import Any, Final

from flask import Response

from gateway.acts.record_view import Shown
from gateway.fhir.json_codec import write

JSON_TYPE: Final = "application/json"


def json_answer(value: Any, status: int = 200) -> Response:
    """The value as JSON."""
    return Response(write(value), status, content_type=JSON_TYPE)


def record_answer(shown: Shown, status: int = 200, location: str | None = None) -> Response:
    """The record with its ETag; an answer kept from an earlier, equal request says so."""
    answer = json_answer(shown.record, status)
    answer.headers["ETag"] = shown.etag
    if location is not None:
        answer.headers["Location"] = location
    if shown.replayed:
        answer.headers["Idempotent-Replayed"] = "true"
    return answer
