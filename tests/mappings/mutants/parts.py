"""Faults about items that live in resources of their own: goals of a plan, Tasks of a referral."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from gateway.fhir.references import parse_reference
from gateway.mapping import elements, reading, write_parts, writing
from gateway.mapping.alignment import arrange
from gateway.mapping.laws.broken import Law
from gateway.mapping.values import MISSING
from gateway.mapping.write_context import Writing
from tests.mappings.mutants.lists import Arranged, by_position, ours_alone
from tests.mappings.mutants.seeding import Mutant, put_around, put_instead

RESIDUE: Final = frozenset({Law.RESIDUE})


def in_the_order_there_was(length: int, places: Any, matches: Any) -> Arranged:
    known = [number for number, match in enumerate(matches) if match is not None]
    known = sorted(known, key=lambda number: matches[number])
    new = [number for number, match in enumerate(matches) if match is None]
    turned = [matches[number] for number in (*known, *new)]
    return [
        (is_old, number if is_old else (*known, *new)[number])
        for is_old, number in arrange(length, places, turned)
    ]


def by_id(wanted: Callable[..., Any]) -> Callable[..., Any]:
    def fault(*given: Any) -> Any:
        items = wanted(*given)
        return items and sorted(items, key=lambda item: str(item.get("id")))

    return fault


def deleting_goals(write_links: Callable[..., Any]) -> Callable[..., Any]:
    def fault(rule: Any, view: Any, node: Any, at: Any, writing: Any) -> Any:
        new = write_links(rule, view, node, at, writing)
        was, left = (
            {found.item.get("id") for found in reading.read_links(rule, each, at, writing.reading())}
            for each in (node, new)
        )
        held = writing.parts.get(rule.type, [])
        writing.parts[rule.type] = [part for part in held if part.get("id") not in was - left]
        return new

    return fault


def deleting_tasks(keep_parts: Callable[..., Any]) -> Callable[..., Any]:
    def fault(rule: Any, found: Any, matches: Any, made: Any, writing: Any) -> None:
        keep_parts(rule, found, matches, made, writing)
        gone = {each.item.get("id") for number, each in enumerate(found) if number not in matches}
        held = writing.parts.get(rule.type, [])
        writing.parts[rule.type] = [part for part in held if part.get("id") not in gone]

    return fault


def still_linked(node: Any, steps: Any, value: Any) -> Any:
    return node if value is MISSING else elements.replace(node, steps, value)


def of_any_root(rule: Any, part: Any, root: Any) -> bool:
    raw, _ = elements.locate(part, rule.by)
    return isinstance(raw, str) and parse_reference(raw).type == root.get("resourceType")


MUTANTS: Final = (
    Mutant(
        "goals are matched by their position: one gets another's story",
        put_instead(write_parts, "align", by_position),
        frozenset({Law.PUT_GET, Law.RESIDUE}),
        on="care-plan",
    ),
    Mutant(
        "Tasks are matched by their position",
        put_instead(write_parts, "align", by_position),
        frozenset({Law.PUT_GET, Law.RESIDUE}),
        on="referral",
    ),
    Mutant(
        "links to goals that are not at hand are dropped",
        put_instead(write_parts, "arrange", ours_alone),
        frozenset({Law.GET_PUT, Law.FRAME, Law.RESIDUE}),
        on="care-plan",
    ),
    Mutant(
        "goals stay in the order that they had",
        put_instead(write_parts, "arrange", in_the_order_there_was),
        frozenset({Law.PUT_GET}),
        on="care-plan",
    ),
    Mutant(
        "goals are put into the order of their ids",
        put_around(write_parts, "_wanted", by_id),
        frozenset({Law.CREATE_GET, Law.GET_PUT, Law.PUT_GET}),
        on="care-plan",
    ),
    Mutant(
        "Tasks are put into the order of their ids",
        put_around(write_parts, "_wanted", by_id),
        frozenset({Law.CREATE_GET, Law.GET_PUT, Law.PUT_GET}),
        on="referral",
    ),
    Mutant(
        "a goal taken off its plan is deleted",
        put_around(writing, "write_links", deleting_goals),
        RESIDUE,
        on="care-plan",
    ),
    Mutant(
        "a Task taken off its referral is deleted",
        put_around(write_parts, "_keep_parts", deleting_tasks),
        RESIDUE,
        on="referral",
    ),
    Mutant(
        "a Task taken off its referral stays linked to it",
        put_instead(write_parts, "replace", still_linked),
        frozenset({Law.PUT_GET}),
        on="referral",
    ),
    Mutant(
        "a plan made another person's leaves its goals with the one before",
        put_instead(Writing, "copies_changed", lambda self, copies: False),
        frozenset({Law.STALE}),
        on="care-plan",
    ),
    Mutant(
        "a referral made another person's leaves its Tasks with the one before",
        put_instead(Writing, "copies_changed", lambda self, copies: False),
        frozenset({Law.STALE}),
        on="referral",
    ),
    Mutant(
        "Tasks of other referrals are shown as this one's",
        put_instead(reading, "links_back", of_any_root),
        frozenset({Law.OWN}),
        on="referral",
    ),
    Mutant(
        "a Task that asks for an approval is shown as a leg",
        put_instead(reading, "holds", lambda *_: True),
        frozenset({Law.CREATE_GET, Law.OWN}),
        on="referral",
    ),
)
