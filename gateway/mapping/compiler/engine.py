"""The compiled engine: Python source made from the rules of one file, and run in the interpreter's place."""

from __future__ import annotations

import linecache
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final

from gateway.fhir.json_codec import Resource
from gateway.mapping.always import with_always
from gateway.mapping.answers import Written
from gateway.mapping.compiler.creating import write_creator
from gateway.mapping.compiler.making import NotCompiled
from gateway.mapping.compiler.putting import Putter
from gateway.mapping.compiler.reading import write_reader
from gateway.mapping.compiler.runtime import NAMESPACE, Unsure
from gateway.mapping.compiler.script import Script
from gateway.mapping.elements import Location
from gateway.mapping.interpreter import Interpreter
from gateway.mapping.narrative import narrated
from gateway.mapping.read_context import Reading
from gateway.mapping.reading import read_block
from gateway.mapping.rules import BackLinkedParts, Block, Items, LinkedParts, copies_of, walk
from gateway.mapping.taken import given_back
from gateway.mapping.values import MISSING, tidy
from gateway.mapping.write_context import Writing
from gateway.mapping.writing import write_block

_ORIGIN: Final = re.compile(r"Origin\(rule='[^']*', file='[^']*', line=\d+\)|because='[^']*'")
_NOT_IN_NAMES: Final = re.compile(r"[^A-Za-z0-9_]+")

_ABOUT: Final = """
# read_… says what an object says; create_… makes a new one, and raises Unsure when only the interpreter can.
# A put asks the rules whose fields are not as they were (gateway/mapping/compiler/putting.py).

"""

Create = Callable[[Mapping[str, Any], Mapping[str, Any], "Made"], dict[str, Any]]
Read = Callable[[dict[str, Any], Mapping[str, list[Resource]]], dict[str, Any]]


class Made:
    """The resources of parts that a creation makes beside the root."""

    def __init__(self, new_id: Callable[[], str]) -> None:
        self.parts: dict[str, list[Resource]] = {}
        self._new_id = new_id
        self._drawn: list[str] = []

    def new_id(self) -> str:
        """A new id, kept in mind."""
        self._drawn.append(self._new_id())
        return self._drawn[-1]

    def same_id_again(self) -> str:
        """The ids that were drawn, in their order, for an interpreter that begins anew; then new ones."""
        return self._drawn.pop(0) if self._drawn else self._new_id()

    def named(self, items: list[Any]) -> Iterator[dict[str, Any]]:
        """The items that say anything, each with an id. Raises Unsure for anything else."""
        seen: set[str] = set()
        for item in items:
            if not (isinstance(item, dict) and isinstance(item.get("id"), str)):
                if tidy(item) is None:
                    continue
                if not isinstance(item, dict):
                    raise Unsure
                item = {**item, "id": self.new_id()}
            if item["id"] in seen:
                raise Unsure
            seen.add(item["id"])
            yield item

    def has(self, type_name: str, wanted: str) -> bool:
        """Whether a part of this type has got this id already."""
        return any(part.get("id") == wanted for part in self.parts.get(type_name, ()))

    def add(self, type_name: str, part: Resource) -> None:
        """Keep a part that was made."""
        self.parts.setdefault(type_name, []).append(part)


