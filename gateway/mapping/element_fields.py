"""From a FHIR element to the record fields that show it: how a conflict is worded for people."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from gateway.mapping.account import account
from gateway.mapping.lens import Lens
from gateway.mapping.paths import Name
from gateway.mapping.record_account import shown_field
from gateway.mapping.rule_homes import Home, homes, paths_of
from gateway.mapping.rules import Items, Origin


@dataclass(frozen=True, slots=True)
class FieldPlace:
    """A record field, and the rule that ties it to an element."""

    field: str
    origin: Origin


def fields_of_element(lens: Lens, resources: Mapping[str, Any], element: str) -> tuple[FieldPlace, ...]:
    """The record fields that a FHIR element is shown in, for an element given as FHIRPath: `CarePlan.period`.

    By what the rules read there; where they read nothing now, by the rules that would. Empty: no rule is
    about this element.
    """
    return tuple(dict.fromkeys(_read_there(lens, resources, element))) or tuple(
        dict.fromkeys(_about(lens, element))
    )


def _read_there(lens: Lens, resources: Mapping[str, Any], element: str) -> Iterator[FieldPlace]:
    read = account(lens, resources)
    for leaf in read.leaves:
        path = read.field_of(leaf)
        if path and leaf.origin is not None and _is_at(leaf.element, element):
            yield FieldPlace(shown_field(path), leaf.origin)


def _is_at(place: str, element: str) -> bool:
    return place == element or place.startswith((f"{element}.", f"{element}["))


def _about(lens: Lens, element: str) -> Iterator[FieldPlace]:
    type_name, *names = re.sub(r"\[\d+\]", "", element).split(".")
    for home in homes(lens.rules.root):
        start, before = _start(lens, home)
        for steps in paths_of(home.rule):
            path = [*before, *(step.name for step in steps if isinstance(step, Name))]
            if start == type_name and names and path[: len(names)] == names:
                yield FieldPlace(".".join(home.ours), home.origin)


def _start(lens: Lens, home: Home) -> tuple[str, list[str]]:
    """The resource that a rule's elements stand in, and the names before them."""
    start, before = lens.type, list[str]()
    for holder in home.lists:
        if isinstance(holder, Items):
            before += [
                step.name for step in (*holder.list.holder, Name(holder.list.name)) if isinstance(step, Name)
            ]
        else:
            start, before = holder.type, []
    return start, before
