"""The resources of an inline case: whole ones, or a few elements by dotted path, linked as the map does.

YAML knows no decimals here (1.10 is text), so a text becomes a number where R4, or the record's schema, says
that a number stands there.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from marshmallow import Schema, fields

from gateway.conformance.facts import r4
from gateway.fhir.references import relative
from gateway.mapping.elements import locate, replace
from gateway.mapping.lens import Lens
from gateway.mapping.paths import BadPath, Each, Name, Step, Steps, parse_path
from gateway.mapping.reading import items_of, links_back
from gateway.mapping.rules import BackLinkedParts, LinkedParts
from gateway.mapping.schema_fields import find, item_schema
from gateway.mapping.values import MISSING

_ROOT_ID: Final = "root"


class BadCase(ValueError):
    """An inline case that cannot be run; the message says why."""


def resources_of(written: Mapping[str, Any], lens: Lens) -> dict[str, Any]:
    """The resources as a lens takes them.

    Raises BadCase when a key is neither a type nor a path of the map.
    """
    if isinstance(written.get("resourceType"), str):
        written = {str(written["resourceType"]): written}
    found: dict[str, Any] = {}
    for key, value in written.items():
        type_name, _, path = key.partition(".")
        if type_name not in (lens.type, *lens.part_types):
            known = ", ".join((lens.type, *lens.part_types))
            raise BadCase(f"fhir: {key!r} starts with none of the map's types: {known}")
        if path:
            old = found.setdefault(type_name, _blank(type_name, lens))
            found[type_name] = _with_element(old, path, value, type_name)
        elif isinstance(value, list):
            found[type_name] = [_typed_resource(type_name, each) for each in value]
        else:
            found[type_name] = _typed_resource(type_name, value)
    return _linked(found, lens)


def element(path: str, resources: Mapping[str, Any], lens: Lens) -> Any:
    """The element at a path of the result, with or without its type; None when there is none."""
    type_name, _, rest = path.partition(".")
    if type_name not in (lens.type, *lens.part_types):
        type_name, rest = lens.type, path
    held = resources.get(type_name)
    if isinstance(held, list):
        held = held[0] if held else None
    if not rest:
        return held
    steps = _steps(rest)
    if isinstance(steps[-1], Each):
        which = items_of_path(steps, held)
        return which or None
    found, _ = locate(held, steps)
    return None if found is MISSING else found


def items_of_path(steps: Steps, node: Any) -> list[Any]:
    """Every item of the list at a path that ends in []."""
    found, _ = locate(node, steps[:-1])
    return found if isinstance(found, list) else []


def with_numbers(value: Any, schema: Schema | None) -> Any:
    """The record's changes with numbers where its schema holds decimals."""
    if isinstance(value, dict):
        return {name: _field_value(child, find(schema, (name,))) for name, child in value.items()}
    return value


def _field_value(value: Any, field: fields.Field[Any] | None) -> Any:
    if isinstance(value, list):
        inner = field.inner if isinstance(field, fields.List) else field
        return [_field_value(child, inner) for child in value]
    if isinstance(value, dict):
        return with_numbers(value, item_schema(field))
    return _number(value) if isinstance(field, fields.Decimal) else value


def _blank(type_name: str, lens: Lens) -> dict[str, Any]:
    name = _ROOT_ID if type_name == lens.type else f"{type_name.lower()}-1"
    return {"resourceType": type_name, "id": name}


def _with_element(resource: Any, path: str, value: Any, type_name: str) -> Any:
    steps = _steps(path)
    if isinstance(steps[-1], Each):
        steps = steps[:-1]
        value = value if isinstance(value, list) else [value]
    names = [step.name for step in steps if isinstance(step, Name)]
    return replace(resource, steps, _typed(value, ".".join([type_name, *names])))


def _steps(path: str) -> Steps:
    try:
        steps: tuple[Step, ...] = parse_path(path)
    except BadPath as problem:
        raise BadCase(str(problem)) from problem
    if any(isinstance(step, Each) for step in steps[:-1]):
        raise BadCase(f"{path!r}: in a case [] can only end a path")
    return steps


def _typed_resource(type_name: str, value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise BadCase(f"fhir: {type_name} is an object, or a list of objects")
    typed: dict[str, Any] = _typed({"resourceType": type_name, **value}, type_name)
    return typed


def _typed(value: Any, path: str) -> Any:
    """The value with numbers where R4 has decimals."""
    if isinstance(value, dict):
        return {name: _typed(child, f"{path}.{name}") for name, child in value.items()}
    if isinstance(value, list):
        return [_typed(child, path) for child in value]
    facts = r4().element(path) if isinstance(value, str) else None
    return _number(value) if facts is not None and "decimal" in facts.types else value


def _number(value: Any) -> Any:
    try:
        return Decimal(value) if isinstance(value, str) else value
    except InvalidOperation:
        return value


def _linked(found: dict[str, Any], lens: Lens) -> dict[str, Any]:
    """The resources with the links between root and parts that the map needs, where the case has none."""
    root = found.get(lens.type)
    if not isinstance(root, dict):
        return found
    for rule in lens.rules.root.rules:
        part = found.get(getattr(rule, "type", ""))
        if not isinstance(part, dict) or part is root:
            continue
        if isinstance(rule, BackLinkedParts) and locate(part, rule.by)[0] is MISSING:
            root = {"id": _ROOT_ID, **root}
            found[rule.type] = replace(part, rule.by, relative(lens.type, root["id"]))
            assert links_back(rule, found[rule.type], root), "the link was just made"
        elif isinstance(rule, LinkedParts) and not items_of(rule.list, root, ())[0] and part.get("id"):
            link = replace(MISSING, rule.item, relative(rule.type, part["id"]))
            root = replace(root, (*rule.list.holder, Name(rule.list.name)), [link])
        found[lens.type] = root
    return found
