"""Which parameters an interaction takes in its address, beside a search: how to answer, and little else.

https://hl7.org/fhir/R4/http.html#parameters — a server may leave out what it does not know, so a read does,
unless the client asked for ``Prefer: handling=strict``. What would decide what is answered or changed is
never left out: a criterion beside an id means that the client thinks of another interaction, and whoever
writes with one believes that it narrows the write. A parameter given twice is two wishes; none is chosen.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from types import MappingProxyType
from typing import Final

from flask import Request

from gateway.access.policy import Interaction
from gateway.conformance.searching.parameters import search_params
from gateway.errors import BadRequest, Issue, UnknownParameter
from gateway.web.fhir_api.negotiation import preferences
from gateway.web.fhir_api.routes import SystemInteraction
from gateway.web.fhir_api.search_parameters import ABOUT_ANSWER, INCLUDES, LIST, REFUSED, TYPE

# Source: https://hl7.org/fhir/R4/http.html#parameters
GENERAL: Final = frozenset({"_format", "_pretty", "_summary", "_elements"})
"""How to answer: every interaction takes them."""

_PAGED: Final = frozenset({"_since", "_at", "_count", "_before", "_cursor"})
_TAKEN: Final[Mapping[Interaction | SystemInteraction, frozenset[str]]] = MappingProxyType(
    {
        Interaction.HISTORY: GENERAL | _PAGED - {"_cursor"},
        Interaction.HISTORY_TYPE: GENERAL | _PAGED - {"_before"},
        SystemInteraction.HISTORY_SYSTEM: GENERAL | _PAGED - {"_before"},
        # Every mode is answered with the same statement, as R4 allows.
        SystemInteraction.CAPABILITIES: GENERAL | {"mode"},
    }
)
_READING: Final = frozenset({"GET", "HEAD"})
_SEARCHING: Final = frozenset({Interaction.SEARCH, SystemInteraction.SEARCH_SYSTEM})
_ONCE: Final = frozenset(ABOUT_ANSWER) | _PAGED | {"mode"}
_DECIDING: Final = frozenset({*INCLUDES, *REFUSED, LIST, TYPE, "_has", "_id", "_before", "_cursor"})


def check_parameters(
    request: Request, interaction: Interaction | SystemInteraction, type: str | None, *, by_id: bool
) -> None:
    """Nothing, when the address asks for what the interaction takes. Raises as `refuse_foreign` does.

    The parameters of a search are read by the search itself, and so are the criteria of a write that names
    no id.
    """
    if not request.query_string:
        return
    names = [name for name, _ in request.args.items(multi=True)]
    writes = request.method not in _READING
    if interaction in _SEARCHING or (writes and not by_id and request.method != "POST"):
        refuse_repeated(names)
        return
    refuse_foreign(interaction, type, names, writes=writes, strict=preferences(request).strict)


def refuse_foreign(
    interaction: Interaction | SystemInteraction,
    type: str | None,
    names: Collection[str],
    *,
    writes: bool,
    strict: bool,
) -> None:
    """Nothing, when what the interaction does not take may be left out.

    Raises BadRequest for a parameter given twice, and UnknownParameter naming each one that a write or a
    strict client gave, or that would decide what a reader is answered.
    """
    refuse_repeated(names)
    taken = _TAKEN.get(interaction, GENERAL)
    foreign = [name for name in names if name not in taken]
    refused = [name for name in foreign if writes or strict or _decides(type, name)]
    if refused:
        issues = [Issue("error", "not-supported", text) for text in _worded(type, refused, taken)]
        raise UnknownParameter("A parameter is not taken here.", issues=issues)


def refuse_repeated(names: Iterable[str]) -> None:
    """Nothing, when each wish about the answer is there once at most. Raises BadRequest otherwise."""
    for name, times in Counter(names).items():
        if times > 1 and name in _ONCE:
            raise BadRequest(f"{name} was given twice.", expression=name)


def _decides(type: str | None, name: str) -> bool:
    base = _base(name)
    return base in _DECIDING or (type is not None and base in search_params(type))


def _worded(type: str | None, names: Iterable[str], taken: Iterable[str]) -> list[str]:
    served = ", ".join(sorted(taken))
    # Only what R4 knows is repeated: any other name in an address may be a patient's.
    shown = dict.fromkeys(
        _base(name) if _base(name) in _ONCE or _decides(type, name) else "A parameter" for name in names
    )
    return [
        f"{name} is not taken by this interaction, and without it the request might mean something else;"
        f" taken are: {served}."
        for name in shown
    ]


def _base(name: str) -> str:
    return name.partition(":")[0].partition(".")[0]
