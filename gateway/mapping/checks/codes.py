"""M120, M121, M141, M106 of codes: our words, R4's codes and the record's choices are the same, both ways."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from marshmallow import Schema, fields, validate

from gateway.conformance.facts import Element
from gateway.mapping.checks.findings import Finding
from gateway.mapping.checks.ground import Atlas
from gateway.mapping.checks.holding import held_by
from gateway.mapping.checks.patterns import outside, pattern_findings
from gateway.mapping.checks.trails import Spot, Trail, Use
from gateway.mapping.checks.ways import binding_holder
from gateway.mapping.codecs import Codes, Plain, PlainKind
from gateway.mapping.problems import Problem, Severity, did_you_mean
from gateway.mapping.rules import Carried, Field, Joint, Origin, Values


def check(spot: Spot, atlas: Atlas, *, whole: bool) -> Iterator[Problem]:
    """What is wrong with the codes that the rules of a block read and write; `whole`: all could be read."""
    for trail in spot.trails:
        if trail.way.whole and trail.value is not None:
            found = pattern_findings(trail.way.end, trail.value, atlas)
            yield from (finding.at(trail.origin) for finding in found)
        if trail.way.whole and trail.rule is not None and trail.use in (Use.WRITTEN, Use.READ):
            yield from _of_words(trail, spot.schema, whole=whole)
            yield from _of_codes(trail, spot.schema, atlas)


def _of_codes(trail: Trail, schema: Schema | None, atlas: Atlas) -> Iterator[Problem]:
    """M120, M121: the codes of a table, or the record's words where they are FHIR's, beside the value set."""
    element = binding_holder(trail.way)
    allowed = None if element is None else atlas.facts.required_codes(element)
    read, written, _ = _table(trail)
    choices = _choices(trail, schema)
    plain = choices is not None and _is_plain(trail)
    if choices is not None and plain:
        read = written = choices
    if allowed is None or element is None or not read:
        return
    path = trail.way.end.path
    if trail.use is Use.WRITTEN:
        for code in sorted(written - allowed):
            text = _outside(code, element, allowed, plain=plain)
            yield Finding("M120", path, text).at(_place(trail, code))
    for code in sorted(read - written - allowed):
        found = Finding("M120", path, outside(code, element, allowed), Severity.WARNING)
        yield found.at(_place(trail, code))
    missing = sorted(allowed - read)
    if missing and not isinstance(trail.rule, Joint):
        listed = ", ".join(map(repr, missing))
        several = len(missing) > 1
        home = "among the record's words" if plain else "in the table"
        text = f"FHIR code{'s' if several else ''} {listed} {'have' if several else 'has'} no entry {home}"
        text += f": {'they' if several else 'it'} would be kept, but not shown"
        yield Finding("M121", path, text, Severity.WARNING).at(trail.origin)


def _place(trail: Trail, code: str) -> Origin:
    """Where the code stands in its table, if that is in a file; else the rule."""
    places = trail.codec.places if isinstance(trail.codec, Codes) else {}
    file, line = places.get(code, (trail.origin.file, trail.origin.line))
    return replace(trail.origin, file=file, line=line)


def _outside(code: str, element: Element, allowed: frozenset[str], *, plain: bool) -> str:
    text = outside(code, element, allowed)
    return f"the record allows it, but {text}; say codes: with the code to write" if plain else text


def _table(trail: Trail) -> tuple[frozenset[str], frozenset[str], Mapping[Any, Any] | None]:
    """The codes that are read, those that are written, and the words of the record (None: no table)."""
    rule = trail.rule
    if isinstance(rule, Carried):
        if trail.number:
            return frozenset(), frozenset(), None
        written = frozenset(codes[0] for codes in rule.theirs_of.values() if codes)
        return frozenset(rule.ours_of), written, rule.theirs_of
    if isinstance(rule, Joint):
        at = trail.number
        written = frozenset(v for row in rule.theirs_of.values() if isinstance(v := row[at], str))
        read = frozenset(v for row in rule.ours_of if isinstance(v := row[at], str))
        return read, written, rule.theirs_of if at == 0 else None
    if isinstance(trail.codec, Codes):
        written = frozenset(trail.codec.theirs_of.values())
        return frozenset(trail.codec.ours_of), written, trail.codec.theirs_of
    return frozenset(), frozenset(), None


def _is_plain(trail: Trail) -> bool:
    return isinstance(trail.codec, Plain) and trail.codec.kind in (PlainKind.ANY, PlainKind.TEXT)


def _choices(trail: Trail, schema: Schema | None) -> frozenset[str] | None:
    """The words that the record's field allows; None when it does not list them."""
    rule = trail.rule
    if schema is None or not isinstance(rule, Field | Values | Joint | Carried):
        return None
    field = held_by(schema, rule.ours, of_items=isinstance(rule, Values))
    for validator in _validators(field):
        if isinstance(validator, validate.OneOf):
            return frozenset(str(choice) for choice in validator.choices)
    return None


def _validators(field: fields.Field[Any] | None) -> Iterable[Any]:
    return () if field is None else field.validators


def _of_words(trail: Trail, schema: Schema | None, *, whole: bool) -> Iterator[Problem]:
    """M106, M141: the words of a table beside those that the record's field allows."""
    _, _, words = _table(trail)
    choices = _choices(trail, schema)
    if words is None or choices is None:
        return
    assert isinstance(trail.rule, Field | Values | Joint | Carried), "only these have a table"
    name, path = ".".join(trail.rule.ours), trail.way.end.path
    ours = {word for word in words if isinstance(word, str)}
    for word in sorted(ours - choices):
        near = did_you_mean(word, sorted(choices))
        text = f"the record's {name!r} does not know the word {word!r}{near}"
        yield Finding("M106", path, text).at(trail.origin)
    for word in sorted(choices - ours) if whole and trail.use is Use.WRITTEN else ():
        text = f"our code {word!r} of {name!r} has no entry in the table: it could not be written"
        yield Finding("M141", path, text).at(trail.origin)
