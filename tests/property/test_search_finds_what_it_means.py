"""The index and the meaning agree: what SQL finds is what each resource, asked by itself, says it meets."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from gateway.access.actors import HERE, Actor, ActorKind
from gateway.conformance.searching.criterion import read_criterion
from gateway.conformance.searching.parameters import search_params
from gateway.store import resources
from gateway.store.database import Database
from gateway.store.search import Query, count, search

GENDER = "http://hl7.org/fhir/administrative-gender"
AMINA = Actor(ActorKind.COORDINATOR, "amina", HERE)
CODES = st.sampled_from(["a", "b", "A", "a|b", "x,y"])
SYSTEMS = st.sampled_from(["urn:s", "urn:t", ""])
DATES = st.sampled_from(
    ["2025", "2025-12", "2026", "2026-01", "2026-01-31", "2026-01-31T23:59:59Z", "2026-02-01T00:00:00+02:00"]
)
WORDS = st.sampled_from(
    ["Anna", "anna", "Änne", "An", "100%", "1_0", "Anna Maria", "annabel", "x" * 70 + "a", "x" * 70 + "b"]
)
NUMBERS = st.sampled_from([1, 5, 5.4, 5.35, 5.45, 100, -3])


def some(**elements: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({}, optional=elements)


CODINGS = some(system=SYSTEMS.filter(bool), code=CODES, display=WORDS)
CONCEPTS = some(coding=st.lists(CODINGS, max_size=2), text=WORDS)
QUANTITIES = st.fixed_dictionaries(
    {"value": NUMBERS}, optional={"unit": CODES, "system": SYSTEMS.filter(bool), "code": CODES}
)
PERIODS = some(start=DATES, end=DATES)
PATIENTS = some(
    identifier=st.lists(some(system=SYSTEMS.filter(bool), value=CODES), max_size=2),
    name=st.lists(some(family=WORDS, given=st.lists(WORDS, max_size=2)), max_size=2),
    birthDate=DATES.filter(lambda it: "T" not in it),
    gender=st.sampled_from(["male", "female"]),
).map(lambda it: {"resourceType": "Patient", **it})
OBSERVATIONS = some(
    code=CONCEPTS,
    status=st.sampled_from(["final", "amended"]),
    effectiveDateTime=DATES,
    effectivePeriod=PERIODS,
    valueQuantity=QUANTITIES,
    component=st.lists(some(code=CONCEPTS, valueQuantity=QUANTITIES), max_size=2),
).map(lambda it: {"resourceType": "Observation", **it})

PREFIXES = st.sampled_from(["", "eq", "ne", "gt", "lt", "ge", "le", "sa", "eb", "ap"])
ESCAPED = CODES.map(lambda it: it.replace(",", "\\,").replace("|", "\\|"))
TOKENS = st.one_of(ESCAPED, st.builds("{}|{}".format, SYSTEMS, ESCAPED), st.just("urn:s|"))
AMOUNTS = st.builds("{}{}".format, PREFIXES, NUMBERS)
UNITS = st.one_of(st.just(""), st.builds("|{}|{}".format, SYSTEMS, ESCAPED))
VALUES = {
    ("Patient", "identifier"): TOKENS, ("Patient", "identifier:not"): TOKENS,
    ("Patient", "gender"): st.sampled_from(["male", f"{GENDER}|male", "|male"]),
    ("Patient", "family"): WORDS, ("Patient", "name:contains"): WORDS, ("Patient", "given:exact"): WORDS,
    ("Patient", "name"): st.sampled_from(["a", "AN", "änn", "x" * 71, "x" * 70 + "b", "%", "_"]),
    ("Patient", "birthdate"): st.builds("{}{}".format, PREFIXES, DATES),
    ("Patient", "birthdate:missing"): st.sampled_from(["true", "false"]),
    ("Observation", "code"): TOKENS, ("Observation", "code:text"): WORDS, ("Observation", "code:not"): TOKENS,
    ("Observation", "status"): st.sampled_from(["final", "amended,final", "|final"]),
    ("Observation", "date"): st.builds("{}{}".format, PREFIXES, DATES),
    ("Observation", "value-quantity"): st.builds("{}{}".format, AMOUNTS, UNITS),
    ("Observation", "code-value-quantity"): st.builds("{}${}".format, TOKENS, AMOUNTS),
    ("Observation", "component-code-value-quantity"): st.builds("{}${}".format, TOKENS, AMOUNTS),
    ("Observation", "combo-code:missing"): st.sampled_from(["true", "false"]),
}  # fmt: skip
ASKED = st.sampled_from(sorted(VALUES)).flatmap(
    lambda key: st.tuples(
        st.just(key[0]), st.lists(st.tuples(st.just(key[1]), VALUES[key]), min_size=1, max_size=2)
    )
)


@pytest.fixture(scope="module")
def held(migrated_database: Database) -> tuple[Database, dict[str, dict[str, Any]]]:
    """A hundred resources of each kind, drawn once."""
    stored: dict[str, dict[str, Any]] = {}
    drawn: list[dict[str, Any]] = []

    @settings(max_examples=60, database=None, derandomize=True, suppress_health_check=list(HealthCheck))
    @given(PATIENTS, OBSERVATIONS)
    def draw(patient: dict[str, Any], observation: dict[str, Any]) -> None:
        drawn.extend((patient, observation))

    draw()
    with migrated_database.transaction(AMINA) as tx:
        for resource in drawn:
            version = resources.create(tx, resource, source=HERE)
            stored[version.id] = version.resource
    return migrated_database, stored


@settings(deadline=None, max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(asked=ASKED)
@example(asked=("Patient", [("name:contains", "n")]))
@example(asked=("Patient", [("family", "anna"), ("birthdate", "ap2026")]))
def test_the_index_finds_what_the_resources_themselves_say(
    held: tuple[Database, dict[str, dict[str, Any]]], asked: tuple[str, list[tuple[str, str]]]
) -> None:
    database, stored = held
    type, criteria = asked
    meant = []
    for name, value in criteria:
        code, _, modifier = name.partition(":")
        meant.append(read_criterion(search_params(type)[code], modifier, value))
    expected = {
        id
        for id, resource in stored.items()
        if resource["resourceType"] == type and all(it.is_met_by(resource) for it in meant)
    }
    with database.transaction(AMINA) as tx:
        found: set[str] = set()
        cursor = None
        while True:
            page = search(tx, Query.of(type, criteria, count=40, cursor=cursor))
            found |= {version.id for version in page.versions}
            cursor = page.next_cursor
            if cursor is None:
                break
        assert found & stored.keys() == expected
        assert count(tx, Query.of(type, criteria)) >= len(expected)
