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
    from gateway.mapping import Lens

_MAX_BYTES = 64_000_000
_ENDINGS = (".json", ".ndjson")


def read_json(source: str) -> JSON:
    """The JSON value of a file, or of standard input for `-`; of NDJSON the list of its lines."""
    from gateway.fhir.json_codec import read_untrusted

    try:
        data = sys.stdin.buffer.read() if source == "-" else Path(source).read_bytes()
    except OSError as error:
        raise click.UsageError(f"{source}: {error.strerror}") from error
    lines = [(source, data)]
    if source.endswith(".ndjson"):
        lines = [(f"{source}:{n}", line) for n, line in enumerate(data.splitlines(), 1) if line.strip()]
    values: list[JSON] = []
    for where, text in lines:
        try:
            values.append(read_untrusted(text, max_bytes=_MAX_BYTES, max_nodes=5_000_000))
        except GatewayError as error:
            raise Unreadable(f"{where}: {error}") from error
    return values if source.endswith(".ndjson") else values[0]


def read_resources(source: str) -> list[Resource]:
    """Every resource of a file, or of standard input for `-`."""
    from gateway.mapping.documents import resources_in

    return resources_in(read_json(source))


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


def for_lens(
    lens: Lens, resources: list[Resource], record_id: Any, option: str = "--original"
) -> dict[str, Any]:
    """Those of the resources that the record belongs to, as the lens takes them."""
    from gateway.mapping.documents import by_type

    grouped = by_type(resources)
    roots = grouped.get(lens.type, [])
    if not roots and any(grouped.get(kind) for kind in lens.lone_types):
        return {kind: grouped.get(kind, []) for kind in lens.part_types}
    roots = [root for root in roots if root.get("id") == record_id] if len(roots) > 1 else roots
    if len(roots) != 1:
        raise click.UsageError(f"{option} must hold the {lens.type} that the record belongs to")
    return {**{kind: grouped.get(kind, []) for kind in lens.part_types}, lens.type: roots[0]}


def files_in(paths: tuple[Path, ...]) -> list[Path]:
    """The files named, and every .json and .ndjson file below the folders named, in order."""
    return [file for path in paths for file in _below(path)]


def _below(path: Path) -> list[Path]:
    return sorted(each for each in path.rglob("*") if _holds_json(each)) if path.is_dir() else [path]


def _holds_json(path: Path) -> bool:
    return path.suffix in _ENDINGS and path.is_file()


def documents_in(paths: tuple[Path, ...], unreadable: list[str]) -> Iterator[tuple[str, list[Resource]]]:
    """The name and the resources of each file in files and folders, with progress on a terminal.

    What could not be read is added to `unreadable`.
    """
    files = files_in(paths)
    with click.progressbar(files, label="reading", file=sys.stderr, hidden=not _is_long(files)) as bar:
        for file in bar:
            try:
                yield str(file), read_resources(str(file))
            except Unreadable as error:
                unreadable.append(str(error))


def _is_long(files: list[Path]) -> bool:
    return len(files) > 1 and sys.stderr.isatty()
