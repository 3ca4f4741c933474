"""From an element of a known type to the values that a parameter of a known kind finds in it.

What is not of the form that R4 gives its type is no value at all: dirty data is searched as if it were not
there. Source: https://hl7.org/fhir/R4/search.html#table
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from types import MappingProxyType
from typing import Any, Final, TypeAlias

from gateway.conformance.facts import Element, r4
from gateway.conformance.searching.values import (
    FIRST,
    LAST,
    DateValue,
    NumberValue,
    QuantityValue,
    ReferenceValue,
    StringValue,
    Token,
    UriValue,
    Value,
)
from gateway.fhir.dates import FhirDateTime
from gateway.fhir.references import ReferenceKind, parse_reference

Convert: TypeAlias = Callable[[Any], Iterator[Value]]

_QUANTITIES: Final = frozenset(
    {"Quantity", "Age", "Duration", "Count", "Distance", "SimpleQuantity", "MoneyQuantity"}
)
_CURRENCY: Final = "urn:iso:std:iso:4217"
_YES_OR_NO: Final = "http://hl7.org/fhir/special-values"
_NAME_PARTS: Final = ("text", "family", "given", "prefix", "suffix")
_ADDRESS_PARTS: Final = ("text", "line", "city", "district", "state", "postalCode", "country")


def tokens(type: str, element: Element) -> Convert:
    """A conversion to tokens of elements of the type."""
    if type == "code":
        return _codes(element)
    return _TOKENS.get(type, _plain_tokens)


def _codes(element: Element) -> Convert:
    """Codes carry no system: the value set that they are bound to says it."""
    by_system = r4().codes(element.binding) if element.binding else None
    system_of = {code: system for system, codes in (by_system or {}).items() for code in codes}

    def convert(node: Any) -> Iterator[Value]:
        if isinstance(node, str):
            yield Token(system_of.get(node, ""), node, implied=True)

    return convert


def _plain_tokens(node: Any) -> Iterator[Value]:
    if isinstance(node, str):
        yield Token(code=node)


def _booleans(node: Any) -> Iterator[Value]:
    if isinstance(node, bool):
        yield Token(_YES_OR_NO, "true" if node else "false", implied=True)


def _coding(node: Any, *texts: str) -> Iterator[Token]:
    if isinstance(node, dict):
        system, code = _text(node.get("system")), _text(node.get("code"))
        said = tuple(filter(None, (*texts, _text(node.get("display")))))
        if system or code or said:
            yield Token(system, code, texts=said)


def _concepts(node: Any) -> Iterator[Value]:
    if not isinstance(node, dict):
        return
    text, held = _text(node.get("text")), node.get("coding")
    codings = held if isinstance(held, list) else ()
    found = [token for each in codings for token in _coding(each, text)]
    yield from found
    if not found and text:
        yield Token(texts=(text,))


def _identifiers(node: Any) -> Iterator[Value]:
    if not isinstance(node, dict):
        return
    system, value, type = _text(node.get("system")), _text(node.get("value")), node.get("type")
    kinds = [it for it in _concepts(type) if isinstance(it, Token)]
    texts = tuple(filter(None, (_text(type.get("text")),))) if isinstance(type, dict) else ()
    if system or value:
        types = tuple((it.system, it.code) for it in kinds if it.code)
        yield Token(system, value, texts=texts, types=types)


def _contacts(node: Any) -> Iterator[Value]:
    if isinstance(node, dict) and (value := _text(node.get("value"))):
        yield Token(_text(node.get("use")), value)


_TOKENS: Final[Mapping[str, Convert]] = MappingProxyType(
    {
        "boolean": _booleans,
        "Coding": _coding,
        "CodeableConcept": _concepts,
        "Identifier": _identifiers,
        "ContactPoint": _contacts,
    }
)


def references(type: str, element: Element) -> Convert:
    """A conversion to references of elements of the type."""
    if type == "Reference":
        return _literals
    return _inlined if type == "Resource" else _canonicals


def _literals(node: Any) -> Iterator[Value]:
    if not isinstance(node, dict):
        return
    identifier = next((it for it in _identifiers(node.get("identifier")) if isinstance(it, Token)), None)
    held = (identifier.system, identifier.code) if identifier and identifier.code else None
    text = node.get("reference")
    if isinstance(text, str):
        found = parse_reference(text)
        if found.kind in (ReferenceKind.RELATIVE, ReferenceKind.ABSOLUTE):
            yield ReferenceValue(found.type, found.id, found.version, found.base, identifier=held)
            return
        if found.kind is not ReferenceKind.FRAGMENT:
            yield ReferenceValue(url=text, identifier=held)
            return
    if held is not None:
        yield ReferenceValue(identifier=held)


def _canonicals(node: Any) -> Iterator[Value]:
    if not isinstance(node, str):
        return
    url, _, version = node.partition("|")
    found = parse_reference(url)
    if found.kind is ReferenceKind.RELATIVE:
        yield ReferenceValue(found.type, found.id, found.version)
    elif url:
        yield ReferenceValue(url=url, version=version or None)


def _inlined(node: Any) -> Iterator[Value]:
    if isinstance(node, dict) and isinstance(node.get("resourceType"), str):
        yield ReferenceValue(node["resourceType"], _text(node.get("id")) or None)


def dates(type: str, element: Element) -> Convert:
    """A conversion to spans of time of elements of the type."""
    return _DATES.get(type, _nothing)


def _nothing(node: Any) -> Iterator[Value]:
    """Of a choice's type that says no time: words, an age."""
    return iter(())


