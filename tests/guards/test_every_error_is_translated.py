"""Every error of the family has an answer for a caller, and codes that R4 knows."""

from __future__ import annotations

from collections.abc import Iterator
from http import HTTPStatus

import pytest
from flask import Flask

from gateway import errors
from gateway.errors import GatewayError
from gateway.web.outcomes import answer, told

# Source: https://hl7.org/fhir/R4/valueset-issue-type.html
ISSUE_TYPES = {
    *("invalid", "structure", "required", "value", "invariant"),
    *("security", "login", "unknown", "expired", "forbidden", "suppressed"),
    *("processing", "not-supported", "duplicate", "multiple-matches", "not-found", "deleted", "too-long"),
    *("code-invalid", "extension", "too-costly", "business-rule", "conflict"),
    *("transient", "lock-error", "no-store", "exception", "timeout", "incomplete", "throttled"),
    "informational",
}


def _family(error: type[GatewayError]) -> Iterator[type[GatewayError]]:
    yield error
    for kind in error.__subclasses__():
        yield from _family(kind)


def _subject(kind: type[GatewayError]) -> GatewayError:
    return kind("The cause, and what to do about it.")


FAMILY = tuple(_family(GatewayError))


@pytest.mark.parametrize("kind", FAMILY, ids=lambda kind: kind.__name__)
@pytest.mark.parametrize("path", ["/fhir/R4/Task", "/api/referrals"])
def test_every_error_becomes_an_answer(kind: type[GatewayError], path: str) -> None:
    with Flask("guard").test_request_context(path):
        telling = told(_subject(kind))
        response = answer(telling)

    assert response.status_code == kind.status
    assert HTTPStatus(kind.status) >= HTTPStatus.BAD_REQUEST
    assert {issue.code for issue in telling.issues} <= ISSUE_TYPES
    assert all(issue.text for issue in telling.issues)
    assert response.is_json


@pytest.mark.parametrize("kind", FAMILY, ids=lambda kind: kind.__name__)
def test_every_error_is_drawn_in_the_tree(kind: type[GatewayError]) -> None:
    assert kind.__module__ == errors.__name__
    drawn = next(line for line in (errors.__doc__ or "").splitlines() if kind.__name__ in line.split())
    if kind is not GatewayError:
        assert str(kind.status) in drawn.split()
        assert kind.issue in drawn.split()


@pytest.mark.parametrize("kind", FAMILY, ids=lambda kind: kind.__name__)
def test_every_error_says_what_it_means(kind: type[GatewayError]) -> None:
    assert kind.__dict__.get("__doc__"), f"{kind.__name__} is told by its docstring when it breaks inside"
