"""JSON Patch: a list of operations on the JSON of a resource, all of which apply or none.

Numbers keep their digits and are compared by value, true is not 1, and the order of what is not touched
stays. Copying can make a small patch an enormous resource, so what is moved about is counted.
Source: https://www.rfc-editor.org/rfc/rfc6902 and https://www.rfc-editor.org/rfc/rfc6901
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Any, Final, TypeAlias

from gateway.conformance.patching.copying import copied
from gateway.errors import BadRequest, TooLarge, Unprocessable
from gateway.fhir.json_codec import MAX_DEPTH, MAX_NODES, Resource

MAX_OPERATIONS: Final = 1_000
_INDEX: Final = re.compile(r"0|[1-9][0-9]{0,8}", re.ASCII)
_NO_ESCAPE: Final = re.compile(r"~(?![01])")

Pointer: TypeAlias = tuple[str, ...]


class Op(StrEnum):
    """What an operation does."""

    ADD = "add"
    REMOVE = "remove"
    REPLACE = "replace"
    MOVE = "move"
    COPY = "copy"
    TEST = "test"


_WITH_VALUE: Final = frozenset({Op.ADD, Op.REPLACE, Op.TEST})
_WITH_ORIGIN: Final = frozenset({Op.MOVE, Op.COPY})


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation. `value` is of add, replace and test; `origin` (RFC: from) of move and copy."""

    op: Op
    path: Pointer
    value: Any = None
    origin: Pointer = ()


@dataclass(frozen=True, slots=True)
class JsonPatch:
    """A JSON Patch document, understood."""

    operations: tuple[Operation, ...]

    def applied(self, resource: Resource) -> Resource:
        """The resource after every operation; the one given is never altered.

        Raises Unprocessable, naming the operation, for a place that is not there and a test that fails.
        """
        patched = _Patched(copied(resource))
        for at, operation in enumerate(self.operations):
            try:
                patched.apply(operation)
            except _NotThereError as error:
                raise Unprocessable(
                    f"Operation {at + 1} of the patch ({operation.op}): {error} Nothing was changed."
                ) from None
        if not isinstance(patched.root, dict):
            raise Unprocessable("After the patch this would be no resource any more. Nothing was changed.")
        return patched.root


def json_patch(document: Any) -> JsonPatch:
    """The patch of a JSON value. Raises BadRequest for what is none."""
    if not isinstance(document, list):
        raise BadRequest("A JSON Patch is a list of operations.")
    if len(document) > MAX_OPERATIONS:
        raise TooLarge(f"A patch has at most {MAX_OPERATIONS} operations.")
    return JsonPatch(tuple(_operation(at + 1, said) for at, said in enumerate(document)))


def _operation(number: int, said: Any) -> Operation:
    if not isinstance(said, dict):
        raise BadRequest(f"Operation {number} of the patch is no object.")
    if said.get("op") not in list(Op):
        raise BadRequest(f"Operation {number} of the patch: op must be one of {', '.join(Op)}.")
    op = Op(said["op"])
    if op in _WITH_VALUE and "value" not in said:
        raise BadRequest(f"Operation {number} of the patch: {op} needs a value.")
    path = _pointer(number, said, "path")
    origin = _pointer(number, said, "from") if op in _WITH_ORIGIN else ()
    if op is Op.MOVE and path != origin and path[: len(origin)] == origin:
        raise BadRequest(f"Operation {number} of the patch: nothing can be moved into itself.")
    return Operation(op, path, said.get("value"), origin)


def _pointer(number: int, said: Mapping[str, Any], name: str) -> Pointer:
    text = said.get(name)
    if not isinstance(text, str) or (text and text[0] != "/") or _NO_ESCAPE.search(text):
        raise BadRequest(f"Operation {number} of the patch: {name} must be a JSON Pointer such as /name/0.")
    if text.count("/") > MAX_DEPTH:
        raise BadRequest(f"Operation {number} of the patch: {name} is deeper than {MAX_DEPTH} levels.")
    return tuple(step.replace("~1", "/").replace("~0", "~") for step in text.split("/")[1:])


