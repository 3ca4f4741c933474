"""The paths of a FHIRPath Patch, read once: names, places in lists, and conditions.

Read is the part of FHIRPath that picks elements of the resource itself: no resolve(), no arithmetic, no
variables. A text is read by one pass over its tokens, so it costs as much as it is long.
Source: https://hl7.org/fhir/R4/fhirpatch.html and http://hl7.org/fhirpath/N1/
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Final, TypeAlias

from gateway.errors import BadRequest

MAX_LENGTH: Final = 2_000
MAX_NESTING: Final = 10

Literal: TypeAlias = str | int | Decimal | bool


@dataclass(frozen=True, slots=True)
class Named:
    """`name`: the elements of that name of what was found so far."""

    name: str


@dataclass(frozen=True, slots=True)
class Sliced:
    """`[2]`, `first()`, `skip(1)`, …: some of what was found, by place. `stop` None: to the end."""

    start: int
    stop: int | None


@dataclass(frozen=True, slots=True)
class Single:
    """`single()`: what was found, which must be one."""


@dataclass(frozen=True, slots=True)
class OfType:
    """`ofType(Quantity)`, `as(Quantity)`: those of that type."""

    type: str


@dataclass(frozen=True, slots=True)
class ExtensionOf:
    """`extension('url')`: the extensions with that url."""

    url: str


@dataclass(frozen=True, slots=True)
class Where:
    """`where(…)`: those that meet the condition."""

    condition: Condition


Step: TypeAlias = Named | Sliced | Single | OfType | ExtensionOf | Where
Path: TypeAlias = tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class Compared:
    """`path = literal`, or `!=`."""

    path: Path
    literal: Literal
    equal: bool


@dataclass(frozen=True, slots=True)
class Tested:
    """`path.exists()` or `path.empty()`; `path.startsWith('…')`, `endsWith` and `contains`."""

    path: Path
    how: str
    text: str = ""


@dataclass(frozen=True, slots=True)
class Combined:
    """Conditions of which all (`and`) or any (`or`) must hold."""

    parts: tuple[Condition, ...]
    every: bool


@dataclass(frozen=True, slots=True)
class Not:
    """`(…).not()`: the condition does not hold."""

    condition: Condition


Condition: TypeAlias = Compared | Tested | Combined | Not

_TOKEN: Final = re.compile(
    r"\s*(?:(?P<name>[A-Za-z_][A-Za-z0-9_]*)|`(?P<quoted>[^`\\]{1,100})`|'(?P<text>(?:[^'\\]|\\.)*)'"
    r"|(?P<number>-?[0-9]{1,18}(?:\.[0-9]{1,18})?)|@(?P<time>T?[0-9][0-9T:.Z+\-]{0,40})"
    r"|(?P<sign>!=|[.\[\]()=$,]))",
    re.ASCII | re.DOTALL,
)
_ESCAPES: Final = {"n": "\n", "r": "\r", "t": "\t", "f": "\f"}
_TESTS: Final = frozenset({"startsWith", "endsWith", "contains"})


def read_path(text: str) -> Path:
    """The path that a text says. Raises BadRequest for what is no path, or none that is served."""
    if len(text) > MAX_LENGTH:
        raise BadRequest(f"A path of a patch is at most {MAX_LENGTH} characters long.")
    reader = _Reader(_tokens(text))
    path = reader.path()
    reader.end()
    return path


Token: TypeAlias = tuple[str, str]


def _tokens(text: str) -> list[Token]:
    found: list[Token] = []
    at, end = 0, len(text.rstrip())
    while at < end:
        token = _TOKEN.match(text, at)
        if token is None or token.lastgroup is None:
            raise _unreadable()
        found.append((token.lastgroup, token[token.lastgroup]))
        at = token.end()
    return found


def _unreadable() -> BadRequest:
    return BadRequest(
        "A path of the patch cannot be read: write FHIRPath with names, [0], first(), last(), single(),"
        " where(path = 'value'), extension('url') and ofType(Type)."
    )


class _Reader:
    """What is left to read of the tokens of one path."""

    def __init__(self, tokens: list[Token]) -> None:
        self._tokens = tokens
        self._at = 0
        self._nesting = 0

    def end(self) -> None:
        if self._at != len(self._tokens):
            raise _unreadable()

    def path(self) -> Path:
        steps = [self._step()]
        while True:
            if self._is_sign("["):
                number = self._whole_number()
                self._sign("]")
                steps.append(Sliced(number, number + 1))
            elif self._peek() == ("sign", ".") and not self._is_test(self._at + 1):
                self._at += 1
                steps.append(self._step())
            else:
                return tuple(steps)

    def _step(self) -> Step:
        kind, text = self._next()
        if kind == "quoted" or (kind == "name" and self._peek() != ("sign", "(")):
            return Named(text)
        if kind != "name":
            raise _unreadable()
        self._sign("(")
        step = self._function(text)
        self._sign(")")
        return step

    def _function(self, name: str) -> Step:
        match name:
            case "first":
                return Sliced(0, 1)
            case "last":
                return Sliced(-1, None)
            case "tail":
                return Sliced(1, None)
            case "skip":
                return Sliced(self._whole_number(), None)
            case "take":
                return Sliced(0, self._whole_number())
            case "single":
                return Single()
            case "ofType" | "as":
                return OfType(self._type_name())
            case "extension":
                return ExtensionOf(self._text())
            case "where":
                return Where(self._nested(self._any))
            case _:
                raise _unreadable()

    def _any(self) -> Condition:
        return self._joined("or", self._every, every=False)

    def _every(self) -> Condition:
        return self._joined("and", self._one, every=True)

    def _joined(self, word: str, part: Callable[[], Condition], *, every: bool) -> Condition:
        parts = [part()]
        while self._peek() == ("name", word):
            self._at += 1
            parts.append(part())
        return parts[0] if len(parts) == 1 else Combined(tuple(parts), every)

    def _one(self) -> Condition:
        if self._is_sign("("):
            held = self._nested(self._any)
            self._sign(")")
            return self._maybe_not(held)
        if self._is_sign("$"):  # $this, and nothing else
            if self._next() != ("name", "this"):
                raise _unreadable()
            path: Path = ()
        else:
            path = self.path()
        if self._is_sign("="):
            return Compared(path, self._literal(), equal=True)
        if self._is_sign("!="):
            return Compared(path, self._literal(), equal=False)
        if self._peek() != ("sign", "."):
            return Compared(path, True, equal=True)
        self._sign(".")
        _, how = self._next()
        self._sign("(")
        text = self._text() if how in _TESTS else ""
        self._sign(")")
        return self._maybe_not(Tested(path, how, text))

    def _maybe_not(self, held: Condition) -> Condition:
        while self._tokens[self._at : self._at + 2] == [("sign", "."), ("name", "not")]:
            self._at += 2
            self._sign("(")
            self._sign(")")
            held = Not(held)
        return held

    def _is_test(self, at: int) -> bool:
        """Whether a condition ends here: what follows asks about the path before it."""
        called = self._tokens[at + 1 : at + 2] == [("sign", "(")]
        return called and self._tokens[at][1] in _TESTS | {"exists", "empty"}

    def _nested(self, read: Callable[[], Condition]) -> Condition:
        self._nesting += 1
        if self._nesting > MAX_NESTING:
            raise _unreadable()
        held = read()
        self._nesting -= 1
        return held

    def _literal(self) -> Literal:
        match self._next():
            case ("text", text):
                return _unescaped(text)
            case ("time", text):
                return text.removeprefix("T")
            case ("number", text):
                return Decimal(text) if "." in text else int(text)
            case ("name", "true" | "false" as text):
                return text == "true"
            case _:
                raise _unreadable()

    def _type_name(self) -> str:
        kind, text = self._next()
        if kind == "name" and text in ("FHIR", "System") and self._is_sign("."):
            kind, text = self._next()
        if kind not in ("name", "quoted"):
            raise _unreadable()
        return text

    def _text(self) -> str:
        kind, text = self._next()
        if kind != "text":
            raise _unreadable()
        return _unescaped(text)

    def _whole_number(self) -> int:
        kind, text = self._next()
        if kind != "number" or not text.isdigit():
            raise _unreadable()
        return int(text)

    def _peek(self) -> Token | None:
        return self._tokens[self._at] if self._at < len(self._tokens) else None

    def _next(self) -> Token:
        token = self._peek()
        if token is None:
            raise _unreadable()
        self._at += 1
        return token

    def _is_sign(self, sign: str) -> bool:
        if self._peek() != ("sign", sign):
            return False
        self._at += 1
        return True

    def _sign(self, sign: str) -> None:
        if not self._is_sign(sign):
            raise _unreadable()


def _unescaped(text: str) -> str:
    """The text of a literal. Source: http://hl7.org/fhirpath/N1/#string"""
    if "\\" not in text:
        return text
    found, at = [], 0
    while at < len(text):
        if text[at] != "\\":
            found.append(text[at])
            at += 1
        elif text[at + 1] == "u":
            code = text[at + 2 : at + 6]
            if not re.fullmatch(r"[0-9A-Fa-f]{4}", code):
                raise _unreadable()
            found.append(chr(int(code, 16)))
            at += 6
        elif text[at + 1] in _ESCAPES or text[at + 1] in "\\'\"`/":
            found.append(_ESCAPES.get(text[at + 1], text[at + 1]))
            at += 2
        else:
            raise _unreadable()
    return "".join(found)
