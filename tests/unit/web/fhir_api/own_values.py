"""What a resource is to be found by, told by another reader of R4's expressions than ours (fhirpathpy).

Only the expressions come from the gateway's facts, which are R4's own; what they lead to, and what a client
then writes in a search, is worked out here from the elements as they stand.
Source: https://hl7.org/fhir/R4/search.html#table
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from decimal import Decimal
from functools import cache
from typing import Any

import fhirpathpy
from fhirpathpy.models import models

from gateway.conformance.facts import SearchParameter, r4

Criterion = tuple[str, str]

SET_BY_THE_SERVER = frozenset({"_id", "_lastUpdated", "_source"})
CONTACTS = frozenset({"phone", "fax", "email", "pager", "url", "sms", "other"})
_RESOLVED = re.compile(r"\.where\(resolve\(\) is (\w+)\)")
_NO_WORDS = ".where($this.is(string).not())"  # of a choice that also says it in words
_WORDS = ("text", "family", "given", "line", "city", "state", "postalCode", "country", "prefix", "suffix")


def own_values(resource: dict[str, Any]) -> Iterator[Criterion]:
    """Every (parameter, value) that finds the resource, by every parameter of its type."""
    type = resource["resourceType"]
    for name, param in sorted(r4().searched_by(type).items()):
        if name in SET_BY_THE_SERVER or param.type == "special" or not param.expression:
            continue
        if param.type == "composite":
            yield from _composites(type, name, param, resource)
            continue
        for branch in _branches(type, param.expression):
            wanted = _RESOLVED.search(branch)
            way = _RESOLVED.sub("", branch) + (_NO_WORDS if param.type == "date" else "")
            for node in _read(way)(resource):
                if isinstance(node, dict) and node.get("resourceType") not in (None, *param.targets):
                    continue  # a resource inside, of a type that the parameter does not point at
                for modifier, text in _texts(param.type, node):
                    if wanted is None or f"{wanted[1]}/" in text:
                        yield f"{name}{modifier}", text


def _composites(
    type: str, name: str, param: SearchParameter, resource: dict[str, Any]
) -> Iterator[Criterion]:
    kinds = {each.url: each.type for each in r4().searched_by(type).values()}
    for branch in _branches(type, param.expression):
        for at in range(len(_read(branch)(resource))):
            parts = []
            for component in param.components:
                # R4 4.0.1 publishes this one with the expressions of its two components interchanged.
                looks_at = {"code": "target", "target": "code"} if name == "relationship" else {}
                expressions = (
                    looks_at.get(component.expression, component.expression)
                    .replace("DateTime", "dateTime")
                    .split("|")
                )
                found = [
                    text
                    for expression in expressions
                    for node in _read(f"{branch}[{at}].{expression.strip()}")(resource)
                    for modifier, text in _texts(kinds[component.definition], node)
                    if not modifier
                ]
                parts.append(found[:1])
            if all(parts):
                yield name, "$".join(part[0] for part in parts)


def _branches(type: str, expression: str) -> list[str]:
    """Of a union, what begins at the type or at what all resources have."""
    begins = re.compile(rf"\(?(?:{type}|Resource|DomainResource)\b")
    parts = [part.strip() for part in expression.split("|") if begins.match(part.strip())]
    return [re.sub(r"^(?:Resource|DomainResource)\b", type, part) for part in parts]


@cache
def _read(expression: str) -> Callable[..., list[Any]]:
    # R4 means its `as` of each of several, for which FHIRPath itself has ofType.
    of_each = re.sub(r"\(([\w.\[\]]+) as (\w+)\)|\.as\((\w+)\)", _of_type, expression)
    return fhirpathpy.compile(of_each, model=models["r4"])


def _of_type(said: re.Match[str]) -> str:
    return f"{said[1]}.ofType({said[2]})" if said[1] else f".ofType({said[3]})"


def _texts(kind: str, node: Any) -> Iterator[Criterion]:
    """(modifier, value) pairs that mean the element, for a parameter of the kind."""
    match kind:
        case "token":
            yield from _tokens(node)
        case "reference":
            yield from _references(node)
        case "date":
            yield from (("", text) for text in _dates(node))
        case "number" | "quantity":
            yield from (("", text) for text in _numbers(node))
        case "uri":
            yield "", _escaped(node)
        case "string":
            yield from (("", _escaped(text[:40])) for text in _words(node) if text[:40].strip())


def _tokens(node: Any) -> Iterator[Criterion]:
    if isinstance(node, bool):
        yield "", "true" if node else "false"
    elif isinstance(node, str):
        yield "", _escaped(node)
    elif isinstance(node, dict):
        for each in node.get("coding") or [node]:
            code, system = each.get("code", each.get("value", "")), each.get("system", "")
            if "value" in each and system in CONTACTS:
                yield "", _escaped(code)
            elif code or system:
                yield "", f"{_escaped(system)}|{_escaped(code)}"
            if "display" in each:
                yield ":text", _escaped(each["display"][:40])
        if "text" in node:
            yield ":text", _escaped(node["text"][:40])


def _references(node: Any) -> Iterator[Criterion]:
    if isinstance(node, str):
        yield "", _escaped(node, but="|")
    elif "resourceType" in node:
        if "id" in node:
            yield "", f"{node['resourceType']}/{node['id']}"
    elif isinstance(text := node.get("reference"), str) and not text.startswith("#"):
        yield "", _escaped(text, but="|")
    if isinstance(node, dict) and isinstance(held := node.get("identifier"), dict) and "value" in held:
        yield ":identifier", f"{_escaped(held.get('system', ''))}|{_escaped(held['value'])}"


def _dates(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        period = node.get("repeat", {}).get("boundsPeriod", {}) if "repeat" in node else node
        if "start" in period:
            yield f"ge{period['start']}"
        if "end" in period:
            yield f"le{period['end']}"
        yield from (f"ge{event}" for event in node.get("event", ()))
    elif isinstance(node, str):
        yield node


def _numbers(node: Any) -> Iterator[str]:
    if not isinstance(node, dict):
        yield _digits(node)
    elif "value" in node:
        sign = {"<": "le", "<=": "le", ">": "ge", ">=": "ge"}.get(node.get("comparator", ""), "")
        unit = (
            f"|{_escaped(node['system'])}|{_escaped(node['code'])}"
            if {"system", "code"} <= node.keys()
            else ""
        )
        yield f"{sign}{_digits(node['value'])}{unit}"
    elif "origin" in node:
        limit = node.get("lowerLimit")
        yield from [f"ge{_digits(limit)}"] if limit is not None else _numbers(node["origin"])
    elif isinstance(low := node.get("low"), dict) and "value" in low:
        yield f"ge{_digits(low['value'])}"


def _digits(value: Any) -> str:
    return f"{Decimal(value):f}"


def _words(node: Any) -> Iterator[str]:
    if isinstance(node, str):
        yield node
    elif isinstance(node, dict):
        for name in _WORDS:
            held = node.get(name)
            yield from (
                text for text in (held if isinstance(held, list) else [held]) if isinstance(text, str)
            )


def _escaped(text: str, but: str = "") -> str:
    return "".join(f"\\{sign}" if sign in "\\,$|" and sign not in but else sign for sign in text)
