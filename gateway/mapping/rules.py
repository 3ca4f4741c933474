"""The intermediate form of a rule file: what the interpreter walks and the laws are generated from.

Everything is frozen and shared between threads. `ours` is a field of the record the block stands for,
`steps` a path in the FHIR object it stands for.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from gateway.mapping.codecs import Codec
from gateway.mapping.inline_case import InlineCase
from gateway.mapping.paths import Steps

Ours: TypeAlias = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a rule stands in its file."""

    rule: str
    file: str
    line: int
    _hash: int = field(
        init=False, repr=False, compare=False
    )  # asked for with every element that is explained

    def __post_init__(self) -> None:
        object.__setattr__(self, "_hash", hash((self.file, self.line, self.rule)))

    def __hash__(self) -> int:
        return self._hash

    def __str__(self) -> str:
        return f"{self.rule} @ {self.file}:{self.line}"

    def seen_from(self, other: Origin) -> str:
        """The place as a message about the other rule says it: the file too when that is another one."""
        return f"line {self.line}" if self.file == other.file else f"line {self.line} of {self.file}"


@dataclass(frozen=True, slots=True)
class Stale:
    """What describes an old value and goes when that value changes.

    holder   path of the object that loses the elements `names`
    lists    (name, kept): lists in that object that lose every item but those that a rule selects
    """

    holder: Steps
    names: tuple[str, ...] = ()
    lists: tuple[tuple[str, tuple[Mapping[str, Any], ...]], ...] = ()


@dataclass(frozen=True, slots=True)
class Guard:
    """What makes a FHIR object ours: each path must exist (MISSING), hold this value, or be absent (None)."""

    conditions: tuple[tuple[Steps, Any], ...] = ()


@dataclass(frozen=True, slots=True)
class Field:
    """One field, one element.

    copied   (^) written from the parent's field of this name, never read
    also     further elements that say the same: read when the first says nothing, written where they exist
    """

    ours: Ours
    steps: Steps
    codec: Codec
    origin: Origin
    stale: tuple[Stale, ...] = ()
    read_only: bool = False
    because: str = ""
    copied: bool = False
    also: tuple[Steps, ...] = ()


@dataclass(frozen=True, slots=True)
class FhirList:
    """The list that a rule walks.

    holder, name   the object that holds it and the element's name
    pattern        what each item contains (`x[system=U][]`); what a new item starts from
    where          items without it are not ours
    hidden         items that contain one of these belong to other rules: fixed values and selectors
    """

    holder: Steps
    name: str
    pattern: Mapping[str, Any] = field(default_factory=dict)
    where: Guard = Guard()
    hidden: tuple[Any, ...] = ()


@dataclass(frozen=True, slots=True)
class Values:
    """A list of single values; with `one`, the record shows the first of them only."""

    ours: Ours
    list: FhirList
    item: Steps
    codec: Codec
    origin: Origin
    stale: tuple[Stale, ...] = ()
    one: bool = False
    read_only: bool = False
    because: str = ""


@dataclass(frozen=True, slots=True)
class Items:
    """A list of objects. Without `key`, items are matched by equality, then by position.

    keyless   the rule says so itself (`key: none`)
    """

    ours: Ours
    list: FhirList
    block: Block
    origin: Origin
    key: tuple[Ours, ...] = ()
    read_only: bool = False
    because: str = ""
    keyless: bool = False


