"""M106: whether a record field can hold what its rule reads. Tried with values of the element's type.

The field's own type is asked, with a value or two of each form that R4 allows; its further validators (one of
these words, so many at most) are a matter of codes and of the single record.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Final

from marshmallow import Schema, ValidationError, fields

from gateway.mapping.checks.findings import Finding
from gateway.mapping.checks.ground import Atlas
from gateway.mapping.checks.trails import Trail
from gateway.mapping.codecs import AnyReference, Codec, Codes, Pair, RecordReference
from gateway.mapping.rules import Carried, Field, Joint, Ours, Values
from gateway.mapping.schema_fields import find

_MOMENT: Final = "2026-11-22T09:30:00Z"
_QUANTITY: Final = {"value": 2, "unit": "h", "system": "http://unitsofmeasure.org", "code": "h"}
# Values of every form that R4 allows, by type. Source: https://hl7.org/fhir/R4/datatypes.html#primitive
_SAMPLES: Final[dict[str, list[Any]]] = {
    "boolean": [True],
    "integer": [1],
    "positiveInt": [1],
    "unsignedInt": [1],
    "decimal": [Decimal("1.5"), 1],
    "date": ["2026-11-22", "2026-11", "2026"],
    "dateTime": [_MOMENT, "2026-11-22", "2026-11", "2026"],
    "instant": [_MOMENT],
    "time": ["09:30:00"],
    "string": ["Some words"],
    "markdown": ["Some words"],
    "code": ["a-code"],
    "id": ["an-id"],
    "uri": ["https://care-gateway.example/a"],
    "url": ["https://care-gateway.example/a"],
    "canonical": ["https://care-gateway.example/a"],
    "oid": ["urn:oid:1.2.3"],
    "uuid": ["urn:uuid:c757873d-ec9a-4326-a141-556f43239520"],
    "base64Binary": ["aGVsbG8="],
    "Coding": [{"system": "https://care-gateway.example/codes", "code": "a", "display": "A"}],
    "CodeableConcept": [
        {
            "coding": [{"system": "https://care-gateway.example/codes", "code": "a", "display": "A"}],
            "text": "A",
        }
    ],
    **{kind: [_QUANTITY] for kind in ("Quantity", "Age", "Count", "Distance", "Duration")},
}
_HINTS: Final = {
    ("dateTime", "DateText"): "add as: date",
    ("instant", "DateText"): "add as: date",
}


def cannot_hold(trail: Trail, schema: Schema | None, atlas: Atlas) -> Finding | None:
    """That the record's field refuses a value that R4 allows in the element and the codec reads."""
    rule = trail.rule
    if schema is None or not isinstance(rule, Field | Values | Joint | Carried):
        return None
    if isinstance(rule, Field) and rule.copied:
        return None
    field = held_by(schema, rule.ours, of_items=isinstance(rule, Values))
    if field is None:
        return None
    end = trail.way.end
    if isinstance(rule, Joint | Carried) or isinstance(trail.codec, Codes):
        words = trail.codec.theirs_of if isinstance(trail.codec, Codes) else rule.theirs_of  # type: ignore[union-attr]
        return _no_words(field, ".".join(rule.ours), list(words), end.path)
    assert trail.codec is not None, "only tables have no codec"
    for sample in _samples(trail.codec, end.element.name, end.element.types):
        shown = trail.codec.read(sample)
        reason = None if shown is None else refusal(field, shown)
        if reason is not None:
            name, kind = ".".join(rule.ours), end.element.types[0]
            hint = _HINTS.get((kind, type(field).__name__), "")
            hint = f"; {hint}" if hint else ""
            text = f"the record's {name!r} cannot hold every {kind} (it {reason}, {shown!r} is none){hint}"
            return Finding("M106", end.path, text)
    return None


def _no_words(field: fields.Field[Any], name: str, words: list[str | bool], path: str) -> Finding | None:
    for word in words:
        reason = refusal(field, word)
        if reason is not None:
            text = f"the record's {name!r} cannot hold the word {word!r} of the table: it {reason}"
            return Finding("M106", path, text)
    return None


def held_by(schema: Schema, ours: Ours, *, of_items: bool) -> fields.Field[Any] | None:
    """The record's field, or what a list of it holds."""
    field = find(schema, ours)
    return field.inner if of_items and isinstance(field, fields.List) else field


def refusal(field: fields.Field[Any], value: Any) -> str | None:
    """Why the field's type does not take the value; None when it does."""
    try:
        field._deserialize(value, None, None)
    except ValidationError as error:
        found: Any = error.messages
        while isinstance(found, dict | list) and found:
            found = next(iter(found.values())) if isinstance(found, dict) else found[0]
        return str(found)
    return None


def _samples(codec: Codec, name: str, types: tuple[str, ...]) -> list[Any]:
    match codec:
        case RecordReference():
            return [f"{codec.type}/9"]
        case AnyReference():
            return [f"{min(codec.types, default='Patient')}/9"]
        case Pair():
            return list(codec.samples)
    if name == "id":
        return ["an-id"]
    return _SAMPLES.get(types[0], []) if len(types) == 1 else []
