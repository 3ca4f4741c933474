"""Sources as partners really send them: what a record makes, with everything around it that no rule knows.

The spots on trial are surrounded for sure: what describes their value, other items in their lists, other
types of their value[x]. Everywhere else chance decides where and how much.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import count
from random import Random
from typing import Any

from gateway.mapping.codecs import Minutes, QuantityIn
from gateway.mapping.elements import locate, replace
from gateway.mapping.laws.edits import copied
from gateway.mapping.laws.spellings import synonyms
from gateway.mapping.laws.spots import Place, Sight, Spot
from gateway.mapping.laws.surroundings import Surroundings
from gateway.mapping.paths import Name, Select, Steps
from gateway.mapping.read_context import Reading
from gateway.mapping.reading import items_of, read_block
from gateway.mapping.rules import (
    BackLinkedParts,
    Choice,
    FhirList,
    Field,
    Items,
    LinkedParts,
    RuleFile,
    Values,
)
from gateway.mapping.values import MISSING


class Sources:
    """Makes sources for one map."""

    def __init__(self, rules: RuleFile) -> None:
        self._rules = rules
        self._alike = synonyms(rules)

    def enriched(
        self, created: Mapping[str, Any], on_trial: tuple[Spot, ...], random: Random
    ) -> dict[str, Any]:
        """The resources with foreign content; `random` decides where and how much."""
        resources: dict[str, Any] = copied(created)
        around = Surroundings(random, self._alike, count())
        self._linked(resources, random)
        if random.random() < 0.2:
            resources["Basic"] = {"resourceType": "Basic", "id": "no-part", "code": {"text": around.mark()}}
        if random.random() < 0.9:
            self._around_spots(resources, on_trial, around)
        around.add(resources, random.choice((0, 0, 4, 12, 40)))
        if random.random() < 0.5:
            self._with_strangers(resources, around)
        if random.random() < 0.6:
            resources[self._rules.type]["text"] = {
                "status": random.choice(["generated", "generated", "additional", "extensions"]),
                "div": "<div>old words</div>",
            }
        return resources

    def _linked(self, resources: dict[str, Any], random: Random) -> None:
        """Contained resources, and an id of the partner's making."""
        root = resources[self._rules.type]
        if random.random() < 0.2:
            root["contained"] = [{"resourceType": "Patient", "id": "contained-1", "name": [{"family": "x"}]}]
        if random.random() < 0.2:
            root["meta"] = {
                **root.get("meta", {}),
                "versionId": "7",
                "lastUpdated": "2026-11-22T09:30:00+02:00",
            }

    def _around_spots(
        self, resources: dict[str, Any], on_trial: tuple[Spot, ...], around: Surroundings
    ) -> None:
        for spot in on_trial:
            view = read_block(
                self._rules.root,
                resources[self._rules.type],
                (self._rules.type, 0),
                Reading(_parts(resources)),
            )
            sight = Sight(self._rules.type, resources, view)
            for place in sight.places(spot.path)[:3]:
                _surround(spot, place, around)

    def _with_strangers(self, resources: dict[str, Any], around: Surroundings) -> None:
        """Parts that are nobody's, and links to what is not at hand."""
        root, random = resources[self._rules.type], around.random
        for rule in self._rules.root.rules:
            if isinstance(rule, LinkedParts):
                stray = {"resourceType": rule.type, "id": f"stray{random.randrange(9)}"}
                _as_list(resources, rule.type).insert(0, stray)
                for target in (f"{rule.type}/nowhere", f"urn:uuid:{around.mark()}", f"{rule.type}/stray3"):
                    if random.random() < 0.5:
                        _insert(root, rule.list, replace(MISSING, rule.item, target), random)
            elif isinstance(rule, BackLinkedParts):
                parts = _as_list(resources, rule.type)
                for stranger in _strangers(rule, root, parts, around):
                    if random.random() < 0.5:
                        parts.insert(random.randint(0, len(parts)), stranger)


def _strangers(
    rule: BackLinkedParts, root: dict[str, Any], parts: list[Any], around: Surroundings
) -> Iterator[dict[str, Any]]:
    """Another one's part, nobody's, one without the guard that links to us, one that names us by a URL."""
    yield {"resourceType": rule.type, "id": f"stray-{around.mark()}"}
    other = {"resourceType": rule.type, "id": f"other-{around.mark()}", "description": around.mark()}
    yield replace(other, rule.by, f"{root['resourceType']}/another")
    if root.get("id"):
        linked = {"resourceType": rule.type, "id": f"bare-{around.mark()}"}
        yield replace(linked, rule.by, f"{root['resourceType']}/{root['id']}")
        yield replace(
            {**linked, "id": f"far-{around.mark()}"},
            rule.by,
            f"https://x.example/{root['resourceType']}/{root['id']}",
        )


