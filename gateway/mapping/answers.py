"""What a lens answers with: a record it read, or the resources it wrote."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from gateway.errors import Issue


class Got:
    """A record, and what the rules did not read of its resources (all of which is kept).

    The issues are looked for when somebody asks for them, in the resources as they are then.
    """

    def __init__(self, record: dict[str, Any], find_issues: Callable[[], tuple[Issue, ...]]) -> None:
        self.record = record
        self._find_issues = find_issues

    @cached_property
    def issues(self) -> tuple[Issue, ...]:
        """What was kept and is not shown, one finding an element."""
        return self._find_issues()


@dataclass(frozen=True, slots=True)
class Put:
    """The resources with the record in them; an issue of severity error is a value that was not written."""

    resources: dict[str, Any]
    issues: tuple[Issue, ...]

    @property
    def refused(self) -> tuple[Issue, ...]:
        """The values that could not be expressed.

        A caller that cannot ignore them must not store the result.
        """
        return tuple(issue for issue in self.issues if issue.severity == "error")
