"""The records API describes itself, in public and completely, and on a page without foreign code."""

from __future__ import annotations

import re
from typing import Any

import pytest
from flask.testing import FlaskClient

from gateway.care.referral import Move
from gateway.records import RECORDS


@pytest.fixture
def spec(nobody: FlaskClient) -> dict[str, Any]:
    answer = nobody.get("/api/openapi.json")
    assert answer.status_code == 200
    found: dict[str, Any] = answer.json
    return found


def test_every_kind_and_every_move_is_described(spec: dict[str, Any]) -> None:
    for kind in RECORDS.values():
        assert set(spec["paths"][f"/api/{kind.path}"]) >= {"get", "post"}
        assert set(spec["paths"][f"/api/{kind.path}/{{id}}"]) >= {"get", "put", "patch"}
        assert "delete" not in spec["paths"][f"/api/{kind.path}/{{id}}"]
    described = {path.rpartition("/")[2] for path in spec["paths"] if path.startswith("/api/referrals/{id}/")}
    assert described == set(Move) - {Move.RECEIVE, Move.EXPIRE}
    assert "get" in spec["paths"]["/api/people/{id}/record"]


def test_every_reference_in_the_description_leads_somewhere(spec: dict[str, Any]) -> None:
    def references(node: Any) -> list[str]:
        if isinstance(node, dict):
            own = [node["$ref"]] if isinstance(node.get("$ref"), str) else []
            return own + [found for below in node.values() for found in references(below)]
        return [found for below in node for found in references(below)] if isinstance(node, list) else []

    named = set(references(spec))
    assert named
    for reference in named:
        node: Any = spec
        for part in reference.removeprefix("#/").split("/"):
            node = node[part]


def test_nothing_is_described_that_no_address_uses(spec: dict[str, Any]) -> None:
    assert not {"Error", "PaginationMetadata"} & set(spec["components"]["schemas"])
    for item in spec["paths"].values():
        for operation in (item[method] for method in ("get", "post", "put", "patch") if method in item):
            for status, answer in operation["responses"].items():
                form = "application/json" if status in ("200", "201") else "application/problem+json"
                assert set(answer["content"]) == {form}


def test_fields_say_what_they_hold(spec: dict[str, Any]) -> None:
    plan = spec["components"]["schemas"]["CarePlan"]["properties"]
    assert plan["id"]["readOnly"] is True
    assert plan["source"]["readOnly"] is True
    assert "person" in spec["components"]["schemas"]["CarePlan"]["required"]
    assert plan["starts_on"]["description"].startswith("A FHIR date")
    assert plan["person"]["description"] == "Id (person), or an absolute reference."
    created = spec["paths"]["/api/goals"]["post"]
    assert created["requestBody"]["content"]["application/json"]["schema"] == {
        "$ref": "#/components/schemas/Goal"
    }
    assert {"201", "401", "412", "422"} <= set(created["responses"])


def test_the_page_shows_every_operation_and_brings_no_code(nobody: FlaskClient, spec: dict[str, Any]) -> None:
    page = nobody.get("/api/docs")
    assert (page.status_code, page.mimetype) == (200, "text/html")
    for path in spec["paths"]:
        assert f"<code>{path}</code>" in page.text
    for name in spec["components"]["schemas"]:
        assert f'id="schema-{name}"' in page.text
    assert "<script" not in page.text
    assert not re.search(r"\s(?:style|on\w+)=", page.text)
    assert not re.search(r'(?:href|src)="(?:https?:)?//', page.text)
    policy = page.headers["Content-Security-Policy"]
    assert "script-src" not in policy
    assert policy.startswith("default-src 'none'")


def test_every_link_on_the_page_leads_somewhere(nobody: FlaskClient) -> None:
    page = nobody.get("/api/docs").text
    ids = set(re.findall(r'id="([^"]+)"', page))
    for target in re.findall(r'href="#([^"]+)"', page):
        assert target in ids
    for address in re.findall(r'href="(/[^"]+)"', page):
        with nobody.get(address) as answer:
            assert answer.status_code == 200