def _surround(spot: Spot, place: Place, around: Surroundings) -> None:
    match spot.rule:
        case Field():
            for steps in (spot.rule.steps, *spot.rule.also):
                if isinstance(spot.rule.codec, QuantityIn | Minutes):
                    _beside_number(steps, place.node, around)
                else:
                    _describe(steps, place.node, around)
        case Values():
            items, _, _ = items_of(spot.rule.list, place.node, ())
            for item in items:
                _describe(spot.rule.item, item, around)
            _beside_items(spot.rule.list, place.node, around)
            _foreign(spot.rule.list, place.node, around)
        case Items():
            items, _, _ = items_of(spot.rule.list, place.node, ())
            around.marked(items)
            _foreign(spot.rule.list, place.node, around)
        case _:
            pass
    if isinstance(spot.whole, Choice):
        _other_type(spot.whole, place.node, around)


def _describe(steps: Steps, node: Any, around: Surroundings) -> None:
    """Foreign content at the element, in the object that holds it, and in the concept that holds that.

    Every other time the value is spelt otherwise too; now and then it is one that nobody can read.
    """
    value, _ = locate(node, steps)
    if isinstance(value, dict):
        around.describe(value)
        around.unknown(value)
    for depth in range(1, min(len(steps), 3) + 1):
        holder, _ = locate(node, steps[:-depth])
        if isinstance(holder, dict):
            around.describe(holder)
            last = steps[-1]
            if (
                depth == 1
                and isinstance(last, Name)
                and value is not MISSING
                and not isinstance(value, dict | list)
            ):
                around.sibling_of(holder, last.name)
                chance = around.random.random()
                if chance < 0.5:
                    around.respell_of(holder, last.name)
                elif chance < 0.6:
                    around.spoil_of(holder, last.name)
        if not isinstance(steps[-depth], Select):
            break


def _beside_number(steps: Steps, node: Any, around: Surroundings) -> None:
    """What FHIR says beside the number of a quantity; what else describes one makes it unreadable."""
    quantity, _ = locate(node, steps)
    if isinstance(quantity, dict) and "value" in quantity:
        around.sibling_of(quantity, "value")


def _beside_items(which: FhirList, node: Any, around: Surroundings) -> None:
    """What FHIR says beside the primitives of a list."""
    holder, _ = locate(node, which.holder)
    items = holder.get(which.name) if isinstance(holder, dict) else None
    if isinstance(items, list) and any(not isinstance(item, dict) for item in items):
        around.sibling_of(holder, which.name)


def _foreign(which: FhirList, node: Any, around: Surroundings) -> None:
    """Items of other guards and other selectors beside those of a rule."""
    items, _, _ = items_of(which, node, ())
    usable = [item for item in items if isinstance(item, dict)]
    if not usable:
        return
    random = around.random
    for steps, _ in which.where.conditions:
        bare = replace(copied(random.choice(usable)), steps, MISSING)
        if bare is not MISSING:
            _insert(node, which, {**bare, f"x{around.mark()}": 1}, random)
    for name, wanted in which.pattern.items():
        if isinstance(wanted, str):
            _insert(node, which, {**copied(random.choice(usable)), name: f"{wanted}-other"}, random)
    for pattern in which.hidden:
        if isinstance(pattern, Mapping):
            _insert(node, which, {**copied(dict(pattern)), f"x{around.mark()}": 1}, random)


def _other_type(rule: Choice, node: Any, around: Surroundings) -> None:
    """Another type of the same value[x], instead of what is there, or (wrongly) beside it."""
    siblings = [each for way in rule.alternatives for each in way.siblings]
    if not siblings or around.random.random() < 0.7:
        return
    steps, stem, own = around.random.choice(siblings)
    holder, _ = locate(node, steps)
    if not isinstance(holder, dict):
        return
    if around.random.random() < 0.6:
        for _, _, name in siblings:
            holder.pop(name, None)
            holder.pop(f"_{name}", None)
    name, value = around.random.choice(
        [("Base64Binary", "AA=="), ("Money", {"value": 1}), ("Oid", "urn:oid:1")]
    )
    if f"{stem}{name}" != own:
        holder[f"{stem}{name}"] = value


def _insert(node: Any, which: FhirList, item: Any, random: Random) -> None:
    """Put a foreign item somewhere into a list, in place; what stands beside its items keeps step."""
    holder, _ = locate(node, which.holder)
    held = holder.get(which.name) if isinstance(holder, dict) else None
    if held is None and not which.holder:
        node[which.name] = [item]
    elif isinstance(held, list):
        index = random.randint(0, len(held))
        held.insert(index, item)
        beside = holder.get(f"_{which.name}")
        if isinstance(beside, list):
            beside.insert(min(index, len(beside)), None)


def _as_list(resources: dict[str, Any], type_name: str) -> list[Any]:
    held = resources.setdefault(type_name, [])
    if not isinstance(held, list):
        held = resources[type_name] = [held]
    return held


def _parts(resources: Mapping[str, Any]) -> dict[str, list[Any]]:
    return {name: held for name, held in resources.items() if isinstance(held, list)}
