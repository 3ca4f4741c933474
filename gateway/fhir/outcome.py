"""OperationOutcome: the findings about a request or a resource, as FHIR states them.

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
