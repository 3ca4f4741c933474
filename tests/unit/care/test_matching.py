"""When two Patients are the same person."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.care.matching import (
    NHS_NUMBER_STATUS,
    VERIFIED,
    Candidate,
    is_nhs_number,
    persons_matching,
    verified_identifiers,
)
from gateway.fhir.identifiers import Identifier
from gateway.fhir.systems import NHS_NUMBER

LOCAL = "https://st-annes.example/mrn"
SYSTEMS = (NHS_NUMBER, LOCAL)
NUMBER = Identifier(NHS_NUMBER, "9990000018")


def patient(*identifiers: dict[str, Any]) -> dict[str, Any]:
    return {"resourceType": "Patient", "identifier": list(identifiers)}


def nhs(value: str = NUMBER.value, **more: Any) -> dict[str, Any]:
    return {"system": NHS_NUMBER, "value": value, **more}


def with_check_digit(nine: str) -> str | None:
    digit = (11 - sum(int(n) * w for n, w in zip(nine, range(10, 1, -1), strict=True)) % 11) % 11
    return None if digit == 10 else f"{nine}{digit}"


@given(st.text("0123456789", min_size=9, max_size=9))
def test_exactly_the_right_check_digit_makes_an_nhs_number(nine: str) -> None:
    accepted = [f"{nine}{digit}" for digit in range(10) if is_nhs_number(f"{nine}{digit}")]
    assert accepted == ([with_check_digit(nine)] if with_check_digit(nine) else [])


@pytest.mark.parametrize(
    "value", ["", "999000001", "99900000181", "999 000 0018", "٩٩٩٠٠٠٠٠١٨", "99900000I8"]
)
def test_other_spellings_are_no_nhs_number(value: str) -> None:
    assert not is_nhs_number(value)


def test_an_identifier_in_a_verified_system_counts() -> None:
    assert verified_identifiers(patient(nhs()), SYSTEMS) == {NUMBER}


@pytest.mark.parametrize(
    "identifier",
    [
        nhs("9990000019"),
        nhs(use="old"),
        nhs(use="temp"),
        nhs(period={"end": "2020"}),
        nhs(extension=[{"url": VERIFIED, "valueBoolean": False}]),
        nhs(extension=[{"url": NHS_NUMBER_STATUS, "valueCodeableConcept": {"coding": [{"code": "02"}]}}]),
        {"value": NUMBER.value},
        {"system": NHS_NUMBER},
        {"system": LOCAL, "value": " "},
        {"system": "https://elsewhere.example", "value": "1"},
        "rubbish",
    ],
)
def test_an_identifier_in_doubt_does_not_count(identifier: Any) -> None:
    assert verified_identifiers(patient(identifier), SYSTEMS) == frozenset()


def test_one_that_says_it_is_verified_counts_even_where_silence_does_not() -> None:
    said = nhs(extension=[{"url": NHS_NUMBER_STATUS, "valueCodeableConcept": {"coding": [{"code": "01"}]}}])

    assert verified_identifiers(patient(said), SYSTEMS, must_say_so=True) == {NUMBER}
    assert verified_identifiers(patient(nhs()), SYSTEMS, must_say_so=True) == frozenset()


def test_a_partner_that_verifies_nothing_matches_nobody() -> None:
    assert verified_identifiers(patient(nhs()), ()) == frozenset()


def test_the_person_with_the_same_identifier_is_the_one() -> None:
    others = Candidate("p2", frozenset({Identifier(NHS_NUMBER, "9990000026")}))
    assert persons_matching(frozenset({NUMBER}), [Candidate("p1", frozenset({NUMBER})), others]) == ("p1",)


def test_two_persons_with_the_same_identifier_are_two_answers() -> None:
    same = frozenset({NUMBER})
    assert persons_matching(same, [Candidate("p2", same), Candidate("p1", same)]) == ("p1", "p2")


def test_a_candidate_that_contradicts_in_another_system_is_not_the_one() -> None:
    mine = frozenset({NUMBER, Identifier(LOCAL, "1")})
    theirs = frozenset({NUMBER, Identifier(LOCAL, "2")})
    assert persons_matching(mine, [Candidate("p1", theirs)]) == ()


def test_somebody_with_two_numbers_in_one_system_is_known_by_either() -> None:
    two = frozenset({NUMBER, Identifier(NHS_NUMBER, "9990000026")})
    assert persons_matching(frozenset({NUMBER}), [Candidate("p1", two)]) == ("p1",)
