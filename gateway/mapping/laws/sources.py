"""Sources as partners really send them: what a record makes, with everything around it that no rule knows.

Unknown elements, `_siblings`, foreign list items, nulls, other spellings of the same moment or number,
versioned references, links to nothing, strangers among the parts, second codings and texts.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from decimal import Decimal
from random import Random
from typing import Any, Final

from gateway.mapping.codecs import Codes
from gateway.mapping.elements import replace
from gateway.mapping.lens import Lens
from gateway.mapping.paths import Name
from gateway.mapping.reading import items_of
from gateway.mapping.rules import BackLinkedParts, LinkedParts, walk
from gateway.mapping.values import MISSING

_AS_IT_IS: Final = frozenset({"resourceType", "id", "url", "system"})
_RELATIVE: Final = re.compile(r"[A-Z][A-Za-z]+/[A-Za-z0-9.-]+\Z")


def enriched(resources: Mapping[str, Any], lens: Lens, random: Random) -> dict[str, Any]:
    """The resources with foreign content in many places; `random` decides where and how much."""
    richness = random.choice([0.0, 0.15, 0.4])
    marks = iter(range(100_000))
    synonyms = _synonyms(lens)
    rich = {
        name: [_rich(part, random, richness, marks, synonyms) for part in held]
        if isinstance(held, list)
        else _rich(held, random, richness, marks, synonyms)
        for name, held in resources.items()
    }
    return _with_strangers(rich, lens, random) if random.random() < richness * 2 else rich


def _synonyms(lens: Lens) -> dict[str, list[str]]:
    """For each FHIR code of a table the codes that read the same."""
    found: dict[str, list[str]] = {}
    for _, rule in walk(lens.rules.root):
        codec = getattr(rule, "codec", None)
        if isinstance(codec, Codes):
            for theirs, ours in codec.ours_of.items():
                found[theirs] = [other for other, word in codec.ours_of.items() if word == ours]
    return found


def _rich(
    node: Any, random: Random, richness: float, marks: Iterator[int], synonyms: Mapping[str, list[str]]
) -> Any:
    def often() -> bool:
        return random.random() < richness

    if isinstance(node, dict):
        rich: dict[str, Any] = {}
        for name, child in node.items():
            rich[name] = child if name in _AS_IT_IS else _rich(child, random, richness, marks, synonyms)
            if not isinstance(child, dict | list) and name != "resourceType" and often():
                rich[f"_{name}"] = {"extension": [_extension(marks)]}
            if _is_primitive_list(child) and isinstance(rich[name], list) and often():
                beside = [{"id": f"s{next(marks)}"} if often() else None for _ in rich[name]]
                rich[f"_{name}"] = beside
        _describe(rich, random, often, marks)
        if often():
            rich[f"xUnknown{next(marks)}"] = random.choice([None, {"deep": [1, {"er": True}]}, "text"])
        return rich
    if isinstance(node, list):
        items = [_rich(child, random, richness, marks, synonyms) for child in node]
        if not _is_primitive_list(node):
            items = [
                {**item, "xMark": next(marks)} if isinstance(item, dict) and often() else item
                for item in items
            ]
        for _ in range(2):
            if often():
                foreign = None if random.random() < 0.3 else {"xForeign": next(marks)}
                items.insert(random.randrange(len(items) + 1), foreign)
        return items
    return _respelt(node, random, synonyms) if often() else node


def _describe(rich: dict[str, Any], random: Random, often: Any, marks: Iterator[int]) -> None:
    """Add what describes a value: display of a reference, other codings and the text of a concept."""
    if isinstance(rich.get("reference"), str) and often():
        rich.update({"display": f"shown {next(marks)}", "type": "Patient", "identifier": {"value": "9"}})
    if isinstance(rich.get("code"), str) and "unit" not in rich and often():
        rich.setdefault("display", f"shown {next(marks)}")
        rich.update({"version": "1", "userSelected": random.choice([True, False])})
    if isinstance(rich.get("coding"), list) and often():
        rich["coding"] = [*rich["coding"], {"system": "https://other.example", "code": f"t{next(marks)}"}]
        rich.setdefault("text", f"words {next(marks)}")
    if isinstance(rich.get("unit"), str) and often():
        rich.update({"system": "http://unitsofmeasure.org", "code": "kg", "comparator": "<"})


def _respelt(value: Any, random: Random, synonyms: Mapping[str, list[str]]) -> Any:
    if isinstance(value, bool):
        return value
    if isinstance(value, int):
        return Decimal(f"{value}.0")
    if isinstance(value, Decimal):
        return value.quantize(Decimal("0.000")) if abs(value) < 1000 else value
    if isinstance(value, str):
        if value in synonyms:
            return random.choice(synonyms[value])
        if _RELATIVE.match(value):
            return f"{value}/_history/2"
        if value.endswith("Z") and "T" in value:
            return value.replace("Z", "+00:00")
        if re.fullmatch(r"\d{4}-\d\d-\d\d", value):
            return f"{value}T23:30:00-05:00"
    return value


def _with_strangers(resources: dict[str, Any], lens: Lens, random: Random) -> dict[str, Any]:
    """Parts that are nobody's, links to what is not at hand, narrative that was written or generated."""
    root = resources[lens.type]
    for rule in lens.rules.root.rules:
        if isinstance(rule, LinkedParts):
            stray = {"resourceType": rule.type, "id": f"stray{random.randrange(9)}"}
            resources = {**resources, rule.type: [stray, *resources.get(rule.type, [])]}
            items, _, _ = items_of(rule.list, root, ())
            link = replace(MISSING, rule.item, f"{rule.type}/nowhere{random.randrange(9)}")
            items = [*items]
            items.insert(random.randrange(len(items) + 1), link)
            root = replace(root, (*rule.list.holder, Name(rule.list.name)), items)
        elif isinstance(rule, BackLinkedParts):
            strangers = [
                {"resourceType": rule.type, "id": f"stray{random.randrange(9)}"},
                replace({"resourceType": rule.type, "id": "other"}, rule.by, f"{lens.type}/another"),
            ]
            parts = [*resources.get(rule.type, [])]
            parts.insert(random.randrange(len(parts) + 1), random.choice(strangers))
            resources = {**resources, rule.type: parts}
    status = random.choice(["generated", "additional", None])
    if status is not None:
        root = {**root, "text": {"status": status, "div": "<div>old words</div>"}}
    return {**resources, lens.type: root}


def _extension(marks: Iterator[int]) -> dict[str, Any]:
    return {"url": f"https://other.example/{next(marks)}", "valueString": "theirs"}


def _is_primitive_list(node: Any) -> bool:
    return isinstance(node, list) and bool(node) and not any(isinstance(item, dict | list) for item in node)
