"""Every link of a resource, by what R4 says its elements are, and the resource with its links changed.

Links are the references, the elements of type uri, url, oid and uuid, and what `<a href>` and `<img src>` of
a narrative name; extensions and contained resources are resources' parts like any other. A canonical is none:
it names what a business calls it, wherever that is stored.
Source: https://hl7.org/fhir/R4/http.html#trules
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from html import escape, unescape
from typing import Any, Final

from gateway.conformance.facts import r4
from gateway.conformance.facts.elements import Element
from gateway.fhir.json_codec import Resource

Change = Callable[[str], str]
"""What a link reads now, given what it read."""

_TAG: Final = re.compile(r"<(?:a|img)\s[^<>]*+>", re.IGNORECASE)
_NAMED: Final = re.compile(r"""(\s(?:href|src)\s*=\s*)(?:"([^"]*)"|'([^']*)')""", re.IGNORECASE)
_STEPS: Final[dict[tuple[str, str], Element]] = {}  # R4's own elements only, so it cannot grow for ever


@dataclass(frozen=True, slots=True)
class Changes:
    """What becomes of the links of a resource, by the kind of place where they stand.

    reference   `Reference.reference`
    address     uri and url, and what a narrative names
    uuid        a value of type uuid, which can only become another uuid; an oid can become no id of ours
    """

    reference: Change
    address: Change
    uuid: Change


def relinked(resource: Resource, changes: Changes) -> Resource:
    """The resource with its links changed; the one given is never altered, and order is kept."""
    type = resource.get("resourceType")
    if not isinstance(type, str) or type not in r4().resources:
        return resource  # no resource of R4: whoever checks it says so
    return {name: _part(_root(type), name, value, changes) for name, value in resource.items()}


def _part(parent: Element, name: str, value: Any, changes: Changes) -> Any:
    if isinstance(value, list):
        return [_part(parent, name, item, changes) for item in value]
    if isinstance(value, dict):
        if "resourceType" in value:
            return relinked(value, changes)
        # Beside a primitive stand its id and its extensions.
        element = _root("Element") if name.startswith("_") else _step(parent, name)
        if element is None:
            return value
        return {each: _part(element, each, child, changes) for each, child in value.items()}
    return _text(parent, name, value, changes) if isinstance(value, str) else value


def _text(parent: Element, name: str, text: str, changes: Changes) -> str:
    if name == "reference" and parent.types == ("Reference",):
        return changes.reference(text)
    element = _step(parent, name)
    match element.types if element is not None else ():
        case ("uri",) | ("url",):
            return changes.address(text)
        case ("uuid",):
            return changes.uuid(text)
        case ("xhtml",):
            return _TAG.sub(lambda tag: _NAMED.sub(lambda it: _link(it, changes), tag[0]), text)
        case _:
            return text


def _link(found: re.Match[str], changes: Changes) -> str:
    written = found[2] if found[2] is not None else found[3]
    before = unescape(written)
    after = changes.address(before)
    return found[0] if after == before else f'{found[1]}"{escape(after)}"'


def _root(type: str) -> Element:
    return Element(path=type, types=(type,))


def _step(parent: Element, name: str) -> Element | None:
    found = _STEPS.get((parent.path, name))
    if found is None:
        found = r4().child(parent, name)
        if found is not None:
            _STEPS[parent.path, name] = found
    return found
