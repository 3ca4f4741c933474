"""Bundles: what one that others made holds. Our own answers are written entry by entry (web/fhir_api).

Source: https://hl7.org/fhir/R4/bundle.html
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from gateway.errors import Unreadable
from gateway.fhir.json_codec import Resource


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of a Bundle. What the entry does not say is None; `position` counts from 0.

    method, url, if_none_exist   what a transaction, batch or history entry asks for, or asked for
    mode                         why a search found it: match, include or outcome
    """

    position: int
    full_url: str | None = None
    resource: Resource | None = None
    method: str | None = None
    url: str | None = None
    if_none_exist: str | None = None
    mode: str | None = None


def entries(bundle: Resource) -> Iterator[Entry]:
    """The entries of a Bundle in their order, 0..*.

    Raises Unreadable, naming the element, when it is no Bundle or an entry is not what R4 calls one.
    """
    if bundle.get("resourceType") != "Bundle":
        raise Unreadable("This is not a Bundle.", expression="resourceType")
    held = bundle.get("entry")
    if not isinstance(held, list | None):
        raise Unreadable("Bundle.entry is not a list.", expression="Bundle.entry")
    for position, item in enumerate(held or ()):
        yield _entry(position, item)


def next_link(bundle: Resource) -> str | None:
    """The address of the following page, or None on the last one."""
    links = bundle.get("link")
    for link in links if isinstance(links, list) else ():
        if isinstance(link, dict) and link.get("relation") == "next" and isinstance(link.get("url"), str):
            return str(link["url"]) or None  # some servers write an empty one on the last page
    return None


def _entry(position: int, item: Any) -> Entry:
    path = f"Bundle.entry[{position}]"
    if not isinstance(item, dict):
        raise Unreadable(f"{path} is not an object.", expression=path)
    resource = item.get("resource")
    if resource is not None and not (
        isinstance(resource, dict) and isinstance(resource.get("resourceType"), str)
    ):
        raise Unreadable(f"{path}.resource has no resourceType.", expression=f"{path}.resource")
    return Entry(
        position,
        full_url=_text(item, "fullUrl", path),
        resource=resource,
        method=_text(_part(item, "request", path), "method", f"{path}.request"),
        url=_text(_part(item, "request", path), "url", f"{path}.request"),
        if_none_exist=_text(_part(item, "request", path), "ifNoneExist", f"{path}.request"),
        mode=_text(_part(item, "search", path), "mode", f"{path}.search"),
    )


def _part(item: dict[str, Any], name: str, path: str) -> dict[str, Any]:
    part = item.get(name)
    if not isinstance(part, dict | None):
        raise Unreadable(f"{path}.{name} is not an object.", expression=f"{path}.{name}")
    return part or {}


def _text(item: dict[str, Any], name: str, path: str) -> str | None:
    text = item.get(name)
    if not isinstance(text, str | None):
        raise Unreadable(f"{path}.{name} is not a string.", expression=f"{path}.{name}")
    return text
