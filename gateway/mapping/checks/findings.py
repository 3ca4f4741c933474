"""What a check has to say of a place, before it is known which rule stands there."""

from __future__ import annotations

from dataclasses import dataclass

from gateway.mapping.problems import Problem, Severity
from gateway.mapping.rules import Origin


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong, `where` as a path in FHIR: `CarePlan.activity.detail.kind`."""

    code: str
    where: str
    text: str
    severity: Severity = Severity.ERROR

    def at(self, origin: Origin) -> Problem:
        """The finding as the problem of the rule that stands there."""
        return Problem(origin.file, origin.line, self.code, self.where, self.text, self.severity)
