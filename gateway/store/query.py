"""What a search over one type asks for, as a value: criteria, order, page, and what to bring along."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from gateway.conformance.searching.parameters import ParamKind, search_params
from gateway.conformance.served_types import SERVED, ServedType, clinical_date
from gateway.errors import BadRequest

MAX_SORT_KEYS: Final = 5
LAST_UPDATED: Final = "_lastUpdated"


@dataclass(frozen=True, slots=True)
class SortKey:
    """One key of the order: a search parameter, falling or rising."""

    name: str
    descending: bool = False

    def __str__(self) -> str:
        return f"-{self.name}" if self.descending else self.name


@dataclass(frozen=True, slots=True)
class Include:
    """What to bring along: what `type`'s reference `name` leads to, or (reverse) what leads here by it.

    name     `*` for every reference
    target   only to this type; None for any
    iterate  also from what was brought along
    """

    type: str
    name: str
    target: str | None = None
    iterate: bool = False
    reverse: bool = False


@dataclass(frozen=True, slots=True)
class Query:
    """A search over one type, or over several by what they have in common.

    types     resource types, 1..*
    within    `Type/id`: only what is in the compartment of that resource
    said      what the caller wants to find again in the token of the next page
    criteria  (name with modifier or chain, value text) pairs, all of which must hold
    sort      keys of the order; none: the order of creation, which never changes
    source    only rows of this source; None for every source the actor can see
    count     at most so many matches on a page
    cursor    a `Page.next_cursor` of the same actor and query
    own_base  our own address, with a slash at its end: references under it are ours
    served    the types that can be reached by a chain, `_has` or an include; no other is
    """

    types: tuple[str, ...]
    criteria: tuple[tuple[str, str], ...] = ()
    count: int = 50
    sort: tuple[SortKey, ...] = ()
    cursor: str | None = None
    source: str | None = None
    includes: tuple[Include, ...] = ()
    own_base: str = ""
    within: str | None = None
    said: str = ""
    served: Mapping[str, ServedType] = field(default_factory=lambda: SERVED, compare=False, repr=False)

    @property
    def type(self) -> str:
        """The first type, the only one of most searches."""
        return self.types[0]

    @property
    def text(self) -> str:
        """The search as its caller wrote it, below the base of the API. It may name somebody."""
        path = "/".join(part for part in (self.within, *self.types) if part) if len(self.types) == 1 else ""
        return f"{path}?{self.said}"

    @classmethod
    def of(
        cls,
        type: str,
        criteria: Iterable[tuple[str, str]] = (),
        *,
        count: int = 50,
        sort: str | None = None,
        cursor: str | None = None,
        source: str | None = None,
        includes: Iterable[Include] = (),
        own_base: str = "",
    ) -> Query:
        """The query of a request's parameters. Raises BadRequest for an order that is not offered."""
        keys = sort_keys((type,), sort) if sort else ()
        return cls((type,), tuple(criteria), max(1, count), keys, cursor, source, tuple(includes), own_base)


def sort_keys(types: Sequence[str], text: str) -> tuple[SortKey, ...]:
    """The keys that `_sort` names, as in `-date,status`.

    Raises BadRequest for a parameter that the type has not, or that has no order.
    """
    keys = tuple(SortKey(part.removeprefix("-"), part.startswith("-")) for part in text.split(","))
    for key in keys:
        params = [search_params(type).get(key.name) for type in types]
        if any(it is None or it.kind in (ParamKind.COMPOSITE, ParamKind.SPECIAL) for it in params):
            raise BadRequest(
                "_sort takes search parameters of the type, such as -_lastUpdated", expression="_sort"
            )
    if len(keys) > MAX_SORT_KEYS:
        raise BadRequest(f"_sort takes at most {MAX_SORT_KEYS} parameters", expression="_sort")
    return keys


def is_unbounded(types: Sequence[str], keys: tuple[SortKey, ...]) -> bool:
    """Whether an index holds the order, so that any number of matches can be walked by it."""
    if not keys:
        return True
    if len(keys) > 1 or (len(types) > 1 and keys[0].name != LAST_UPDATED):
        return False
    return keys[0].name in (LAST_UPDATED, clinical_date(types[0]))
