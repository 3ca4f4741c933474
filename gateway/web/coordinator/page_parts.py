"""What the page of a person's record is made of: sections of items, each with facts, lines and its source."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from gateway.web.coordinator import words

Record = Mapping[str, Any]
TitleOf = Callable[[str], str]


@dataclass(frozen=True, slots=True)
class Fact:
    """One line of an item: what it is called, and what is known."""

    label: str
    value: str


@dataclass(frozen=True, slots=True)
class Item:
    """A plan, a goal, a visit… `reference` leads to the resource it was read from."""

    heading: str
    state: str
    is_open: bool
    source: str
    reference: str
    changed: str
    facts: tuple[Fact, ...] = ()
    lines: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Section:
    """A part of the record; `nothing` is what is said when it is empty."""

    title: str
    nothing: str
    items: tuple[Item, ...]


def origin(record: Record, resource_type: str, title_of: TitleOf) -> dict[str, Any]:
    """Where an item was read from, as the last words of every item say it."""
    return {
        "source": title_of(str(record.get("source"))),
        "reference": f"{resource_type}/{record['id']}",
        "changed": words.day(record.get("updated_at")),
    }
