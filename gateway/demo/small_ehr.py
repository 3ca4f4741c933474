"""A small hospital EHR of our own: a FHIR R4 server that a hospital's own staff could use.

It speaks read, vread, history, create (If-None-Exist), update (If-Match), delete and search, paged opaquely.
Source: https://hl7.org/fhir/R4/http.html
"""

from __future__ import annotations

import secrets
from datetime import datetime
from email.utils import format_datetime
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

from flask import Flask, Response, request

from gateway.demo.small_ehr_search import matching, unknown_parameters
from gateway.demo.small_ehr_shelf import Held, Shelf
from gateway.errors import GatewayError, Unreadable
from gateway.fhir.json_codec import read_untrusted, write

TYPES = (
    "Patient", "Practitioner", "Organization", "Condition", "CarePlan", "Goal", "CareTeam",
    "ServiceRequest", "Task", "Procedure", "Observation", "Communication", "DocumentReference",
)  # fmt: skip
FHIR_JSON = "application/fhir+json; fhirVersion=4.0"
LARGEST_PAGE = 50


def create_ehr(shelf: Shelf, base_url: str, *, token: str | None = None) -> Flask:
    """A WSGI application that serves `shelf` under `base_url`; given a token, only to who sends it."""
    app = Flask("small-ehr")
    pages: dict[str, tuple[list[tuple[str, str]], int]] = {}

    @app.before_request
    def only_who_may() -> Response | None:
        sent = request.headers.get("Authorization", "")
        if token and request.path != "/fhir/metadata" and not secrets.compare_digest(sent, f"Bearer {token}"):
            return _outcome(HTTPStatus.UNAUTHORIZED, "login", "send the hospital's token as Bearer")
        return None

    @app.errorhandler(GatewayError)
    def unreadable(error: GatewayError) -> Response:
        return _outcome(HTTPStatus(error.status), error.issue, error.message)

    @app.get("/fhir/metadata")
    def metadata() -> Response:
        return _json(_capabilities(base_url))

    @app.get("/fhir/<type_>/<id_>")
    def read(type_: str, id_: str) -> Response:
        return _one(shelf.held(type_, id_))

    @app.get("/fhir/<type_>/<id_>/_history/<int:version>")
    def vread(type_: str, id_: str, version: int) -> Response:
        return _one(shelf.held(type_, id_, version))

    @app.get("/fhir/<type_>/<id_>/_history")
    def history(type_: str, id_: str) -> Response:
        entries = [
            {"fullUrl": f"{base_url}/{h.type}/{h.id}", "resource": h.resource}
            for h in shelf.history(type_, id_)
        ]
        return _json({"resourceType": "Bundle", "type": "history", "total": len(entries), "entry": entries})

    @app.get("/fhir/<type_>")
    def search(type_: str) -> Response:
        if type_ not in TYPES:
            return _outcome(HTTPStatus.NOT_FOUND, "not-supported", f"{type_} is not held here")
        query, start = list(request.args.items(multi=True)), 0
        if page := request.args.get("_page"):
            if page not in pages:
                return _outcome(HTTPStatus.GONE, "expired", "this page has expired; search again")
            query, start = pages[page]
        unknown = unknown_parameters(dict(query))
        if unknown and "handling=strict" in request.headers.get("Prefer", ""):
            return _outcome(
                HTTPStatus.BAD_REQUEST, "not-supported", f"unknown parameters: {', '.join(unknown)}"
            )
        found = matching(shelf.newest(type_), query)
        count = min(int(dict(query).get("_count", LARGEST_PAGE)), LARGEST_PAGE)
        links = [{"relation": "self", "url": f"{base_url}/{type_}"}]
        if start + count < len(found):
            # Opaque on purpose: many EHRs' next links cannot be rebuilt from the first query.
            ticket = secrets.token_urlsafe(12)
            pages[ticket] = (query, start + count)
            links.append({"relation": "next", "url": f"{base_url}/{type_}?_page={ticket}"})
        entries = [
            {"fullUrl": f"{base_url}/{h.type}/{h.id}", "resource": h.resource, "search": {"mode": "match"}}
            for h in found[start : start + count]
        ]
        bundle = {
            "resourceType": "Bundle",
            "type": "searchset",
            "total": len(found),
            "link": links,
            "entry": entries,
        }
        return _json(bundle)

    @app.post("/fhir/<type_>")
    def create(type_: str) -> Response:
        resource = _body(type_)
        if condition := request.headers.get("If-None-Exist"):
            found = matching(shelf.newest(type_), parse_qsl(condition, keep_blank_values=True))
            if len(found) > 1:
                return _outcome(
                    HTTPStatus.PRECONDITION_FAILED, "multiple-matches", "more than one resource matches"
                )
            if found:
                return _one(found[0])
        held = shelf.put({key: value for key, value in resource.items() if key != "id"})
        assert held is not None
        answer = _one(held, HTTPStatus.CREATED)
        answer.headers["Location"] = f"{base_url}/{held.type}/{held.id}/_history/{held.version}"
        return answer

    @app.put("/fhir/<type_>/<id_>")
    def update(type_: str, id_: str) -> Response:
        resource = _body(type_)
        if resource.get("id") != id_:
            return _outcome(
                HTTPStatus.BAD_REQUEST, "invalid", "the id in the body is not the id in the address"
            )
        if shelf.held(type_, id_) is None:
            return _outcome(HTTPStatus.METHOD_NOT_ALLOWED, "not-supported", "ids are given by this hospital")
        expect = request.headers.get("If-Match")
        held = shelf.put(resource, id_, expect=int(expect.strip('W/"')) if expect else None)
        if held is None:
            return _outcome(HTTPStatus.PRECONDITION_FAILED, "conflict", "there is a newer version")
        return _one(held)

    @app.delete("/fhir/<type_>/<id_>")
    def delete(type_: str, id_: str) -> Response:
        if shelf.delete(type_, id_) is None:
            return _outcome(HTTPStatus.NOT_FOUND, "not-found", "nothing to delete")
        return Response(status=HTTPStatus.NO_CONTENT)

    return app


