"""Generated records: every value that a rule file and its schema allow, drawn by hypothesis.

Nobody writes test data for a rule: what a rule reads follows from its codec, what a field may hold from its
schema.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Final, TypeAlias

from hypothesis import strategies as st
from marshmallow import Schema, fields, validate

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
from gateway.mapping.paths import Name, Steps
from gateway.mapping.rules import (
    BackLinkedParts,
    Block,
    Carried,
    Choice,
    Field,
    Items,
    Joint,
    LinkedParts,
    Ours,
    Rule,
    Switch,
    SwitchCase,
    Values,
)
from gateway.mapping.schema_fields import find, item_schema
from gateway.mapping.terminology import Translation
from gateway.mapping.values import MISSING, dig, plant, tidy
from gateway.records import scalars

Record: TypeAlias = dict[str, Any]

_WORDS: Final = st.sampled_from(["walk", "eat well", "Ärztin", "a<b & c", "1.10", "no", "2026", "  spaced "])
_IDS: Final = st.sampled_from(["a", "b-1", "c.2", "d", "e", "f", "g", "h"])
_TYPES: Final = ["Practitioner", "Organization", "Patient", "Condition", "CareTeam", "DocumentReference"]
_DATES: Final = st.sampled_from(["1987", "1987-06", "1987-06-05", "2026-11-22", "2000-02-29"])
_MOMENTS: Final = st.sampled_from(
    ["2026-11-22T09:30:00Z", "2015-02-07T13:28:17.2391Z", "1999-12-31T23:59:59Z"]
)
_NUMBERS: Final = st.sampled_from([0, 7, Decimal("1.10"), Decimal("-0.5"), Decimal("1E+3"), 120])
_SYSTEMS: Final = st.sampled_from(["http://snomed.info/sct", "http://loinc.org", "https://example.org/codes"])
_CODES: Final = st.sampled_from(["73211009", "x", "LA-1", "assess plan"])


def records(block: Block, schema: Schema | None) -> st.SearchStrategy[Record]:
    """Records of a block, each field there or not, without read-only fields; an item is never empty."""
    return _objects(block, schema).filter(lambda view: tidy(view) is not None)


def values(rule: Rule, schema: Schema | None) -> st.SearchStrategy[Any]:
    """Values for the field of one rule; for a choice, an object of the fields of one of its alternatives."""
    match rule:
        case Field():
            return single(rule.codec, find(schema, rule.ours))
        case Values():
            one = single(rule.codec, _item_field(find(schema, rule.ours)))
            return one if rule.one else st.lists(one, max_size=4)
        case Items():
            return _lists(records(rule.block, item_schema(find(schema, rule.ours))), rule.key)
        case LinkedParts() | BackLinkedParts():
            inner = item_schema(find(schema, rule.ours))
            mark = "" if getattr(rule, "first", True) else "-2"  # two lists of one type share no id
            named = st.tuples(records(rule.block, inner), _IDS).map(
                lambda pair: {**pair[0], "id": pair[1] + mark}
            )
            return _lists(named, (("id",),))
        case Joint() | Carried():
            return st.sampled_from(sorted(rule.theirs_of, key=str))
        case Switch():
            return st.one_of([_of_case(rule, case, schema) for case in rule.cases])
        case Choice():
            ways = [
                _planted({each.ours: values(each, schema) for each in way.rules if not each.read_only})
                for way in rule.alternatives
            ]
            return st.one_of(ways)


def _of_case(rule: Switch, case: SwitchCase, schema: Schema | None) -> st.SearchStrategy[Record]:
    """The word of a case with what its rules may hold; a guard that asks for an element needs it filled."""
    word: Record = {}
    plant(word, rule.ours, case.word)
    drawn = st.tuples(st.just(word), _objects(case.block, schema)).map(_merged)
    asked = [
        [
            rule.ours
            for rule in case.block.rules
            if not isinstance(rule, Choice) and _path(rule)[: len(steps)] == steps
        ]
        for steps, value in case.guard.conditions
        if value is MISSING
    ]
    return drawn.filter(lambda view: all(any(dig(view, ours) for ours in fields) for fields in asked))


def _path(rule: Rule) -> Steps:
    match rule:
        case Field() | Carried():
            return rule.steps
        case Values() | Items():
            return (*rule.list.holder, Name(rule.list.name))
        case _:
            return ()


def single(codec: Codec, field: fields.Field[Any] | None) -> st.SearchStrategy[Any]:
    """Values that this codec can express and this field may hold."""
    match codec:
        case Codes():
            # Words that a ConceptMap writes as another's code do not come back: each such use is reported.
            table = codec.translation
            words = [w for w in codec.theirs_of if table is None or _comes_back(table, str(w))]
            return st.sampled_from(sorted(words, key=str))
        case TranslatedConcept():
            return st.sampled_from(_translated(codec))
        case RecordReference():
            foreign = "https://ehr.example/fhir/" + codec.type + "/z"
            return st.one_of(_IDS, _IDS, st.just(foreign))
        case AnyReference():
            names = st.sampled_from(sorted(codec.types) or _TYPES)
            return st.tuples(names, _IDS).map("/".join)
        case Concept():
            return _concepts(with_text=codec.with_text)
        case CodingCodec():
            return _concepts(with_text=False)
        case Day():
            return _DATES
        case Moment():
            return st.one_of(_DATES, _MOMENTS)
        case Plain():
            return _plain(codec.kind, field)
        case QuantityIn():
            return _NUMBERS
        case Minutes():
            return st.sampled_from([1, 7, 30, 60, 90, 1440, 20160])
        case Pair():
            return st.sampled_from([codec.read(sample) for sample in codec.samples])
        case _:
            raise NotImplementedError(f"no values are generated for the codec {type(codec).__name__}")


def _comes_back(table: Translation, code: str) -> bool:
    theirs = table.theirs_of.get(code)
    return theirs is not None and table.ours_of.get(theirs) == code


def _translated(codec: TranslatedConcept) -> list[Any]:
    """Each of our codes with the display that the ConceptMap gives it, as far as it comes back."""
    table = codec.table
    codes = {code for code in table.theirs_of if _comes_back(table, code)}
    codes |= frozenset() if codec.unmatched is Unmatched.ERROR else table.unmatched
    codes |= table.theirs_of.keys() if codec.unmatched is Unmatched.CARRY else set()
    shown = [(code, table.our_displays.get(code)) for code in sorted(codes)]
    return [
        {"system": table.ours, "code": code, **({"display": text} if text else {})} for code, text in shown
    ]


def _plain(kind: PlainKind, field: fields.Field[Any] | None) -> st.SearchStrategy[Any]:
    match kind:
        case PlainKind.BOOLEAN:
            return st.booleans()
        case PlainKind.INTEGER:
            return st.integers(1, 50)
        case PlainKind.DECIMAL:
            return _NUMBERS
        case PlainKind.DATE:
            return _DATES
        case PlainKind.DATE_TIME:
            return st.one_of(_DATES, _MOMENTS)
        case PlainKind.INSTANT:
            return _MOMENTS
        case _:
            return _by_field(field)


def _by_field(field: fields.Field[Any] | None) -> st.SearchStrategy[Any]:
    choices = _choices(field)
    if choices:
        return st.sampled_from(choices)
    match field:
        case fields.Boolean():
            return st.booleans()
        case fields.Integer():
            return st.integers(1, 50)
        case fields.Decimal():
            return _NUMBERS
        case scalars.InstantText():
            return _MOMENTS
        case scalars.DateTimeText():
            return st.one_of(_DATES, _MOMENTS)
        case scalars.DateText():
            return _DATES
        case scalars.RecordId() | scalars.ItemId():
            return _IDS
        case scalars.Uri():
            return _SYSTEMS
        case scalars.CodeText():
            return _CODES
        case _:
            return _WORDS


def _choices(field: fields.Field[Any] | None) -> list[Any]:
    for validator in field.validators if field is not None else ():
        if isinstance(validator, validate.OneOf):
            return list(validator.choices)
    return []


def _concepts(*, with_text: bool) -> st.SearchStrategy[Any]:
    coded = st.fixed_dictionaries({"code": _CODES}, optional={"system": _SYSTEMS, "display": _WORDS})
    if not with_text:
        return coded
    worded = st.tuples(coded, _WORDS).map(lambda pair: {**pair[0], "text": pair[1]})
    return st.one_of(coded, worded, _WORDS.map(lambda text: {"text": text}))


def _objects(block: Block, schema: Schema | None) -> st.SearchStrategy[Record]:
    optional: dict[Ours, st.SearchStrategy[Any]] = {}
    choices: list[st.SearchStrategy[Record]] = []
    for rule in block.rules:
        if isinstance(rule, Choice | Switch):
            choices.append(st.one_of(st.just({}), values(rule, schema)))
        elif not _is_hidden(rule):
            optional[rule.ours] = values(rule, schema)
    return st.tuples(_planted(optional), *choices).map(_merged)


def _is_hidden(rule: Rule) -> bool:
    if isinstance(rule, Field):
        return rule.read_only or rule.copied
    return isinstance(rule, Values | Items | Joint | Carried) and rule.read_only


def _planted(optional: dict[Ours, st.SearchStrategy[Any]]) -> st.SearchStrategy[Record]:
    def plant_all(flat: dict[Ours, Any]) -> Record:
        view: Record = {}
        for ours, value in flat.items():
            plant(view, ours, value)
        return view

    return st.fixed_dictionaries({}, optional=optional).map(plant_all)


def _merged(views: tuple[Record, ...]) -> Record:
    merged: Record = {}
    for view in views:
        for name, value in view.items():
            both = isinstance(merged.get(name), dict) and isinstance(value, dict)
            merged[name] = {**merged[name], **value} if both else value
    return tidy(merged) or {}


def _lists(items: st.SearchStrategy[Any], key: tuple[Ours, ...]) -> st.SearchStrategy[list[Any]]:
    if not key:
        return st.lists(items, max_size=3)
    # Two items with one key are legal FHIR and tested elsewhere; which of them is which cannot be said.
    return st.lists(items, max_size=4, unique_by=lambda view: repr([dig(view, ours) for ours in key]))


def _item_field(field: fields.Field[Any] | None) -> fields.Field[Any] | None:
    return field.inner if isinstance(field, fields.List) else field
