"""References as texts and as ids of other records, both ways.

Source: https://hl7.org/fhir/R4/references.html#literal
"""

from __future__ import annotations

import re
from typing import Any

from gateway.fhir.resource_types import R4_TYPES

_ID = r"[A-Za-z0-9\-._]{1,64}"
_relative = re.compile(rf"([A-Z][A-Za-z]+)/({_ID})(?:/_history/{_ID})?").fullmatch
_is_id = re.compile(_ID).fullmatch


def stands_for_itself(text: str) -> bool:
    """Whether a text that is no relative reference names something all the same: URL, urn: or #contained."""
    return "://" in text or text.startswith(("#", "urn:"))


def any_reference(text: Any) -> str | None:
    """The text, when it is a reference to anything."""
    if not isinstance(text, str):
        return None
    found = _relative(text)
    if found is not None:
        return text if found[1] in R4_TYPES else None
    return text if stands_for_itself(text) else None


def id_of(text: Any, type_name: str) -> str | None:
    """`Patient/9` as `9`, when it is of this type; a foreign reference as it stands."""
    if not isinstance(text, str):
        return None
    found = _relative(text)
    if found is not None:
        return found[2] if found[1] == type_name else None
    return text if stands_for_itself(text) else None


def linked_id(link: Any, type_name: str) -> str | None:
    """The id that a Reference to this type names by a relative reference."""
    text = link.get("reference") if isinstance(link, dict) else None
    found = _relative(text) if isinstance(text, str) else None
    return found[2] if found is not None and found[1] == type_name else None


def reference_to(wanted: Any, type_name: str) -> str | None:
    """`9` as `Patient/9`; a foreign reference as it stands."""
    if not isinstance(wanted, str):
        return None
    if stands_for_itself(wanted):
        return wanted
    return f"{type_name}/{wanted}" if _is_id(wanted) else None


def add_number(view: dict[str, Any], field: str, link: Any) -> None:
    """The number by which a reference names its target."""
    if isinstance(link, dict) and (found := _number(link.get("identifier"))):
        view[field] = found


def add_numbers(view: dict[str, Any], field: str, links: Any) -> None:
    """The numbers by which references name their targets."""
    named = links if isinstance(links, list) else [links]
    found = [
        number for link in named if isinstance(link, dict) and (number := _number(link.get("identifier")))
    ]
    if found:
        view[field] = found


def _number(identifier: Any) -> dict[str, Any]:
    if not isinstance(identifier, dict):
        return {}
    return {
        name: text for name in ("system", "value", "use") if isinstance(text := identifier.get(name), str)
    }
