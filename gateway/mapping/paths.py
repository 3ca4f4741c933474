"""Paths on the FHIR side of a rule: a closed grammar, read once when a rule file is loaded.

path  := step ("." step)*
step  := name | name"[0]" | name"["selector"]" | name"[]" | name"["selector"][]" | ext(…) | ext(…)[]
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from gateway.fhir.systems import EXTENSIONS


@dataclass(frozen=True, slots=True)
class Name:
    """An element of an object."""

    name: str


@dataclass(frozen=True, slots=True)
class First:
    """The first item of a list."""


@dataclass(frozen=True, slots=True)
class Select:
    """The first item of a list that contains `pattern`; writing makes one that does."""

    pattern: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Each:
    """Every item of a list that contains `pattern`; an empty pattern is contained in every item."""

    pattern: Mapping[str, Any]


Step: TypeAlias = Name | First | Select | Each
Steps: TypeAlias = tuple[Step, ...]

_PIECE: Final = re.compile(
    r"""(?: (?P<name>[A-Za-z][A-Za-z0-9]*) | ext\((?P<ext>[^()\s]+)\) )
        (?: \[(?P<first>0)\] | \[(?P<select>[A-Za-z][^\[\]]*=[^\[\]]*)\] )?
        (?P<each>\[\])?
        (?: \. (?=.) | \Z )""",
    re.VERBOSE,
)
_INDEX: Final = re.compile(r"\[[0-9]+\]")


class BadPath(ValueError):
    """The text is no path; the message says where it stops making sense and what would be right."""


def parse_path(text: str, *, in_extension: bool = False) -> Steps:
    """The steps of a path text; `in_extension` when it starts at an extension. Raises BadPath."""
    steps: list[Step] = []
    position = 0
    while position < len(text) or not steps:
        piece = _PIECE.match(text, position)
        if piece is None:
            raise BadPath(_complaint(text, position))
        steps += _steps(piece, in_extension)
        in_extension = piece["ext"] is not None
        position = piece.end()
    if sum(isinstance(step, Each) for step in steps) > 1:
        raise BadPath(f"{text!r} has [] twice; map the inner list with 'fields' of the outer one")
    return tuple(steps)


def _steps(piece: re.Match[str], in_extension: bool) -> list[Step]:
    steps: list[Step]
    pattern: dict[str, Any]
    if piece["ext"] is not None:
        pattern = {"url": extension_url(piece["ext"], nested=in_extension)}
        steps = [Name("extension"), Each(pattern) if piece["each"] else Select(pattern)]
        if piece["first"] or piece["select"]:
            raise BadPath(f"ext({piece['ext']}) takes no [0] or selector; its name already selects")
        return steps
    pattern = _selector(piece["select"]) if piece["select"] else {}
    steps = [Name(piece["name"])]
    if piece["each"]:
        if piece["first"]:
            raise BadPath("[0][] makes no sense; write [] for every item or [0] for the first")
        steps.append(Each(pattern))
    elif piece["first"]:
        steps.append(First())
    elif piece["select"]:
        steps.append(Select(pattern))
    return steps


def extension_url(name: str, *, nested: bool = False) -> str:
    """The url of `ext(name)`: as it stands for a URL or an extension inside another, else in our namespace.

    Source: https://hl7.org/fhir/R4/extensibility.html#Extension (urls inside an extension are relative)
    """
    return name if ":" in name or nested else EXTENSIONS + name


def _selector(text: str) -> dict[str, Any]:
    pattern: dict[str, Any] = {}
    for part in re.split(r",(?=[A-Za-z.]+=)", text):
        path, _, value = part.partition("=")
        names = path.split(".")
        if not value or not all(re.fullmatch(r"[A-Za-z][A-Za-z0-9]*", name) for name in names):
            raise BadPath(f"the selector [{text}] must be written [element=value]")
        holder = pattern
        for name in names[:-1]:
            holder = holder.setdefault(name, {})
        holder[names[-1]] = {"true": True, "false": False}.get(value, value)
    return pattern


def _complaint(text: str, position: int) -> str:
    rest = text[position:]
    if not text:
        return "a path is missing"
    if _INDEX.search(rest.split(".")[0]):
        return f"at {rest!r}: only [0] can be written; map the list with [] or select with [element=value]"
    return (
        f"{text!r} is no path (it stops making sense at {rest!r}); "
        "write it like a.b, a[0].b, a[system=URL].b, a[] or ext(name).valueX"
    )


def show(steps: Steps) -> str:
    """The path as a text, for messages."""
    text = ""
    for step in steps:
        match step:
            case Name(name):
                text += f".{name}" if text else name
            case First():
                text += "[0]"
            case Select(pattern):
                text += f"[{_show_pattern(pattern)}]"
            case Each(pattern):
                text += f"[{_show_pattern(pattern)}][]" if pattern else "[]"
    return text


def _show_pattern(pattern: Mapping[str, Any], prefix: str = "") -> str:
    return ",".join(
        _show_pattern(value, f"{prefix}{name}.") if isinstance(value, Mapping) else f"{prefix}{name}={value}"
        for name, value in pattern.items()
    )
