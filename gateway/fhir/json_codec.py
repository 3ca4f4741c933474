"""The two doors for JSON: a strict one for bytes from outside, a fast one for bytes we wrote ourselves.

Numbers with a fraction or an exponent are ``Decimal`` and keep their digits (``1.10`` stays ``1.10``; ``1e3``
is written back as ``1E+3``); numbers without are ``int``. No float ever exists.
Source: https://hl7.org/fhir/R4/json.html and https://www.rfc-editor.org/rfc/rfc8259
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from decimal import Decimal
from itertools import accumulate
from typing import Any, Final, NoReturn, TypeAlias

import msgspec

from gateway.errors import TooLarge, Unreadable

JSON: TypeAlias = "dict[str, JSON] | list[JSON] | str | int | Decimal | bool | None"
Resource: TypeAlias = dict[str, Any]

MAX_BYTES: Final = 5_000_000
MAX_NODES: Final = 200_000
MAX_DEPTH: Final = 64
MAX_DIGITS: Final = 64  # FHIR asks for 18; nobody measures more than this
MAX_EXPONENT: Final = 400  # 1e400 is no measurement, and a million digits once it is written out

_decoder: Final = msgspec.json.Decoder(float_hook=Decimal)
_encoder: Final = msgspec.json.Encoder(decimal_format="number")


def read_stored(data: bytes) -> JSON:
    """The value of bytes that `write` made. Not for bytes from outside: it is lenient."""
    value: JSON = _decoder.decode(data)
    return value


def write(value: JSON | Resource) -> bytes:
    """The value as compact UTF-8 JSON: order of elements kept, decimals as numbers with their digits."""
    return _encoder.encode(value)


def laid_out(data: bytes) -> bytes:
    """The JSON of `write` with line breaks and indents for a person to read; its values stay as spelled."""
    return msgspec.json.format(data, indent=2)


def read_untrusted(
    data: bytes, *, max_bytes: int = MAX_BYTES, max_nodes: int = MAX_NODES, max_depth: int = MAX_DEPTH
) -> JSON:
    """The value of bytes that anybody may have sent.

    Raises TooLarge over `max_bytes` or `max_nodes`. Raises Unreadable, naming line, column and reason, never
    a value, for anything else that is not JSON as FHIR means it: duplicate keys, NaN, lone surrogates, NUL,
    nesting deeper than `max_depth`, numbers of absurd size, not UTF-8. A UTF-8 byte order mark is skipped.
    """
    if len(data) > max_bytes:
        raise TooLarge(f"The JSON is {len(data)} bytes long; at most {max_bytes} are read.")
    text = _decoded(data)
    _check_size_and_depth(text, max_nodes, max_depth)
    fault = ""
    value: JSON = None
    try:
        value = _STRICT.decode(text)
    except json.JSONDecodeError as error:
        # Neither chained nor quoted: the original error carries the whole document.
        reason = error.msg.split(":")[0].removesuffix(" at").removesuffix(" starting").lower()
        raise Unreadable(_worded(error.lineno, error.colno, reason)) from None
    except _RefusedError as refused:
        fault = str(refused)
    if fault:
        _explain(text, fault)
    if _SUSPICIOUS_ESCAPE.search(text):
        _check_strings(text)
    return value


def read_resource(
    data: bytes, *, max_bytes: int = MAX_BYTES, max_nodes: int = MAX_NODES, max_depth: int = MAX_DEPTH
) -> Resource:
    """The FHIR resource in bytes that anybody may have sent: a JSON object that names its resourceType.

    Whether R4 has that type and whether the content fits it is asked later. Raises as `read_untrusted` does.
    """
    value = read_untrusted(data, max_bytes=max_bytes, max_nodes=max_nodes, max_depth=max_depth)
    if not isinstance(value, dict):
        raise Unreadable("The JSON is not an object; a FHIR resource is one.")
    if not isinstance(value.get("resourceType"), str):
        raise Unreadable(
            "The JSON object has no resourceType, so it is no FHIR resource.", expression="resourceType"
        )
    return value


# --- one linear pass before parsing

# Possessive, and satisfied by the end of the text: an unfinished string costs one pass, not one per quote.
_STRING: Final = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+(?:"|\\?\Z)', re.DOTALL)
_NOT_BRACKET: Final = re.compile(r"[^\[\]{}]++")
_STEP: Final = {"[": 1, "{": 1, "]": -1, "}": -1}
_TOKEN: Final = re.compile(
    _STRING.pattern + r"|[\[\]{}:]|-?[0-9]++(?:\.[0-9]++)?(?:[eE][-+]?[0-9]++)?|-?[A-Z][A-Za-z]*+", re.DOTALL
)


def _check_size_and_depth(text: str, max_nodes: int, max_depth: int) -> None:
    """Refuses what would cost too much to parse, in C-speed passes: the parser is recursive, this is not."""
    bones = _STRING.sub("", text)
    # Every node but the first of its array or object follows a comma: this is never below the true number.
    if bones.count(",") + bones.count("[") + bones.count("{") + 1 > max_nodes:
        raise TooLarge(f"The JSON has more than {max_nodes} values.")
    brackets = _NOT_BRACKET.sub("", bones)
    if max(accumulate(map(_STEP.__getitem__, brackets)), default=0) > max_depth:
        _explain(text, f"nested deeper than {max_depth} levels", max_depth)


# --- strict parsing


class _RefusedError(Exception):
    """The parser's hooks refuse something; they do not know where it stands."""


