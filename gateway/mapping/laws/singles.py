"""Single values for generated records: what a codec can express and a field of the schema may hold.

Nobody writes test data for a rule. The pools are what hospitals really send and what breaks mappers:
combining letters, emoji, right-to-left words, dates before 1900, digits that a float would lose.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal
from random import Random
from typing import Any, Final, TypeAlias

from marshmallow import fields, validate

from gateway.mapping.codecs import (
    AnyReference,
    Codec,
    Codes,
    CodingCodec,
    Concept,
    Day,
    Minutes,
    Moment,
    Pair,
    Plain,
    PlainKind,
    QuantityIn,
    RecordReference,
    TranslatedConcept,
    Unmatched,
)
from gateway.mapping.values import same
from gateway.records import scalars

Draw: TypeAlias = Callable[[Random], Any]

IDS: Final = [*"abcdefgh", "b-1", "c.2"]
_WORDS: Final = [
    "walk",
    "eat well",
    "Ärztin",
    "a<b & c",
    "1.10",
    "no",
    "2026",
    "true",
    "null",
    "  spaced ",
    "",
    "été",
    "été",
    "👩🏽\u200d⚕️ visit",
    "שלום",
    "\u202b\u0645\u0631\u062d\u0628\u0627\u202c",
    "two\nlines",
    "{title}",
    "Patient/9",
    "long " * 60,
    "🧪",
    "0",
    'O\'Brien "Bob"',
]
_TYPES: Final = ["Practitioner", "Organization", "Patient", "Condition", "CareTeam", "DocumentReference"]
_DATES: Final = ["1987", "1987-06", "1987-06-05", "2026-11-22", "2000-02-29", "1899-12-31", "1805", "9999-12"]
_MOMENTS: Final = [
    "2026-11-22T09:30:00Z",
    "2015-02-07T13:28:17.2391Z",
    "1999-12-31T23:59:59Z",
    "1871-01-01T00:00:00Z",
    "2026-03-29T01:00:00.100Z",
    "2026-10-25T00:30:00.123456789Z",
    "2000-02-29T00:00:00.0Z",
]
_ZONED: Final = ["2026-11-22T09:30:00+02:00", "1987-06-05T23:59:59.50-09:30", "2026-03-29T01:30:00+14:00"]
_NUMBERS: Final = [0, 7, 120, -3] + [
    Decimal(digits)
    for digits in (
        "1.10",
        "-0.5",
        "1E+3",
        "0.0",
        "0.10000000000000000001",
        "1234567890123456789.10",
        "6.0E-7",
        "100",
    )
]
_SYSTEMS: Final = ["http://snomed.info/sct", "http://loinc.org", "https://example.org/codes", "urn:oid:1.2.3"]
_CODES: Final = ["73211009", "x", "LA-1", "assess plan", "X"]


def single(codec: Codec, field: fields.Field[Any] | None) -> Draw:
    """How to draw a value that this codec can express and this field may hold."""
    match codec:
        case Codes():
            return _one_of(sorted(words_that_return(codec), key=str))
        case RecordReference():
            foreign = [
                f"https://ehr.example/fhir/{codec.type}/z",
                f"http://h.example/r4/{codec.type}/z/_history/2",
            ]
            if not codec.typed_only:
                foreign += ["urn:uuid:5b1f5e0e-3a4c-4b7e-9f6e-0c6a3f5f2d11", "#contained-1"]
            return _often(_one_of(IDS), _one_of(foreign))
        case AnyReference():
            return _any_reference(codec)
        case TranslatedConcept():
            return _one_of(_translated(codec))
        case Concept():
            return _concept(with_text=codec.with_text)
        case CodingCodec():
            return _concept(with_text=False)
        case Day():
            return _one_of(_DATES)
        case Moment():
            return _one_of([*_DATES, *_MOMENTS])
        case Plain():
            return _plain(codec.kind, field)
        case QuantityIn():
            return _one_of(_NUMBERS)
        case Minutes():
            return _one_of([0, 1, 7, 30, 60, 90, 1440, 20160])
        case Pair():
            return _one_of([codec.read(sample) for sample in codec.samples])
        case _:
            raise NotImplementedError(f"no values are generated for the codec {type(codec).__name__}")


def words_that_return(codec: Codes) -> list[str | bool]:
    """The words of a table; of a ConceptMap's those that come back: the use of any other one is reported."""
    table = codec.theirs_of.items()
    return [word for word, code in table if not codec.lossy_out(word) or same(codec.read(code), word)]


