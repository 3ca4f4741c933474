"""Names and numbers that look like somebody else's: kept as they came, found by what they say, and never
taken for the same person (B-40).
"""

from __future__ import annotations

import re

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.unit.web.conftest import NHS_NUMBER, Knock

ARABIC = "9990000018".translate({ord("0") + n: 0x660 + n for n in range(10)})
COMPOSED, DECOMPOSED = "Zoe\u0308 Mu\u0308ller".replace("e\u0308", "\u00eb"), "Zoe\u0308 Mu\u0308ller"
LOOKS_LIKE_PAYNE = ("Payne", "P\u0430yne", "Pay\u200bne", "\u202eenyaP", "\uff30\uff41\uff59\uff4e\uff45")


@pytest.fixture(scope="module")
def st_annes(enter: Knock) -> FlaskClient:
    return enter("ehr:st-annes")


def _made(client: FlaskClient, family: str, number: str | None = None) -> str:
    identifier = [{"system": NHS_NUMBER, "value": number}] if number else []
    body = {"resourceType": "Patient", "name": [{"family": family}], "birthDate": "1938-05-06"}
    answer = client.post("/fhir/R4/Patient", json=body | ({"identifier": identifier} if identifier else {}))
    assert answer.status_code == 201, answer.text
    assert (answer.json or {})["name"] == [{"family": family}], "kept as it was sent"
    return str((answer.json or {})["id"])


def _found(client: FlaskClient, **criteria: str) -> set[str]:
    answer = client.get("/fhir/R4/Patient", query_string=criteria)
    assert answer.status_code == 200, answer.text
    return {entry["resource"]["id"] for entry in (answer.json or {}).get("entry", ())}


def _persons_of(client: FlaskClient, patient: str) -> set[str]:
    return {id for id in _found(client, link=f"Patient/{patient}") if id != patient}


def test_a_name_is_found_however_its_accents_are_composed(st_annes: FlaskClient) -> None:
    composed, decomposed = _made(st_annes, COMPOSED), _made(st_annes, DECOMPOSED)

    for asked in (COMPOSED, DECOMPOSED, "zoe muller"):
        assert {composed, decomposed} <= _found(st_annes, family=asked)
    assert composed in _found(st_annes, **{"family:exact": COMPOSED})
    assert decomposed not in _found(st_annes, **{"family:exact": COMPOSED})


def test_equal_names_and_birth_dates_make_nobody_the_same_person(st_annes: FlaskClient) -> None:
    persons = [_persons_of(st_annes, _made(st_annes, family)) for family in (*LOOKS_LIKE_PAYNE, "Payne")]

    assert all(len(each) == 1 for each in persons)
    assert len(set.union(*persons)) == len(persons)


def test_a_number_in_other_digits_is_no_number(enter: Knock, st_annes: FlaskClient) -> None:
    northside = enter("ehr:northside")
    real, arabic = _made(st_annes, "Real", "9990000018"), _made(northside, "Other", ARABIC)
    spaced, wrong = _made(northside, "Other", "999 000 0018"), _made(northside, "Other", "9990000019")

    [person] = _persons_of(st_annes, real)
    for other in (arabic, spaced, wrong):
        assert person not in _persons_of(northside, other)
    assert _found(st_annes, identifier=f"{NHS_NUMBER}|9990000018") >= {real}
    assert not {arabic, spaced} & _found(northside, identifier=f"{NHS_NUMBER}|9990000018")


def test_a_page_shows_the_signs_that_are_not_seen(standing_app: Flask, enter: Knock) -> None:
    api, family = enter("coordinator"), "Enyap\u202e\u200b"
    made = api.post("/api/people", json={"names": [{"family": family, "given": ["Ada"]}]})
    assert made.status_code == 201
    browser = standing_app.test_client()
    [token] = re.findall(r'name="csrf_token" value="([^"]+)"', browser.get("/sign-in").text)
    browser.post("/sign-in", data={"csrf_token": token})

    page = browser.get(f"/people/{(made.json or {})['id']}").text.upper()

    assert "ENYAP[U+202E][U+200B]" in page
    assert "\u202e" not in page
    assert (api.get(f"/api/people/{(made.json or {})['id']}").json or {})["names"][0]["family"] == family
