"""FHIRPath Patch: operations on elements, stated as a Parameters resource.

add puts a value into the element that the path finds; insert and move work on the list that it names; replace
and delete on the one element that it finds, and delete also finds none. Element names, lists and types are
R4's own, so a value of the wrong type is refused before it is anywhere.
Source: https://hl7.org/fhir/R4/fhirpatch.html
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from gateway.conformance.patching.changing import add, delete, insert, move, replace
from gateway.conformance.patching.copying import copied
from gateway.conformance.patching.element_paths import Named, Path, read_path
from gateway.conformance.patching.patch_values import PatchValue, value_of
from gateway.conformance.patching.spots import NotResolvedError, Spot, found, one, root_of
from gateway.errors import BadRequest, TooLarge, Unprocessable
from gateway.fhir.json_codec import Resource

MAX_OPERATIONS: Final = 1_000


class Kind(StrEnum):
    """What an operation does."""

    ADD = "add"
    INSERT = "insert"
    DELETE = "delete"
    REPLACE = "replace"
    MOVE = "move"


_PARTS: Final[Mapping[Kind, frozenset[str]]] = {
    Kind.ADD: frozenset({"type", "path", "name", "value"}),
    Kind.INSERT: frozenset({"type", "path", "value", "index"}),
    Kind.DELETE: frozenset({"type", "path"}),
    Kind.REPLACE: frozenset({"type", "path", "value"}),
    Kind.MOVE: frozenset({"type", "path", "source", "destination"}),
}
"""The parts that each operation has, all of them and no other."""
_NUMBERS: Final = ("index", "source", "destination")
_INTEGERS: Final = ("valueInteger", "valueUnsignedInt", "valuePositiveInt")


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation, understood. What its kind does not have is empty."""

    kind: Kind
    path: Path
    name: str = ""
    value: PatchValue = PatchValue("")  # noqa: RUF009 (frozen)
    index: int = 0
    source: int = 0
    destination: int = 0


@dataclass(frozen=True, slots=True)
class FhirPathPatch:
    """The operations of a Parameters resource, in their order."""

    operations: tuple[Operation, ...]

    def applied(self, resource: Resource) -> Resource:
        """The resource after every operation; the one given is never altered.

        Raises Unprocessable, naming the operation, for a path that does not resolve and a value that does not
        fit there.
        """
        patched: Resource = copied(resource)
        for at, operation in enumerate(self.operations):
            try:
                _apply(root_of(patched), operation)
            except NotResolvedError as error:
                raise Unprocessable(
                    f"Operation {at + 1} of the patch ({operation.kind}): {error} Nothing was changed."
                ) from None
        return patched


def fhirpath_patch(parameters: Resource) -> FhirPathPatch:
    """The patch that a Parameters resource states. Raises BadRequest for what is none."""
    said = parameters.get("parameter", [])
    if parameters.get("resourceType") != "Parameters" or not isinstance(said, list):
        raise BadRequest("A FHIRPath Patch is a Parameters resource.", expression="resourceType")
    if len(said) > MAX_OPERATIONS:
        raise TooLarge(f"A patch has at most {MAX_OPERATIONS} operations.")
    return FhirPathPatch(tuple(_operation(at, parameter) for at, parameter in enumerate(said)))


def _operation(at: int, parameter: Any) -> Operation:
    place = f"Parameters.parameter[{at}]"
    parts = parameter.get("part") if isinstance(parameter, dict) else None
    if not isinstance(parts, list) or parameter.get("name") != "operation":
        raise BadRequest("Every parameter of a patch is an operation with its parts.", expression=place)
    held: dict[str, Mapping[str, Any]] = {}
    for part in parts:
        name = part.get("name") if isinstance(part, dict) else None
        if not isinstance(name, str) or name in held:
            raise BadRequest("Each part of an operation has a name, and is there once.", expression=place)
        held[name] = part
    kind = _text(held.get("type"), place, "type")
    if kind not in set(Kind):
        raise BadRequest(f"The type of an operation is one of {', '.join(Kind)}.", expression=place)
    wanted = _PARTS[Kind(kind)]
    if held.keys() != wanted:
        raise BadRequest(f"The parts of {kind} are {', '.join(sorted(wanted))}.", expression=place)
    path = read_path(_text(held["path"], place, "path"))
    numbers = {name: _number(held[name], place, name) for name in _NUMBERS if name in held}
    if kind in (Kind.INSERT, Kind.MOVE) and not isinstance(path[-1], Named):
        raise BadRequest(f"The path of {kind} ends with the name of a list.", expression=place)
    name = _text(held["name"], place, "name") if "name" in held else ""
    value = value_of(held["value"]) if "value" in held else PatchValue("")
    return Operation(Kind(kind), path, name, value, **numbers)


def _text(part: Mapping[str, Any] | None, place: str, name: str) -> str:
    said = None if part is None else part.get("valueString", part.get("valueCode"))
    if not isinstance(said, str):
        raise BadRequest(f"The part {name} of an operation is a text.", expression=place)
    return said


def _number(part: Mapping[str, Any], place: str, name: str) -> int:
    said = next((part[it] for it in _INTEGERS if it in part), None)
    if not isinstance(said, int) or isinstance(said, bool) or said < 0:
        raise BadRequest(f"The part {name} of an operation is a valueInteger, 0 or more.", expression=place)
    return said


def _apply(root: Spot, it: Operation) -> None:
    match it.kind:
        case Kind.ADD:
            add(one(root, it.path), it.name, it.value)
        case Kind.INSERT:
            insert(*_list_at(root, it.path), it.index, it.value)
        case Kind.MOVE:
            move(*_list_at(root, it.path), it.source, it.destination)
        case Kind.REPLACE:
            replace(one(root, it.path), it.value)
        case Kind.DELETE:
            spots = found(root, it.path)
            if len(spots) > 1:
                raise NotResolvedError(f"its path finds {len(spots)} elements, and one at most is deleted.")
            for spot in spots:
                delete(spot)


def _list_at(root: Spot, path: Path) -> tuple[Spot, str]:
    """The element that has the list which a path names, and the list's name."""
    *way, last = path
    assert isinstance(last, Named), "as was seen when it was read"
    return one(root, tuple(way)), last.name
