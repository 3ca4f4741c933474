"""What the workbench is given: resources and records from files, folders and standard input."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from gateway.errors import GatewayError, Unreadable

if TYPE_CHECKING:
    from gateway.fhir.json_codec import JSON, Resource
    from gateway.mapping import Lens, Mappings

_MAX_BYTES = 64_000_000


def read_json(source: str) -> JSON:
    """The JSON value of a file, or of standard input for `-`."""
    from gateway.fhir.json_codec import read_untrusted

    try:
        data = sys.stdin.buffer.read() if source == "-" else Path(source).read_bytes()
    except OSError as error:
        raise click.UsageError(f"{source}: {error.strerror}") from error
    try:
        return read_untrusted(data, max_bytes=_MAX_BYTES, max_nodes=5_000_000)
    except GatewayError as error:
        raise Unreadable(f"{source}: {error}") from error


def read_resources(source: str) -> list[Resource]:
    """Every resource of a file, or of standard input for `-`."""
    from gateway.mapping.documents import resources_in

    return resources_in(read_json(source))


def records_of(maps: Mappings, resources: list[Resource]) -> Iterator[dict[str, Any]]:
    """A record for each root resource; what a record already showed as its part is not shown again."""
    from gateway.mapping.documents import by_type

    grouped = by_type(resources)
    shown: set[tuple[Any, ...]] = set()
    names = sorted(maps, key=lambda name: not maps[name].part_types)
    for name in names:
        lens = maps[name]
        for number, root in enumerate(grouped.get(lens.type, [])):
            if (lens.type, number) in shown:
                continue
            parts = {kind: held for kind, held in grouped.items() if kind in lens.part_types}
            got = lens.get({**parts, lens.type: root}, owned=lambda at, _: shown.add(at[:2]))
            yield {"map": name, "record": got.record, "issues": got.issues}
        for kind in lens.lone_types:
            left = [part for number, part in enumerate(grouped.get(kind, [])) if (kind, number) not in shown]
            if left:
                got = lens.get({kind: left})
                yield {"map": name, "record": got.record, "issues": got.issues}


def read_record(source: str, name: str | None) -> tuple[dict[str, Any], str]:
    """The record of a file and its map; what `to-record --json` printed names its map itself."""
    value = read_json(source)
    if isinstance(value, dict) and isinstance(value.get("records"), list):
        held = value["records"]
        assert isinstance(held, list)
        if len(held) != 1 or not isinstance(held[0], dict):
            raise click.UsageError(f"{source}: one record at a time; it holds {len(held)}")
        value, name = held[0].get("record"), name or str(held[0].get("map"))
    if not isinstance(value, dict):
        raise Unreadable(f"{source}: a record is a JSON object")
    if name is None:
        raise click.UsageError("--map says which record this is, e.g. --map care-plan")
    return value, name


def for_lens(lens: Lens, resources: list[Resource], record_id: Any) -> dict[str, Any]:
    """Those of the resources that the record belongs to, as the lens takes them."""
    from gateway.mapping.documents import by_type

    grouped = by_type(resources)
    roots = grouped.get(lens.type, [])
    if not roots and any(grouped.get(kind) for kind in lens.lone_types):
        return {kind: grouped.get(kind, []) for kind in lens.part_types}
    roots = [root for root in roots if root.get("id") == record_id] if len(roots) > 1 else roots
    if len(roots) != 1:
        raise click.UsageError(f"--original must hold the {lens.type} that the record belongs to")
    return {**{kind: grouped.get(kind, []) for kind in lens.part_types}, lens.type: roots[0]}


def documents_in(paths: tuple[Path, ...], unreadable: list[str]) -> Iterator[list[Resource]]:
    """The resources of each file in files and folders; what could not be read is added to `unreadable`."""
    for path in paths:
        files = sorted(path.rglob("*.json")) if path.is_dir() else [path]
        for file in files:
            try:
                yield read_resources(str(file))
            except Unreadable as error:
                unreadable.append(str(error))
