"""Nothing that breaks FHIR R4 is stored because of a write here, whichever door it came through."""

from __future__ import annotations

from gateway.conformance.typed import shape_issues
from gateway.errors import Issue, NotConformant
from gateway.fhir.json_codec import Resource


def refuse_broken(resource: Resource, before: Resource | None = None) -> None:
    """Nothing when R4 allows the resource. Raises NotConformant with every issue found.

    before   what is stored now: what was wrong with it already came from its source and is not held against
             whoever changes something else
    """
    issues = _errors(resource)
    if issues and before is not None:
        known = {(issue.code, issue.expression) for issue in _errors(before)}
        issues = [issue for issue in issues if (issue.code, issue.expression) not in known]
    if issues:
        raise NotConformant("The resource would break FHIR R4.", issues=issues)


def _errors(resource: Resource) -> list[Issue]:
    return [issue for issue in shape_issues(resource) if issue.severity in ("error", "fatal")]
