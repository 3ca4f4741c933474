"""M104, M105, M106: what a rule reads is of the type that its codec takes, and fits into its record field."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from gateway.conformance.facts import Element
from gateway.mapping.checks.findings import Finding
from gateway.mapping.checks.ground import Atlas, Ground
from gateway.mapping.checks.holding import cannot_hold
from gateway.mapping.checks.patterns import NUMBERS, WHOLE_NUMBERS
from gateway.mapping.checks.trails import Spot, Trail, Use
from gateway.mapping.checks.ways import Way
from gateway.mapping.codecs import (
    AnyReference,
    Codec,
    Codes,
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
from gateway.mapping.problems import Problem
from gateway.mapping.rules import Carried, Joint

_VALUES: Final = (Use.READ, Use.WRITTEN, Use.LINK)
_QUANTITIES: Final = frozenset({"Quantity", "Age", "Count", "Distance", "Duration"})
_PARTS: Final = {
    "CodeableConcept": "say as: concept, or map one of its parts, e.g. {0}.text",
    "Coding": "say as: coding, or map one of its parts, e.g. {0}.code",
    "Reference": "end the path in {0}.reference and say ref: any, or ref: with a record or type",
    "Period": "map its parts, {0}.start and {0}.end",
    "Range": "map its parts, {0}.low.value and {0}.high.value",
    "Identifier": "map its parts, e.g. {0}.value",
    "Annotation": "map its parts, e.g. {0}.text",
    "Money": "map its parts, {0}.value with as: decimal, and {0}.currency",
    **dict.fromkeys(_QUANTITIES, "map its parts, e.g. {0}.value with as: decimal, or say as: quantity(unit)"),
}


def check(spot: Spot, atlas: Atlas) -> Iterator[Problem]:
    """The rules of a block whose codec cannot read their element, or whose field cannot hold what is read."""
    for trail in spot.trails:
        if trail.use not in _VALUES or not trail.way.whole or trail.way.end.is_anything:
            continue
        wrong = _mistyped(trail, atlas)
        if wrong is None and trail.use is not Use.LINK:
            wrong = cannot_hold(trail, spot.schema, atlas)
        if wrong is not None:
            yield wrong.at(trail.origin)


def _mistyped(trail: Trail, atlas: Atlas) -> Finding | None:
    ground = trail.way.end
    codec = trail.codec
    if trail.use is Use.LINK:
        codec = AnyReference()
    if isinstance(trail.rule, Joint | Carried):
        codec = Plain(PlainKind.ANY if isinstance(trail.rule, Joint) else PlainKind.TEXT)
    if codec is None or len(ground.element.types) != 1:
        return None
    complaint = _complaint(codec, trail.way, ground.element.types[0], atlas)
    return None if complaint is None else Finding(complaint[0], ground.path, complaint[1])


def _complaint(codec: Codec, way: Way, kind: str, atlas: Atlas) -> tuple[str, str] | None:
    held = atlas.facts.type(kind)
    primitive = held is not None and held.primitive
    name = way.end.element.name
    match codec:
        case Concept():
            return None if kind == "CodeableConcept" else _wrong(name, kind, "as: concept", "CodeableConcept")
        case CodingCodec():
            return None if kind == "Coding" else _wrong(name, kind, "as: coding", "Coding")
        case QuantityIn():
            return None if kind in _QUANTITIES else _wrong(name, kind, "as: quantity", "Quantity")
        case Minutes(bare=False):
            return None if kind in ("Duration", "Quantity") else _wrong(name, kind, "as: minutes", "Duration")
        case RecordReference() | AnyReference():
            return _no_reference(way, kind)
        case Plain() | Codes() | Day() | Moment() | Minutes() if not primitive:
            parts = _PARTS.get(kind, f"map one of its parts: {_some(way.end, atlas)}").format(name)
            return "M104", f"{name!r} is {_a(kind)}, not a plain value; {parts}"
        case Codes():
            textual = _is_text(kind)
            return None if textual else _wrong(name, kind, "codes:", "code", "leave codes out")
        case Day():
            fits = kind in ("date", "dateTime")
            return None if fits else _wrong(name, kind, "as: date", "date", _time_hint(kind))
        case Moment():
            fits = kind in ("dateTime", "instant")
            return None if fits else _wrong(name, kind, "as: utc", "dateTime", _time_hint(kind))
        case Plain(kind=wanted) if not _takes(wanted, kind):
            return _wrong(name, kind, f"as: {wanted.value}", wanted.value)
    return None


def _takes(wanted: PlainKind, kind: str) -> bool:
    known: Mapping[PlainKind, bool] = {
        PlainKind.ANY: True,
        PlainKind.TEXT: _is_text(kind),
        PlainKind.INTEGER: kind in WHOLE_NUMBERS,
        PlainKind.DECIMAL: kind in NUMBERS | WHOLE_NUMBERS,
        PlainKind.DATE: kind in ("date", "dateTime"),
        PlainKind.DATE_TIME: kind in ("dateTime", "instant", "date"),
    }
    return known.get(wanted, kind == wanted.value)


def _is_text(kind: str) -> bool:
    return kind not in NUMBERS | WHOLE_NUMBERS and kind != "boolean"


def _time_hint(kind: str) -> str:
    hints = {"date": "say as: date", "dateTime": "say as: utc", "instant": "say as: utc"}
    return hints.get(kind, "leave as out")


def _wrong(name: str, kind: str, said: str, wanted: str, hint: str = "") -> tuple[str, str]:
    hint = hint or {"CodeableConcept": "say as: concept", "Coding": "say as: coding"}.get(
        kind, "leave as out"
    )
    return "M105", f"{name!r} is {_a(kind)}; {said!r} reads {_a(wanted)}: {hint}"


def _no_reference(way: Way, kind: str) -> tuple[str, str] | None:
    name = way.end.element.name
    holder = way.stops[-1].holder if way.stops else way.start
    if name == "reference" and holder.element.types == ("Reference",):
        return None
    if kind == "Reference":
        return "M104", f"{name!r} is a Reference, an object; end the path in {name}.reference"
    return "M105", f"{name!r} is {_a(kind)}, no Reference: leave ref out"


def _a(kind: str) -> str:
    return f"an {kind}" if kind[0] in "AEIOaeio" else f"a {kind}"


def _some(ground: Ground, atlas: Atlas) -> str:
    own = [e for e in atlas.facts.children(ground.element) if not _is_shared(e)]
    return ", ".join(f"{ground.element.name}.{each.name}" for each in own[:4])


def _is_shared(element: Element) -> bool:
    return element.name in ("id", "extension", "modifierExtension")