class Compiled:
    """One rule file, compiled. Immutable: one for all threads.

    It does what the interpreter does, and asks it for whatever was not compiled: a record that cannot be
    created as it stands, parts without their root, and rules of which several meet in one list.
    """

    def __init__(self, interpreter: Interpreter) -> None:
        self._interpreter, self._rules, self._shape = interpreter, interpreter.rules, interpreter.shape
        blocks = _blocks(self._rules.root)
        script, names = Script(), _names(blocks)
        creators: dict[int, str] = {}
        written: set[str] = set()
        for block, base in reversed(blocks):  # the inner ones first
            name = names[id(block)]
            if name in written:
                creators.update({id(block): name} if name in creators.values() else {})
                continue
            written.add(name)
            write_reader(script, block, names)
            if _with_creator(script, name, block, base, creators):
                creators[id(block)] = name
        self.source = f"# {self._rules.name}: {self._rules.file}, compiled.{_ABOUT}{script.text}"
        functions = _run(self.source, script.constants, self._rules.name, self._rules.overlays)
        self._read: dict[int, Read] = {key: functions[f"read_{name}"] for key, name in names.items()}
        self._create: dict[int, Create] = {key: functions[f"create_{name}"] for key, name in creators.items()}
        self._blocks = {id(block): block for block, _ in blocks}
        self._putters: dict[int, Putter] = {}
        self._root = id(self._rules.root)
        self._copies = tuple(dict.fromkeys(ours[0] for ours in copies_of(self._rules.root)))

    def get(self, resources: Mapping[str, Any]) -> dict[str, Any]:
        """See Interpreter."""
        root, parts = self._shape.taken(resources)
        if root is MISSING:
            return self._interpreter.get(resources)
        return self._read[self._root](root, parts)

    def put(
        self, record: Mapping[str, Any], resources: Mapping[str, Any], new_id: Callable[[], str]
    ) -> Written:
        """See Interpreter."""
        root, parts = self._shape.taken(resources)
        if root is MISSING:
            return self._interpreter.put(record, resources, new_id)
        view = {**record, **{name: tidy(record.get(name)) for name in self._copies}}
        before = self._read[self._root](root, parts)
        writing = Writing(parts, self._write_block, new_id, before, view, read_block=self._read_block)
        new = self._putter(self._root).put(view, before, root, (self._rules.type, 0), writing)
        new = narrated(self._rules.root, root, new, view)
        new = self._with_always(new, writing.parts)
        return Written(given_back(new, writing.parts, resources, self._rules.type), writing.issues, before)

    def create(self, record: Mapping[str, Any], new_id: Callable[[], str]) -> Written:
        """See Interpreter."""
        create = self._create.get(self._root)
        if create is None:
            return self._create_by_rules(record, new_id)
        made = Made(new_id)
        try:
            root: Any = create(record, record, made)
        except Unsure:
            return self._create_by_rules(record, made.same_id_again)
        root = narrated(self._rules.root, {"resourceType": self._rules.type}, root, record)
        root = self._with_always(root, made.parts)
        return Written(given_back(root, made.parts, {}, self._rules.type))

    def _create_by_rules(self, record: Mapping[str, Any], new_id: Callable[[], str]) -> Written:
        """Rule by rule, as the interpreter does, with what is compiled inside."""
        view: dict[str, Any] = tidy(dict(record)) or {}
        writing = Writing({}, self._write_block, new_id, {}, view, read_block=self._read_block)
        root_block = self._rules.root
        base = {"resourceType": self._rules.type}
        root = write_block(root_block, view, base, (self._rules.type, 0), writing, creating=True)
        root = self._with_always(narrated(root_block, base, root, view), writing.parts)
        return Written(given_back(root, writing.parts, {}, self._rules.type), writing.issues)

    def _read_block(self, block: Block, node: Any, at: Location, reading: Reading) -> dict[str, Any]:
        read = self._read.get(id(block))
        if read is None:
            return read_block(block, node, at, reading)
        return read(node, reading.parts) if isinstance(node, dict) else {}

    def _write_block(
        self,
        block: Block,
        view: Mapping[str, Any],
        node: Any,
        at: Location,
        writing: Writing,
        *,
        creating: bool,
    ) -> Any:
        """What an object inside a list, or a part, becomes."""
        if creating and id(block) in self._create and not _has_parts(block):
            try:
                return self._create[id(block)](view, writing.after, Made(writing.new_id))
            except Unsure:
                pass
        if creating or id(block) not in self._blocks or not isinstance(node, dict):
            return write_block(block, view, node, at, writing, creating=creating)
        before = self._read[id(block)](node, writing.parts)
        return self._putter(id(block)).put(view, before, node, at, writing)

    def _putter(self, block: int) -> Putter:
        if block not in self._putters:  # two threads may both make it: the same twice
            self._putters[block] = Putter(self._blocks[block])
        return self._putters[block]

    def _with_always(self, root: Any, parts: dict[str, list[Resource]]) -> Any:
        if not self._rules.writes_always:
            return root
        return with_always(self._rules.root, root, (self._rules.type, 0), parts)


def _blocks(root: Block) -> list[tuple[Block, Mapping[str, Any]]]:
    """Every block that stands for an object, with what a new one begins with."""
    found: list[tuple[Block, Mapping[str, Any]]] = [(root, {"resourceType": root.type})]
    for _, rule in walk(root):
        if isinstance(rule, Items):
            found.append((rule.block, rule.list.pattern))
        elif isinstance(rule, LinkedParts | BackLinkedParts):
            found.append((rule.block, {"resourceType": rule.block.type}))
    return found


def _names(blocks: Sequence[tuple[Block, Mapping[str, Any]]]) -> dict[int, str]:
    """The name of each block's functions, by its identity; blocks that say the same share theirs."""
    names: dict[int, str] = {}
    known: dict[str, str] = {}
    for block, base in blocks:
        # Whole resources are never alike, and long to write down.
        says = str(id(block)) if block.type else _ORIGIN.sub("", repr((block, base)))
        name = block.type or "_".join(block.origin.rule.split(".")[1:])
        stem = name = _NOT_IN_NAMES.sub("_", name or "item")
        while says not in known and name in known.values():
            name = f"{stem}_{len(known)}"
        names[id(block)] = known.setdefault(says, name)
    return names


def _with_creator(
    script: Script, name: str, block: Block, base: Mapping[str, Any], creators: Mapping[int, str]
) -> bool:
    """Whether the block's creating could be compiled; its function is in the script then."""
    before, depth = len(script.lines), script.depth
    try:
        _refuse_parts_of_parts(block)
        write_creator(script, name, block, base, creators)
    except NotCompiled:
        del script.lines[before:]
        script.depth = depth
        return False
    return True


def _has_parts(block: Block) -> bool:
    return any(isinstance(rule, LinkedParts | BackLinkedParts) for rule in block.rules)


def _refuse_parts_of_parts(block: Block) -> None:
    """A creation keeps the parts of its root; those of anything inside it the interpreter keeps."""
    inner = (rule.block for rule in block.rules if isinstance(rule, Items | LinkedParts | BackLinkedParts))
    if any(isinstance(rule, LinkedParts | BackLinkedParts) for each in inner for _, rule in walk(each)):
        raise NotCompiled


def _run(source: str, constants: Mapping[str, Any], name: str, overlays: tuple[str, ...]) -> dict[str, Any]:
    """The functions that the source defines. Its lines are kept for whoever reads a traceback."""
    file = f"<compiled {' + '.join((name, *overlays))}>"
    linecache.cache[file] = (len(source), None, source.splitlines(keepends=True), file)
    functions: dict[str, Any] = {**NAMESPACE, **constants}
    exec(compile(source, file, "exec"), functions)  # noqa: S102 - made here, of literals and own names only
    return functions
