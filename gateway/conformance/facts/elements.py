"""What R4 says of an element, of a type and of an extension: the shapes of the facts file.

An element is written down once, in the type that defines it; `Facts` finds it through inheritance, data
types, content references and the names of choices.
Source: https://hl7.org/fhir/R4/elementdefinition.html
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from msgspec import Struct


class Strength(StrEnum):
    """How far a value set binds. Source: https://hl7.org/fhir/R4/terminologies.html#strength"""

    REQUIRED = "required"
    EXTENSIBLE = "extensible"
    PREFERRED = "preferred"
    EXAMPLE = "example"


class Binding(Struct, frozen=True, omit_defaults=True):
    """The value set of an element. `most` is the set that codes may never leave, where R4 names one."""

    strength: Strength
    value_set: str = ""
    most: str = ""


class Invariant(Struct, frozen=True, omit_defaults=True):
    """A rule that every instance keeps (`error`) or should keep (`warning`), as FHIRPath."""

    key: str
    human: str
    expression: str = ""
    severity: str = "error"


class Element(Struct, frozen=True, omit_defaults=True):
    """One element of a type.

    path         from the type on: `CarePlan.activity.detail.scheduled[x]`, or `….scheduledPeriod` when one of
                 its types was asked for
    max          None: any number
    types        of a choice several; empty when `content` says where the element is described
    targets      the types that a Reference may point at; empty means any
    canonicals   the same for a canonical
    profiles     profiles of data types that the value must keep, such as SimpleQuantity
    choice       the stem of a value[x] (`scheduled`), else empty
    content      path of the element that describes this one's children (content reference)
    invariants   those written at this very element; `Facts.invariants` adds those of its types
    """

    path: str
    min: int = 0
    max: int | None = 1
    types: tuple[str, ...] = ()
    targets: tuple[str, ...] = ()
    canonicals: tuple[str, ...] = ()
    profiles: tuple[str, ...] = ()
    binding: Binding | None = None
    choice: str = ""
    content: str = ""
    modifier: bool = False
    summary: bool = False
    invariants: tuple[Invariant, ...] = ()

    @property
    def name(self) -> str:
        """The last step of the path: the name in JSON, or the stem with [x] while its type is open."""
        return self.path.rpartition(".")[2]

    @property
    def repeats(self) -> bool:
        """Whether JSON holds it in a list."""
        return self.max is None or self.max > 1

    @property
    def required(self) -> bool:
        """Whether it must be there when what holds it is."""
        return self.min > 0


class Kind(StrEnum):
    """What sort of thing a type is. An abstract type is never met by itself."""

    RESOURCE = "resource"
    COMPLEX = "complex-type"
    PRIMITIVE = "primitive-type"
    PROFILE = "profile"


class TypeFacts(Struct, frozen=True, omit_defaults=True):
    """One type: its own elements by path (those of its base are in the base), and its invariants.

    A profile is one of R4's named constraints on a data type (SimpleQuantity): it holds what it changes only.
    """

    name: str
    kind: Kind
    base: str = ""
    abstract: bool = False
    regex: str = ""
    elements: Mapping[str, Element] = {}
    invariants: tuple[Invariant, ...] = ()

    @property
    def primitive(self) -> bool:
        """Whether JSON holds a bare value of it, not an object."""
        return self.kind is Kind.PRIMITIVE


class ExtensionFacts(Struct, frozen=True, omit_defaults=True):
    """What an extension may hold and where it may stand.

    types      of its value[x]; empty when it holds nested extensions
    parts      its nested extensions by url
    contexts   paths or types where it may stand; empty when other than such paths are given (FHIRPath)
    """

    url: str
    types: tuple[str, ...] = ()
    parts: Mapping[str, ExtensionFacts] = {}
    contexts: tuple[str, ...] = ()
    min: int = 0
    max: int | None = None
    modifier: bool = False
    targets: tuple[str, ...] = ()
    binding: Binding | None = None
