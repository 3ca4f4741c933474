"""Whatever stands in an address, and whatever the method: an answer that says so, and no other way in."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import pytest
from flask import Flask
from werkzeug.routing import Rule

from tests.unit.web.odd_requests.town import CANARY, NOWHERE, Town, soundly

METHODS: Final = (
    "GET",
    "HEAD",
    "POST",
    "PUT",
    "PATCH",
    "DELETE",
    "OPTIONS",
    "TRACE",
    "CONNECT",
    "PROPFIND",
    "MERGE",
    "M-SEARCH",
    CANARY.upper(),
)
SEGMENTS: Final = (
    CANARY,
    "..",
    "%2e%2e",
    "a%2fb",
    "%00",
    "%ff",
    "%c0%ae",
    "%ed%a0%80",
    "%25",
    "%250a",
    "%0d%0aX: y",
    "x" * 65,
    "x" * 5000,
    "$everything",
    "_history",
    "_search",
    "*",
    "é",
    "%F0%9F%98%80",
    ";v=1",
    "%20",
    "1e999999",
    "-1",
    f"{NOWHERE}%0a",
    NOWHERE.replace("0", "%D9%A0"),
    "Patient",
)


def addresses(rule: Rule, odd: str | None = None) -> Iterator[str]:
    """The addresses of a rule: with usual names in all its places, or an odd one in each in turn."""
    usual = {
        "resource_type": "Condition",
        "member_type": "Condition",
        "version_id": "1",
        "partner": "elm-trust",
    }
    names = sorted(rule.arguments)
    for place in names if odd is not None else [None]:
        address = rule.rule
        for name in names:
            value = odd if name == place else usual.get(name, NOWHERE)
            for form in (f"<{name}>", f"<path:{name}>", f"<uuid:{name}>"):
                address = address.replace(form, str(value))
        yield address


def rules(app: Flask) -> list[Rule]:
    return sorted(app.url_map.iter_rules(), key=lambda rule: rule.rule)


@pytest.mark.parametrize("method", METHODS)
def test_every_route_answers_every_method(town: Town, method: str) -> None:
    overridden = {
        "X-HTTP-Method-Override": "DELETE",
        "X-HTTP-Method": "DELETE",
        "X-Method-Override": "DELETE",
    }
    served: dict[str, set[str]] = {}
    for rule in rules(town.app):
        for address in addresses(rule):
            served.setdefault(address, set()).update(rule.methods or ())
    for address, methods in served.items():
        answer = soundly(town.client.open(address, method=method, headers=overridden), (method, address))
        if method not in methods:
            assert answer.status_code in (401, 404, 405), (method, address)
    read = town.client.get(f"/fhir/R4/Condition/{town.condition}", headers=overridden)
    assert read.headers["ETag"] == 'W/"1"', "no header changes what a method means"


@pytest.mark.parametrize("segment", SEGMENTS)
def test_every_route_answers_odd_names_in_its_address(town: Town, segment: str) -> None:
    for rule in rules(town.app):
        if rule.arguments:
            for address in addresses(rule, segment):
                for method in sorted((rule.methods or set()) - {"OPTIONS", "HEAD"})[:1]:
                    soundly(town.client.open(address, method=method, json={}), (method, address))


@pytest.mark.parametrize(
    ("address", "status"),
    [
        ("/fhir/R4/patient", 404),
        ("/fhir/R4/Patient/..", 404),
        ("/fhir/R4/Patient/%2e%2e/Patient", 404),
        ("/fhir/R4//Patient", 404),
        ("/fhir/R5/Patient", 404),
        ("/fhir", 404),
        ("/FHIR/R4/Patient", 404),
        ("/fhir/R4/Patient;x=1", 404),
        ("/fhir/R4/$export", 404),
        ("/fhir/R4/$graphql", 404),
        ("/fhir/R4/Patient/$match", 404),
        ("/fhir/R4/Patient/$validate", 404),
        ("/fhir/R4/metadata/x", 404),
    ],
)
def test_an_address_that_is_nearly_one_leads_nowhere(town: Town, address: str, status: int) -> None:
    assert soundly(town.client.get(address), address).status_code == status


@pytest.mark.parametrize(
    "spelling",
    [
        "{}%20",
        "{}%0a",
        "{}.",
        "{};v=1",
        "{}%00",
        "%20{}",
        "{}/_history/01",
        "{}/_history/0",
        "{}/_history/%D9%A1",
        "{}/_history/1%20",
        "{}/_history/99999999999999999999",
    ],
)
def test_an_id_or_a_version_has_one_spelling(town: Town, spelling: str) -> None:
    for id in (town.condition, town.condition.upper()):
        address = f"/fhir/R4/Condition/{spelling.format(id)}"
        assert soundly(town.client.get(address), address).status_code == 404
