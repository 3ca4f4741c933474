"""No pattern on what strangers send takes more than milliseconds, however long and odd the text is (B-38).

Every compiled pattern of the rooms that see untrusted text is found by walking them, so a new one is judged
the day it is written. What counts is growth: a text 32 times as long may take as many times longer, times a
margin; a pattern that tries every way to divide a text takes a thousand times longer, or for ever.
Source: https://owasp.org/www-community/attacks/Regular_expression_Denial_of_Service_-_ReDoS
"""

from __future__ import annotations

import importlib
import pkgutil
import re
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import cache
from typing import Any, Final

import pytest

import gateway
from gateway.conformance.typed import shape_issues
from gateway.errors import GatewayError
from gateway.fhir.json_codec import read_untrusted
from gateway.fhir.references import parse_reference

ROOMS: Final = ("access", "acts", "care", "conformance", "fhir", "records", "store", "sync", "web")
SHORT, LONG = 2_048, 65_536
MARGIN: Final = 2.5
NOTHING_S: Final = 0.002  # below this, twice as long is no news
HOPELESS_S: Final = 1.0
# Read nothing that anybody sends: partner files, R4's package when facts are distilled, own migrations.
TRUSTED_TEXT: Final = ("gateway.conformance.distil", "gateway.store.migrations")
# Most only ever match from the first character on; those that are looked for anywhere are named.
ONCE: Final[tuple[str, ...]] = ("fullmatch", "match")
SEARCHED: Final = tuple(
    f"gateway.fhir.json_codec.{name}" for name in ("_STRING", "_NOT_BRACKET", "_TOKEN", "_SUSPICIOUS_ESCAPE")
)

PIECES: Final = (
    "a", "A", "0", "\u0661", " ", "\n", "a ", "a  ", "=", "AAAA ", "AAA=", "+", "/", "a/", "-", ".", "1.",
    "1e", "a.", "a:", "a,", ";", "a=b;", "|", "a|", "$", "\\", "a\\", '"', '\\"', '"a" ,', 'W/"1",', "%2e",
    "a=b&", "[0", "[0]", "{", "<a>", "e\u0301", "\U0001f600", "T00:00",
)  # fmt: skip
HEADS: Final = ("", "2026-01-01T00:00:00.", "http://a/", "urn:uuid:", "Patient/", "Patient?", "A", '"', "-0.")
TAILS: Final = ("", "!", "\n", "=", " ", "/Patient/a!")


