"""No pattern on what strangers send takes more than milliseconds, however long and odd the text is (B-38).

Every pattern of the gateway is found by walking it, named or not, with the ways in which it is used, so a new
one is judged the day it is written. What counts is growth: a text 32 times as long may take as many times
longer, times a margin; a pattern that tries every way to divide a text takes a thousand times longer, or for
ever.
Source: https://owasp.org/www-community/attacks/Regular_expression_Denial_of_Service_-_ReDoS
"""

from __future__ import annotations

import ast
import importlib
import pkgutil
import re
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

import pytest

import gateway
from gateway.conformance.typed import shape_issues
from gateway.errors import GatewayError
from gateway.fhir.json_codec import read_untrusted
from gateway.fhir.references import parse_reference

SHORT, LONG = 2_048, 65_536
MARGIN: Final = 2.5
NOTHING_S: Final = 0.002  # below this, twice as long is no news
HOPELESS_S: Final = 1.0
# Read nothing that anybody sends: R4's package when facts are distilled, and our own migrations.
TRUSTED_TEXT: Final = ("gateway.conformance.distil", "gateway.store.migrations")
WAYS: Final = {"search": "search", "sub": "search", "subn": "search", "split": "search", "findall": "search",
               "finditer": "search", "match": "match", "fullmatch": "fullmatch"}  # fmt: skip
"""What a pattern is asked for, and what that comes to: looking for it anywhere, or once from the start."""

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


@dataclass(frozen=True)
class Used:
    """A pattern of the gateway, and the ways in which it is used where it stands."""

    pattern: re.Pattern[Any]
    ways: tuple[str, ...]

    def judges(self) -> Iterator[tuple[str, Callable[[str], object]]]:
        """Each way, as a function of a text."""
        for way in self.ways:
            judge = getattr(self.pattern, way)
            if isinstance(self.pattern.pattern, bytes):
                yield way, lambda text, judge=judge: judge(text.encode())  # type: ignore[misc]
            else:
                yield way, judge


def patterns() -> dict[str, Used]:
    """Every pattern of the gateway, by the name or the line under which it stands there."""
    found: dict[str, Used] = {}
    seen: set[re.Pattern[Any]] = set()
    for module in pkgutil.walk_packages(gateway.__path__, "gateway."):
        if module.name.startswith(TRUSTED_TEXT) or module.name.endswith("__main__"):
            continue
        loaded = importlib.import_module(module.name)
        tree = ast.parse(Path(loaded.__file__ or "").read_text())
        ways = _ways(tree)
        for name, value in vars(loaded).items():
            for inner, pattern in _held(value, name):
                if pattern not in seen:
                    seen.add(pattern)
                    used = ways.get(name) or {"match", "fullmatch"}
                    found[f"{module.name}.{inner}"] = Used(pattern, tuple(sorted(used)))
        if (
            module.name != "gateway.conformance.typed"
        ):  # asks one of its own annotations, nothing that was sent
            found |= _in_passing(module.name, tree)
    return found


def _ways(tree: ast.Module) -> dict[str, set[str]]:
    """How each name of a module is used as a pattern: `_ID.fullmatch` asks for the whole text."""
    ways: dict[str, set[str]] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and node.attr in WAYS and isinstance(node.value, ast.Name):
            ways.setdefault(node.value.id, set()).add(WAYS[node.attr])
    return ways


def _in_passing(module: str, tree: ast.Module) -> Iterator[tuple[str, Used]]:
    """Patterns that have no name: `re.split(r"[,;]", text)`."""
    for node in ast.walk(tree):
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and isinstance(node.func.value, ast.Name)
            and node.func.value.id == "re"
            and node.func.attr in WAYS
            and isinstance(node.args[0], ast.Constant)
        ):
            used = Used(re.compile(node.args[0].value), (WAYS[node.func.attr],))
            yield f"{module} line {node.lineno}", used


def _held(value: Any, name: str, deep: int = 2) -> Iterator[tuple[str, re.Pattern[Any]]]:
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
    assert len(PATTERNS) >= 80
    assert PATTERNS["gateway.web.authentication._BEARER"].ways == ("fullmatch",)
    assert PATTERNS["gateway.fhir.json_codec._STRING"].ways == ("search",)
    assert any(name.startswith("gateway.web.fhir_api.negotiation line ") for name in PATTERNS)


@pytest.mark.parametrize("name", sorted(PATTERNS))
def test_a_pattern_takes_no_longer_than_its_text_is_long(name: str) -> None:
    for way, judge in PATTERNS[name].judges():
        assert grows_evenly(judge), way


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
