"""How compiled code writes one value into an object that is being made.

What cannot be written as it is raises Unsure, and the interpreter is asked for the whole record.
"""

from __future__ import annotations

from gateway.fhir.resource_types import R4_TYPES
from gateway.mapping.codecs import AnyReference, Codec, Codes, Concept, Day, RecordReference
from gateway.mapping.compiler.script import Script
from gateway.mapping.compiler.value_reading import Sink, plain_test


def write_value(script: Script, codec: Codec, value: str, sink: Sink, old: str | None = None) -> None:
    """Write the record's value of this name, and go on with what it is in FHIR.

    old   the name of what the element holds by now, which the codec may want to keep; None or an object
    """
    test = plain_test(codec)
    if test is not None:
        with script.inside(f"if {test.format(value)}:"):
            sink(value)
        script.line(f"elif {value} is not None: nothing_in({value})")
        return
    new = script.name("new")
    script.line(f"{new} = {_written(script, codec, value, old)}")
    with script.inside(f"if {new} is not None:"):
        sink(new)


def _written(script: Script, codec: Codec, value: str, old: str | None) -> str:
    by_codec = f"written({script.constant(codec, type(codec).__name__)}, {value}{f', {old}' if old else ''})"
    match codec:
        case Codes():
            table = script.constant(_told(codec), "words")
            test = f"isinstance({value}, (str, bool)) and {value} in {table}"
            return f"{table}[{value}] if {test} else {by_codec}"
        case RecordReference() if codec.type in R4_TYPES:
            test = f"isinstance({value}, str) and ID({value})"
            return f"{codec.type + '/'!r} + {value} if {test} else {by_codec}"
        case AnyReference():
            return f"{value} if {_is_link(script, codec, value)} else {by_codec}"
        case Day():
            return f"{value} if isinstance({value}, str) and PLAIN_DATE({value}) else {by_codec}"
        case Concept() if type(codec) is Concept:
            return by_codec.replace("written", "concept", 1)
        case _:
            return by_codec


def _is_link(script: Script, codec: AnyReference, value: str) -> str:
    found = script.name("link")
    types = script.constant(codec.types, "types") if codec.types else "R4_TYPES"
    return f"isinstance({value}, str) and ({found} := ANY_LINK({value})) and {found}[1] in {types}"


def _told(codec: Codes) -> dict[str | bool, str]:
    """The words that are written as a code which reads back, and lose nothing in it."""
    return {
        word: code
        for word, code in codec.theirs_of.items()
        if codec.ours_of.get(code) is not None and not codec.lossy_out(word)
    }


def can_say(script: Script, codec: Codec, value: str) -> str:
    """What is asked of a value that this codec could write."""
    test = plain_test(codec)
    if test is not None:
        return f"({test.format(value)})"
    by_codec = f"{script.constant(codec, type(codec).__name__)}.write({value}, MISSING) is not MISSING"
    if isinstance(codec, AnyReference):
        return f"({_is_link(script, codec, value)} or {by_codec})"
    return by_codec