def _object_of(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) != len(pairs):
        raise _RefusedError("an object names the same element twice")
    return value


def _integer_of(text: str) -> int:
    if len(text) > MAX_DIGITS:
        raise _RefusedError("a number is too long")
    return int(text)


def _decimal_of(text: str) -> Decimal:
    if not _is_sensible(text):
        raise _RefusedError("a number is too long or too large")
    return Decimal(text)


def _is_sensible(number: str) -> bool:
    digits, _, exponent = number.lower().partition("e")
    return len(digits) <= MAX_DIGITS and len(exponent) <= 6 and abs(int(exponent or "0")) <= MAX_EXPONENT


def _no_constant(text: str) -> NoReturn:
    raise _RefusedError("NaN and Infinity are not JSON")


_STRICT: Final = json.JSONDecoder(
    object_pairs_hook=_object_of, parse_int=_integer_of, parse_float=_decimal_of, parse_constant=_no_constant
)


def _decoded(data: bytes) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        column = error.start - data.rfind(b"\n", 0, error.start)
        raise Unreadable(_worded(line, column, "not UTF-8")) from None


# --- finding the place, only after something was found wrong

_SUSPICIOUS_ESCAPE: Final = re.compile(r"\\u(?:[dD][89a-fA-F]|0000)")


def _explain(text: str, reason: str, max_depth: int = MAX_DEPTH) -> NoReturn:
    """Raises Unreadable for the first token that the parser's hooks, or the depth check, cannot accept."""
    keys: list[set[str]] = []
    depth = 0
    for token, at in _tokens(text):
        match token[0]:
            case "{" | "[":
                depth += 1
                if depth > max_depth:
                    _refuse(text, at, f"nested deeper than {max_depth} levels")
                keys.append(set())
            case "}" | "]":
                depth -= 1
                if keys:
                    keys.pop()
            case '"' if keys and _is_key(text, at + len(token)):
                name = _string_of(token)
                if name in keys[-1]:
                    _refuse(text, at, "an object names the same element twice")
                keys[-1].add(name)
            case '"' | ":":
                pass
            case _ if token.lstrip("-")[0].isalpha():
                _refuse(text, at, "NaN and Infinity are not JSON")
            case _ if len(token) > MAX_DIGITS or not _is_sensible(token):
                _refuse(text, at, "a number is too long or too large")
    raise Unreadable(f"Not readable as JSON: {reason}.")


def _check_strings(text: str) -> None:
    for token, at in _tokens(text):
        if token[0] == '"':
            if "\x00" in (string := _string_of(token)):
                _refuse(text, at, "a string holds the character NUL")
            if any("\ud800" <= sign <= "\udfff" for sign in string):
                _refuse(text, at, "a string holds half of a surrogate pair")


def _tokens(text: str) -> Iterator[tuple[str, int]]:
    return ((found.group(), found.start()) for found in _TOKEN.finditer(text))


def _is_key(text: str, after: int) -> bool:
    while after < len(text) and text[after] in " \t\r\n":
        after += 1
    return text.startswith(":", after)


def _string_of(token: str) -> str:
    try:
        return str(json.loads(token))
    except json.JSONDecodeError:  # stands after the first fault, so it is never reported
        return token


def _refuse(text: str, at: int, reason: str) -> NoReturn:
    raise Unreadable(_worded(text.count("\n", 0, at) + 1, at - text.rfind("\n", 0, at), reason))


def _worded(line: int, column: int, reason: str) -> str:
    return f"Not readable as JSON: line {line}, column {column}: {reason}."
