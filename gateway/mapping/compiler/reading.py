"""Compiled reading: one function for each block, which does what `mapping/reading.py` does with its rules."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from gateway.mapping.compiler.openings import Openings, met_often
from gateway.mapping.compiler.reading_parts import read_back_linked, read_linked
from gateway.mapping.compiler.script import Script
from gateway.mapping.compiler.value_reading import Sink, read_value
from gateway.mapping.paths import Name, Steps, show
from gateway.mapping.rules import (
    BackLinkedParts,
    Block,
    Carried,
    Choice,
    FhirList,
    Field,
    Items,
    Joint,
    LinkedParts,
    Ours,
    Rule,
    Switch,
    Values,
)

Names = Mapping[int, str]
"""The number of each block in the names of its functions, by the block's identity."""


def write_reader(script: Script, block: Block, names: Names) -> None:
    """The function that reads one FHIR object as the block's rules say."""
    name = names[id(block)]
    with script.function(f"read_{name}(node, parts)", f"What {name} says."):
        script.line("view = {}")
        reader = _Reader(script, names)
        reader.rules(
            block.rules,
            Openings(script, "node", met_often(path for rule in block.rules for path in _paths_of(rule))),
            (),
        )
        script.line("return view")


def _paths_of(rule: Rule) -> Iterator[Steps]:
    match rule:
        case Field() if not rule.copied:
            yield from (rule.steps, *rule.also)
        case Values() | Items():
            yield (*rule.list.holder, Name(rule.list.name))
        case Choice():
            for way in rule.alternatives:
                for inner in way.rules:
                    yield from _paths_of(inner)
        case _:
            return


