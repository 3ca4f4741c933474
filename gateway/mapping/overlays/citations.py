"""Which line of an overlay changes which line of a rule file: a message about one of them names the other."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from gateway.mapping.problems import Problem
from gateway.mapping.yaml_lines import Node


@dataclass(slots=True)
class Citations:
    """For each place (file, line) that a merge touched what a message about it adds."""

    notes: dict[tuple[str, int], str] = field(default_factory=dict)

    def replaced(self, new: Node, line: int, old: Node | None) -> None:
        """Everything that stands in `new`, whose key is on `line`, changes what stood at `old`."""
        note = f"it changes {old.place}" if old is not None else "the overlay adds it"
        self.notes.setdefault((new.file, line), note)
        for node in _all(new):
            self.notes.setdefault((node.file, node.line), note)

    def dropped(self, holder: Node, file: str, line: int) -> None:
        """The overlay took something out of `holder`; a message about the holder says so."""
        self.notes[holder.file, holder.line] = f"changed by {file}:{line}"

    def link(self, base: Node, over: Node) -> None:
        """The overlay speaks of the same block or rule."""
        self.notes.setdefault((base.file, base.line), f"changed by {over.place}")
        self.notes.setdefault((over.file, over.line), f"it changes {base.place}")

    def also(self, node: Node, line: int) -> None:
        """What is said about the node is said about this line of its file too: the key stands there."""
        if (node.file, node.line) in self.notes:
            self.notes.setdefault((node.file, line), self.notes[node.file, node.line])

    def cited(self, problems: Iterable[Problem]) -> list[Problem]:
        """The problems, those in a place that an overlay touched with the other place behind their text."""
        return [
            replace(problem, text=f"{problem.text} ({note})")
            if (note := self.notes.get((problem.file, problem.line)))
            else problem
            for problem in problems
        ]


def _all(node: Node) -> Iterable[Node]:
    yield node
    children = node.value.values() if isinstance(node.value, dict) else node.value
    for child in children if not isinstance(children, str | int | bool | None) else ():
        yield from _all(child)
