"""The facts of R4: read once, each type when it is first asked for."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache, cached_property
from importlib.resources import files
from typing import Final, TypeVar

import msgspec

from gateway.conformance.facts.elements import Binding, Element, ExtensionFacts, Invariant, Kind, TypeFacts
from gateway.conformance.facts.searching import Compartment, SearchParameter

FORMAT: Final = 1

Codes = Mapping[str, frozenset[str]]
T = TypeVar("T")


class _File(msgspec.Struct, frozen=True):
    """The facts file, its parts not yet read."""

    format: int
    version: str
    types: dict[str, msgspec.Raw]
    value_sets: dict[str, msgspec.Raw]
    extensions: dict[str, msgspec.Raw]
    search: msgspec.Raw
    compartments: msgspec.Raw


class Facts:
    """What one version of FHIR says of its types, elements, codes and searches. Never changes once made."""

    def __init__(self, text: bytes) -> None:
        self._file = msgspec.json.decode(text, type=_File)
        assert self._file.format == FORMAT, "the facts file is of another version: make definitions"
        self._types: dict[str, TypeFacts] = {}
        self._below: dict[str, dict[str, dict[str, Element]]] = {}
        self._children: dict[tuple[str, str], Element | None] = {}
        self._value_sets: dict[str, Codes | None] = {}
        self._extensions: dict[str, ExtensionFacts] = {}

    @property
    def version(self) -> str:
        """The version of FHIR: 4.0.1."""
        return self._file.version

    @cached_property
    def types(self) -> frozenset[str]:
        """The names of all types: resources, data types, primitives, profiles of data types."""
        return frozenset(self._file.types)

    @cached_property
    def resources(self) -> frozenset[str]:
        """The names of the resource types that instances have."""
        return frozenset(
            name
            for name in self._file.types
            if (held := self._type(name)).kind is Kind.RESOURCE and not held.abstract
        )

    def type(self, name: str) -> TypeFacts | None:
        """The type of that name."""
        return self._type(name) if name in self._file.types else None

    def bases(self, name: str) -> tuple[str, ...]:
        """The type and the types it inherits from, nearest first: CarePlan, DomainResource, Resource."""
        chain: list[str] = []
        while name and name in self._file.types:
            chain.append(name)
            name = self._type(name).base
        return tuple(chain)

    def element(self, path: str) -> Element | None:
        """The element at a path that starts with a type: `CarePlan.activity.detail.status`.

        A choice may be named openly (`value[x]`) or with one of its types (`valueQuantity`); the way may lead
        through data types (`CarePlan.period.start`).
        """
        name, *steps = path.split(".")
        if name not in self._file.types:
            return None
        found: Element | None = Element(path=name, types=(name,))
        for step in steps:
            found = None if found is None else self.child(found, step)
        return found

    def child(self, parent: Element | str, name: str) -> Element | None:
        """The element `name` of an element or of a type; None when R4 has no such element there."""
        if isinstance(parent, str):
            parent = Element(path=parent, types=(parent,))
        for holder in self._holders(parent):
            key = (holder, name)
            if key not in self._children:
                self._children[key] = self._child(holder, name)
            found = self._children[key]
            if found is not None:
                return found
        return None

    def children(self, parent: Element | str) -> tuple[Element, ...]:
        """Every element of an element or of a type, inherited ones first, choices unresolved."""
        if isinstance(parent, str):
            parent = Element(path=parent, types=(parent,))
        found: dict[str, Element] = {}
        for holder in reversed(self._holders(parent)):
            found.update(self._names(holder))
        return tuple(found.values())

    def invariants(self, element: Element) -> tuple[Invariant, ...]:
        """All that an instance of the element must keep: its own and those of its types, each once."""
        found = {each.key: each for each in element.invariants}
        for name in element.types or ("BackboneElement",):
            for base in self.bases(name):
                for each in self._type(base).invariants:
                    found.setdefault(each.key, each)
        return tuple(found.values())

    def codes(self, value_set: str | Binding) -> Codes | None:
        """The codes of a value set by system; None: open (a grammar, or codes that R4 does not list).

        Known are the value sets of R4's required bindings and those it says that codes may never leave.
        """
        url = value_set if isinstance(value_set, str) else value_set.value_set
        if url not in self._value_sets:
            listed = (
                None
                if url not in self._file.value_sets
                else msgspec.json.decode(self._file.value_sets[url], type=dict[str, frozenset[str]] | None)
            )
            self._value_sets[url] = listed
        return self._value_sets[url]

    def required_codes(self, element: Element) -> frozenset[str] | None:
        """The codes that the element may hold, of any system; None when R4 does not close the set."""
        if element.binding is None or element.binding.strength != "required":
            return None
        by_system = self.codes(element.binding)
        return None if by_system is None else frozenset().union(*by_system.values())

    @cached_property
    def extension_urls(self) -> frozenset[str]:
        """The urls of R4's own extensions."""
        return frozenset(self._file.extensions)

    def extension(self, url: str) -> ExtensionFacts | None:
        """One of R4's own extensions."""
        if url not in self._file.extensions:
            return None
        if url not in self._extensions:
            self._extensions[url] = _decoded(self._file.extensions[url], ExtensionFacts)
        return self._extensions[url]

    @cached_property
    def search_parameters(self) -> tuple[SearchParameter, ...]:
        """R4's search parameters, those of every type and those of all types (`_id`)."""
        return _decoded(self._file.search, tuple[SearchParameter, ...])

    def searched_by(self, type: str) -> Mapping[str, SearchParameter]:
        """The search parameters of a resource type by code, inherited ones included."""
        bases = self.bases(type)
        return {each.code: each for each in self.search_parameters if not set(bases).isdisjoint(each.base)}

    @cached_property
    def compartments(self) -> Mapping[str, Compartment]:
        """R4's compartments by the type that they are about."""
        return {each.type: each for each in _decoded(self._file.compartments, tuple[Compartment, ...])}

    def _type(self, name: str) -> TypeFacts:
        if name not in self._types:
            self._types[name] = _decoded(self._file.types[name], TypeFacts)
        return self._types[name]

    def _holders(self, parent: Element) -> list[str]:
        """Where the children of an element are written down: paths within types, nearest first."""
        path = parent.content or parent.path
        if parent.content:
            parent = self._type(path.partition(".")[0]).elements[path]
        if len(parent.types) != 1:
            return []
        inline = [path] if parent.types[0] in _INLINE and "." in path else []
        return [*inline, *self.bases(parent.types[0])]

    def _child(self, holder: str, name: str) -> Element | None:
        names = self._names(holder)
        if name in names:
            return names[name]
        for found in names.values():
            if found.choice and name.startswith(found.choice):
                narrowed = _narrowed(found, name)
                if narrowed is not None:
                    return narrowed
        return None

    def _names(self, holder: str) -> Mapping[str, Element]:
        """The elements written down directly below a path, by name."""
        type_name = holder.partition(".")[0]
        if type_name not in self._below:
            below: dict[str, dict[str, Element]] = {}
            for path, element in self._type(type_name).elements.items():
                above, _, name = path.rpartition(".")
                below.setdefault(above, {})[name] = element
            self._below[type_name] = below
        return self._below[type_name].get(holder, {})


def _narrowed(choice: Element, name: str) -> Element | None:
    """The choice as the one type that a name such as `valueQuantity` says."""
    suffix = name[len(choice.choice) :]
    for type_name in choice.types:
        if suffix == type_name[0].upper() + type_name[1:]:
            path = f"{choice.path.rpartition('.')[0]}.{name}"
            return msgspec.structs.replace(choice, path=path, types=(type_name,))
    return None


# Types whose children stand in the type that uses them.
_INLINE: Final = ("BackboneElement", "Element")


@cache
def r4() -> Facts:
    """The facts of FHIR R4 (4.0.1)."""
    return Facts(files("gateway.conformance.facts").joinpath("r4.json").read_bytes())


def _decoded(raw: msgspec.Raw, kind: type[T]) -> T:
    return msgspec.json.decode(raw, type=kind)
