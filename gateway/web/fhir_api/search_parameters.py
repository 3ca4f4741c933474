"""What a search asks for: criteria that are served, those that are not, and wishes about the answer.

https://hl7.org/fhir/R4/http.html#search and https://hl7.org/fhir/R4/search.html — a parameter that is not
served is refused under ``Prefer: handling=strict`` and otherwise named in the answer; a modifier that is
not served is always refused, because without it the parameter would mean something else.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final
from urllib.parse import urlencode

from gateway.conformance.searching.criterion import refuse_unknown_modifier
from gateway.conformance.searching.names import Chain, Plain, Reverse, read_name
from gateway.conformance.searching.parameters import ParamKind, SearchParam, search_params
from gateway.conformance.subsets import Subset, Summary, read_subset
from gateway.errors import BadRequest, Issue, PreconditionFailed, UnknownParameter
from gateway.fhir.resource_types import R4_TYPES
from gateway.store.query import Include, Query, sort_keys
from gateway.web import the_gateway
from gateway.web.spelled_pairs import read_pairs

DEFAULT_COUNT: Final = 50
MAX_COUNT: Final = 200
MAX_PARAMETERS: Final = 100
MAX_INCLUDES: Final = 20
COUNT: Final = "_count"
CURSOR: Final = "_cursor"
LIST: Final = "_list"
TYPE: Final = "_type"
# What is about the answer, not about what is searched; each is understood once.
ABOUT_ANSWER: Final = (
    COUNT, "_sort", "_summary", "_elements", "_total", "_format", "_pretty", CURSOR,
)  # fmt: skip
INCLUDES: Final = ("_include", "_revinclude")
REFUSED: Final = frozenset(
    {"near", "phonetic", "_text", "_content", "_filter", "_query", "_contained", "_containedType"}
)
"""Known to R4, decided against here: without them a search would mean something else."""
# Names are repeated in answers, so only what looks like a parameter is; anything else might be a patient's
# name.
_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z_.:\-]{0,63}")


class Total(StrEnum):
    """Whether to count. Source: https://hl7.org/fhir/R4/valueset-search-entry-mode.html and #total"""

    NONE = "none"
    ESTIMATE = "estimate"
    ACCURATE = "accurate"


@dataclass(frozen=True, slots=True)
class Asked:
    """One search request, understood.

    path        what is searched, below the base: `CarePlan`, `Patient/<id>/CarePlan`, or nothing
    honoured    the parameters that the answer follows, for its self link
    only_count  how many, and none of them: `_summary=count` or `_count=0`
    total       whether to count; None when nobody asked
    unknown     what is not served and was left out
    subset      which part of each resource is shown
    """

    query: Query
    path: str
    honoured: tuple[tuple[str, str], ...]
    only_count: bool = False
    total: Total | None = None
    unknown: tuple[Issue, ...] = ()
    subset: Subset = Subset()  # noqa: RUF009 (frozen)

    def address(self, base_url: str) -> str:
        """The address of this search."""
        query = f"?{urlencode(self.honoured, safe='|,:/')}" if self.honoured else ""
        return f"{self._root(base_url)}{query}"

    def following(self, base_url: str, cursor: str) -> str:
        """The address of the page at `cursor`, which holds all that was asked: nothing readable.

        How many a page has is said beside it: some clients make each page's request anew from its link.
        """
        paged = [(name, value) for name, value in self.honoured if name == COUNT]
        return f"{self._root(base_url)}?{urlencode([(CURSOR, cursor), *paged])}"

    def _root(self, base_url: str) -> str:
        return f"{base_url}/{self.path}" if self.path else base_url


def asked(
    types: Sequence[str],
    pairs: Sequence[tuple[str, str]],
    *,
    strict: bool,
    base_url: str,
    path: str | None = None,
    within: str | None = None,
    cursor: str | None = None,
) -> Asked:
    """The search that the parameters of a request ask for.

    Raises UnknownParameter under `strict` with every parameter that is not served, and BadRequest for a
    modifier or a value that cannot be followed.
    """
    if len(pairs) > MAX_PARAMETERS:
        raise BadRequest(f"A search has at most {MAX_PARAMETERS} parameters.")
    criteria: list[tuple[str, str]] = []
    includes: list[tuple[str, str]] = []
    about: dict[str, str] = {}
    unknown: list[Issue] = []
    on_system = path == ""
    for name, value in pairs:
        if name in ABOUT_ANSWER or (on_system and name == TYPE):
            if name in about:
                raise BadRequest(f"{name} was given twice.", expression=name)
            about[name] = value
        elif name.partition(":")[0] in INCLUDES:
            includes.append((name, value))
        elif _is_served(types, name):
            criteria.append((name, value))
        else:
            unknown.append(_not_served(types, name))
    if unknown and strict:
        raise UnknownParameter("A parameter is not served.", issues=[_as_error(issue) for issue in unknown])
    count, subset = _count(about.get(COUNT)), read_subset(about)
    honoured = (*criteria, *includes, *((name, about[name]) for name in _KEPT if name in about))
    query = Query(
        types=tuple(types),
        criteria=tuple(criteria),
        count=max(1, count),
        sort=sort_keys(types, about["_sort"]) if "_sort" in about else (),
        cursor=cursor,
        includes=tuple(_include(types, name, value) for name, value in includes),
        own_base=f"{base_url}/",
        within=within,
        said=urlencode(honoured),
        served=the_gateway().served,
    )
    if len(query.includes) > MAX_INCLUDES:
        raise BadRequest(f"A search has at most {MAX_INCLUDES} includes.", expression="_include")
    return Asked(
        query,
        types[0] if path is None else path,
        honoured,
        count == 0 or subset.summary is Summary.COUNT,
        _total(about.get("_total")),
        tuple(unknown),
        subset,
    )


