"""How compiled code reads one value: in place for the plain codecs, by the codec itself for all others."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypeAlias

from gateway.fhir.resource_types import R4_TYPES
from gateway.mapping.codecs import AnyReference, Codec, Codes, Concept, Day, Plain, PlainKind, RecordReference
from gateway.mapping.compiler.runtime import link_to
from gateway.mapping.compiler.script import Script

Sink: TypeAlias = Callable[[str], None]
"""Writes what becomes of a value, given as an expression."""

_TIMES: Final = {
    PlainKind.DATE: "date",
    PlainKind.DATE_TIME: "date_time",
    PlainKind.INSTANT: "instant",
}
_PLAIN: Final = {
    PlainKind.ANY: "{0}.__class__ is str or isinstance({0}, SINGLE)",
    PlainKind.TEXT: "{0}.__class__ is str or isinstance({0}, str)",
    PlainKind.BOOLEAN: "isinstance({0}, bool)",
    PlainKind.INTEGER: "isinstance({0}, int) and not isinstance({0}, bool)",
    PlainKind.DECIMAL: "isinstance({0}, NUMBER) and not isinstance({0}, bool)",
    **{
        kind: f"isinstance({{0}}, str) and (PLAIN_{name.upper()}({{0}}) or is_{name}({{0}}))"
        for kind, name in _TIMES.items()
    },
}


def plain_test(codec: Codec) -> str | None:
    """What is asked of a value that passes as it is; None when the codec does more than that.

    Most values are texts, and `__class__` says so in a third of the time that `isinstance` takes.
    """
    return _PLAIN.get(codec.kind) if isinstance(codec, Plain) else None


def read_value(script: Script, codec: Codec, value: str, sink: Sink) -> None:
    """Read the value of this name, and go on with what it says when it says anything."""
    test = plain_test(codec)
    if test is not None:
        with script.inside(f"if {test.format(value)}:"):
            sink(value)
        return
    read = script.name("said")
    if isinstance(codec, Codes):
        table = script.constant(codec.ours_of, "codes")
        condition = f"isinstance({value}, str) and ({read} := {table}.get({value})) is not None"
    else:
        script.line(f"{read} = {_reading(script, codec, value)}")
        condition = f"not is_hollow({read})" if _may_be_hollow(codec) else f"{read} is not None"
    with script.inside(f"if {condition}:"):
        sink(read)


def _may_be_hollow(codec: Codec) -> bool:
    return not isinstance(codec, Day | RecordReference | AnyReference | Concept)


def _reading(script: Script, codec: Codec, value: str) -> str:
    read = f"{script.constant(codec, type(codec).__name__)}.read({value})"
    if isinstance(codec, RecordReference) and codec.type in R4_TYPES:
        found, link = script.name("link"), script.constant(link_to(codec.type), f"link to {codec.type}")
        test = f"isinstance({value}, str) and ({found} := {link}({value}))"
        return f"{found}[1] if {test} else {read}"
    if isinstance(codec, AnyReference):
        found = script.name("link")
        types = script.constant(codec.types, "types") if codec.types else "R4_TYPES"
        test = f"isinstance({value}, str) and ({found} := ANY_LINK({value})) and {found}[1] in {types}"
        return f"{value} if {test} else {read}"
    if type(codec) is Concept and not codec.with_text:
        return f"code_in({value})"
    if isinstance(codec, Day):
        # A plain date is its own day; of anything finer the codec takes the day.
        return f"{value} if isinstance({value}, str) and PLAIN_DATE({value}) else {read}"
    return read