def adversarial(length: int) -> Iterator[str]:
    """Texts of about `length` characters that make a careless pattern try again and again."""
    for piece in PIECES:
        middle = piece * (length // len(piece))
        for head in HEADS:
            yield f"{head}{middle}"
        for tail in TAILS[1:]:
            yield f"{middle}{tail}"


def patterns() -> dict[str, re.Pattern[str]]:
    """Every compiled pattern of the rooms, by the name under which it stands there."""
    found: dict[re.Pattern[str], str] = {}
    for module in pkgutil.walk_packages(gateway.__path__, "gateway."):
        if not module.name.startswith(tuple(f"gateway.{room}" for room in ROOMS)):
            continue
        if module.name.startswith(TRUSTED_TEXT):
            continue
        for name, value in vars(importlib.import_module(module.name)).items():
            for inner, pattern in _held(value, name):
                found.setdefault(pattern, f"{module.name}.{inner}")
    return {name: pattern for pattern, name in found.items()}


def _held(value: Any, name: str, deep: int = 2) -> Iterator[tuple[str, re.Pattern[str]]]:
    if isinstance(value, re.Pattern):
        yield name, value
    elif deep and isinstance(value, dict):
        for key, inner in value.items():
            yield from _held(inner, f"{name}[{key}]", deep - 1)
    elif deep and isinstance(value, tuple | list | frozenset):
        for inner in value:
            yield from _held(inner, name, deep - 1)
    elif deep and isinstance(value, type) and value.__module__.startswith("gateway."):
        for key, inner in vars(value).items():
            yield from _held(inner, f"{name}.{key}", deep - 1)


PATTERNS: Final = patterns()


def took_s(judge: Callable[[str], object], text: str, most: int = 3) -> float:
    """The least time, of a few tries, that judging the text takes."""
    least = HOPELESS_S
    for _ in range(most):
        # The processor's time, and the least of three: others use this machine as well.
        started = time.process_time()
        judge(text)
        least = min(least, time.process_time() - started)
        if least < NOTHING_S:
            break
    return least


@cache
def texts(length: int) -> tuple[str, ...]:
    return tuple(adversarial(length))


def grows_evenly(judge: Callable[[str], object], long: int = LONG) -> bool:
    """Whether no long text costs much more than its length in short ones."""
    for short_text, long_text in zip(texts(SHORT), texts(long), strict=True):
        if (least := took_s(judge, short_text)) > 20 * NOTHING_S:
            return False  # the long one might take until tomorrow
        if took_s(judge, long_text) > max(NOTHING_S, least * MARGIN * long / SHORT):
            return False
    return True


def test_the_patterns_are_found() -> None:
    assert len(PATTERNS) >= 30
    for known in ("gateway.fhir.references._LITERAL", "gateway.web.authentication._BEARER"):
        assert known in PATTERNS


@pytest.mark.parametrize("name", sorted(PATTERNS))
def test_a_pattern_takes_no_longer_than_its_text_is_long(name: str) -> None:
    pattern = PATTERNS[name]
    ways = ("search", "fullmatch") if name in SEARCHED else ONCE
    for way in ways:
        assert grows_evenly(getattr(pattern, way)), way


def test_a_pattern_that_tries_every_way_is_found_out() -> None:
    assert not grows_evenly(re.compile(r"[a-z]*[a-z]*!").fullmatch, long=4 * SHORT)
    assert grows_evenly(re.compile(r"[a-z]*+!").fullmatch, long=4 * SHORT)


RESOURCES: Final[dict[str, Callable[[str], dict[str, Any]]]] = {
    "date": lambda text: {"resourceType": "Patient", "birthDate": text},
    "dateTime": lambda text: {"resourceType": "Patient", "deceasedDateTime": text},
    "instant": lambda text: {"resourceType": "Patient", "meta": {"lastUpdated": text}},
    "time": lambda text: _observation(valueTime=text),
    "base64Binary": lambda text: {"resourceType": "Binary", "contentType": "text/plain", "data": text},
    "code": lambda text: {"resourceType": "Patient", "gender": text},
    "uri": lambda text: {"resourceType": "Patient", "implicitRules": text},
    "canonical": lambda text: {"resourceType": "Patient", "meta": {"profile": [text]}},
    "url": lambda text: {"resourceType": "Patient", "photo": [{"url": text}]},
    "oid": lambda text: _patient_with(valueOid=text),
    "uuid": lambda text: _patient_with(valueUuid=text),
    "id": lambda text: {"resourceType": "Patient", "id": text},
    "markdown": lambda text: {"resourceType": "HealthcareService", "extraDetails": text},
    "string": lambda text: {"resourceType": "Patient", "name": [{"family": text}]},
    "xhtml": lambda text: {"resourceType": "Patient", "text": {"status": "generated", "div": text}},
    "decimal": lambda text: _observation(valueQuantity={"value": text}),
    "integer": lambda text: _observation(valueInteger=text),
    "positiveInt": lambda text: {"resourceType": "Patient", "telecom": [{"rank": text}]},
    "boolean": lambda text: {"resourceType": "Patient", "active": text},
    "reference": lambda text: {"resourceType": "Patient", "managingOrganization": {"reference": text}},
    "an element's name": lambda text: {"resourceType": "Patient", text or "x": 1},
    "a type's name": lambda text: {"resourceType": text},
}


def _observation(**elements: Any) -> dict[str, Any]:
    return {"resourceType": "Observation", "status": "final", "code": {"text": "pulse"}, **elements}


def _patient_with(**value: Any) -> dict[str, Any]:
    return {"resourceType": "Patient", "extension": [{"url": "http://example.org/x", **value}]}


@pytest.mark.parametrize("primitive", RESOURCES)
def test_the_typed_model_judges_each_primitive_in_a_few_milliseconds(primitive: str) -> None:
    make = RESOURCES[primitive]
    shape_issues(make("x"))  # the model of the type is loaded when first asked
    assert grows_evenly(lambda text: shape_issues(make(text)))


def test_the_first_door_reads_any_text_in_time_that_its_length_explains() -> None:
    def judge(text: str) -> None:
        for data in (text, f'{{"a":"{text}"}}', f"[{text}]", f'{{"{text}":1,"{text}":2}}'):
            with suppress(GatewayError):
                read_untrusted(data.encode())

    assert grows_evenly(judge)


def test_a_reference_is_read_in_time_that_its_length_explains() -> None:
    assert grows_evenly(parse_reference)
