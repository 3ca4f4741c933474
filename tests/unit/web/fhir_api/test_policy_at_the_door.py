"""The whole policy, asked over HTTP: every type, every interaction, every kind of client.

Exactly what the table allows is let in. What it denies is answered before any data is looked at: with the
same words whether or not there is such a resource.
"""

from __future__ import annotations

import re
from itertools import product
from typing import Any, Final
from uuid import uuid4

from flask.testing import FlaskClient

from gateway.access.actors import ActorKind
from gateway.access.policy import SYSTEM, TABLE, Interaction, SystemInteraction
from gateway.acts.gateway import Gateway
from gateway.conformance.served_types import SERVED
from gateway.store import resources
from tests.unit.web.conftest import Knock

CLIENTS: Final = {
    ActorKind.EHR: "ehr:st-annes",
    ActorKind.AGENCY: "agency:elm-trust",
    ActorKind.COORDINATOR: "coordinator",
    ActorKind.ADMIN: "admin",
}
JSON: Final = {"data": b"{}", "content_type": "application/fhir+json"}
PATCH: Final = {"data": b"[]", "content_type": "application/json-patch+json"}
ASKED: Final[dict[Interaction, tuple[str, str, dict[str, Any]]]] = {
    Interaction.READ: ("GET", "{type}/{id}", {}),
    Interaction.VREAD: ("GET", "{type}/{id}/_history/1", {}),
    Interaction.HISTORY: ("GET", "{type}/{id}/_history", {}),
    Interaction.HISTORY_TYPE: ("GET", "{type}/_history", {}),
    Interaction.SEARCH: ("GET", "{type}?_count=1", {}),
    Interaction.CREATE: ("POST", "{type}", JSON),
    Interaction.UPDATE: ("PUT", "{type}/{id}", JSON),
    Interaction.PATCH: ("PATCH", "{type}/{id}", PATCH),
    Interaction.DELETE: ("DELETE", "{type}/{id}", {}),
}
ASKED_OF_ALL: Final[dict[SystemInteraction, tuple[str, str, dict[str, Any]]]] = {
    SystemInteraction.CAPABILITIES: ("GET", "/metadata", {}),
    SystemInteraction.SMART_CONFIGURATION: ("GET", "/.well-known/smart-configuration", {}),
    SystemInteraction.SEARCH_SYSTEM: ("GET", "/?_type=Goal", {}),
    SystemInteraction.HISTORY_SYSTEM: ("GET", "/_history?_count=1", {}),
    SystemInteraction.BATCH: ("POST", "/", {"json": {"resourceType": "Bundle", "type": "batch"}}),
    SystemInteraction.TRANSACTION: ("POST", "/", {"json": {"resourceType": "Bundle", "type": "transaction"}}),
}
_REQUEST: Final = re.compile(r"Request [0-9a-f-]{36}")


def test_the_table_below_asks_for_everything() -> None:
    assert ASKED.keys() == set(Interaction)
    assert ASKED_OF_ALL.keys() == set(SystemInteraction)


def test_exactly_what_the_policy_allows_is_let_in(gateway: Gateway, knock: Knock) -> None:
    held = _one_of_each(gateway)
    wrong = []
    for kind, who in CLIENTS.items():
        client = knock(who)
        for type, interaction in product(SERVED, Interaction):
            missing = said(client, interaction, type, str(uuid4()))
            if kind in TABLE[type][interaction]:
                if missing[0] in (401, 403) or missing[0] >= 500:
                    wrong.append((kind, interaction, type, "is allowed", missing))
            elif missing[0] not in ((403, 405) if SERVED[type].read_only else (403,)):
                wrong.append((kind, interaction, type, "is denied", missing))
            elif _names_one(interaction) and said(client, interaction, type, held[type]) != missing:
                wrong.append((kind, interaction, type, "tells what exists", missing))
    assert wrong == []


def test_exactly_those_ask_the_whole_api_whom_the_policy_allows(knock: Knock, nobody: FlaskClient) -> None:
    for kind, who in CLIENTS.items():
        client = knock(who)
        for interaction, (method, address, body) in ASKED_OF_ALL.items():
            status = client.open(f"/fhir/R4{address}", method=method, **body).status_code
            assert (status == 403) is (kind not in SYSTEM[interaction]), (kind, interaction, status)
            assert status < 500
    for interaction, (method, address, body) in ASKED_OF_ALL.items():
        status = nobody.open(f"/fhir/R4{address}", method=method, **body).status_code
        assert (status == 401) is (SYSTEM[interaction] != frozenset(ActorKind)), (interaction, status)


def said(client: FlaskClient, interaction: Interaction, type: str, id: str) -> tuple[int, str]:
    """Status and words of the answer, without the id and the request's own."""
    method, address, body = ASKED[interaction]
    answer = client.open(f"/fhir/R4/{address.format(type=type, id=id)}", method=method, **body)
    return answer.status_code, _REQUEST.sub("", answer.text).replace(id, "…")


def _names_one(interaction: Interaction) -> bool:
    return "{id}" in ASKED[interaction][1]


def _one_of_each(gateway: Gateway) -> dict[str, str]:
    """The id of a resource of each type, of a source that none of the clients belongs to."""
    with gateway.database.transaction(gateway.self_actor) as tx:
        return {
            type: str(uuid4())  # the gateway makes it out of its own books
            if served.read_only
            else resources.create(tx, {"resourceType": type}, source="northside").id
            for type, served in SERVED.items()
        }
