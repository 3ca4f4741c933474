"""Bundles to post, and what comes of them."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from gateway.store.database import Database

BASE = "/fhir/R4"

Entry = dict[str, Any]


def entry(method: str, url: str, resource: dict[str, Any] | None = None, **said: Any) -> Entry:
    """An entry; `full_url` stands beside its request, all else said is said in it."""
    full_url = said.pop("full_url", None)
    built: Entry = {} if full_url is None else {"fullUrl": full_url}
    if resource is not None:
        built["resource"] = resource
    return built | {"request": {"method": method, "url": url, **said}}


def post(client: FlaskClient, kind: str, *entries: Entry, **headers: str) -> TestResponse:
    """The answer to a Bundle of these entries."""
    body = {"resourceType": "Bundle", "type": kind, "entry": list(entries)}
    return client.post(BASE, json=body, headers={name.replace("_", "-"): it for name, it in headers.items()})


def done(answer: TestResponse) -> list[dict[str, Any]]:
    """The entries of the answer to a Bundle that was carried out."""
    assert answer.status_code == 200, answer.text
    body = answer.json or {}
    assert body["resourceType"] == "Bundle"
    entries: list[dict[str, Any]] = body.get("entry", [])
    return entries


def statuses(answer: TestResponse) -> list[str]:
    """How each entry went, as numbers."""
    return [it["response"]["status"][:3] for it in done(answer)]


def urn() -> str:
    """A fullUrl of its own."""
    return f"urn:uuid:{uuid4()}"


def everything(database: Database) -> dict[str, list[Any]]:
    """What every table of the database holds, but for the audit of reads and refusals."""
    with database.engine.connect() as connection:
        names = [
            row.tablename
            for row in connection.exec_driver_sql(
                "SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1"
            )
        ]
        return {
            name: sorted(map(repr, connection.exec_driver_sql(f'SELECT * FROM "{name}"').all()))
            for name in names
            if name != "audit"
        }
