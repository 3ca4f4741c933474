"""Which organisations a Consent denies, and from when until when."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from gateway.care.consent_denials import SCOPES, Denial, denials_in
from gateway.fhir.identifiers import Identifier

NUMBER = Identifier("https://example.org/organisations", "elm-trust")
BY_NUMBER = {"identifier": {"system": NUMBER.system, "value": NUMBER.value}}
ELM = {"reference": "Organization/elm"}


def rule(type: str | None, *references: dict[str, Any], **more: Any) -> dict[str, Any]:
    """A provision with actors."""
    actors = [{"role": {"text": "recipient"}, "reference": it} for it in references]
    return {**({"type": type} if type else {}), **({"actor": actors} if actors else {}), **more}


def consent(provision: Any, **more: Any) -> dict[str, Any]:
    """An active consent to privacy."""
    scope = {"coding": [{"system": SCOPES, "code": "patient-privacy"}]}
    return {
        "resourceType": "Consent", "status": "active", "scope": scope, "provision": provision, **more
    }  # fmt: skip


@pytest.mark.parametrize(
    ("provision", "denied"),
    [
        (rule("deny", ELM), {Denial(organisation="elm")}),
        (rule("deny", BY_NUMBER), {Denial(identifier=NUMBER)}),
        (rule("deny", {**ELM, **BY_NUMBER}), {Denial(organisation="elm"), Denial(identifier=NUMBER)}),
        (rule("permit", provision=[rule("deny", ELM)]), {Denial(organisation="elm")}),
        (rule(None, ELM, provision=[rule("deny", ELM)]), {Denial(organisation="elm")}),
        (rule("permit", provision=[rule("permit", provision=[rule("deny", ELM)])]), {Denial("elm")}),
        (rule("deny", ELM, provision=[rule("permit", ELM)]), {Denial("elm")}),  # deny wins
        (rule("deny", ELM, purpose=[{"code": "HMARKT"}]), {Denial("elm")}),  # not narrowed yet
        (rule("permit", ELM), set()),
        (rule(None, ELM), set()),
        (rule("deny"), set()),  # nobody is named
        (rule("deny", {"reference": "Practitioner/elm"}), set()),
        (rule("deny", {"reference": "https://other.example/Organization/elm"}), set()),
        (rule("deny", {"type": "Practitioner", **BY_NUMBER}), set()),
        (None, set()),
        ([rule("deny", ELM)], set()),
    ],
)
def test_a_denial_names_an_organisation(provision: Any, denied: set[Denial]) -> None:
    assert set(denials_in(consent(provision))) == denied


def test_a_contained_organisation_is_known_by_its_numbers() -> None:
    inside = {"resourceType": "Organization", "id": "o", "identifier": [BY_NUMBER["identifier"]]}

    assert denials_in(consent(rule("deny", {"reference": "#o"}), contained=[inside])) == (
        Denial(identifier=NUMBER),
    )


@pytest.mark.parametrize("status", ["draft", "proposed", "rejected", "inactive", "entered-in-error", None])
def test_only_an_active_consent_denies(status: str | None) -> None:
    assert denials_in(consent(rule("deny", ELM), status=status)) == ()


@pytest.mark.parametrize(
    ("scope", "denies"),
    [
        ({"coding": [{"system": SCOPES, "code": "patient-privacy"}]}, True),
        ({"coding": [{"code": "patient-privacy"}]}, True),
        ({"text": "privacy"}, True),
        (None, True),
        ({"coding": [{"system": "https://example.org/scopes", "code": "x"}]}, True),
        ({"coding": [{"system": SCOPES, "code": "research"}]}, False),
        ({"coding": [{"system": SCOPES, "code": "adr"}]}, False),
    ],
)
def test_only_a_consent_to_privacy_denies_but_an_unnamed_scope_is_taken_for_it(
    scope: Any, denies: bool
) -> None:
    assert bool(denials_in(consent(rule("deny", ELM), scope=scope))) is denies


def test_a_rule_holds_no_longer_than_those_around_it() -> None:
    inner = rule("deny", ELM, period={"start": "2026-02-01", "end": "2026-12"})
    outer = rule("permit", provision=[inner], period={"start": "2026-01-01", "end": "2026-06-30"})

    assert denials_in(consent(outer)) == (
        Denial(
            "elm",
            since=datetime(2026, 2, 1, tzinfo=UTC),
            until=datetime(2026, 6, 30, 23, 59, 59, 999_999, tzinfo=UTC),
        ),
    )


def test_a_rule_outside_the_time_of_the_rule_around_it_never_holds() -> None:
    inner = rule("deny", ELM, period={"start": "2027"})

    assert denials_in(consent(rule("permit", provision=[inner], period={"end": "2026"}))) == ()


@pytest.mark.parametrize("period", ["2026", {"start": "soon"}, {"end": 2026}, {"end": "2026-13-01"}])
def test_a_period_that_cannot_be_read_limits_nothing(period: Any) -> None:
    assert denials_in(consent(rule("deny", ELM, period=period))) == (Denial("elm"),)


def test_the_last_moment_that_can_be_said_is_one(shared_data: Path) -> None:
    [denial] = denials_in(consent(rule("deny", ELM, period={"end": "9999-12-31"})))
    assert denial.until is not None
    assert denial.until.year == 9999


def test_of_the_published_consents_two_deny_an_organisation(shared_data: Path) -> None:
    folder = shared_data / "r4-core-examples" / "Consent"
    denying = {
        path.stem: denials_in(json.loads(path.read_text(encoding="utf-8")))
        for path in sorted(folder.glob("*.json"))
    }

    assert {name: found for name, found in denying.items() if found} == {
        "Consent-consent-example-Emergency": (Denial("f001"),),
        "Consent-consent-example-notOrg": (Denial("f001"),),
    }