class _NotThereError(Exception):
    """An operation does not fit the resource. Its words repeat no value."""


class _Patched:
    """A document while it is patched. It is thrown away when an operation fails."""

    def __init__(self, root: Any) -> None:
        self.root = root
        self._budget = 2 * MAX_NODES

    def apply(self, it: Operation) -> None:
        match it.op:
            case Op.ADD:
                self._add(it.path, copied(self._bounded(it.path, it.value)))
            case Op.REMOVE:
                self._remove(it.path)
            case Op.REPLACE:
                self._replace(it.path, copied(self._bounded(it.path, it.value)))
            case Op.COPY:
                self._add(it.path, copied(self._bounded(it.path, self._at(it.origin))))
            case Op.MOVE:
                moved = self._bounded(it.path, self._at(it.origin))
                if it.path != it.origin:
                    self._remove(it.origin)
                    self._add(it.path, moved)
            case Op.TEST:
                if not is_equal(self._at(it.path), it.value):
                    raise _NotThereError("the value is another than the one that was expected.")

    def _at(self, path: Pointer) -> Any:
        node = self.root
        for step in path:
            if isinstance(node, dict) and step in node:
                node = node[step]
            elif isinstance(node, list) and _INDEX.fullmatch(step) and int(step) < len(node):
                node = node[int(step)]
            else:
                raise _NotThereError("its path leads to nothing.")
        return node

    def _holder(self, path: Pointer) -> Any:
        holder = self._at(path[:-1])
        if not isinstance(holder, dict | list):
            raise _NotThereError("its path leads into a value that holds nothing.")
        return holder

    def _add(self, path: Pointer, value: Any) -> None:
        if not path:
            self.root = value
            return
        holder, step = self._holder(path), path[-1]
        if isinstance(holder, dict):
            holder[step] = value
        elif step == "-":
            holder.append(value)
        elif _INDEX.fullmatch(step) and int(step) <= len(holder):
            holder.insert(int(step), value)
        else:
            raise _NotThereError("its path names a place that the list has not.")

    def _remove(self, path: Pointer) -> None:
        if not path:
            raise _NotThereError("a resource cannot be removed by a patch: delete it.")
        self._at(path)
        holder = self._holder(path)
        if isinstance(holder, dict):
            del holder[path[-1]]
        else:
            del holder[int(path[-1])]

    def _replace(self, path: Pointer, value: Any) -> None:
        if not path:
            self.root = value
            return
        self._at(path)
        holder = self._holder(path)
        if isinstance(holder, dict):
            holder[path[-1]] = value
        else:
            holder[int(path[-1])] = value

    def _bounded(self, path: Pointer, value: Any) -> Any:
        """The value, when it fits where it goes: neither too deep nor, with all before it, too large."""
        layer, depth = [value], len(path)
        while layer:
            self._budget -= len(layer)
            if self._budget < 0:
                raise TooLarge("The patch moves more values about than one resource may have.")
            layer = [
                child
                for node in layer
                if isinstance(node, dict | list)
                for child in (node.values() if isinstance(node, dict) else node)
            ]
            depth += 1
            if layer and depth > MAX_DEPTH:
                raise TooLarge(f"The patch makes the resource deeper than {MAX_DEPTH} levels.")
        return value


def is_equal(a: Any, b: Any) -> bool:
    """Whether two JSON values are the same: numbers by value, objects in any order, true never 1."""
    if isinstance(a, bool) or isinstance(b, bool):
        return a is b
    if isinstance(a, int | Decimal) and isinstance(b, int | Decimal):
        return a == b
    if isinstance(a, dict) and isinstance(b, dict):
        return a.keys() == b.keys() and all(is_equal(value, b[name]) for name, value in a.items())
    if isinstance(a, list) and isinstance(b, list):
        return len(a) == len(b) and all(map(is_equal, a, b))
    return type(a) is type(b) and bool(a == b)
