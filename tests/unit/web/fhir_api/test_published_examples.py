"""Every published example is accepted, reads back as it came, and is found by all that it says of itself."""

from __future__ import annotations

import secrets
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from gateway.app import create_app
from gateway.conformance.served_types import NOT_SEARCHED, SERVED, served_with
from gateway.fhir.json_codec import read_stored, read_untrusted, write
from gateway.mapping import Mappings
from gateway.settings import Settings
from gateway.store.database import Database
from tests.conftest import create_database, drop_database, url_of
from tests.unit.web.conftest import PUBLIC_URL, client_of, gateway_over
from tests.unit.web.fhir_api.own_values import own_values

# Served besides, as a deployment may, since there are examples of them.
FURTHER = frozenset({
    "Claim", "Coverage", "Device", "ExplanationOfBenefit", "MessageHeader", "NutritionOrder",
    "RiskAssessment",
})  # fmt: skip
# Published, and refused all the same; nothing else is.
REFUSED = {
    "Questionnaire-qs1": "an item has no linkId, which R4 requires",
    "Subscription-example-error": "that a delivery failed is for the server alone to say",
}
# Nobody published an example of these in ../shared/data.
WITHOUT_EXAMPLES = frozenset({
    "Basic", "Binary", "DetectedIssue", "MeasureReport", "Medication", "MedicationStatement",
})  # fmt: skip
AT_ONCE = 8
SYNTHEA_OF_A_TYPE = 2
"""Of Synthea's hundreds so many of each type and person: they are made by one program, to one pattern."""


@dataclass(frozen=True, slots=True)
class Kept:
    """An example as it was sent, and where it is now."""

    name: str
    sent: dict[str, Any]
    id: str
    body: bytes

    @property
    def type(self) -> str:
        return str(self.sent["resourceType"])


def examples(shared_data: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    for folder in ("r4-core-examples", "us-core-6.1.0", "sdoh-clinicalcare"):
        for path in sorted((shared_data / folder).rglob("*.json")):
            value: Any = read_untrusted(path.read_bytes())
            if isinstance(value, dict):
                yield path.stem, value
    for path in sorted((shared_data / "synthea").glob("*.json")):
        held: Any = read_stored(path.read_bytes())
        seen: Counter[str] = Counter()
        for at, entry in enumerate(held["entry"]):
            seen[entry["resource"]["resourceType"]] += 1
            if seen[entry["resource"]["resourceType"]] <= SYNTHEA_OF_A_TYPE:
                yield f"{path.stem}:{at}", entry["resource"]


@pytest.fixture(scope="module")
def client(
    server_url: str, migrated_template: str, mappings: Mappings, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[FlaskClient]:
    """A hospital's EHR at a gateway that serves further types."""
    name = f"{migrated_template}_{secrets.token_hex(4)}"
    create_database(server_url, name, template=migrated_template)
    database = Database.connect(url_of(server_url, name), pool_size=2)
    gateway = replace(gateway_over(database, mappings), served=served_with(FURTHER))
    var = {"CARE_GATEWAY_VAR": str(tmp_path_factory.mktemp("var")), "CARE_GATEWAY_PUBLIC_URL": PUBLIC_URL}
    yield client_of(create_app(Settings.load(var), gateway), gateway, "ehr:st-annes")
    database.close()
    drop_database(server_url, name)


@pytest.fixture(scope="module")
def kept(shared_data: Path, client: FlaskClient) -> list[Kept]:
    """Every example of a served type, created; those that are refused are refused for a known reason."""
    served, refused, found = served_with(FURTHER), {}, []
    for name, sent in examples(shared_data):
        type = sent.get("resourceType")
        if type not in served or served[str(type)].read_only:
            continue
        made = client.post(f"/fhir/R4/{type}", data=write(sent), content_type="application/fhir+json")
        if made.status_code == 201:
            found.append(Kept(name, sent, (made.json or {})["id"], made.data))
        else:
            refused[name] = made.text
    assert refused.keys() == REFUSED.keys(), refused
    return found


@pytest.mark.shared_data
def test_every_type_has_examples_but_for_a_few(kept: list[Kept]) -> None:
    writable = {name for name, served in served_with(FURTHER).items() if not served.read_only}

    assert writable - {example.type for example in kept} == WITHOUT_EXAMPLES
    assert SERVED.keys() <= served_with(FURTHER).keys()
    assert len(kept) > 600


@pytest.mark.shared_data
def test_it_reads_back_in_value_digits_text_and_order(kept: list[Kept], client: FlaskClient) -> None:
    for example in kept:
        read = client.get(f"/fhir/R4/{example.type}/{example.id}")
        assert (read.status_code, read.headers["ETag"], read.data) == (200, 'W/"1"', example.body)
        # repr tells Decimal("1.10") from Decimal("1.1"), and says in which order the elements stand.
        assert repr(_its_own(read_stored(read.data))) == repr(_its_own(example.sent)), example.name


@pytest.mark.shared_data
@pytest.mark.timeout(900)
def test_it_is_found_by_its_own_values_through_every_parameter(kept: list[Kept], client: FlaskClient) -> None:
    missed, asked = [], Counter[str]()
    for example in kept:
        said = {name: (name, value) for name, value in own_values(example.sent)}
        criteria = [each for each in said.values() if not _is_refused(example, *each)]
        asked.update(f"{example.type}?{name}" for name, _ in criteria)
        for some in (criteria[at : at + AT_ONCE] for at in range(0, len(criteria), AT_ONCE)):
            # Several at once, and each must hold. Only when that finds nothing is each asked alone.
            if not _finds(client, example, some):
                missed += [(example.name, *each) for each in some if not _finds(client, example, [each])]
    assert missed == []
    assert len(asked) > 500
    assert asked.total() > 5_000


def _is_refused(example: Kept, name: str, value: str) -> bool:
    """Decided against, or a number of more digits than anybody measures: kept, and not searched by."""
    return name in NOT_SEARCHED or (example.name == "Observation-decimal" and len(value) > 64)


def _finds(client: FlaskClient, example: Kept, criteria: list[tuple[str, str]]) -> bool:
    form = [*criteria, ("_id", example.id), ("_elements", "id")]
    fields: dict[str, list[str]] = {}
    for name, value in form:
        fields.setdefault(name, []).append(value)
    answer = client.post(
        f"/fhir/R4/{example.type}/_search", data=fields, headers={"Prefer": "handling=strict"}
    )
    entries = (answer.json or {}).get("entry", ()) if answer.status_code == 200 else ()
    return [entry["resource"]["id"] for entry in entries] == [example.id]


def _its_own(resource: Any) -> Any:
    """What its author said: all but what the server sets."""
    meta = {
        name: value
        for name, value in resource.get("meta", {}).items()
        if name not in ("versionId", "lastUpdated", "source")
    }
    return [pair for pair in resource.items() if pair[0] not in ("id", "meta")], meta