def seed(shelf: Shelf, bundle: dict[str, Any]) -> None:
    """Put every resource of a collection Bundle on the shelf under its own id, unless it is there already."""
    for entry in bundle["entry"]:
        resource = entry["resource"]
        if shelf.held(resource["resourceType"], resource["id"]) is None:
            shelf.put(resource, resource["id"])


def open_shelf(folder: Path, prefix: str) -> Shelf:
    """The shelf kept in `folder`, made when it is not there."""
    folder.mkdir(parents=True, exist_ok=True)
    return Shelf(folder / "ehr.sqlite3", prefix)


def _body(type_: str) -> dict[str, Any]:
    resource = read_untrusted(request.get_data())
    if not isinstance(resource, dict) or resource.get("resourceType") != type_ or type_ not in TYPES:
        raise Unreadable(f"expected a {type_}")
    return resource


def _one(held: Held | None, status: HTTPStatus = HTTPStatus.OK) -> Response:
    if held is None:
        return _outcome(HTTPStatus.NOT_FOUND, "not-found", "no such resource")
    if held.deleted:
        return _outcome(HTTPStatus.GONE, "deleted", "it was deleted")
    answer = Response(held.body, status=status, content_type=FHIR_JSON)
    answer.headers["ETag"] = f'W/"{held.version}"'
    answer.headers["Last-Modified"] = format_datetime(datetime.fromisoformat(held.updated), usegmt=True)
    return answer


def _json(resource: dict[str, Any], status: HTTPStatus = HTTPStatus.OK) -> Response:
    return Response(write(resource), status=status, content_type=FHIR_JSON)


def _outcome(status: HTTPStatus, code: str, text: str) -> Response:
    issue = {"severity": "error", "code": code, "details": {"text": text}}
    return _json({"resourceType": "OperationOutcome", "issue": [issue]}, status)


def _capabilities(base_url: str) -> dict[str, Any]:
    interactions = [
        {"code": c}
        for c in ("read", "vread", "update", "delete", "history-instance", "create", "search-type")
    ]
    return {
        "resourceType": "CapabilityStatement",
        "status": "active",
        "date": "2026-11-22",
        "kind": "instance",
        "fhirVersion": "4.0.1",
        "format": ["json"],
        "implementation": {"description": "small EHR", "url": base_url},
        "rest": [
            {
                "mode": "server",
                "resource": [
                    {
                        "type": t,
                        "interaction": interactions,
                        "versioning": "versioned-update",
                        "conditionalCreate": True,
                    }
                    for t in TYPES
                ],
            }
        ],
    }
