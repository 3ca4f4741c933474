"""OperationOutcome: the findings about a request or a resource, to and from FHIR.

Source: https://hl7.org/fhir/R4/operationoutcome.html
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from gateway.errors import Issue
from gateway.fhir.json_codec import Resource


def operation_outcome(issues: Iterable[Issue]) -> Resource:
    """An OperationOutcome that states `issues` in their order; with none, that all went well (1..*)."""
    stated = [_element(issue) for issue in issues]
    all_ok = _element(Issue("information", "informational", "All went well."))
    return {"resourceType": "OperationOutcome", "issue": stated or [all_ok]}


def issues_of(outcome: Resource) -> tuple[Issue, ...]:
    """The issues of an OperationOutcome that somebody sent, 0..*; whatever is not one, gives none.

    `text` falls back on the coding's display: it is the sender's wording and may hold patient data, so it is
    for screens that show this patient, never for logs.
    """
    held = outcome.get("issue") if outcome.get("resourceType") == "OperationOutcome" else None
    return tuple(_issue(item) for item in (held if isinstance(held, list) else ()) if isinstance(item, dict))


def _element(issue: Issue) -> dict[str, Any]:
    element: dict[str, Any] = {
        "severity": issue.severity,
        "code": issue.code,
        "details": {"text": issue.text},
    }
    if issue.diagnostics:
        element["diagnostics"] = issue.diagnostics
    if issue.expression:
        element["expression"] = [issue.expression]
    return element


def _issue(element: dict[str, Any]) -> Issue:
    details = element.get("details")
    details = details if isinstance(details, dict) else {}
    codings = details.get("coding")
    displays = [
        c.get("display") for c in (codings if isinstance(codings, list) else ()) if isinstance(c, dict)
    ]
    expressions = element.get("expression") or element.get("location")
    return Issue(
        severity=str(element.get("severity", "error")),
        code=str(element.get("code", "processing")),
        text=str(details.get("text") or next((display for display in displays if display), "")),
        expression=str(expressions[0]) if isinstance(expressions, list) and expressions else "",
        diagnostics=str(element.get("diagnostics", "")),
    )
