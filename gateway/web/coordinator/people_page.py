"""The list of people: who they are, and which systems know them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from gateway.web.coordinator import words


@dataclass(frozen=True, slots=True)
class PersonRow:
    """One row of the list, in words."""

    id: str
    name: str
    born: str
    nhs_number: str
    sources: tuple[str, ...]


def person_row(person: Mapping[str, Any], title_of: Callable[[str], str], today: date) -> PersonRow:
    """A person as the list shows them; `title_of` names a source as people know it."""
    return PersonRow(
        id=str(person["id"]),
        name=words.name(person),
        born=born(person, today),
        nhs_number=words.nhs_number(person),
        sources=tuple(title_of(str(link["source"])) for link in person.get("sources") or []),
    )


def born(person: Mapping[str, Any], today: date) -> str:
    """`03-Mar-1941 (85y)`, `1938 (87y or 88y)` or `Not known`."""
    text = person.get("birth_date")
    if not text:
        return words.NOT_KNOWN
    return f"{words.day(text)} ({words.age(text, today)})"
