"""What is refused in one entry of a Bundle, told so that its sender finds the entry.

Source: https://hl7.org/fhir/R4/http.html#transaction-response
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from gateway.errors import (
    BadRequest,
    GatewayError,
    Issue,
    MethodNotAllowed,
    StoreError,
    VersionConflict,
)
from gateway.fhir.bundle_entries import path_of


@contextmanager
def at_entry(position: int) -> Iterator[None]:
    """What is refused inside says in which entry it was refused."""
    try:
        yield
    except (StoreError, VersionConflict):
        raise  # nobody's entry is at fault
    except GatewayError as error:
        raise in_entry(error, position) from error


def in_entry(error: GatewayError, position: int) -> GatewayError:
    """The same error, each of its places within an entry of the Bundle.

    What is not offered at an entry's address is a fault of the Bundle: the base offers POST, so 405 of it
    would say something untrue.
    """
    kind = BadRequest if isinstance(error, MethodNotAllowed) else type(error)
    issues = [placed(issue, position) for issue in error.issues]
    return kind(error.message, expression=issues[0].expression, issues=issues)


def placed(issue: Issue, position: int) -> Issue:
    """The issue, its place within the entry at `position`."""
    path, said = path_of(position), issue.expression
    if said.startswith("Bundle.entry["):
        return issue
    type, _, element = said.partition(".")
    within = f"{path}.resource.{element}" if element and type[:1].isupper() else path
    return Issue(issue.severity, issue.code, issue.text, within, issue.diagnostics)


def about_the_same(position: int) -> BadRequest:
    """Another entry is about the resource of the entry at `position`."""
    return BadRequest(
        f"This is about the same resource as {path_of(position)}; a transaction writes each resource once."
    )