@dataclass(frozen=True, slots=True)
class Alternative:
    """One form of a choice.

    `siblings`: value[x] elements (holder, stem, own name) of which this form uses one.
    """

    rules: tuple[Field | Values, ...]
    siblings: tuple[tuple[Steps, str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Choice:
    """Several forms of which one holds at a time; all of them together own their record fields."""

    name: str
    alternatives: tuple[Alternative, ...]
    origin: Origin

    @property
    def fields(self) -> tuple[Ours, ...]:
        """The record fields that the alternatives map, each once."""
        return tuple(dict.fromkeys(rule.ours for way in self.alternatives for rule in way.rules))

    @property
    def written(self) -> tuple[Ours, ...]:
        """The record fields that some alternative writes, each once."""
        return tuple(
            dict.fromkeys(rule.ours for way in self.alternatives for rule in way.rules if not rule.read_only)
        )


Word: TypeAlias = str | bool
"""A record's word for a code: text, or yes and no."""

Tuple: TypeAlias = tuple[str | int | bool | None, ...]
"""What several elements say together, one value each; None: the element is absent."""


@dataclass(frozen=True, slots=True)
class Joint:
    """One field, several elements: the record's word stands for what they say together.

    ours_of     the word of every tuple that is read
    theirs_of   the tuple that is written for each word
    stale       for each element what described its old value
    """

    ours: Ours
    steps: tuple[Steps, ...]
    ours_of: Mapping[Tuple, Word]
    theirs_of: Mapping[Word, Tuple]
    origin: Origin
    stale: tuple[tuple[Stale, ...], ...] = ()
    read_only: bool = False
    because: str = ""


@dataclass(frozen=True, slots=True)
class Carried:
    """One field whose words are finer than the FHIR code: the exact word rides along beside it.

    theirs_of   the codes of each word; the first is written
    ours_of     the word that each code reads as when nothing rides along
    carry       where the word rides; it is believed as long as the visible code is one of its codes
    """

    ours: Ours
    steps: Steps
    carry: Steps
    theirs_of: Mapping[Word, tuple[str, ...]]
    ours_of: Mapping[str, Word]
    origin: Origin
    stale: tuple[Stale, ...] = ()
    read_only: bool = False
    because: str = ""


@dataclass(frozen=True, slots=True)
class SwitchCase:
    """What holds when the field of a switch says `word`: the guard, which is also what is written, and rules.

    stale   for each condition of the guard what described its old value
    """

    word: Word
    guard: Guard
    block: Block
    origin: Origin
    stale: tuple[tuple[Stale, ...], ...] = ()


@dataclass(frozen=True, slots=True)
class Switch:
    """A field whose word decides which further rules hold; the guards of its cases exclude one another."""

    ours: Ours
    cases: tuple[SwitchCase, ...]
    origin: Origin


@dataclass(frozen=True, slots=True)
class Ignored:
    """An element that the map leaves unread on purpose, with everything in it."""

    steps: Steps
    because: str
    origin: Origin


@dataclass(frozen=True, slots=True)
class LinkedParts:
    """A list whose items live in resources of their own, each named by a link of the holder's list."""

    ours: Ours
    list: FhirList
    item: Steps
    type: str
    block: Block
    origin: Origin


@dataclass(frozen=True, slots=True)
class BackLinkedParts:
    """A list whose items live in resources of their own, which carry a link (`by`) back to the root.

    others   the guards of the other lists of this block that hold resources of the same type
    first    the first of those lists: with the root missing it shows what no guard claims
    """

    ours: Ours
    type: str
    by: Steps
    stale: tuple[Stale, ...]
    block: Block
    origin: Origin
    key: tuple[Ours, ...]
    where: Guard = Guard()
    others: tuple[Guard, ...] = ()
    first: bool = True


Rule: TypeAlias = Field | Values | Items | Choice | Joint | Carried | Switch | LinkedParts | BackLinkedParts


@dataclass(frozen=True, slots=True)
class Fixed:
    """A pattern written on create when nothing is there; `name` set: an item of that list.

    yields   a rule maps the element too: the pattern is what stands there while that rule says nothing
    """

    steps: Steps
    name: str | None
    pattern: Any
    origin: Origin = Origin("", "", 0)
    yields: bool = False


@dataclass(frozen=True, slots=True)
class Block:
    """The rules for one FHIR object. `type` and `narrative` belong to whole resources only.

    ignored   elements that no rule reads, each with the reason
    origin    where the block begins: what is missing in it is reported there
    always    patterns written on create and on put; always.py writes them after everything else
    """

    rules: tuple[Rule, ...]
    fixed: tuple[Fixed, ...] = ()
    type: str | None = None
    narrative: str | None = None
    ignored: tuple[Ignored, ...] = ()
    origin: Origin = Origin("", "", 0)
    always: tuple[Fixed, ...] = ()


@dataclass(frozen=True, slots=True)
class RuleFile:
    """A whole rule file: one record and its root resource.

    overlays     those that were merged into it or into a map that it splits into, in order
    cannot_hold  record fields (dotted) that the partner of these overlays cannot hold, each with the reason
    writes_always  whether anything in it is written always (always.py)
    tests        the cases that its author, or an overlay's, wrote beside the rules
    """

    name: str
    record: str
    file: str
    root: Block
    overlays: tuple[str, ...] = ()
    cannot_hold: Mapping[str, str] = field(default_factory=dict)
    writes_always: bool = False
    tests: tuple[InlineCase, ...] = ()

    @property
    def type(self) -> str:
        """The type of the root resource."""
        assert self.root.type is not None, "the loader refuses a root block without a type"
        return self.root.type


def fields_of(rule: Rule) -> tuple[Ours, ...]:
    """The record fields that a rule maps, each once."""
    match rule:
        case Choice():
            return rule.fields
        case Switch():
            inner = (ours for case in rule.cases for each in case.block.rules for ours in fields_of(each))
            return tuple(dict.fromkeys((rule.ours, *inner)))
        case _:
            return (rule.ours,)


def copies_of(block: Block) -> tuple[Ours, ...]:
    """The fields of the whole record that the rules of a part repeat, each once."""
    copied = (rule for _, rule in walk(block) if isinstance(rule, Field) and rule.copied)
    return tuple(dict.fromkeys(rule.ours for rule in copied))


def walk(block: Block) -> Iterator[tuple[Block, Rule | Field | Values]]:
    """Every rule of a block and of those inside it, with its block; alternatives and cases one by one."""
    for rule in block.rules:
        yield block, rule
        if isinstance(rule, Choice):
            for way in rule.alternatives:
                for inner in way.rules:
                    yield block, inner
        elif isinstance(rule, Switch):
            for case in rule.cases:
                yield from walk(case.block)
        elif isinstance(rule, Items | LinkedParts | BackLinkedParts):
            yield from walk(rule.block)
