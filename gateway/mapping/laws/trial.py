"""One lens on trial: what every law asks of it, and what it must never do whatever is put."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Any, Final

from gateway.errors import MappingError
from gateway.mapping.laws.broken import Broken, Law
from gateway.mapping.laws.copies import left_behind
from gateway.mapping.laws.defaults import without_defaults
from gateway.mapping.laws.differences import identical
from gateway.mapping.laws.edits import Record, only_shows, written
from gateway.mapping.laws.overruled import obeyed, overruled
from gateway.mapping.laws.spots import Holder, Sight, Spot
from gateway.mapping.laws.words import difference
from gateway.mapping.lens import Lens
from gateway.mapping.rules import BackLinkedParts, Block, Field, Ours, Values, walk
from gateway.mapping.values import dig, same

Resources = dict[str, Any]

# What an engine may refuse although a rule can show it: it would take away what it does not know.
_RIGHTLY_REFUSED: Final = (
    "first of several",
    "unknown content stands against",
    "FHIR holds a list where an object belongs",
)


class Trial:
    """One lens on trial."""

    def __init__(self, lens: Lens) -> None:
        self.lens = lens
        self.root: Block = lens.rules.root
        self.type = lens.type
        # Each law reads the same source again: the last few readings are kept.
        self._read: list[tuple[Mapping[str, Any], Record]] = []
        self.overruled = overruled(lens.rules.root)

    @cached_property
    def copied(self) -> dict[Ours, tuple[tuple[str | None, Field], ...]]:
        """For each field of the record that parts repeat, the rules that do so and the type they write."""
        found: dict[Ours, list[tuple[str | None, Field]]] = {}
        for block, rule in walk(self.root):
            if isinstance(rule, Field) and rule.copied:
                found.setdefault(rule.ours, []).append((block.type, rule))
        return {ours: tuple(rules) for ours, rules in found.items()}

    @cached_property
    def spots(self) -> list[Spot]:
        """The rules that write what the record says, and nothing else."""
        return list(obeyed(self.root))

    @cached_property
    def singles(self) -> list[tuple[tuple[Holder, ...], list[Field | Values]]]:
        """Those of single values among them, with the lists that lead to them."""
        found: dict[tuple[int, ...], tuple[tuple[Holder, ...], list[Field | Values]]] = {}
        for spot in self.spots:
            if isinstance(spot.rule, Field | Values):
                found.setdefault(tuple(map(id, spot.path)), (spot.path, []))[1].append(spot.rule)
        return list(found.values())

    def get(self, resources: Mapping[str, Any]) -> Record:
        """What the lens shows of the resources. Raises MappingError without a root: no case of these laws."""
        if self.type not in resources:
            raise MappingError(f"a case holds a {self.type}")
        for given, record in self._read:
            if given is resources:
                return record
        record = self.lens.get(resources).record
        self._read = [*self._read[-3:], (resources, record)]
        return record

    def written(self, record: Record) -> Record:
        """The part of a record that is written as it says."""
        return written(self.root, record, self.overruled)

    def put(self, record: Record, source: Resources) -> Resources | None:
        """The resources with the record in them; None where the engine refused, and was right to.

        Whatever is put reads back (PutGet), and what people wrote as narrative stays (Frame).
        """
        put = self.lens.put(record, source)
        wrong = [issue for issue in put.refused if not any(words in issue.text for words in _RIGHTLY_REFUSED)]
        if wrong and (self._names_anothers_part(record, source) or only_shows(self.root, record)):
            wrong = []
        if wrong:
            why = f"{wrong[0].text} ({wrong[0].expression}, {wrong[0].diagnostics})"
            raise Broken(Law.PUT_GET, f"refused: {why}", record, source, put.resources)
        if put.refused:
            return None
        got = self.get(put.resources)
        if not same(got, record):
            wanted = self.written(record)
            shown = self.written(without_defaults(self.root, got, wanted, created=False))
            if not same(shown, wanted):
                raise Broken(Law.PUT_GET, difference(wanted, shown), record, source, put.resources)
        self._authored_narrative(record, source, put.resources)
        self.copies(record, source, put.resources)
        return put.resources

    def copies(self, record: Record, before: Resources, after: Resources) -> None:
        """The parts repeat what they repeat of the record; `before` is empty when they are new."""
        sight = Sight(self.type, after, self.get(after))
        shown = self.get(before) if before else {}
        for origin, at in left_behind(self.root, shown, record, sight):
            why = "a part does not repeat what its root says now"
            raise Broken(Law.STALE, why, record, before, after, origin, at)

    def _names_anothers_part(self, record: Record, source: Resources) -> bool:
        """Whether the record gives an item the id of a part at hand that is not one of its list."""
        shown = self.get(source)
        for rule in self.root.rules:
            if isinstance(rule, BackLinkedParts):
                ours = {item.get("id") for item in dig(shown, rule.ours) or ()}
                held = source.get(rule.type, [])
                others = {part.get("id") for part in (held if isinstance(held, list) else [held])} - ours
                if any(item.get("id") in others for item in dig(record, rule.ours) or ()):
                    return True
        return False

    def _authored_narrative(self, record: Record, before: Resources, after: Resources) -> None:
        for name, held in before.items():
            for number, old in enumerate(held if isinstance(held, list) else [held]):
                text = old.get("text") if isinstance(old, dict) else None
                if not isinstance(text, dict) or text.get("status") not in ("additional", "extensions"):
                    continue
                others = after.get(name, [])
                new = others[number] if isinstance(others, list) and number < len(others) else others
                if (
                    isinstance(new, dict)
                    and new.get("id") == old.get("id")
                    and not identical(text, new.get("text"))
                ):
                    why = "a narrative that people wrote was changed"
                    raise Broken(Law.FRAME, why, record, before, after, at=(name, number, "text"))
