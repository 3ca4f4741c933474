"""What it means that rule files changed: which rules, and what comes out differently for real data."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from gateway.fhir.json_codec import Resource
from gateway.mapping.lens import Lens
from gateway.mapping.mappings import Mappings
from gateway.mapping.read_context import expression
from gateway.mapping.readings import readings
from gateway.mapping.record_account import shown_field
from gateway.mapping.resource_changes import changes
from gateway.mapping.rule_texts import RuleText, rule_texts, settings_of
from gateway.mapping.values import MISSING

_EXAMPLES = 3


@dataclass(frozen=True, slots=True)
class RuleChange:
    """One rule, or setting of a map, that differs; `old` or `new` is empty for what was added or removed."""

    map: str
    what: str
    old: str
    new: str
    old_place: str
    new_place: str


@dataclass(slots=True)
class OutputChange:
    """One record field or FHIR element that comes out differently: how often, and the first examples."""

    count: int = 0
    examples: list[tuple[str, Any, Any]] = field(default_factory=list)

    def add(self, source: str, was: Any, now: Any) -> None:
        """Count one difference, and keep it when it is among the first."""
        self.count += 1
        if len(self.examples) < _EXAMPLES:
            self.examples.append((source, _shown(was), _shown(now)))


@dataclass(slots=True)
class MapDiff:
    """Two sets of rule files, compared."""

    rules: list[RuleChange] = field(default_factory=list)
    records: dict[str, OutputChange] = field(default_factory=dict)
    resources: dict[str, OutputChange] = field(default_factory=dict)
    compared: int = 0

    @property
    def outputs_differ(self) -> bool:
        """Whether a sample is read or written differently."""
        return bool(self.records or self.resources)


def compare(old: Mappings, new: Mappings, samples: Iterable[tuple[str, list[Resource]]]) -> MapDiff:
    """Which rules differ, and for each sample document what is read and what is created differently.

    Both write the record that the old rules read, so that a difference in writing is seen by itself.
    """
    diff = MapDiff(rules_between(old, new))
    for source, resources in samples:
        for lens, given in readings(old, resources):
            diff.compared += 1
            _compare_one(lens, new.get(lens.rules.name), given, source, diff)
    return diff


def _compare_one(
    lens: Lens, other: Lens | None, given: Mapping[str, Any], source: str, diff: MapDiff
) -> None:
    record = lens.get(given).record
    name = lens.rules.name
    if other is None or other.type != lens.type:
        diff.records.setdefault(name, OutputChange()).add(source, record, MISSING)
        return
    for change in changes(record, other.get(given).record):
        place = change.now_at if change.now_at is not None else change.was_at or ()
        diff.records.setdefault(f"{name}.{_without_numbers(place)}", OutputChange()).add(
            f"{source} {shown_field(place)}", change.was, change.now
        )
    one, two = (each.create(record, new_id=lambda: "new").resources for each in (lens, other))
    for change in changes(one, two):
        place = change.now_at if change.now_at is not None else change.was_at or ()
        diff.resources.setdefault(_without_numbers(place), OutputChange()).add(
            f"{source} {_expression(place)}", change.was, change.now
        )


def _without_numbers(place: tuple[str | int, ...]) -> str:
    return ".".join(step for step in place if isinstance(step, str))


def _expression(place: tuple[str | int, ...]) -> str:
    numbered = place if len(place) > 1 and isinstance(place[1], int) else (*place[:1], 0, *place[1:])
    return expression(numbered)


def _shown(value: Any) -> Any:
    return None if value is MISSING else value


def rules_between(old: Mappings, new: Mappings) -> list[RuleChange]:
    """The rules and settings that differ, map by map."""
    found: list[RuleChange] = []
    for name in dict.fromkeys((*old, *new)):
        one, two = old.get(name), new.get(name)
        found += _rules_of(name, one, two)
        found += _settings_of(name, one, two)
    return found


def _rules_of(name: str, old: Lens | None, new: Lens | None) -> list[RuleChange]:
    sides: list[dict[tuple[str, int], RuleText]] = []
    for lens in (old, new):
        counted: dict[str, int] = {}
        side: dict[tuple[str, int], RuleText] = {}
        for text in _own_rules(lens):
            number = counted[text.field] = counted.get(text.field, -1) + 1
            side[text.field, number] = text
        sides.append(side)
    one, two = sides
    found = []
    for key in dict.fromkeys((*one, *two)):
        was, now = one.get(key), two.get(key)
        if was is None or now is None or was.says != now.says or was.elements != now.elements:
            found.append(RuleChange(name, key[0], _words(was), _words(now), _place(was), _place(now)))
    return found


def _own_rules(lens: Lens | None) -> list[RuleText]:
    return [] if lens is None else [text for text in rule_texts(lens) if not text.borrowed]


def _settings_of(name: str, old: Lens | None, new: Lens | None) -> list[RuleChange]:
    one, two = (
        {each.what: each for each in settings_of(lens)} if lens is not None else {} for lens in (old, new)
    )
    found = []
    for what in dict.fromkeys((*one, *two)):
        was, now = one.get(what), two.get(what)
        if was is None or now is None or was.says != now.says:
            says = [each.says if each else "" for each in (was, now)]
            places = [f"{each.origin.file}:{each.origin.line}" if each else "" for each in (was, now)]
            found.append(RuleChange(name, what, says[0], says[1], places[0], places[1]))
    return found


def _words(text: RuleText | None) -> str:
    if text is None:
        return ""
    return f"{text.elements} ({text.codec}{', only read' if text.because else ''})"


def _place(text: RuleText | None) -> str:
    return f"{text.origin.file}:{text.origin.line}" if text is not None else ""
