"""Every edit that can be made to one field of a record, generated from the rules and the schema.

Nothing here names a map or a field: what a rule may hold follows from its codec and the schema, as in the
laws.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from random import Random
from typing import Any, TypeAlias

from marshmallow import Schema, ValidationError, fields

from gateway.mapping.laws.edits import copied, with_value
from gateway.mapping.laws.records import Drawing, value_drawer
from gateway.mapping.rules import (
    BackLinkedParts,
    Block,
    Choice,
    Field,
    Items,
    LinkedParts,
    Rule,
    Switch,
    Values,
    fields_of,
)
from gateway.mapping.schema_fields import find, item_schema
from gateway.mapping.values import dig, is_hollow, plant, same, tidy

Record: TypeAlias = dict[str, Any]
ListRule: TypeAlias = Items | LinkedParts | BackLinkedParts
Chain: TypeAlias = tuple[tuple[ListRule, int], ...]
NEW_ID = "made-by-an-edit"
_DRAWN = 60


@dataclass(frozen=True)
class Edit:
    """One field of a record made to say something else.

    kind    set, clear; of lists: add, change, remove
    chain   the lists that lead to the field, each with the number of the item
    rule    the rule whose field changes; `inner` the rule that alone changes inside a choice or switch
    number  of lists: the item that is changed or removed
    """

    kind: str
    chain: Chain
    rule: Rule
    record: Record
    number: int | None = None
    inner: Rule | None = None

    @property
    def place(self) -> tuple[str, int, str, str]:
        """What is tried: edits of one place differ only in the data that they are tried on."""
        rule = self.inner or self.rule
        return (rule.origin.file, rule.origin.line, ".".join(fields_of(rule)[0]), self.kind)


@dataclass(frozen=True)
class _Spot:
    """Where in the record a block of rules applies, and how the record is made with another view there."""

    view: Record
    schema: Schema | None
    chain: Chain
    rebuilt: Callable[[Record], Record]

    def edit(self, kind: str, rule: Rule, view: Record, **more: Any) -> Edit:
        return Edit(kind, self.chain, rule, self.rebuilt(view), **more)


def edits(block: Block, schema: Schema | None, record: Record) -> Iterator[Edit]:
    """Each field set to other values and cleared; each list with an item more, another one, and one less."""
    yield from _of_block(block, _Spot(record, schema, (), lambda view: view))


def _of_block(block: Block, spot: _Spot) -> Iterator[Edit]:
    for rule in block.rules:
        if getattr(rule, "read_only", False) or getattr(rule, "copied", False):
            continue
        match rule:
            case Items() | LinkedParts() | BackLinkedParts():
                yield from _of_list(rule, spot)
            case Values() if not rule.one:
                yield from _of_values(rule, spot)
            case Choice() | Switch():
                yield from _of_forms(rule, spot)
            case _ if rule.ours != ("id",) or _is_item(spot):
                yield from _of_field(rule, spot)


def _is_item(spot: _Spot) -> bool:
    return bool(spot.chain) and isinstance(spot.chain[-1][0], Items)


def _of_field(rule: Rule, spot: _Spot, *, inside: Rule | None = None) -> Iterator[Edit]:
    """The field set to two other values, and cleared; `inside`: as one field of that choice or switch."""
    ours = fields_of(rule)[0]
    now, field = dig(spot.view, ours), find(spot.schema, ours)
    whole, inner = inside or rule, rule if inside else None
    other = [value for value in pool(rule, spot.schema) if not same(value, now) and _fits(field, value)]
    for value in other[:2]:
        yield spot.edit("set", whole, with_value(spot.view, rule, value), inner=inner)
    if not is_hollow(now) and not (field is not None and field.required):
        yield spot.edit("clear", whole, with_value(spot.view, rule, None), inner=inner)


def _of_forms(rule: Choice | Switch, spot: _Spot) -> Iterator[Edit]:
    """Each form of a choice or switch in place of the present one; each field of the present one alone."""
    now = {ours: value for ours in fields_of(rule) if not is_hollow(value := dig(spot.view, ours))}
    forms: list[Rule] = (
        [replace(rule, alternatives=(way,)) for way in rule.alternatives]
        if isinstance(rule, Choice)
        else [replace(rule, cases=(case,)) for case in rule.cases]
    )
    for form in forms:
        for value in pool(form, spot.schema)[:2]:
            changed = with_value(spot.view, rule, value)
            if not same(changed, spot.view):
                yield spot.edit("set", rule, changed, inner=None)
    if not now:
        return
    if isinstance(rule, Choice) or not _is_required(rule, spot):
        yield spot.edit("clear", rule, with_value(spot.view, rule, None))
    for inner in _present(rule, spot.view):
        if isinstance(inner, Field) and not inner.read_only:
            yield from _of_field(inner, spot, inside=rule)


def _is_required(rule: Switch, spot: _Spot) -> bool:
    field = find(spot.schema, rule.ours)
    return field is not None and field.required


def _present(rule: Choice | Switch, view: Record) -> tuple[Rule, ...]:
    """The rules of the form that the record is in; () when that cannot be told from the record alone."""
    if isinstance(rule, Switch):
        word = dig(view, rule.ours)
        return next((case.block.rules for case in rule.cases if same(case.word, word)), ())
    said = {ours for ours in rule.written if not is_hollow(dig(view, ours))}
    ways = [way.rules for way in rule.alternatives if said <= {each.ours for each in way.rules}]
    return ways[0] if len(ways) == 1 else ()


def _of_values(rule: Values, spot: _Spot) -> Iterator[Edit]:
    shown = dig(spot.view, rule.ours) or []
    one = replace(rule, one=True)
    found = find(spot.schema, rule.ours)
    field = found.inner if isinstance(found, fields.List) else found
    other = [
        value
        for value in pool(one, spot.schema)
        if _fits(field, value) and not any(_is_like(rule, value, each) for each in shown)
    ]
    for number in _sampled(shown):
        yield spot.edit(
            "remove", rule, _with(rule, spot, shown[:number] + shown[number + 1 :]), number=number
        )
        for value in other[:1]:
            items = [*shown[:number], value, *shown[number + 1 :]]
            yield spot.edit("change", rule, _with(rule, spot, items), number=number)
    for value in other[:1]:
        yield spot.edit("add", rule, _with(rule, spot, [*shown, value]))


def _is_like(rule: Values, a: Any, b: Any) -> bool:
    return same(a, b) or same(rule.codec.identity(a), rule.codec.identity(b))


def _of_list(rule: ListRule, spot: _Spot) -> Iterator[Edit]:
    shown = dig(spot.view, rule.ours) or []
    inner = item_schema(find(spot.schema, rule.ours))
    for number in _sampled(shown):
        yield spot.edit(
            "remove", rule, _with(rule, spot, shown[:number] + shown[number + 1 :]), number=number
        )

        def rebuilt(view: Record, number: int = number) -> Record:
            items = [*shown[:number], *([view] if tidy(view) else []), *shown[number + 1 :]]
            return spot.rebuilt(_with(rule, spot, items))

        yield from _of_block(rule.block, _Spot(shown[number], inner, (*spot.chain, (rule, number)), rebuilt))
    for item in [item for items in pool(rule, spot.schema) for item in items][:1]:
        named = item if isinstance(rule, Items) else {**item, "id": NEW_ID}
        if not any(same(_key(rule, named), _key(rule, each)) for each in shown):
            yield spot.edit("add", rule, _with(rule, spot, [*shown, named]))


def _key(rule: ListRule, item: Record) -> Any:
    keys = rule.key if isinstance(rule, Items | BackLinkedParts) else (("id",),)
    return [dig(item, ours) for ours in keys] or item


def _with(rule: Values | ListRule, spot: _Spot, items: list[Any]) -> Record:
    changed: Record = copied(spot.view)
    plant(changed, rule.ours, items)
    return changed


def _sampled(shown: list[Any]) -> list[int]:
    """The first, a middle and the last item: what happens to one does not depend on how many there are."""
    return sorted({0, len(shown) // 2, len(shown) - 1} & set(range(len(shown))))


def _fits(field: fields.Field[Any] | None, value: Any) -> bool:
    if field is None:
        return True
    try:
        field.deserialize(value)
    except ValidationError:
        return False
    return True


_POOLS: dict[tuple[Any, ...], tuple[Rule, list[Any]]] = {}


def pool(rule: Rule, schema: Schema | None) -> list[Any]:
    """Some values for the field of a rule, drawn once and always the same; the fullest first."""
    key = (id(rule.origin), type(rule), getattr(rule, "one", None), *_forms(rule))
    if key not in _POOLS:
        draw, case = value_drawer(rule, schema), Drawing(Random(_DRAWN), density=0.8, most=2)
        drawn: list[Any] = []
        for value in (draw(case) for _ in range(_DRAWN)):
            if not is_hollow(value) and not any(same(value, each) for each in drawn):
                drawn.append(value)
        drawn.sort(key=lambda value: -len(value) if isinstance(value, dict | list) else 0)
        _POOLS[key] = (rule, drawn)  # with the rule, so that no other takes its id
    return _POOLS[key][1]


def _forms(rule: Rule) -> tuple[int, ...]:
    if isinstance(rule, Choice):
        return tuple(id(way) for way in rule.alternatives)
    return tuple(id(case) for case in rule.cases) if isinstance(rule, Switch) else ()
