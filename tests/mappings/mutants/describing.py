"""Faults about what describes a value: it outlives the value, or goes although the value stays."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from gateway.mapping import elements, write_fields, write_parts, writing
from gateway.mapping.codecs import concepts, quantities
from gateway.mapping.laws.broken import Law
from gateway.mapping.narrative import narrated
from tests.mappings.mutants.seeding import SMALL, Mutant, put_around, put_instead

STALE: Final = frozenset({Law.STALE})


def keeping_siblings(node: Any, steps: Any, value: Any) -> Any:
    new = elements.replace(node, steps, value)
    return {**new, **_siblings(node)} if isinstance(new, dict) else new


def losing_siblings(node: Any, steps: Any, value: Any) -> Any:
    new = elements.replace(node, steps, value)
    if new is node or not isinstance(new, dict):
        return new
    return {name: child for name, child in new.items() if name not in _siblings(node)}


def _siblings(node: Any) -> dict[str, Any]:
    held = node if isinstance(node, dict) else {}
    return {name: child for name, child in held.items() if name.startswith("_")}


def keeping_text(with_code: Callable[..., Any]) -> Callable[..., Any]:
    return lambda held, code, *, drop_text: with_code(held, code, drop_text=False)


def keeping_codings(with_code: Callable[..., Any]) -> Callable[..., Any]:
    def fault(held: Any, code: Any, *, drop_text: bool) -> Any:
        new = with_code(held, code, drop_text=drop_text)
        if new is held or not code or len(new["coding"]) > 1 or not isinstance(held.get("coding"), list):
            return new
        others = [each for each in held["coding"] if isinstance(each, dict) and "userSelected" not in each]
        return {**new, "coding": [*new["coding"], *others]}

    return fault


def keeping_version(shown: Any, old: Any) -> Any:
    kept = ("version", "userSelected") if isinstance(old, dict) else ()
    return {**shown, **{name: old[name] for name in kept if name in old}}


def narrated_over(block: Any, old: Any, new: Any, view: Any) -> Any:
    bare = {name: child for name, child in new.items() if name != "text"}
    return new if new is old else narrated(block, old, bare, view)


def narrated_anew(block: Any, old: Any, new: Any, view: Any) -> Any:
    bare = {name: child for name, child in new.items() if name != "text"}
    return narrated(block, {}, bare, view)


MUTANTS: Final = (
    Mutant(
        "a reference to somebody else keeps the name of the one before",
        put_instead(write_fields, "drop_stale", lambda node, *_: node),
        STALE,
        on="goal",
    ),
    Mutant(
        "a corrected diagnosis keeps the old one's words",
        put_around(concepts, "_with_code", keeping_text),
        STALE,
        on=SMALL,
    ),
    Mutant(
        "the translations of the old code stand beside the new one",
        put_around(concepts, "_with_code", keeping_codings),
        STALE,
        on="goal",
    ),
    Mutant(
        "a new code is given the old one's version",
        put_instead(concepts, "_coding", keeping_version),
        STALE,
        on="goal",
    ),
    Mutant(
        "what stands beside a primitive in `_birthDate` outlives it",
        put_instead(write_fields, "replace", keeping_siblings),
        STALE,
        on="goal",
    ),
    Mutant(
        "what stands beside a primitive is lost when its neighbour changes",
        put_instead(write_fields, "replace", losing_siblings),
        frozenset({Law.FRAME}),
        on="goal",
    ),
    Mutant(
        "what stands beside the number of a quantity outlives it",
        put_instead(quantities, "_with_value", lambda quantity, value: {**quantity, "value": value}),
        STALE,
        on="need",
    ),
    Mutant(
        "another type of a value[x] that no rule maps stands beside the new one",
        put_instead(writing, "is_value_x", lambda *_: False),
        STALE,
        on="goal",
    ),
    Mutant(
        "the old form of a choice stands beside the new one",
        put_instead(writing, "_without_forms", lambda rule, chosen, node, *_: node),
        frozenset({Law.PUT_GET}),
        on="goal",
    ),
    Mutant(
        "the form that a choice is in is not looked at",
        put_instead(writing, "present_alternative", lambda *_: (None, {})),
        frozenset({Law.GET_PUT, Law.PUT_GET, Law.FRAME}),
        on="goal",
    ),
    Mutant(
        "a narrative that people wrote is generated over",
        put_instead(write_parts, "narrated", narrated_over),
        frozenset({Law.FRAME}),
        on="care-plan",
    ),
    Mutant(
        "a narrative is generated although nothing changed",
        put_instead(write_parts, "narrated", narrated_anew),
        frozenset({Law.GET_PUT}),
        on="care-plan",
    ),
)