def _moments(node: Any) -> Iterator[Value]:
    span = _span(node)
    if span is not None:
        yield span


def _periods(node: Any) -> Iterator[Value]:
    if not isinstance(node, dict):
        return
    start, end = _span(node.get("start")), _span(node.get("end"))
    unreadable = any(
        node.get(name) is not None and not span for name, span in (("start", start), ("end", end))
    )
    if (start or end) and not unreadable:  # an end that cannot be read is no open end
        yield DateValue(start.since if start else FIRST, end.until if end else LAST)


def _timings(node: Any) -> Iterator[Value]:
    if not isinstance(node, dict):
        return
    events = node.get("event")
    spans = [span for each in (events if isinstance(events, list) else ()) if (span := _span(each))]
    if spans:
        yield DateValue(min(it.since for it in spans), max(it.until for it in spans))
    repeat = node.get("repeat")
    if isinstance(repeat, dict):
        yield from _periods(repeat.get("boundsPeriod"))


def _span(node: Any) -> DateValue | None:
    if not isinstance(node, str):
        return None
    try:
        known = FhirDateTime.parse(node)
    except ValueError:
        return None
    return DateValue(known.earliest(), known.latest())


_DATES: Final[Mapping[str, Convert]] = MappingProxyType(
    {"date": _moments, "dateTime": _moments, "instant": _moments, "Period": _periods, "Timing": _timings}
)


def numbers(type: str, element: Element) -> Convert:
    """A conversion to numbers of elements of the type."""
    return _number_ranges if type == "Range" else _plain_numbers


def _plain_numbers(node: Any) -> Iterator[Value]:
    value = _number(node)
    if value is not None:
        yield NumberValue(value, value)


def _number_ranges(node: Any) -> Iterator[Value]:
    for found in _ranges(node):
        assert isinstance(found, QuantityValue), "a range is of quantities"
        yield NumberValue(found.low, found.high)


def quantities(type: str, element: Element) -> Convert:
    """A conversion to amounts of elements of the type."""
    if type in _QUANTITIES:
        return _amounts
    return {"Money": _money, "Range": _ranges, "SampledData": _samples}.get(type, _bare_amounts)


def _amounts(node: Any) -> Iterator[Value]:
    value = _number(node.get("value")) if isinstance(node, dict) else None
    if value is None:
        return
    sign = node.get("comparator")
    low = None if sign in ("<", "<=") else value
    high = None if sign in (">", ">=") else value
    yield QuantityValue(low, high, *_unit(node))


def _money(node: Any) -> Iterator[Value]:
    value = _number(node.get("value")) if isinstance(node, dict) else None
    if value is not None:
        currency = _text(node.get("currency"))
        yield QuantityValue(value, value, _CURRENCY if currency else "", currency, currency)


def _ranges(node: Any) -> Iterator[Value]:
    if not isinstance(node, dict):
        return
    low, high = node.get("low"), node.get("high")
    ends = [_number(end.get("value")) if isinstance(end, dict) else None for end in (low, high)]
    if ends != [None, None]:
        yield QuantityValue(ends[0], ends[1], *_unit(low if isinstance(low, dict) else high))


def _samples(node: Any) -> Iterator[Value]:
    if not isinstance(node, dict) or not isinstance(node.get("origin"), dict):
        return
    low, high = _number(node.get("lowerLimit")), _number(node.get("upperLimit"))
    if low is None and high is None:
        yield from _amounts(node["origin"])
    else:
        yield QuantityValue(low, high, *_unit(node["origin"]))


def _bare_amounts(node: Any) -> Iterator[Value]:
    value = _number(node)
    if value is not None:
        yield QuantityValue(value, value)


def _unit(node: Any) -> tuple[str, str, str]:
    if not isinstance(node, dict):
        return "", "", ""
    return _text(node.get("system")), _text(node.get("code")), _text(node.get("unit"))


def strings(type: str, element: Element) -> Convert:
    """A conversion to words of elements of the type."""
    if type in ("HumanName", "Address"):
        parts = _NAME_PARTS if type == "HumanName" else _ADDRESS_PARTS
        return lambda node: _words_at(node, parts)
    return _annotations if type == "Annotation" else _plain_words


def _words_at(node: Any, parts: tuple[str, ...]) -> Iterator[Value]:
    if isinstance(node, dict):
        for name in parts:
            held = node.get(name)
            for each in held if isinstance(held, list) else (held,):
                yield from _plain_words(each)


def _annotations(node: Any) -> Iterator[Value]:
    return _words_at(node, ("text",))


def _plain_words(node: Any) -> Iterator[Value]:
    if isinstance(node, str) and node:
        yield StringValue(node)


def uris(type: str, element: Element) -> Convert:
    """A conversion to uris of elements of the type."""
    return _plain_uris


def _plain_uris(node: Any) -> Iterator[Value]:
    if isinstance(node, str) and node:
        yield UriValue(node)


def _number(node: Any) -> Decimal | None:
    if isinstance(node, bool):
        return None
    if isinstance(node, int):
        return Decimal(node)
    return node if isinstance(node, Decimal) and node.is_finite() else None


def _text(node: Any) -> str:
    return node if isinstance(node, str) else ""
