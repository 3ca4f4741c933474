"""Own: a list of parts shows those that belong to its root, and no other's.

A Task of another referral that is shown here would be changed here, and is another person's.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from gateway.mapping.laws.broken import Broken, Law
from gateway.mapping.laws.trial import Resources, Trial
from gateway.mapping.laws.walking import standing
from gateway.mapping.paths import Name
from gateway.mapping.rules import BackLinkedParts, Guard, LinkedParts
from gateway.mapping.values import MISSING, dig, is_hollow, same


def own(trial: Trial, source: Resources) -> None:
    """Every part that the record shows is linked to its root, and holds the guard of its list."""
    record, root = trial.get(source), source[trial.type]
    root = root[0] if isinstance(root, list) else root
    for rule in trial.root.rules:
        if not isinstance(rule, LinkedParts | BackLinkedParts):
            continue
        mine = set(_linked(rule, root, source))
        for item in dig(record, rule.ours) or ():
            if "id" in item and item["id"] not in mine:
                why = f"the {rule.type} {item['id']!r} is shown, and is not one of this list"
                raise Broken(Law.OWN, why, record, source, source, rule.origin)


def _linked(rule: LinkedParts | BackLinkedParts, root: Any, source: Resources) -> Iterator[Any]:
    """The ids of the parts that a reader of FHIR would say belong to the root."""
    if isinstance(rule, LinkedParts):
        items = standing(root, (*rule.list.holder, Name(rule.list.name)))
        for item in items if isinstance(items, list) else [items]:
            type_name, _, rest = str(standing(item, rule.item)).partition("/")
            if type_name == rule.type:
                yield rest.partition("/_history/")[0]
        return
    held = source.get(rule.type, [])
    for part in held if isinstance(held, list) else [held]:
        link = str(standing(part, rule.by)).partition("/_history/")[0]
        if link == f"{root['resourceType']}/{root.get('id')}" and _is_guarded(rule.where, part):
            yield part.get("id")


def _is_guarded(guard: Guard, part: Any) -> bool:
    for steps, wanted in guard.conditions:
        raw = standing(part, steps)
        if is_hollow(raw) or wanted is None:
            if not (is_hollow(raw) and wanted is None):
                return False
        elif wanted is not MISSING and not same(raw, wanted):
            return False
    return True
