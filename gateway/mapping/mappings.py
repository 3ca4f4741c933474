"""All rule files at work: the lenses by name, by FHIR type and by record."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

from gateway.conformance.facts import r4
from gateway.mapping.checks import Atlas, atlas, not_mapped
from gateway.mapping.lens import Lens
from gateway.mapping.loader import Loaded, load_folder, load_texts
from gateway.mapping.overlays.files import OverlayFiles
from gateway.mapping.overlays.loading import load_overlaid
from gateway.mapping.problems import Problem, did_you_mean
from gateway.places import DataFolder, data_folder
from gateway.records import RECORDS, RecordKind


class Mappings(Mapping[str, Lens]):
    """The lenses by the name of their rule file: `maps["care-plan"]`. Immutable: one for all threads."""

    def __init__(
        self,
        loaded: Loaded,
        kinds: Mapping[str, RecordKind] = RECORDS,
        overlays: OverlayFiles | None = None,
        *,
        base: Mappings | None = None,
        applied: tuple[str, ...] = (),
    ) -> None:
        self._loaded, self._kinds = loaded, kinds
        self._overlays = overlays or OverlayFiles()
        self._base, self.overlays = base or self, applied
        self._with_overlays: dict[tuple[str, ...], Mappings] = {}
        kept = {} if base is None else {lens.rules.name: lens for lens in base.values()}
        lenses = {
            name: kept[name] if name in kept and kept[name].rules is rules else Lens(rules)
            for name, rules in loaded.files.items()
        }
        self._lenses = MappingProxyType(lenses)
        parts = {name: lens for lens in self._lenses.values() for name in lens.lone_types}
        self._by_type = {**parts, **{lens.type: lens for lens in self._lenses.values()}}
        self._by_record = {lens.rules.record: lens for lens in self._lenses.values()}

    @classmethod
    def load(cls, folder: Path | None = None, overlays: Sequence[str] = ()) -> Mappings:
        """The rule files of a folder, else the shipped ones, with these overlays of its `overlays/` in them.

        The extensions that they use are those of R4, of the shipped `profiles/`, and of a `profiles/` beside
        the folder. Raises MappingError with every problem of every file, one a line with file, line, reason
        and fix.
        """
        folder = folder or data_folder(DataFolder.MAPPINGS)
        known = atlas(data_folder(DataFolder.PROFILES), folder.parent / DataFolder.PROFILES)
        maps = cls(load_folder(folder, RECORDS, known), overlays=OverlayFiles(folder / "overlays"))
        return maps.with_overlays(overlays)

    @classmethod
    def from_texts(
        cls,
        texts: Mapping[str, str],
        kinds: Mapping[str, RecordKind] = RECORDS,
        overlays: Mapping[str, str] | None = None,
        *,
        checked: bool = False,
    ) -> Mappings:
        """The same from rule texts by name, for tests and for trying a rule.

        checked   held to R4 and to the records as files are, not to the language alone
        """
        known = atlas(data_folder(DataFolder.PROFILES)) if checked else None
        return cls(load_texts(texts, kinds, known), kinds, OverlayFiles(texts=overlays or {}))

    @property
    def warnings(self) -> tuple[Problem, ...]:
        """What is odd about the rule files (with overlays: about those they change), and stops nothing."""
        return self._loaded.warnings

    @property
    def not_mapped(self) -> tuple[Problem, ...]:
        """The elements of the maps' resources that no rule, fixed value or `ignore` speaks of (I190)."""
        known = self._loaded.atlas or Atlas(r4())
        return tuple(
            problem
            for lens in self._lenses.values()
            for problem in not_mapped(lens.rules, self._kinds[lens.rules.record].schema(), known)
        )

    @property
    def overlay_names(self) -> tuple[str, ...]:
        """The names of the overlays that there are for these maps."""
        return self._overlays.names

    def with_overlays(self, names: Sequence[str]) -> Mappings:
        """These maps with the overlays merged into them in this order, behind those already in them.

        Maps that none of them touches are the same objects; asked for again, so is the whole.
        Raises MappingError with every problem, one a line, naming the overlay's line and the one it changes.
        """
        wanted = (*self.overlays, *names)
        if wanted == self.overlays:
            return self
        base = self._base
        if wanted not in base._with_overlays:  # two threads may both make it: the same twice
            loaded = load_overlaid(base._loaded, base._overlays.read(wanted), base._kinds)
            base._with_overlays[wanted] = Mappings(
                loaded, base._kinds, base._overlays, base=base, applied=wanted
            )
        return base._with_overlays[wanted]

    def touched_by(self, overlay: str) -> tuple[str, ...]:
        """The names of the maps that this overlay alone changes."""
        changed = self._base.with_overlays([overlay])
        return tuple(name for name in changed if changed[name] is not self._base[name])

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
