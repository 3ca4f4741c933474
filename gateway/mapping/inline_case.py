"""One case of `tests:` in a rule file, as it was written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class InlineCase:
    """What an analyst expects of a map; every part that is None is not asked.

    fhir       resources by type, or dotted: {Task.status: received}; None: nothing is there yet
    expect     what the record must hold, at least
    identical  putting the unchanged record back must change nothing
    put        changes to the record, as a merge patch; null takes a field away
    gives      elements of the result: {Task.status: accepted}; null: absent
    refuses    words of the refusal that putting must meet with
    issues     words that the findings of reading or putting must contain, each
    """

    name: str
    file: str
    line: int
    fhir: Mapping[str, Any] | None = None
    expect: Mapping[str, Any] | None = None
    identical: bool = False
    put: Mapping[str, Any] | None = None
    gives: Mapping[str, Any] | None = None
    refuses: str | None = None
    issues: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.name}"
