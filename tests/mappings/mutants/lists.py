"""Faults of lists: which old item is taken for which new one, and what becomes of the others."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

from gateway.mapping import write_fields, write_lists, writing
from gateway.mapping.alignment import Alignment, arrange
from gateway.mapping.laws.broken import Law
from gateway.mapping.laws.words import worded
from gateway.mapping.values import dig, is_hollow, same
from tests.mappings.mutants.seeding import Mutant, put_around, put_instead

Arranged = list[tuple[bool, int]]


def by_position(old: Sequence[Any], new: Sequence[Any], **_: Any) -> Alignment:
    matches = [number if number < len(old) else None for number in range(len(new))]
    unchanged = {number for number, (one, two) in enumerate(zip(old, new, strict=False)) if same(one, two)}
    return Alignment(matches, unchanged)


def without_identity(align: Callable[..., Any]) -> Callable[..., Any]:
    return lambda old, new, *, identity, by_position: align(
        old, new, identity=lambda _: None, by_position=by_position
    )


def ours_alone(length: int, places: Sequence[int], matches: Sequence[int | None]) -> Arranged:
    return [(is_old, number) for is_old, number in arrange(length, places, matches) if not is_old]


def ours_first(length: int, places: Sequence[int], matches: Sequence[int | None]) -> Arranged:
    return sorted(arrange(length, places, matches), key=lambda entry: entry[0])


def built_anew(item: Callable[..., Any]) -> Callable[..., Any]:
    return lambda rule, view, old, at, writing: item(rule, view, None, at, writing)


def out_of_step(with_list: Callable[..., Any]) -> Callable[..., Any]:
    def fault(node: Any, which: Any, items: Any, siblings: Any, entries: Any) -> Any:
        new = with_list(node, which, items, siblings, entries)
        bare = [(item, None) for item, _ in entries]
        return node if new is node else with_list(node, which, items, siblings, bare)

    return fault


def each_once(wanted: Callable[..., Any]) -> Callable[..., Any]:
    def fault(rule: Any, view: Any) -> Any:
        values = wanted(rule, view)
        return list({worded(value): value for value in values}.values())

    return fault


def never_emptied(write_items: Callable[..., Any]) -> Callable[..., Any]:
    def fault(rule: Any, view: Any, node: Any, *more: Any) -> Any:
        return node if is_hollow(dig(view, rule.ours)) else write_items(rule, view, node, *more)

    return fault


MUTANTS: Final = (
    Mutant(
        "objects of a list are matched by their position: one gets what was known of another",
        put_instead(write_lists, "align", by_position),
        frozenset({Law.RESIDUE, Law.FRAME}),
        on="person",
    ),
    Mutant(
        "values of a list are matched by their position",
        put_instead(write_fields, "align", by_position),
        frozenset({Law.RESIDUE}),
        on="care-plan",
    ),
    Mutant(
        "the key of a list is not looked at",
        put_around(write_lists, "align", without_identity),
        frozenset({Law.RESIDUE}),
        on="person",
    ),
    Mutant(
        "objects that the rule cannot read are dropped from a list",
        put_instead(write_lists, "arrange", ours_alone),
        frozenset({Law.GET_PUT}),
        on="person",
    ),
    Mutant(
        "values that the rule cannot read are dropped from a list",
        put_instead(write_fields, "arrange", ours_alone),
        frozenset({Law.GET_PUT, Law.RESIDUE}),
        on="goal",
    ),
    Mutant(
        "what the rule cannot read moves to the end of the list",
        put_instead(write_lists, "arrange", ours_first),
        frozenset({Law.GET_PUT}),
        on="person",
    ),
    Mutant(
        "an item with a change is built anew",
        put_around(write_lists, "_item", built_anew),
        frozenset({Law.FRAME}),
        on="care-plan",
    ),
    Mutant(
        "what stands beside the items of a list in `_given` is lost as soon as the list changes",
        put_around(write_fields, "with_list", out_of_step),
        frozenset({Law.RESIDUE}),
        on="person",
    ),
    Mutant(
        "of two values of a list that are the same one is left",
        put_around(write_fields, "_wanted", each_once),
        frozenset({Law.CREATE_GET, Law.GET_PUT, Law.PUT_GET}),
        on="goal",
    ),
    Mutant(
        "an empty list is taken for a list of which nothing was said",
        put_around(writing, "write_items", never_emptied),
        frozenset({Law.PUT_GET}),
        on="person",
    ),
)