_KEPT: Final = (TYPE, COUNT, "_sort", "_summary", "_elements", "_total")


def condition(type: str, said: str, *, base_url: str) -> Query:
    """The condition of a conditional interaction, as in ``identifier=system|value``.

    Raises PreconditionFailed when it has no criteria, for that would match everything, and BadRequest when
    any part of it is not served, for without that part it would match something else.
    """
    pairs = read_pairs(said.strip().removeprefix(f"{type}?").removeprefix("?").encode())
    return criteria_of(type, pairs, base_url=base_url)


def criteria_of(type: str, pairs: Sequence[tuple[str, str]], *, base_url: str) -> Query:
    """The criteria of a conditional interaction by their names. Raises as `condition` does."""
    if not pairs:
        raise PreconditionFailed("The condition has no criteria; write for example identifier=system|value.")
    if any(name in ABOUT_ANSWER or name.partition(":")[0] in INCLUDES for name, _ in pairs):
        raise BadRequest("A condition takes criteria only, nothing about the answer.")
    return asked((type,), pairs, strict=True, base_url=base_url).query


def _is_served(types: Sequence[str], text: str) -> bool:
    """Whether every type is searched by it. Raises for a modifier that the parameter does not take."""
    if text.partition(":")[0] in REFUSED:
        raise UnknownParameter(f"Not served here, and not left out either: {', '.join(sorted(REFUSED))}.")
    name = read_name(text)
    if isinstance(name, Reverse):
        return True
    if name.name == LIST:
        return isinstance(name, Plain) and not name.modifier
    params = [_param(type, name.name) for type in types]
    if not all(params):
        return False
    for param in params:
        assert param is not None, "as was just seen"
        if isinstance(name, Plain):
            refuse_unknown_modifier(param, name.modifier)
        elif isinstance(name, Chain) and name.type and name.type not in R4_TYPES:
            raise UnknownParameter(
                "A chain names the type that the reference points at.", expression=param.name
            )
    return True


def _param(type: str, name: str) -> SearchParam | None:
    param = search_params(type).get(name)
    return None if param is None or param.kind is ParamKind.SPECIAL else param


def _include(types: Sequence[str], name: str, value: str) -> Include:
    kind, _, modifier = name.partition(":")
    if modifier not in ("", "iterate", "recurse"):
        raise UnknownParameter(f"{kind} takes the modifier iterate only.", expression=kind)
    reverse, iterate = kind == "_revinclude", bool(modifier)
    parts = value.split(":")
    if value == "*":
        if reverse:
            raise BadRequest("_revinclude names a type and its parameter.", expression=kind)
        return Include(types[0], "*", iterate=iterate)
    if not 2 <= len(parts) <= 3 or parts[0] not in R4_TYPES or not all(parts):
        raise BadRequest(f"{kind} is written Type:parameter or Type:parameter:Target.", expression=kind)
    target = parts[2] if len(parts) == 3 else None
    if target is not None and target not in R4_TYPES:
        raise BadRequest(f"{kind} names a target that is no resource type.", expression=kind)
    return Include(parts[0], parts[1], target, iterate, reverse)


def _count(said: str | None) -> int:
    if said is None:
        return DEFAULT_COUNT
    if not re.fullmatch(r"[0-9]{1,9}", said, re.ASCII):
        raise BadRequest("_count must be a whole number, 0 or more.", expression="_count")
    return min(int(said), MAX_COUNT)


def _total(said: str | None) -> Total | None:
    if said is None:
        return None
    try:
        return Total(said)
    except ValueError:
        raise BadRequest("_total must be none, estimate or accurate.", expression="_total") from None


def _not_served(types: Sequence[str], name: str) -> Issue:
    shown = name if _NAME.fullmatch(name) else "A parameter"
    served = ", ".join(served_names(types))
    return Issue(
        "warning",
        "not-supported",
        f"{shown} is not served for {', '.join(types[:3])} and was left out; served are: {served}.",
    )


def served_names(types: Iterable[str]) -> list[str]:
    """The names of the search parameters that all of these types have."""
    held = [
        {
            name
            for name, param in search_params(type).items()
            if param.kind is not ParamKind.SPECIAL and name not in REFUSED
        }
        for type in types
    ]
    return sorted(set.intersection(*held))


def _as_error(issue: Issue) -> Issue:
    return Issue("error", issue.code, issue.text.replace(" and was left out", ""))
