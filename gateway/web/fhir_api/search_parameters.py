"""What a search asks for: criteria that are served, those that are not, and wishes about the answer.

https://hl7.org/fhir/R4/http.html#search and https://hl7.org/fhir/R4/search.html — a parameter that is not
served is refused under ``Prefer: handling=strict`` and otherwise named in the answer; a modifier that is
not served is always refused, because without it the parameter would mean something else.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final
from urllib.parse import parse_qsl, urlencode

from gateway.conformance.served_types import SERVED, ParamKind, SearchParam
from gateway.errors import BadRequest, Issue, PreconditionFailed, UnknownParameter
from gateway.fhir.references import ReferenceKind, parse_reference
from gateway.store.search import Query

DEFAULT_COUNT: Final = 50
MAX_COUNT: Final = 200
CURSOR: Final = "_cursor"
RESULT_PARAMETERS: Final = ("_count", "_sort", "_summary", "_format", CURSOR)
# Names are repeated in answers, so only what looks like a parameter is; anything else might be a patient's
# name.
_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z_.:\-]{0,63}")


@dataclass(frozen=True, slots=True)
class Asked:
    """One search request, understood.

    honoured    the parameters that the answer follows, for its self link; without the cursor
    only_count  how many, and none of them: `_summary=count` or `_count=0`
    unknown     what is not served and was left out
    """

    query: Query
    honoured: tuple[tuple[str, str], ...]
    only_count: bool = False
    unknown: tuple[Issue, ...] = ()

    def address(self, base_url: str, cursor: str | None = None) -> str:
        """The address of this search, or of the page at `cursor`."""
        pairs = [*self.honoured, (CURSOR, cursor)] if cursor else self.honoured
        query = f"?{urlencode(pairs, safe='|,:/')}" if pairs else ""
        return f"{base_url}/{self.query.type}{query}"


def asked(type: str, pairs: Iterable[tuple[str, str]], *, strict: bool, base_url: str) -> Asked:
    """The search that the parameters of a request ask for.

    Raises UnknownParameter under `strict` with every parameter that is not served, and BadRequest for a
    modifier or a value that cannot be followed.
    """
    criteria: list[tuple[str, str]] = []
    unknown: list[Issue] = []
    about_answer: dict[str, str] = {}
    for name, value in pairs:
        if name in RESULT_PARAMETERS and (name != "_summary" or value in ("count", "false")):
            about_answer[name] = value
        elif (param := SERVED[type].param(name.partition(":")[0])) is not None:
            criteria.append((param.name, _plain(param, name, value, base_url)))
        else:
            unknown.append(_not_served(type, name))
    if unknown and strict:
        raise UnknownParameter("A parameter is not served.", issues=[_as_error(issue) for issue in unknown])
    count = _count(about_answer.get("_count"))
    only_count = count == 0 or about_answer.get("_summary") == "count"
    sort = about_answer.get("_sort") or None
    return Asked(
        Query.of(type, criteria, count=count, sort=sort, cursor=about_answer.get(CURSOR)),
        (
            *criteria,
            *((name, about_answer[name]) for name in ("_count", "_sort", "_summary") if name in about_answer),
        ),
        only_count,
        tuple(unknown),
    )


def condition(type: str, said: str, *, base_url: str) -> Query:
    """The condition of a conditional create, as If-None-Exist says it: ``identifier=system|value``.

    Raises PreconditionFailed when it has no criteria, for that would match everything, and BadRequest when
    any part of it is not served, for without that part it would match something else.
    """
    pairs = parse_qsl(said.strip().removeprefix(f"{type}?").removeprefix("?"), keep_blank_values=True)
    if not pairs:
        raise PreconditionFailed("If-None-Exist has no criteria; write for example identifier=system|value.")
    if any(name in RESULT_PARAMETERS for name, _ in pairs):
        raise BadRequest("If-None-Exist takes criteria only, nothing about the answer.")
    return asked(type, pairs, strict=True, base_url=base_url).query


def _plain(param: SearchParam, name: str, value: str, base_url: str) -> str:
    """The value of a parameter without modifier, references to our own address made relative."""
    modifier = name.partition(":")[2]
    if param.kind is not ParamKind.REFERENCE:
        if modifier or ":" in name:
            raise UnknownParameter(f"{param.name} is served without a modifier only.", expression=param.name)
        return value
    if modifier not in ("", "Patient") or (":" in name and not modifier):
        raise UnknownParameter(
            f"{param.name} is served without a modifier, or with :Patient, only.", expression=param.name
        )
    return ",".join(_relative(one, base_url, "Patient" if modifier else "") for one in value.split(","))


def _relative(value: str, base_url: str, type: str) -> str:
    ours = value.removeprefix(f"{base_url}/")
    if type and ours and parse_reference(ours).kind is ReferenceKind.OTHER:
        return f"{type}/{ours}"
    return ours


def _count(said: str | None) -> int:
    if said is None:
        return DEFAULT_COUNT
    if not re.fullmatch(r"[0-9]{1,9}", said, re.ASCII):
        raise BadRequest("_count must be a whole number, 0 or more.", expression="_count")
    return min(int(said), MAX_COUNT)


def _not_served(type: str, name: str) -> Issue:
    shown = name if _NAME.fullmatch(name) else "A parameter"
    if name == "_summary":
        return Issue(
            "warning", "not-supported", "_summary is served as count or false and was left out.", name
        )
    served = ", ".join(param.name for param in SERVED[type].search)
    return Issue(
        "warning",
        "not-supported",
        f"{shown} is not served for {type} and was left out; served are: {served}.",
    )


def _as_error(issue: Issue) -> Issue:
    return Issue("error", issue.code, issue.text.replace(" and was left out", ""))
