"""The entries of a posted Bundle: of each what it asks for, or what is wrong with it.

The Bundle itself is checked against R4 without its resources, which are checked when they are written.
https://hl7.org/fhir/R4/bundle.html
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Final, TypeAlias

from flask import g, request

from gateway.conformance.typed import shape_issues
from gateway.errors import GatewayError, Issue, NotConformant
from gateway.fhir.bundle_entries import entry_request
from gateway.fhir.json_codec import Resource
from gateway.web.fhir_api import replies
from gateway.web.fhir_api.entries import Asking, Understood, understood
from gateway.web.fhir_api.negotiation import preferences

Entry: TypeAlias = Understood | GatewayError

_OF_ENTRY: Final = re.compile(r"Bundle\.entry\[([0-9]+)\]")


def read_entries(bundle: Resource, listed: Sequence[Any]) -> list[Entry]:
    """The entries in their order, each understood, or the error that says why it is not.

    Raises NotConformant when the Bundle around them is not what R4 calls one.
    """
    wrong = _wrong_by_entry(bundle, listed)
    if around := wrong.pop(None, None):
        raise NotConformant("The Bundle breaks FHIR R4.", issues=around)
    strict = preferences(request).strict
    return [_entry(position, entry, wrong.get(position, []), strict) for position, entry in enumerate(listed)]


def _entry(position: int, entry: Any, wrong: list[Issue], strict: bool) -> Entry:
    if wrong:
        return NotConformant("The entry breaks FHIR R4.", issues=wrong)
    try:
        return understood(Asking(entry_request(position, entry, replies.base_url()), g.actor, strict))
    except GatewayError as error:
        return error


def _wrong_by_entry(bundle: Resource, listed: Sequence[Any]) -> dict[int | None, list[Issue]]:
    bare = [
        {name: value for name, value in entry.items() if name != "resource"} or {"fullUrl": "urn:uuid:0"}
        if isinstance(entry, dict)
        else entry
        for entry in listed
    ]
    wrong: dict[int | None, list[Issue]] = {}
    for issue in shape_issues({**bundle, "entry": bare} if bare else bundle):
        found = _OF_ENTRY.match(issue.expression)
        wrong.setdefault(int(found[1]) if found else None, []).append(issue)
    return wrong
