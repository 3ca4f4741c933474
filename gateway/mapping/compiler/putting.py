"""Putting, by what changed: only the rules that have something to write are asked.

Stability, turned round: a rule whose fields already say what the record says leaves everything as it is, so
it is not asked. The others write as the interpreter writes, in their order, each with all that can touch the
same elements (independence.py).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from gateway.mapping.compiler.independence import groups
from gateway.mapping.elements import Location
from gateway.mapping.rules import (
    BackLinkedParts,
    Block,
    Choice,
    Field,
    Items,
    LinkedParts,
    Ours,
    Rule,
    Switch,
    copies_of,
    fields_of,
)
from gateway.mapping.values import dig, or_empty, same, tidy
from gateway.mapping.write_context import Writing
from gateway.mapping.writing import write_rule


@dataclass(frozen=True, slots=True)
class _Group:
    """Rules that can touch the same elements, by their numbers in the block.

    plain, dotted   the record fields that they write
    copies          the fields of the whole record that they repeat
    tops            the first names of all their fields
    """

    rules: tuple[int, ...]
    plain: tuple[str, ...]
    dotted: tuple[Ours, ...]
    copies: tuple[Ours, ...]
    tops: tuple[str, ...]

    def is_changed(self, view: Mapping[str, Any], old: Mapping[str, Any], writing: Writing) -> bool:
        """Whether the record says anything else than before in one of the fields."""
        for name in self.plain:
            one, other = view.get(name), old.get(name)
            if one is not other and not same(one, other):
                return True
        for ours in self.dotted:
            if not same(dig(view, ours), dig(old, ours)):
                return True
        return bool(self.copies) and writing.copies_changed(self.copies)


class Putter:
    """Writes the record of one FHIR object over what it said before."""

    def __init__(self, block: Block) -> None:
        self._rules = block.rules
        members: dict[int, list[int]] = {}
        for number, group in enumerate(groups(block)):
            if group is not None:
                members.setdefault(group, []).append(number)
        self._groups = [_group(block, numbers) for numbers in members.values()]
        # Nobody else writes into these lists, so what was read of them is still true when they are written.
        self._alone = frozenset(numbers[0] for numbers in members.values() if len(numbers) == 1)

    def put(
        self, view: Mapping[str, Any], old: Mapping[str, Any], node: Any, at: Location, writing: Writing
    ) -> Any:
        """The object with the record in it; `old` is what it says now."""
        changed = [group for group in self._groups if group.is_changed(view, old, writing)]
        if not changed:
            return node
        wanted = {top: tidy(view.get(top)) for group in changed for top in group.tops}
        for number in sorted(number for group in changed for number in group.rules):
            rule = self._rules[number]
            known = dig(old, rule.ours) if number in self._alone and isinstance(rule, Items) else None
            node = or_empty(write_rule(rule, wanted, node, at, writing, creating=False, known=known))
        return node


def _group(block: Block, numbers: list[int]) -> _Group:
    rules = [block.rules[number] for number in numbers]
    written = dict.fromkeys(ours for rule in rules for ours in _written(rule))
    return _Group(
        tuple(numbers),
        tuple(ours[0] for ours in written if len(ours) == 1),
        tuple(ours for ours in written if len(ours) > 1),
        tuple(dict.fromkeys(ours for rule in rules for ours in _copies(rule))),
        tuple(dict.fromkeys(ours[0] for rule in rules for ours in fields_of(rule))),
    )


def _written(rule: Rule) -> tuple[Ours, ...]:
    match rule:
        case Choice():
            return rule.written
        case Switch():
            return fields_of(rule)
        case Field() if rule.copied:
            return ()
        case _:
            return () if getattr(rule, "read_only", False) else (rule.ours,)


def _copies(rule: Rule) -> tuple[Ours, ...]:
    match rule:
        case Field() if rule.copied:
            return (rule.ours,)
        case LinkedParts() | BackLinkedParts():
            return copies_of(rule.block)
        case _:
            return ()