def _one_of(values: Sequence[Any]) -> Draw:
    return lambda random: random.choice(values)


def _often(usual: Draw, seldom: Draw) -> Draw:
    return lambda random: (usual if random.random() < 0.75 else seldom)(random)


def _any_reference(codec: AnyReference) -> Draw:
    names = sorted(codec.types) or _TYPES
    texts = [f"{name}/{number}" for name in names for number in ("a", "b-1", "c.2", "d", "a/_history/3")]
    foreign = [f"https://ehr.example/fhir/{names[0]}/z"]
    if not codec.typed_only:
        foreign += ["urn:uuid:5b1f5e0e-3a4c-4b7e-9f6e-0c6a3f5f2d11", "#contained-1"]
    return _often(_one_of(texts), _one_of(foreign))


def _translated(codec: TranslatedConcept) -> list[Any]:
    """Each of our codes with the display that the ConceptMap gives it, as far as it comes back."""
    table = codec.table
    codes = {code for code, theirs in table.theirs_of.items() if table.ours_of.get(theirs) == code}
    codes |= frozenset() if codec.unmatched is Unmatched.ERROR else table.unmatched
    codes |= table.theirs_of.keys() if codec.unmatched is Unmatched.CARRY else set()
    shown = [(code, table.our_displays.get(code)) for code in sorted(codes)]
    return [
        {"system": table.ours, "code": code, **({"display": text} if text else {})} for code, text in shown
    ]


def _plain(kind: PlainKind, field: fields.Field[Any] | None) -> Draw:
    match kind:
        case PlainKind.BOOLEAN:
            return _one_of([True, False])
        case PlainKind.INTEGER:
            return _one_of([0, 1, 2, 3, 50, 2147483647])
        case PlainKind.DECIMAL:
            return _one_of(_NUMBERS)
        case PlainKind.DATE:
            return _one_of(_DATES)
        case PlainKind.DATE_TIME:
            return _one_of([*_DATES, *_MOMENTS, *_ZONED])
        case PlainKind.INSTANT:
            return _one_of([*_MOMENTS, *_ZONED])
        case _:
            return _by_field(field)


def _by_field(field: fields.Field[Any] | None) -> Draw:
    if choices := _choices(field):
        return _one_of(choices)
    match field:
        case fields.Boolean():
            return _one_of([True, False])
        case fields.Integer():
            return _one_of([1, 2, 3, 50])
        case fields.Decimal():
            return _one_of(_NUMBERS)
        case scalars.InstantText():
            return _one_of([*_MOMENTS, *_ZONED])
        case scalars.DateTimeText():
            return _one_of([*_DATES, *_MOMENTS, *_ZONED])
        case scalars.DateText():
            return _one_of(_DATES)
        case scalars.RecordId() | scalars.ItemId():
            return _one_of(IDS)
        case scalars.Uri():
            return _one_of(_SYSTEMS)
        case scalars.CodeText():
            return _one_of(_CODES)
        case _:
            return _one_of(_WORDS)


def _choices(field: fields.Field[Any] | None) -> list[Any]:
    for validator in field.validators if field is not None else ():
        if isinstance(validator, validate.OneOf):
            return list(validator.choices)
    return []


def _concept(*, with_text: bool) -> Draw:
    def draw(random: Random) -> dict[str, Any]:
        if with_text and random.random() < 0.2:
            return {"text": random.choice(_WORDS)}
        concept = {"code": random.choice(_CODES)}
        if random.random() < 0.7:
            concept["system"] = random.choice(_SYSTEMS)
        if random.random() < 0.6:
            concept["display"] = random.choice(_WORDS)
        if with_text and random.random() < 0.5:
            concept["text"] = random.choice(_WORDS)
        return concept

    return draw
