"""Compiled creating: one function for each block, which makes a new FHIR object from a record.

It knows the plain way only, in which every value can be written as it is. Anything else raises Unsure, and
the interpreter creates (and reports) instead; so the two cannot differ in what they refuse.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gateway.mapping.codecs import Concept
from gateway.mapping.compiler.creating_choices import write_choice
from gateway.mapping.compiler.creating_parts import make_back_linked, make_linked
from gateway.mapping.compiler.making import (
    Making,
    NotCompiled,
    new_object,
    shared_lists,
    written_paths,
)
from gateway.mapping.compiler.openings import Openings
from gateway.mapping.compiler.reading import Names
from gateway.mapping.compiler.script import Script
from gateway.mapping.compiler.value_reading import Sink
from gateway.mapping.compiler.value_writing import write_value
from gateway.mapping.paths import Name, Select, Steps, show
from gateway.mapping.rules import (
    BackLinkedParts,
    Block,
    Choice,
    FhirList,
    Field,
    Items,
    LinkedParts,
    Ours,
    Rule,
    Values,
)


def write_creator(script: Script, name: str, block: Block, base: Mapping[str, Any], names: Names) -> None:
    """The function that makes the block's object from its record, beginning with what `base` says.

    names   of the blocks inside it that have such a function
    Raises NotCompiled when its rules, or those inside it, meet in ways that only the interpreter follows.
    """
    shared = shared_lists(block.rules, base)
    with script.function(f"create_{name}(view, after, made)", f"A new {name}."):
        script.line(f"node = {new_object(script, base)}")
        making = Making(script)
        creator = Creator(script, making, names, _objects_in(block.rules), shared)
        at = Openings(script, "view")
        for rule in block.rules:
            creator.rule(rule, at)
        at.close()
        if block.type is None:
            # An item without anything that reads back would be none of its list's.
            script.line(f"if len(node) == {len(base)}: raise Unsure")
        for fixed in block.fixed:
            steps = fixed.steps
            if fixed.name is None and len(steps) == 1 and isinstance(steps[0], Name):
                name, pattern = steps[0].name, script.constant(fixed.pattern, "fixed")
                literal = repr(fixed.pattern) if isinstance(fixed.pattern, str | bool) else pattern
                script.line(f"if {name!r} not in node: node[{name!r}] = {literal}")
            else:
                script.line(f"node = with_fixed({script.constant(fixed, 'fixed')}, node)")
        making.finish()
        script.line("return node")


Objects = Mapping[str, set[str]]
"""The paths of all objects that rules write something into, with what they write there."""


def _objects_in(rules: tuple[Rule, ...]) -> Objects:
    objects: dict[str, set[str]] = {}
    for path in (path for rule in rules for path in written_paths(rule)):
        for count in range(1, len(path)):
            objects.setdefault(show(path[:count]), set()).add(show(path[count : count + 1]))
    return objects


class Creator:
    """Writes what each rule adds to the object that is being made."""

    def __init__(
        self,
        script: Script,
        making: Making,
        names: Names,
        objects: Objects,
        shared: frozenset[str],
    ) -> None:
        self._script, self._making, self._names = script, making, names
        self._objects, self._shared = objects, shared

    def _name(self, block: Block) -> str:
        if id(block) not in self._names:
            raise NotCompiled
        return self._names[id(block)]

    def rule(self, rule: Rule, at: Openings) -> None:
        """What one rule adds."""
        self._script.note(str(rule.origin))
        match rule:
            case Field() if rule.copied:
                self._copied(rule, at)
            case Field() if not rule.read_only:
                self.field(rule, at.value_at(_steps(rule.ours)))
            case Values() if not rule.read_only:
                self.values(rule, at.value_at(_steps(rule.ours)))
            case Items() if not rule.read_only:
                self._items(rule, at.value_at(_steps(rule.ours)))
            case Choice():
                at.close()
                write_choice(self._script, rule, self.rule)
            case LinkedParts():
                value = at.value_at(_steps(rule.ours))
                make_linked(self._script, rule, self._name(rule.block), value, self._extend)
            case BackLinkedParts():
                value = at.value_at(_steps(rule.ours))
                make_back_linked(self._script, rule, self._name(rule.block), value)
            case Field() | Values() | Items():
                return
            case _:
                raise NotCompiled

    def _copied(self, rule: Field, at: Openings) -> None:
        at.close()
        after = Openings(self._script, "after")
        self.field(rule, after.value_at(_steps(rule.ours)))
        after.close()

    def field(self, rule: Field, value: str) -> None:
        """Write the record's value of this name into the field's element."""
        if not rule.also:
            self._element(rule, rule.steps, value)
            return
        made = [self._is_made(steps[:-1]) for steps in (rule.steps, *rule.also)]
        if "True" in made:
            raise NotCompiled  # an element of the object itself: both would always be written
        written = self._script.name("ways")
        self._script.line(f"{written} = ({', '.join(made)})")
        for number, steps in enumerate((rule.steps, *rule.also)):
            test = f"{written}[{number}]" + (f" or not any({written})" if number == 0 else "")
            with self._script.inside(f"if {test}:"):
                self._element(rule, steps, value)

    def _is_made(self, holder: Steps) -> str:
        return f"{self._making.name_of(holder)} is not None" if holder else "True"

    def _element(self, rule: Field, steps: Steps, value: str) -> None:
        if isinstance(steps[-1], Select):
            raise NotCompiled  # the pattern would have to become part of the value
        if show(steps) not in self._objects:
            write_value(self._script, rule.codec, value, lambda new: self._making.put(steps, new))
            return
        # Other rules write into the same object: a concept's words, beside its code.
        codec, others = rule.codec, self._objects[show(steps)]
        if type(codec) is not Concept or codec.with_text or not codec.text_is_mapped or others != {"text"}:
            raise NotCompiled
        name = self._making.name_of(steps)

        def put(expression: str) -> None:
            with self._script.inside(f"if {name} is None:"):
                self._script.line(f"{name} = {expression}")
                self._making.put(steps, name)
            with self._script.inside("else:"):
                self._script.line(f"{name}['coding'] = {expression}['coding']")

        write_value(self._script, codec, value, put, old=name)

    def values(self, rule: Values, value: str) -> None:
        """Write the record's list of this name, item by item."""
        if any(not isinstance(step, Name) for step in rule.item):
            raise NotCompiled
        if rule.one:
            write_value(
                self._script, rule.codec, value, lambda text: self._append(rule, self._item(rule, text))
            )
            return
        items, each = self._script.name("items"), self._script.name("each")
        with self._script.inside(f"if isinstance({value}, list):"):
            self._script.line(f"{items} = []")
            with self._script.inside(f"for {each} in {value}:"):
                keep: Sink = lambda text: self._script.line(  # noqa: E731
                    f"{items}.append({self._item(rule, text)})"
                )
                write_value(self._script, rule.codec, each, keep)
            self._extend(rule.list, items)
        with self._script.inside("else:"):
            self._script.line(f"nothing_in({value})")

    def _item(self, rule: Values, text: str) -> str:
        for step in reversed(rule.item):
            assert isinstance(step, Name), "asked before"
            text = f"{{{step.name!r}: {text}}}"
        pattern = rule.list.pattern
        if not pattern:
            return text
        if not rule.item:
            raise NotCompiled
        first = rule.item[0]
        assert isinstance(first, Name), "asked before"
        if first.name in pattern:
            raise NotCompiled
        return f"{{**{new_object(self._script, pattern)}, **{text}}}"

    def _append(self, rule: Values, item: str) -> None:
        items = self._script.name("items")
        self._script.line(f"{items} = [{item}]")
        self._extend(rule.list, items)

    def _extend(self, which: FhirList, items: str) -> None:
        with self._script.inside(f"if {items}:"):
            if which.where.conditions or which.hidden:
                known = self._script.constant(which, "list")
                self._script.line(f"if not all(is_ours({known}, each) for each in {items}): raise Unsure")
            holder = self._making.object_at(which.holder)
            if show((*which.holder, Name(which.name))) in self._shared:
                self._script.line(f"add({holder}, {which.name!r}, {items})")
            else:
                self._script.line(f"{holder}[{which.name!r}] = {items}")

    def _items(self, rule: Items, value: str) -> None:
        items, each = self._script.name("items"), self._script.name("each")
        with self._script.inside(f"if isinstance({value}, list):"):
            self._script.line(f"{items} = []")
            with self._script.inside(f"for {each} in {value}:"):
                with self._script.inside(f"if isinstance({each}, dict) and {each}:"):
                    self._script.line(f"{items}.append(create_{self._name(rule.block)}({each}, after, made))")
                self._script.line(f"else: nothing_in({each})")
            self._extend(rule.list, items)
        self._script.line(f"else: nothing_in({value})")


def _steps(ours: Ours) -> Steps:
    return tuple(Name(name) for name in ours)
