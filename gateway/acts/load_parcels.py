"""What files hold, cut into parcels: each parcel is loaded in one transaction.

A Bundle file is one parcel, a single resource is one, and NDJSON gives one per LINES_PER_PARCEL lines.
Nothing is written here and nothing is raised for bad content: what cannot be read becomes a Refusal.
Source: https://hl7.org/fhir/R4/bundle.html and https://hl7.org/fhir/R4/nd-json.html
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path
from typing import Final, NamedTuple

from gateway.errors import GatewayError
from gateway.fhir.bundles import Entry, entries
from gateway.fhir.identifiers import Identifier, identifiers_of
from gateway.fhir.json_codec import Resource, read_resource, write
from gateway.fhir.references import ReferenceKind, parse_reference
from gateway.fhir.resource_types import DIRECTORY_TYPES

LINES_PER_PARCEL: Final = 500
LARGEST_FILE: Final = 64_000_000  # bytes; NDJSON is read line by line and may be larger
MOST_VALUES: Final = 8_000_000
ONE_BY_ONE: Final = (".ndjson", ".jsonl")
SUFFIXES: Final = (".json", *ONE_BY_ONE)

_LOOKED_UP: Final = DIRECTORY_TYPES | {"Patient"}  # what conditional references name in practice


class Identity(NamedTuple):
    """What makes two copies one thing within a source."""

    type: str
    their_id: str


@dataclass(frozen=True, slots=True)
class Refusal:
    """What was not loaded, and why. `entry` counts a Bundle's entries from 0, or an NDJSON's lines from 1."""

    file: Path
    entry: int | None
    element: str
    reason: str


@dataclass(frozen=True, slots=True)
class Item:
    """One resource of a parcel. `base` is the server that its fullUrl names, if it names one."""

    entry: int | None
    identity: Identity
    resource: Resource
    base: str | None = None


@dataclass(frozen=True, slots=True)
class Parcel:
    """What one transaction loads.

    named      identity by fullUrl, for references within the same Bundle
    is_whole   a transaction Bundle: all of it or nothing. Source: https://hl7.org/fhir/R4/http.html#trules
    """

    file: Path
    items: tuple[Item, ...] = ()
    refusals: tuple[Refusal, ...] = ()
    named: Mapping[str, Identity] = field(default_factory=dict)
    is_whole: bool = False

    def __len__(self) -> int:
        return len(self.items) + len(self.refusals)


@dataclass(slots=True)
class Survey:
    """What must be known of all files before the first is loaded.

    size          entries in all
    latest        the last content of each identity that comes with different contents
    identifiable  who carries an identifier, for conditional references to directory resources and Patients
    """

    size: int = 0
    latest: dict[Identity, bytes] = field(default_factory=dict)
    identifiable: dict[tuple[str, Identifier], set[Identity]] = field(default_factory=dict)


def files_under(paths: Iterable[Path]) -> list[Path]:
    """The files to load, in the order of `paths`; folders are searched for JSON and NDJSON, sorted."""
    found: dict[Path, None] = {}
    for path in paths:
        if path.is_dir():
            found |= dict.fromkeys(sorted(file for file in path.rglob("*") if file.suffix in SUFFIXES))
        else:
            found[path] = None
    return list(found)


def survey(files: Iterable[Path]) -> Survey:
    """The survey of all files, read once from start to end."""
    known = Survey()
    digests: dict[Identity, bytes] = {}
    for file in files:
        for parcel in parcels(file):
            known.size += len(parcel)
            for item in parcel.items:
                content = write(item.resource)
                digest = hashlib.sha256(content).digest()
                if digests.setdefault(item.identity, digest) != digest or item.identity in known.latest:
                    known.latest[item.identity] = content
                if item.identity.type in _LOOKED_UP:
                    for identifier in identifiers_of(item.resource):
                        carriers = known.identifiable.setdefault((item.identity.type, identifier), set())
                        carriers.add(item.identity)
    return known


def parcels(file: Path) -> Iterator[Parcel]:
    """The parcels of one file in its order, at least one."""
    try:
        if file.suffix in ONE_BY_ONE:
            yield from _parcels_of_lines(file)
            return
        if file.stat().st_size > LARGEST_FILE:
            yield _refused(file, f"the file is larger than {LARGEST_FILE} bytes: split it, or use NDJSON")
            return
        resource = read_resource(file.read_bytes(), max_bytes=LARGEST_FILE, max_nodes=MOST_VALUES)
    except OSError as error:
        yield _refused(file, f"the file cannot be read: {error.strerror}")
    except GatewayError as error:
        yield _refused(file, error.message, error.expression)
    else:
        yield _opened(file, resource) if resource["resourceType"] == "Bundle" else _alone(file, resource)


def _parcels_of_lines(file: Path) -> Iterator[Parcel]:
    with file.open("rb") as lines:
        numbered = ((number, line) for number, line in enumerate(lines, 1) if line.strip())
        while block := list(islice(numbered, LINES_PER_PARCEL)):
            yield _block(file, block)


def _block(file: Path, block: list[tuple[int, bytes]]) -> Parcel:
    items: list[Item] = []
    refusals: list[Refusal] = []
    for number, line in block:
        try:
            resource = read_resource(line.rstrip(b"\r\n"))  # a cut-off line is said to end where it ends
        except GatewayError as error:
            refusals.append(Refusal(file, number, error.expression, error.message))
            continue
        item = _item(Entry(number, resource=resource))
        if resource["resourceType"] == "Bundle":
            refusals.append(Refusal(file, number, "Bundle", "a Bundle is loaded from a file of its own"))
        elif item is None:
            refusals.append(Refusal(file, number, f"{resource['resourceType']}.id", _NAMELESS))
        else:
            items.append(item)
    return Parcel(file, tuple(items), tuple(refusals))


def _alone(file: Path, resource: Resource) -> Parcel:
    item = _item(Entry(0, resource=resource))
    if item is None:
        return _refused(file, _NAMELESS, f"{resource['resourceType']}.id")
    return Parcel(file, (replace(item, entry=None),))


def _opened(file: Path, bundle: Resource) -> Parcel:
    try:
        held = list(entries(bundle))
    except GatewayError as error:  # nothing of a Bundle that cannot be read as one is loaded
        return _refused(file, error.message, error.expression)
    if bundle.get("type") == "history":
        held.reverse()  # newest first on the wire, oldest first into the store
    items: list[Item] = []
    refusals: list[Refusal] = []
    named: dict[str, Identity] = {}
    for entry in held:
        if entry.mode == "outcome":  # what a server said about a search, not about care
            continue
        item = _item(entry)
        if item is None:
            refusals.append(_why_not(file, entry))
            continue
        items.append(item)
        if entry.full_url:
            named[entry.full_url] = item.identity
    return Parcel(file, tuple(items), tuple(refusals), named, bundle.get("type") == "transaction")


_NAMELESS: Final = "it has neither an id nor a fullUrl, so a second load could not know it again: give it one"


def _item(entry: Entry) -> Item | None:
    """The resource with its identity: its own id, or else what its fullUrl says; None when it has neither."""
    if entry.resource is None:
        return None
    named = parse_reference(entry.full_url or "")
    their_id = entry.resource.get("id")
    if not isinstance(their_id, str) or not their_id:
        their_id = named.id if named.kind in (ReferenceKind.URN, ReferenceKind.ABSOLUTE) else None
    if not their_id:
        return None
    return Item(
        entry.position, Identity(entry.resource["resourceType"], their_id), entry.resource, named.base
    )


def _why_not(file: Path, entry: Entry) -> Refusal:
    path = f"Bundle.entry[{entry.position}]"
    if entry.resource is None:
        what = "a load only adds; it deletes nothing" if entry.method == "DELETE" else "it holds no resource"
        return Refusal(file, entry.position, path, what)
    return Refusal(file, entry.position, path, _NAMELESS)


def _refused(file: Path, reason: str, element: str = "") -> Parcel:
    return Parcel(file, refusals=(Refusal(file, None, element, reason),))
