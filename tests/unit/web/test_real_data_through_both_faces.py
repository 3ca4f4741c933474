"""Published examples through the front doors: kept as they came, and unchanged when a record is sent back."""

from __future__ import annotations

import json
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from gateway.conformance.served_types import SERVED
from gateway.records import RECORDS

FHIR_JSON = {"Content-Type": "application/fhir+json"}


# Nobody published an example of these in ../shared/data.
WITHOUT_EXAMPLES = {
    "Basic", "Binary", "DetectedIssue", "MeasureReport", "Medication", "MedicationStatement",
}  # fmt: skip
# Published, and no R4 all the same.
BROKEN = {"Questionnaire-qs1.json": "an item has no linkId, which R4 requires"}


def published(shared_data: Path, type: str) -> Iterator[Path]:
    for folder in ("r4-core-examples", "us-core-6.1.0", "sdoh-clinicalcare"):
        yield from sorted((shared_data / folder).rglob(f"{type}*.json"))


def exactly(body: bytes) -> Any:
    return json.loads(body, parse_float=lambda digits: ("digits", digits), object_pairs_hook=list)


def without_what_the_server_sets(resource: Any) -> Any:
    meta = [[n, v] for name, value in resource if name == "meta" for n, v in value]
    kept = [pair for pair in meta if pair[0] not in ("versionId", "lastUpdated", "source")]
    return [list(pair) for pair in resource if pair[0] not in ("id", "meta")], kept


@pytest.mark.parametrize("type", sorted(type for type in SERVED if not SERVED[type].read_only))
def test_published_examples_are_kept_in_value_digits_and_order(
    shared_data: Path, st_annes: FlaskClient, type: str
) -> None:
    tried = 0
    for path in published(shared_data, type):
        sent = path.read_bytes()
        if json.loads(sent, parse_float=Decimal).get("resourceType") != type or path.name in BROKEN:
            continue
        made = st_annes.post(f"/fhir/R4/{type}", data=sent, headers=FHIR_JSON)
        assert made.status_code == 201, f"{path.name}: {made.text}"
        read = st_annes.get(
            made.headers["Location"].partition("/_history")[0].removeprefix("http://gateway.test")
        )
        assert (read.status_code, read.headers["ETag"], read.data) == (200, 'W/"1"', made.data)
        assert without_what_the_server_sets(exactly(read.data)) == without_what_the_server_sets(exactly(sent))
        tried += 1
    assert (tried == 0) is (type in WITHOUT_EXAMPLES)


def test_a_record_sent_back_as_it_was_read_makes_no_new_version(
    shared_data: Path, st_annes: FlaskClient, coordinator: FlaskClient
) -> None:
    for type in {kind.root for kind in RECORDS.values()} - {"ServiceRequest"}:
        for path in published(shared_data, type):
            if json.loads(path.read_bytes()).get("resourceType") == type:
                st_annes.post(f"/fhir/R4/{type}", data=path.read_bytes(), headers=FHIR_JSON)
    for kind in RECORDS.values():
        if kind.name == "referral":  # made here, or with legs that name it: its own tests send it back
            continue
        listed = (coordinator.get(f"/api/{kind.path}?count=100").json or {})["items"]
        assert listed, kind.name
        for item in listed:
            address = f"/api/{kind.path}/{item['id']}"
            read = coordinator.get(address)
            sent = coordinator.put(
                address,
                data=read.data,
                content_type="application/json",
                headers={"If-Match": read.headers["ETag"]},
            )
            assert sent.status_code == 200, f"{address}: {sent.text}"
            assert (sent.headers["ETag"], sent.data) == (read.headers["ETag"], read.data)
