"""Every promise of /metadata is kept, and what it does not promise is refused: the statement is the table.

Nothing here knows what is served: types, interactions, parameters, includes and flags are read from the
CapabilityStatement, as a client would.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any
from uuid import uuid4

import pytest
import requests

from gateway.conformance.searching.parameters import search_params
from gateway.conformance.typed import shape_issues
from gateway.fhir.resource_types import R4_TYPES
from tests.clients.conftest import Site
from tests.clients.lives import Api, declined
from tests.clients.smallest import smallest

STRICT = {"Prefer": "handling=strict"}
EXAMPLES = {
    "token": "a",
    "reference": "Patient/a",
    "date": "ge2020",
    "string": "a",
    "uri": "urn:a",
    "number": "1",
    "quantity": "1",
}
TYPE_INTERACTIONS = (
    "create", "read", "vread", "update", "patch", "history-instance", "history-type", "search-type", "delete",
)  # fmt: skip


@pytest.fixture(scope="module")
def api(site: Site) -> Api:
    return Api(site.base, site.key, site.coordinator)


@pytest.fixture(scope="module")
def stated(site: Site) -> dict[str, Any]:
    answer = requests.get(f"{site.base}/metadata", timeout=30)
    assert answer.status_code == 200
    read: dict[str, Any] = answer.json()
    return read


@pytest.fixture(scope="module")
def rest(stated: dict[str, Any]) -> dict[str, Any]:
    [server] = stated["rest"]
    assert server["mode"] == "server"
    found: dict[str, Any] = server
    return found


@pytest.fixture(scope="module")
def types(rest: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {resource["type"]: resource for resource in rest["resource"]}


def test_the_statement_is_r4_and_says_where_it_is_true(stated: dict[str, Any], site: Site) -> None:
    assert shape_issues(stated) == []
    assert (stated["kind"], stated["fhirVersion"]) == ("instance", "4.0.1")
    assert stated["implementation"]["url"] == site.base


def test_it_is_answered_in_every_mode_and_format_that_there_is(stated: dict[str, Any], site: Site) -> None:
    for query in (
        *(f"mode={mode}" for mode in ("full", "normative", "terminology")),
        *(f"_format={format}" for format in stated["format"]),
        "_pretty=true",
    ):
        assert requests.get(f"{site.base}/metadata?{query}", timeout=30).json() == stated, query
    assert requests.head(f"{site.base}/metadata", timeout=30).status_code == 200
    assert requests.get(f"{site.base}/metadata?mode=other", timeout=30).status_code == 400
    assert requests.get(f"{site.base}/metadata?_format=xml", timeout=30).status_code == 406


def test_nothing_else_is_open_to_strangers(types: dict[str, dict[str, Any]], site: Site) -> None:
    for type in types:
        assert requests.get(f"{site.base}/{type}", timeout=30).status_code == 401, type


def test_each_type_has_the_interactions_that_are_declared_and_no_other(
    types: dict[str, dict[str, Any]], api: Api
) -> None:
    for type, resource in types.items():
        declared = {interaction["code"] for interaction in resource["interaction"]}
        assert declared <= set(TYPE_INTERACTIONS), type
        life = api.life_of(type)
        for code in TYPE_INTERACTIONS:
            if code in declared:
                assert life.kept(code), (type, code, life.answer)
            else:
                assert life.refused(code), (type, code, life.answer)


def test_each_flag_is_true(types: dict[str, dict[str, Any]], api: Api) -> None:
    for type, resource in types.items():
        life = api.life_of(type)
        if life.kept("create"):
            assert life.kept("create if none exists") is resource["conditionalCreate"], type
        assert resource["conditionalRead"] == "full-support"
        assert life.kept("read if changed"), (type, life.answer)
        if resource["conditionalUpdate"]:
            assert life.kept("update what fits"), (type, life.answer)
        else:
            assert life.refused("update what fits"), type
        assert resource["updateCreate"] is False
        assert life.refused("update what is not there"), (type, life.answer)
        assert resource["versioning"] == ("versioned" if life.kept("vread") else "no-version"), type
        assert resource["readHistory"] is life.kept("vread"), type
        if resource["conditionalDelete"] == "single":
            assert life.refused("delete without criteria"), (type, life.answer)
            assert life.kept("delete what fits"), (type, life.answer)
        else:
            assert life.refused("delete what fits"), type


def test_each_type_is_searched_by_every_declared_parameter_and_by_no_other(
    types: dict[str, dict[str, Any]], api: Api
) -> None:
    everything = sorted({param["name"] for resource in types.values() for param in resource["searchParam"]})
    for type, resource in types.items():
        declared = {param["name"]: example(type, param) for param in resource["searchParam"]}
        answer = api.ask("GET", type, params=declared, headers=STRICT)
        assert answer.status_code == 200, (type, answer.text)
        for names in portions([name for name in everything if name not in declared], 90):
            refused = api.ask("GET", type, params=dict.fromkeys(names, "a"), headers=STRICT)
            assert refused.status_code == 400, (type, names)
            assert len(refused.json()["issue"]) == len(names), "each of them is named"


def test_each_parameter_is_defined_by_r4(types: dict[str, dict[str, Any]]) -> None:
    for type, resource in types.items():
        names = [param["name"] for param in resource["searchParam"]]
        assert len(set(names)) == len(names), type
        for param in resource["searchParam"]:
            known = search_params(type)[param["name"]]
            assert (param["definition"], param["type"]) == (known.url, known.kind.value)
            assert param["documentation"]


def test_each_type_brings_along_what_is_declared_and_nothing_else(
    types: dict[str, dict[str, Any]], api: Api
) -> None:
    for type, resource in types.items():
        for name, declared in (
            ("_include", resource["searchInclude"]),
            ("_revinclude", resource["searchRevInclude"]),
        ):
            for values in portions(declared, 20):
                answer = api.ask("GET", type, params={name: list(values)}, headers=STRICT)
                assert answer.status_code == 200, (type, name, values, answer.text)
            refused = api.ask("GET", type, params={name: f"{type}:_id"}, headers=STRICT)
            assert refused.status_code == 400, (type, name)
    for other in ("Patient:none", "Parameters:subject", "none"):
        for name in ("_include", "_revinclude"):
            assert api.ask("GET", "Patient", params={name: other}).status_code == 400, (name, other)


def test_what_is_declared_to_be_brought_along_is(types: dict[str, dict[str, Any]], api: Api) -> None:
    her = api.make({"resourceType": "Patient"})
    api.make({**smallest("Condition"), "subject": {"reference": f"Patient/{her}"}})

    assert "Condition:subject" in types["Condition"]["searchInclude"]
    assert "Condition:subject" in types["Patient"]["searchRevInclude"]
    forward = api.ask("GET", "Condition", params={"subject": her, "_include": "Condition:subject"}).json()
    back = api.ask("GET", "Patient", params={"_id": her, "_revinclude": "Condition:subject"}).json()
    assert [entry["resource"]["resourceType"] for entry in forward["entry"]] == ["Condition", "Patient"]
    assert [entry["resource"]["resourceType"] for entry in back["entry"]] == ["Patient", "Condition"]


def test_the_system_has_the_interactions_that_are_declared_and_no_other(
    rest: dict[str, Any], types: dict[str, dict[str, Any]], api: Api
) -> None:
    bundle = {"resourceType": "Bundle", "entry": [{"request": {"method": "GET", "url": "metadata"}}]}
    requested = {
        "batch": ("POST", "", {"json": bundle | {"type": "batch"}}),
        "transaction": ("POST", "", {"json": bundle | {"type": "transaction"}}),
        "search-system": ("GET", "", {"params": {"_id": "a"}}),
        "history-system": ("GET", "_history", {"params": {"_count": "1"}}),
    }
    declared = {interaction["code"] for interaction in rest["interaction"]}
    assert declared <= set(requested)
    for code, (method, path, more) in requested.items():
        answer = api.ask(method, path, **more)
        assert (answer.status_code == 200) is (code in declared), (code, answer.text)
        assert code in declared or declined(answer), (code, answer.text)
    common = {param["name"]: example("Patient", param) for param in rest["searchParam"]}
    assert api.ask("GET", "", params=common, headers=STRICT).status_code == 200


def test_each_declared_compartment_is_searched_and_no_other(
    rest: dict[str, Any], types: dict[str, dict[str, Any]], api: Api
) -> None:
    declared = {canonical.rpartition("/")[2] for canonical in rest["compartment"]}
    assert declared <= {type.lower() for type in types}
    for type, resource in types.items():
        if {"code": "create"} in resource["interaction"]:
            answer = api.ask("GET", f"{type}/{api.make(smallest(type))}/Condition")
            assert answer.status_code == (200 if type.lower() in declared else 404), (type, answer.text)


def test_each_patch_format_is_taken_and_no_other(stated: dict[str, Any], api: Api) -> None:
    change = {"application/json-patch+json": b"[]"}
    empty = json.dumps({"resourceType": "Parameters"}).encode()
    path = f"Condition/{api.make(smallest('Condition'))}"
    for media in stated["patchFormat"]:
        answer = api.ask("PATCH", path, data=change.get(media, empty), headers={"Content-Type": media})
        assert answer.status_code == 200, (media, answer.text)
    for media in {"application/xml-patch+xml", "application/merge-patch+json"} - set(stated["patchFormat"]):
        answer = api.ask("PATCH", path, data=b"{}", headers={"Content-Type": media})
        assert answer.status_code == 415, media


def test_no_other_type_and_no_operation_has_an_address(types: dict[str, dict[str, Any]], api: Api) -> None:
    for type in sorted(R4_TYPES - types.keys()):
        assert api.ask("GET", type).status_code == 404, type
        assert api.ask("POST", type, json={"resourceType": type}).status_code == 404, type
    for operation in _operations(types):
        assert api.ask("POST", operation, json={"resourceType": "Parameters"}).status_code == 404, operation


def _operations(types: dict[str, dict[str, Any]]) -> Iterator[str]:
    yield from (f"{type}/$validate" for type in types)
    yield from ("$convert", "$export", "Patient/$everything", f"Patient/{uuid4()}/$everything")


def example(type: str, param: dict[str, Any]) -> str:
    """A value that the parameter can have."""
    if param["type"] != "composite":
        return EXAMPLES[param["type"]]
    return "$".join(EXAMPLES[part.kind] for part in search_params(type)[param["name"]].components)


def portions(names: Sequence[str], size: int) -> Iterator[Sequence[str]]:
    """The names, as many at once as one request may ask for."""
    return (names[start : start + size] for start in range(0, len(names), size))
