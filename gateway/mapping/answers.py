"""What a lens answers with: a record it read, or the resources it wrote."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from gateway.errors import Issue


@dataclass(frozen=True, slots=True)
class Written:
    """What an engine wrote: the resources, what it has to report, and the record that they held before."""

    resources: dict[str, Any]
    issues: Sequence[Issue] = ()
    before: Mapping[str, Any] | None = None


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


class Put:
    """The resources with the record in them, and what of the record is not in them.

    refused   the values that could not be expressed; a caller that cannot ignore them must not store the
              result
    """

    def __init__(
        self,
        resources: dict[str, Any],
        reported: tuple[Issue, ...],
        find_issues: Callable[[], tuple[Issue, ...]] | None = None,
    ) -> None:
        self.resources = resources
        self.refused = tuple(issue for issue in reported if issue.severity == "error")
        self._find_issues = find_issues or (lambda: reported)

    @cached_property
    def issues(self) -> tuple[Issue, ...]:
        """What was refused, what went stale, and each field of the record that no rule writes."""
        return self._find_issues()
