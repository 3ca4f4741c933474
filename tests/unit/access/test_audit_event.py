"""An audit row as an AuditEvent: valid R4, with what IHE's patterns ask of each interaction."""

from __future__ import annotations

from base64 import b64decode
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.access.actors import HERE, Actor, ActorKind
from gateway.access.audit_event import AuditRow, audit_event
from gateway.access.audited_acts import ACTS
from gateway.conformance.typed import shape_issues

BASE = "https://care.example.org/fhir/R4"
ANN, BOB = UUID(int=1), UUID(int=2)
PLAN = f"CarePlan/{UUID(int=3)}"
ELM_TRUST = str(UUID(int=4))
ST_ANNES = Actor(ActorKind.EHR, "st-annes", "st-annes")
ELM = Actor(ActorKind.AGENCY, "elm", "elm-trust", ELM_TRUST)
AMINA = Actor(ActorKind.COORDINATOR, "amina", HERE)
OPS = Actor(ActorKind.ADMIN, "ops", HERE)
AT = datetime(2026, 3, 1, 9, 30, 0, 125_999, tzinfo=UTC)
REQUEST = UUID(int=5)


def row(action: str = "read CarePlan", actor: Actor = ST_ANNES, **more: Any) -> AuditRow:
    said: dict[str, Any] = {"entities": (PLAN,), "versions": (3,), "patients": (ANN,), "request_id": REQUEST}
    said |= {"outcome": "success", "detail": "", "address": "192.0.2.7"}
    return AuditRow(id=7, at=AT, actor=actor, action=action, **(said | more))


def shown(held: AuditRow, reader: Actor = AMINA) -> dict[str, Any]:
    return audit_event(held, base_url=BASE, reader=reader)


def coded(codings: list[dict[str, Any]]) -> list[tuple[str, str]]:
    return [(each["system"].rpartition("/")[2], each["code"]) for each in codings]


# BALP: action, then the types of the agents that asked and that answered.
@pytest.mark.parametrize(
    ("action", "interaction", "code", "client", "server"),
    [
        ("read CarePlan", "read", "R", "110152", "110153"),
        ("vread CarePlan", "vread", "R", "110152", "110153"),
        ("history CarePlan", "history-instance", "R", "110152", "110153"),
        ("search CarePlan", "search-type", "E", "110153", "110152"),
        ("search several types", "search-system", "E", "110153", "110152"),
        ("create CarePlan", "create", "C", "110153", "110152"),
        ("update CarePlan", "update", "U", "110153", "110152"),
        ("patch CarePlan", "patch", "U", "110153", "110152"),
        ("delete CarePlan", "delete", "D", "110150", "custodian"),
    ],
)
def test_an_interaction_is_said_in_the_codes_of_the_patterns(
    action: str, interaction: str, code: str, client: str, server: str
) -> None:
    event = shown(row(action))
    assert coded([event["type"]]) == [("audit-event-type", "rest")]
    assert coded(event["subtype"]) == [("restful-interaction", interaction), ("audited-act", action)]
    assert (event["action"], event["outcome"]) == (code, "0")
    assert event["recorded"] == event["meta"]["lastUpdated"] == "2026-03-01T09:30:00.125Z"
    who, here = event["agent"]
    assert (who["type"]["coding"][0]["code"], here["type"]["coding"][0]["code"]) == (client, server)
    assert (who["requestor"], here["requestor"]) == (True, False)
    assert (who["name"], who["altId"]) == ("st-annes", "ehr/st-annes")
    assert who["network"] == {"address": "192.0.2.7", "type": "2"}
    assert here["network"] == {"address": BASE, "type": "5"}
    assert event["source"]["observer"] == here["who"]


def test_the_entities_are_the_patient_the_version_and_the_request() -> None:
    patient, data, request = shown(row())["entity"]
    assert patient["what"] == {"reference": f"Patient/{ANN}"}
    assert coded([patient["type"], patient["role"]]) == [("audit-entity-type", "1"), ("object-role", "1")]
    assert data["what"] == {"reference": f"{PLAN}/_history/3"}
    assert coded([data["type"], data["role"]]) == [("audit-entity-type", "2"), ("object-role", "4")]
    assert request["what"]["identifier"]["value"] == str(REQUEST)
    assert coded([request["type"]]) == [("BasicAuditEntityType", "XrequestId")]


def test_a_search_holds_its_query_and_only_the_query_is_a_system_object() -> None:
    said = "CarePlan?patient.name=Zoë&status=active"
    event = shown(row("search CarePlan", query=said, patients=(ANN, BOB), versions=()))
    objects = [it for it in event["entity"] if it["type"]["code"] == "2"]
    [query] = objects
    assert b64decode(query["query"]).decode() == said
    assert coded([query["role"]]) == [("object-role", "24")]
    found = [it for it in event["entity"] if it["type"]["code"] == "CarePlan"]
    assert [it["what"]["reference"] for it in found] == [PLAN]


def test_an_admin_learns_that_somebody_searched_but_not_for_whom() -> None:
    held = row("search Patient", query="Patient?name=Smith")
    [query] = [it for it in shown(held, OPS)["entity"] if it.get("role", {}).get("code") == "24"]
    assert "query" not in query
    assert query["_query"]["extension"][0]["valueCode"] == "masked"
    assert shape_issues(shown(held, OPS)) == []


def test_a_refusal_says_whether_access_was_denied_and_why() -> None:
    denied = shown(row("read Task", ELM, outcome="denied", detail="not-found"))
    failed = shown(row("update Task", ELM, outcome="failed", detail="conflict"))
    assert (denied["outcome"], denied["outcomeDesc"]) == ("4", "denied: not-found")
    assert (failed["outcome"], failed["outcomeDesc"]) == ("4", "conflict")
    assert denied["agent"][0]["who"]["reference"] == f"Organization/{ELM_TRUST}"


def test_what_has_no_address_in_the_api_is_named_by_an_identifier() -> None:
    [entity, _] = shown(row("register client", OPS, entities=("client/north",), versions=(), patients=()))[
        "entity"
    ]
    assert entity["what"]["identifier"]["value"] == "north"


words = st.from_regex(r"[a-z]{1,8}( [A-Za-z/<>_]{1,12}){0,2}", fullmatch=True)


@given(
    action=st.one_of(words, st.sampled_from(sorted(ACTS)).map(lambda word: f"{word} CarePlan")),
    actor=st.sampled_from([ST_ANNES, ELM, AMINA, OPS, Actor.gateway()]),
    reader=st.sampled_from([AMINA, OPS]),
    outcome=st.sampled_from(["success", "denied", "failed"]),
    detail=st.sampled_from(["", "count only", "not-found"]),
    entities=st.lists(st.sampled_from([PLAN, f"Patient/{ANN}", "client/x", "delivery"]), max_size=3),
    patients=st.sets(st.sampled_from([ANN, BOB])),
    query=st.none() | st.text(max_size=20),
    request_id=st.none() | st.just(REQUEST),
    address=st.none() | st.just("192.0.2.7"),
)
def test_every_row_is_a_valid_audit_event(
    action: str, actor: Actor, reader: Actor, entities: list[str], patients: set[UUID], **more: Any
) -> None:
    held = row(action, actor, **more, entities=tuple(entities), versions=(), patients=tuple(sorted(patients)))
    assert shape_issues(shown(held, reader)) == []