class _Reader:
    """Writes the reading of rules. `hit`: the names that become True when anything is read."""

    def __init__(self, script: Script, names: Names) -> None:
        self._script, self._names = script, names

    def rules(self, rules: tuple[Rule, ...], at: Openings, hit: tuple[str, ...]) -> None:
        """The reading of these rules of one object, in their order."""
        for together in _of_one_list(rules):
            self._script.note(", ".join(str(rule.origin) for rule in together))
            if len(together) > 1:
                self._values(together, at, hit)
            else:
                self._rule(together[0], at, hit)
        at.close()

    def _rule(self, rule: Rule, at: Openings, hit: tuple[str, ...]) -> None:
        match rule:
            case Field():
                self._field(rule, at, self._planted(rule.ours, hit))
            case Values() if rule.one:
                self._one(rule, at, hit)
            case Values():
                self._values((rule,), at, hit)
            case Items():
                self._items(rule, at, hit)
            case Choice():
                self._choice(rule, at, hit)
            case Switch():
                self._switch(rule, at, hit)
            case Joint():
                self._joint(rule, at, hit)
            case Carried():
                self._carried(rule, at, hit)
            case LinkedParts():
                raw = self._list(rule.list, at)
                read_linked(
                    self._script, rule, self._names[id(rule.block)], raw, self._planted(rule.ours, hit)
                )
            case BackLinkedParts():
                at.close()
                name = self._names[id(rule.block)]
                read_back_linked(self._script, rule, name, at.root, self._planted(rule.ours, hit))

    def _planted(self, ours: Ours, hit: tuple[str, ...]) -> Sink:
        holder = "view" + "".join(f".setdefault({name!r}, {{}})" for name in ours[:-1])

        def plant(value: str) -> None:
            self._script.line(f"{holder}[{ours[-1]!r}] = {value}")
            for name in hit:
                self._script.line(f"{name} = True")

        return plant

    def _field(self, rule: Field, at: Openings, sink: Sink) -> None:
        if rule.copied:
            return
        if not rule.also:
            read_value(self._script, rule.codec, at.value_at(rule.steps), sink)
            return
        at.close()
        value = self._script.name(rule.ours[-1])
        self._script.line(f"{value} = None")
        for number, steps in enumerate((rule.steps, *rule.also)):
            if number:
                self._script.line(f"if {value} is None:")
                self._script.depth += 1
            inner = at.inside()
            read_value(self._script, rule.codec, inner.value_at(steps), self._assigned(value))
            inner.close()
            at.close()
        with self._script.inside(f"if {value} is not None:"):
            sink(value)

    def _assigned(self, name: str) -> Sink:
        return lambda value: self._script.line(f"{name} = {value}")

    def _list(self, which: FhirList, at: Openings) -> str:
        return at.value_at((*which.holder, Name(which.name)))

    def _values(self, rules: Sequence[Values], at: Openings, hit: tuple[str, ...]) -> None:
        """Lists of values, all of them from the items of one list."""
        raw, item = self._list(rules[0].list, at), self._script.name("item")
        values = [self._script.name(rule.ours[-1]) for rule in rules]
        for name in values:
            self._script.line(f"{name} = []")

        def read() -> None:
            if not any(rule.item for rule in rules):
                for rule, name in zip(rules, values, strict=True):
                    read_value(self._script, rule.codec, item, self._appended(name))
                return
            with self._script.inside(f"if {item}.__class__ is dict or isinstance({item}, dict):"):
                inside = Openings(self._script, item)
                for rule, name in zip(rules, values, strict=True):
                    read_value(self._script, rule.codec, inside.value_at(rule.item), self._appended(name))
                inside.close()

        self._each(rules[0].list, raw, item, read)
        for rule, name in zip(rules, values, strict=True):
            with self._script.inside(f"if {name}:"):
                self._planted(rule.ours, hit)(name)

    def _appended(self, name: str) -> Sink:
        return lambda value: self._script.line(f"{name}.append({value})")

    def _one(self, rule: Values, at: Openings, hit: tuple[str, ...]) -> None:
        raw, item = self._list(rule.list, at), self._script.name("item")
        plant = self._planted(rule.ours, hit)

        def found(value: str) -> None:
            plant(value)
            self._script.line("break")

        self._each(rule.list, raw, item, lambda: self._item(rule, item, found))

    def _item(self, rule: Values, item: str, sink: Sink) -> None:
        if not rule.item:
            read_value(self._script, rule.codec, item, sink)
            return
        with self._script.inside(f"if {item}.__class__ is dict or isinstance({item}, dict):"):
            inside = Openings(self._script, item)
            read_value(self._script, rule.codec, inside.value_at(rule.item), sink)
            inside.close()

    def _items(self, rule: Items, at: Openings, hit: tuple[str, ...]) -> None:
        raw, item = self._list(rule.list, at), self._script.name("item")
        values, said = self._script.name(rule.ours[-1]), self._script.name("said")
        self._script.line(f"{values} = []")

        def read() -> None:
            with self._script.inside(f"if {item}.__class__ is dict or isinstance({item}, dict):"):
                self._script.line(f"{said} = read_{self._names[id(rule.block)]}({item}, parts)")
                self._script.line(f"if {said}: {values}.append({said})")

        self._each(rule.list, raw, item, read)
        with self._script.inside(f"if {values}:"):
            self._planted(rule.ours, hit)(values)

    def _each(self, which: FhirList, raw: str, item: str, body: Callable[[], None]) -> None:
        with self._script.inside(f"for {item} in {raw} if {raw}.__class__ is list else listed({raw}):"):
            test = ours_test(self._script, which, item)
            if test is None:
                body()
            else:
                with self._script.inside(f"if {test}:"):
                    body()

    def _choice(self, rule: Choice, at: Openings, hit: tuple[str, ...]) -> None:
        at.close()
        chosen = self._script.name("found")
        self._script.line(f"{chosen} = False")
        for number, way in enumerate(rule.alternatives):
            if number:
                self._script.line(f"if not {chosen}:")
                self._script.depth += 1
            inner = at.inside()
            for each in way.rules:
                self._script.note(str(each.origin))
                self._rule(each, inner, (*hit, chosen))
            inner.close()
            at.close()

    def _switch(self, rule: Switch, at: Openings, hit: tuple[str, ...]) -> None:
        at.close()
        for number, case in enumerate(rule.cases):
            guard = self._script.constant(case.guard, "guard")
            with self._script.inside(f"{'elif' if number else 'if'} holds({guard}, {at.root}):"):
                self._planted(rule.ours, hit)(repr(case.word))
                self.rules(case.block.rules, at.inside(), hit)

    def _joint(self, rule: Joint, at: Openings, hit: tuple[str, ...]) -> None:
        raws = [self._raw(steps, at) for steps in rule.steps]
        word, known = self._script.name(rule.ours[-1]), self._script.constant(rule, "joint")
        self._script.line(f"{word} = joint_word({known}, [{', '.join(raws)}])")
        with self._script.inside(f"if {word} is not None:"):
            self._planted(rule.ours, hit)(word)

    def _carried(self, rule: Carried, at: Openings, hit: tuple[str, ...]) -> None:
        visible, carried = self._raw(rule.steps, at), self._raw(rule.carry, at)
        word, known = self._script.name(rule.ours[-1]), self._script.constant(rule, "carried")
        self._script.line(f"{word} = word_of({known}, {visible}, {carried})")
        with self._script.inside(f"if {word} is not None:"):
            self._planted(rule.ours, hit)(word)

    def _raw(self, steps: Steps, at: Openings) -> str:
        """The name of whatever stands at the path, MISSING when nothing does."""
        at.close()
        raw = self._script.name(show(steps[-1:]))
        self._script.line(f"{raw} = MISSING")
        inner = at.inside()
        self._script.line(f"{raw} = {inner.value_at(steps)}")
        inner.close()
        return raw


def _of_one_list(rules: Sequence[Rule]) -> list[list[Any]]:
    """The rules in their order; those of which each reads values from the items of one list together."""
    found: list[list[Any]] = []
    for rule in rules:
        before = found[-1][0] if found else None
        if (
            isinstance(rule, Values)
            and isinstance(before, Values)
            and not (rule.one or before.one)
            and bool(rule.item) == bool(before.item)
            and rule.list == before.list
        ):
            found[-1].append(rule)
        else:
            found.append([rule])
    return found


def ours_test(script: Script, which: FhirList, item: str) -> str | None:
    """What is asked of an item before the rule may call it its own; None when every item is."""
    if which.where.conditions or which.hidden or len(which.pattern) > 1:
        return f"is_ours({script.constant(which, 'list')}, {item})"
    for name, value in which.pattern.items():
        if isinstance(value, str):
            return f"isinstance({item}, dict) and {item}.get({name!r}) == {value!r}"
        return f"is_ours({script.constant(which, 'list')}, {item})"
    return None
