"""Facts are worded as the field words them, and never more precisely than they are known."""

from __future__ import annotations

from datetime import date

import pytest

from gateway.web.coordinator import words

TODAY = date(2026, 11, 22)


@pytest.mark.parametrize(
    ("text", "worded"),
    [
        ("1941-03-03", "03-Mar-1941"),
        ("1987-06", "Jun-1987"),
        ("1987", "1987"),
        ("2026-11-02T14:05:00+00:00", "02-Nov-2026"),
        (None, "Not known"),
        ("", "Not known"),
    ],
)
def test_a_date_is_never_more_precise_than_it_was_given(text: str | None, worded: str) -> None:
    assert words.day(text) == worded


@pytest.mark.parametrize(
    ("born", "worded"),
    [
        ("1941-03-03", "85y"),
        ("1941-11-22", "85y"),
        ("1941-11-23", "84y"),
        ("1938", "87y or 88y"),
        ("1938-12", "87y"),
        ("1938-10", "88y"),
        ("1938-11", "87y or 88y"),
        (None, ""),
    ],
)
def test_an_age_admits_what_the_birth_date_leaves_open(born: str | None, worded: str) -> None:
    assert words.age(born, TODAY) == worded


def test_a_name_is_surname_first_with_its_title() -> None:
    name = {"use": "official", "family": "Okafor", "given": ["Ada", "Chioma"], "prefix": ["Mrs"]}

    assert words.name({"names": [{"use": "old", "family": "X"}, name]}) == "OKAFOR, Ada Chioma (Mrs)"


@pytest.mark.parametrize(
    ("person", "worded"),
    [
        ({"names": [{"text": "Ada from the church"}]}, "Ada from the church"),
        ({"names": [{"given": ["Ada"]}]}, "Ada"),
        ({}, "Name not known"),
    ],
)
def test_a_name_that_is_not_in_parts_is_still_shown(person: dict[str, object], worded: str) -> None:
    assert words.name(person) == worded


def test_a_number_that_nobody_verified_says_so() -> None:
    identifier = {"system": words.NHS_NUMBER, "value": "9990000018"}

    assert words.nhs_number({"identifiers": [identifier]}) == "999 000 0018 (not verified)"
    assert words.nhs_number({"identifiers": [{**identifier, "verified": True}]}) == "999 000 0018"
    assert words.nhs_number({}) == "Not known"


def test_an_unknown_status_is_shown_as_it_stands() -> None:
    assert words.state("frobnicated-twice") == "Frobnicated twice"
    assert words.state(None) == "Status not known"
    assert words.state("entered_in_error") == words.state("entered-in-error") == "Entered in error"
