"""Merging one block of an overlay into the block that it changes: fields, fixed values, tables, losses.

An overlay's rule that says where its value lives (`field: path`, or a long form with `to`, `choice`, `split`,
`joint`, `cases`) replaces the whole rule; one that does not (`field: {codes: …}`) changes what it names and
leaves the rest. A field with nothing after it, or `{drop: true, because: …}`, drops the rule.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final

from marshmallow import Schema

from gateway.mapping.overlays.citations import Citations
from gateway.mapping.overlays.entries import keys_in, with_entry, with_entry_on, without_entry
from gateway.mapping.problems import Problem, did_you_mean
from gateway.mapping.rules import Ours
from gateway.mapping.schema_fields import find, item_schema, names_near
from gateway.mapping.yaml_lines import Node

_SAYS_WHERE: Final = frozenset({"to", "choice", "split", "joint", "cases"})
_DROP: Final = ("drop", "because")
_BY_ENTRY: Final = ("choices", "switch", "ignore")


@dataclass(frozen=True, slots=True)
class BlockMerger:
    """One block of an overlay on its way into the block that it changes.

    where      dotted name for messages; `ours` the same in the record, from its root
    schema     of the record object of the block; `prefix` what single objects put before names in it
    losses     the fields that the partner cannot hold, by dotted name
    home       the block itself: a message about what it lacks names the line that took it away
    """

    where: str
    schema: Schema | None
    problems: list[Problem]
    citations: Citations
    losses: dict[str, str]
    file: str
    ours: Ours = ()
    prefix: Ours = ()
    home: Node | None = None

    def block(self, base: Node, over: Node) -> Node:
        """The block, or the rule with fields inside, with what the overlay says of it."""
        if not isinstance(over.value, dict):
            self._wrong(over, over.line, "M002", "an overlay's block is a mapping, like the block it changes")
            return base
        if not isinstance(base.value, dict):  # field: path, the short form
            base = Node({"to": base}, base.file, base.line, {"to": base.line})
        self.citations.link(base, over)
        self = replace(self, home=base)
        for key, child in over.value.items():
            line = over.key_lines[key]
            match key:
                case "cannot_hold":
                    self._note_losses(child)
                case "fields":
                    base = self._into(base, key, self._fields(self._part(base, key, child), child))
                case "fixed":
                    base = self._fixed(base, child)
                case "codes" if isinstance(child.value, dict | list) and "conceptmap" not in keys_in(child):
                    base = self._into(base, key, self.table(self._part(base, key, child), child, line))
                case _ if key in _BY_ENTRY and isinstance(child.value, dict):
                    base = self._into(base, key, self._entries(self._part(base, key, child), child, key))
                case _ if child.value is None:
                    base = self._taken_away(base, key, line, keys_in(base))
                case _:
                    base = self._replaced(base, key, child, line)
        return base

    def table(self, base: Node, over: Node, line: int) -> Node:
        """The code table with the overlay's entries in place of its own; an entry with nothing goes."""
        if isinstance(base.value, list):  # the same word on both sides
            words = {str(child.value): child for child in base.value}
            base = Node(words, base.file, base.line, {word: child.line for word, child in words.items()})
        if not isinstance(over.value, dict) or not isinstance(base.value, dict):
            self.citations.replaced(over, line, base)
            return over
        return self._entries(base, over, "code")

    def _fields(self, base: Node, over: Node) -> Node:
        if not isinstance(over.value, dict) or not isinstance(base.value, dict):
            self._wrong(over, over.line, "M002", "fields belong here, as ours: theirs")
            return base
        for name, child in over.value.items():
            base = self._field(base, name, child, over.key_lines[name])
        return base

    def _field(self, base: Node, name: str, child: Node, line: int) -> Node:
        assert isinstance(base.value, dict), "fields are a mapping"
        old = base.value.get(name)
        dotted = ".".join((*self.ours, name.removeprefix("^")))
        if _is_drop(child):
            for key in [key for key in keys_in(child) if key not in _DROP]:
                self._wrong(
                    child, child.key_lines[key], "M001", f"unknown key {key!r}{did_you_mean(key, _DROP)}"
                )
            if old is not None:
                reason = child.at("because").value if isinstance(child.value, dict) else None
                self.losses[dotted] = str(reason or "the overlay drops it")
            return self._taken_away(base, name, line, keys_in(base))
        if old is not None and not _says_where(child):
            return with_entry(base, name, self._inside(name, old).block(old, child))
        if old is None and not (_says_where(child) and self._is_known(name)):
            self._names_nothing(name, line, keys_in(base))
            return base
        for lost in [each for each in self.losses if each == dotted or each.startswith(f"{dotted}.")]:
            del self.losses[lost]
        return self._replaced(base, name, child, line)

    def _inside(self, name: str, rule: Node) -> BlockMerger:
        """The merger of a rule's own block: one of a list speaks of the items, one of an object of itself."""
        ours = (*self.prefix, *name.split("."))
        inner = replace(self, where=f"{self.where}.{name}", ours=(*self.ours, *name.split(".")))
        if "split" not in keys_in(rule) and "[]" not in str(rule.at("to").value):
            return replace(inner, prefix=ours)
        found = find(self.schema, ours)
        return replace(inner, schema=item_schema(found), prefix=())

    def _is_known(self, name: str) -> bool:
        ours = (*self.prefix, *name.removeprefix("^").split("."))
        return name.startswith("^") or find(self.schema, ours) is not None

    def _fixed(self, base: Node, over: Node) -> Node:
        """The block whose values of the overlay are written always, in place of its own at the same paths."""
        if not isinstance(over.value, dict):
            self._wrong(over, over.line, "M002", "fixed values belong here, as path: value")
            return base
        for path, child in over.value.items():
            line, taken = over.key_lines[path], None
            for key in ("fixed", "always"):
                part = base.at(key)
                if part is not base and isinstance(part.value, dict) and path in part.value:
                    taken = part.value[path]
                    base = with_entry(base, key, without_entry(part, path))
            if child.value is None:
                if taken is None:
                    self._names_nothing(path, line, keys_in(base.at("fixed")), "fixed value")
                continue
            self.citations.replaced(child, line, taken)
            always = self._part(base, "always", over)
            base = self._into(base, "always", with_entry_on(always, path, child, line))
        return base

    def _entries(self, base: Node, over: Node, what: str) -> Node:
        assert isinstance(over.value, dict), "asked for mappings only"
        for name, child in over.value.items():
            line = over.key_lines[name]
            if child.value is None:
                base = self._taken_away(base, name, line, keys_in(base), what)
            else:
                base = self._replaced(base, name, child, line)
        return base

    def _part(self, base: Node, key: str, over: Node) -> Node:
        """The base's entry of this key, or an empty one where the overlay speaks of it."""
        part = base.at(key)
        return part if part is not base else Node({}, over.file, over.line, {})

    def _into(self, base: Node, key: str, part: Node) -> Node:
        if isinstance(part.value, dict | list) and not part.value:
            return without_entry(base, key)
        return with_entry(base, key, part)

    def _replaced(self, base: Node, key: str, child: Node, line: int) -> Node:
        old = base.value.get(key) if isinstance(base.value, dict) else None
        self.citations.replaced(child, line, old)
        return with_entry_on(base, key, child, line)

    def _taken_away(self, base: Node, name: str, line: int, known: Iterable[str], what: str = "rule") -> Node:
        if isinstance(base.value, dict) and name in base.value:
            self.citations.dropped(self.home or base, self.file, line)
            return without_entry(base, name)
        self._names_nothing(name, line, known, what)
        return base

    def _names_nothing(self, name: str, line: int, known: Iterable[str], what: str = "rule") -> None:
        names = list(known)
        if what == "rule" and self.schema is not None:
            names += names_near(self.schema, (*self.prefix, *name.removeprefix("^").split(".")))
        near = did_you_mean(name, names)
        text = f"the overlay names the {what} {name!r}, and the map has none of that name{near}"
        self.problems.append(Problem(self.file, line, "M171", f"{self.where}.{name}", text))

    def _note_losses(self, node: Node) -> None:
        if not isinstance(node.value, dict):
            self._wrong(node, node.line, "M002", "cannot_hold: {field: because}")
            return
        for name, because in node.value.items():
            line = node.key_lines[name]
            if because.value is None:
                self.losses.pop(name, None)
            elif not _has_field(self.schema, name):
                near = did_you_mean(name, _field_names(self.schema))
                self._wrong(node, line, "M106", f"the record has no field {name!r}{near}")
            else:
                self.losses[name] = str(because.value)

    def _wrong(self, node: Node, line: int, code: str, text: str) -> None:
        self.problems.append(Problem(node.file, line, code, self.where, text))


def _is_drop(node: Node) -> bool:
    return node.value is None or (isinstance(node.value, dict) and node.at("drop").value is True)


def _says_where(node: Node) -> bool:
    return not isinstance(node.value, dict) or not _SAYS_WHERE.isdisjoint(node.value)


def _has_field(schema: Schema | None, dotted: str) -> bool:
    """Whether the record has this field, seen through its lists: `members.role`."""
    names = dotted.split(".")
    for number, name in enumerate(names):
        found = find(schema, (name,))
        if found is None:
            return False
        schema = item_schema(found) if number < len(names) - 1 else schema
    return True


def _field_names(schema: Schema | None) -> list[str]:
    names: list[str] = []
    for name, held in schema.fields.items() if schema is not None else ():
        inner = item_schema(held)
        names += [name, *(f"{name}.{below}" for below in (inner.fields if inner is not None else ()))]
    return names
