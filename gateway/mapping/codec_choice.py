"""Which codec a rule asks for: `as`, `ref` or `codes`, or else what the element's name says."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from gateway.mapping.code_tables import codes_of, table_node
from gateway.mapping.codecs import (
    AnyReference,
    Codec,
    CodingCodec,
    Concept,
    Day,
    Minutes,
    Moment,
    Plain,
    PlainKind,
    QuantityIn,
    RecordReference,
)
from gateway.mapping.codecs.pairs import PAIRS
from gateway.mapping.codecs.plain import COMPLEX_SUFFIXES, KIND_OF_SUFFIX
from gateway.mapping.conceptmap_reader import names_concept_map, read_translated_concept
from gateway.mapping.paths import Name, Steps
from gateway.mapping.problems import did_you_mean
from gateway.mapping.scope import Scope
from gateway.mapping.yaml_lines import Node

CODECS: Final[Mapping[str, Codec]] = {
    "text": Plain(PlainKind.TEXT),
    "boolean": Plain(PlainKind.BOOLEAN),
    "integer": Plain(PlainKind.INTEGER),
    "decimal": Plain(PlainKind.DECIMAL),
    "date": Day(),
    "utc": Moment(),
    "coding": CodingCodec(),
    "concept": Concept(),
    "concept-and-text": Concept(with_text=True),
}

# UCUM units are printable ASCII without spaces, brackets included: mm[Hg], 10*3/uL.
# Source: https://ucum.org/ucum#section-Character-Set-and-Lexical-Rules
_QUANTITY: Final = re.compile(r"quantity\(([!-~]+)\)")


def codec_for(entries: Mapping[str, Node], node: Node, steps: Steps, scope: Scope, *, choice: bool) -> Codec:
    """The codec of a rule; a problem is reported and answered with the plain codec."""
    if "codes" in entries and "as" in entries and entries["as"].value == "concept":
        table = table_node(entries["codes"], scope)
        if table is not None and names_concept_map(table):
            return read_translated_concept(table, steps, scope) or Plain()
    given = [name for name in ("as", "ref", "codes", "py") if name in entries]
    if len(given) > 1:
        scope.wrong(node, "M105", f"{' and '.join(given)} exclude each other; keep one")
    if "codes" in entries:
        return codes_of(entries["codes"], scope, steps) or Plain()
    if "ref" in entries:
        return _reference(entries["ref"], scope)
    if "py" in entries:
        return _pair(entries["py"], scope)
    if "as" in entries:
        return _named(entries["as"], steps, scope)
    return _by_name(steps, choice=choice)


def _named(node: Node, steps: Steps, scope: Scope) -> Codec:
    word = scope.text(node)
    quantity = _QUANTITY.fullmatch(word)
    if quantity is not None:
        return QuantityIn(quantity[1])
    if word == "minutes":
        return Minutes(bare=_is_bare_number(steps))
    if word not in CODECS:
        near = did_you_mean(word, [*CODECS, "minutes", "quantity(unit)"])
        scope.wrong(node, "M105", f"there is no codec {word!r}{near}")
    return CODECS.get(word, Plain())


def _is_bare_number(steps: Steps) -> bool:
    """Whether the element's name says that it holds a bare number: minutesDuration, valueInteger."""
    last = steps[-1] if steps else None
    if not isinstance(last, Name):
        return False
    _, suffix = value_x(last.name) or ("", "")
    return last.name.startswith("minutes") or KIND_OF_SUFFIX.get(suffix) is PlainKind.INTEGER


def _pair(node: Node, scope: Scope) -> Codec:
    word = scope.text(node)
    if word not in PAIRS:
        scope.wrong(node, "M105", f"there is no pair {word!r}{did_you_mean(word, PAIRS)}")
        return Plain()
    fault = PAIRS[word].fault()
    if fault:
        scope.wrong(node, "M161", f"the pair {word!r} does not undo itself: {fault}")
    return PAIRS[word]


def _reference(node: Node, scope: Scope) -> Codec:
    if node.value == "any":
        return AnyReference()
    types = [scope.type_of(target, node) for target in scope.texts(node)]
    known = [name for name in types if name is not None]
    if isinstance(node.value, list):
        return AnyReference(frozenset(known))
    return RecordReference(known[0]) if known else Plain()


def _by_name(steps: Steps, *, choice: bool) -> Codec:
    last = steps[-1] if steps else None
    if not isinstance(last, Name):
        return Plain()
    _, suffix = value_x(last.name) or ("", "")
    if suffix in KIND_OF_SUFFIX and (choice or last.name.startswith("value")):
        return Plain(KIND_OF_SUFFIX[suffix])
    return Plain()


def value_x(name: str) -> tuple[str, str] | None:
    """An element's name as stem and type, when it can be one of a value[x]; the longest type that fits."""
    fitting = [
        suffix
        for suffix in (*KIND_OF_SUFFIX, *COMPLEX_SUFFIXES)
        if name.endswith(suffix) and len(name) > len(suffix)
    ]
    if not fitting:
        return None
    suffix = max(fitting, key=len)
    return name[: -len(suffix)], suffix
