"""All rule files at work: the lenses by name, by FHIR type and by record."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

from gateway.errors import MappingError
from gateway.mapping.lens import Lens
from gateway.mapping.loader import load_folder, load_texts
from gateway.mapping.problems import did_you_mean
from gateway.mapping.rules import RuleFile
from gateway.places import DataFolder, data_folder
from gateway.records import RECORDS, RecordKind


class Mappings(Mapping[str, Lens]):
    """The lenses by the name of their rule file: `maps["care-plan"]`. Immutable: one for all threads."""

    def __init__(self, files: Mapping[str, RuleFile]) -> None:
        self._lenses = MappingProxyType({name: Lens(rules) for name, rules in files.items()})
        parts = {name: lens for lens in self._lenses.values() for name in lens.lone_types}
        self._by_type = {**parts, **{lens.type: lens for lens in self._lenses.values()}}
        self._by_record = {lens.rules.record: lens for lens in self._lenses.values()}

    @classmethod
    def load(cls, folder: Path | None = None, overlays: Sequence[str] = ()) -> Mappings:
        """The rule files of a folder, else the shipped ones.

        Raises MappingError with every problem of every file, one a line with file, line, reason and fix.
        """
        if overlays:
            raise MappingError(
                f"overlays are not read yet; leave {', '.join(overlays)} out of the partner file"
            )
        return cls(load_folder(folder or data_folder(DataFolder.MAPPINGS), RECORDS))

    @classmethod
    def from_texts(cls, texts: Mapping[str, str], kinds: Mapping[str, RecordKind] = RECORDS) -> Mappings:
        """The same from rule texts by name, for tests and for trying a rule."""
        return cls(load_texts(texts, kinds))

    def __getitem__(self, name: str) -> Lens:
        if name not in self._lenses:
            raise KeyError(f"there is no map {name!r}{did_you_mean(name, self._lenses)}")
        return self._lenses[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._lenses)

    def __len__(self) -> int:
        return len(self._lenses)

    @property
    def types(self) -> tuple[str, ...]:
        """The types that have a map: roots, and parts that can be read alone, as a Task can."""
        return tuple(self._by_type)

    def for_type(self, type_name: str) -> Lens:
        """The lens whose root resource is of this type, or else one that reads it as a part.

        Raises KeyError.
        """
        if type_name not in self._by_type:
            raise KeyError(f"no map reads {type_name!r}{did_you_mean(type_name, self._by_type)}")
        return self._by_type[type_name]

    def for_record(self, record: str) -> Lens:
        """The lens that shows this record. Raises KeyError."""
        if record not in self._by_record:
            raise KeyError(f"no map shows the record {record!r}{did_you_mean(record, self._by_record)}")
        return self._by_record[record]
