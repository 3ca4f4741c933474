"""One `put` under way: what the writers of fields, lists and parts share."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from gateway.errors import Issue
from gateway.fhir.json_codec import Resource
from gateway.mapping.elements import Location, locate, replace, without
from gateway.mapping.paths import Name
from gateway.mapping.read_context import ReadBlock, Reading, expression, lossy_issue
from gateway.mapping.rules import Block, Origin, Ours, Stale
from gateway.mapping.values import MISSING, contains, dig, same


class WriteBlock(Protocol):
    """Writes a record over one FHIR object; given to the writers of lists, whose items are blocks again."""

    def __call__(
        self,
        block: Block,
        view: Mapping[str, Any],
        node: Any,
        at: Location,
        writing: Writing,
        *,
        creating: bool,
    ) -> Any: ...


@dataclass(slots=True)
class Writing:
    """The parts as they will be, the issues found, and the parent's record before and after for copied
    fields.
    """

    parts: dict[str, list[Resource]]
    write_block: WriteBlock
    new_id: Callable[[], str]
    before: Mapping[str, Any] = field(default_factory=dict)
    after: Mapping[str, Any] = field(default_factory=dict)
    issues: list[Issue] = field(default_factory=list)
    read_block: ReadBlock | None = None

    def reading(self) -> Reading:
        """A look at what is there now, whose findings nobody needs to hear."""
        return Reading(self.parts, read_block=self.read_block)

    def copies_changed(self, copies: tuple[Ours, ...]) -> bool:
        """Whether one of these fields of the whole record, which parts repeat, is another than before."""
        return any(not same(dig(self.before, ours), dig(self.after, ours)) for ours in copies)

    def refuse(self, at: Location, origin: Origin, why: str) -> None:
        """Report a record value that cannot be expressed; the element stays as it was."""
        self.issues.append(
            Issue(
                "error", "invalid", f"{why}; the element was left as it was", expression(at), f"rule {origin}"
            )
        )

    def lossy(self, at: Location, origin: Origin, why: str) -> None:
        """Report what the translation of a code loses; nothing when it loses nothing."""
        if why:
            self.issues.append(lossy_issue(at, origin, why))

    def dropped(self, at: Location, origin: Origin, what: str) -> None:
        """Report what went because it described the old value."""
        self.issues.append(
            Issue(
                "information", "informational", f"dropped as stale: {what}", expression(at), f"rule {origin}"
            )
        )


def drop_stale(node: Any, stale: tuple[Stale, ...], at: Location, origin: Origin, writing: Writing) -> Any:
    """The node without what described the old value of an element that has just changed."""
    for item in stale:
        lighter = without(node, item.holder, item.names)
        for name, kept in item.lists:
            lighter = _only_selected(lighter, (*item.holder, Name(name)), kept)
        if lighter is not node:
            writing.dropped(at, origin, ", ".join((*item.names, *(name for name, _ in item.lists))))
            node = lighter
    return node


def _only_selected(node: Any, steps: tuple[Any, ...], kept: tuple[Mapping[str, Any], ...]) -> Any:
    items, _ = locate(node, steps)
    if not isinstance(items, list):
        return node
    left = [item for item in items if any(contains(item, pattern) for pattern in kept)]
    return node if len(left) == len(items) else replace(node, steps, left or MISSING)
