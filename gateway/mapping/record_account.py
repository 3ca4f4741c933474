"""The account of a writing: what became of every leaf of the record. Each has exactly one fate.

Whether a value was written is decided by reading the result, not by trusting the rule.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final

from gateway.errors import Issue
from gateway.mapping.problems import did_you_mean
from gateway.mapping.rule_homes import Home, RecordPath, index_of, names_in
from gateway.mapping.rules import BackLinkedParts, Items, LinkedParts, Origin
from gateway.mapping.schema_fields import along
from gateway.mapping.values import is_hollow, same, tidy
from gateway.records import RECORDS

if TYPE_CHECKING:
    from gateway.mapping.lens import Lens


class Fate(StrEnum):
    """What became of a leaf of a record."""

    WRITTEN = "written"
    READ_ONLY = "read-only"
    DERIVED = "derived"
    CANNOT_HOLD = "cannot hold"
    REFUSED = "refused"
    LOST = "not held"
    NO_RULE = "no rule"


_LISTS: Final = (Items, LinkedParts, BackLinkedParts)


@dataclass(frozen=True, slots=True)
class RecordLeaf:
    """One leaf of a record: its place, its fate, the rule that is about it, and why it was not written.

    unknown   the topmost place that no rule is about, for a leaf without a rule
    told      nothing needs to be said: it was written, or says what was so before
    """

    at: RecordPath
    value: Any
    fate: Fate
    origin: Origin | None = None
    why: str = ""
    unknown: RecordPath = ()
    told: bool = False

    @property
    def field(self) -> str:
        """The place as a text: `activities[0].status`."""
        return shown_field(self.at)


def shown_field(at: RecordPath) -> str:
    """A place in a record as a text: `activities[0].status`."""
    text = ""
    for step in at:
        text += f"[{step}]" if isinstance(step, int) else f".{step}" if text else step
    return text


def record_account(
    lens: Lens,
    record: Mapping[str, Any],
    written: Mapping[str, Any],
    refused: Sequence[Issue],
    before: Mapping[str, Any] | None = None,
) -> tuple[RecordLeaf, ...]:
    """What became of every leaf of a record that was written as the resources `written`.

    refused   the errors of that writing
    before    the record that the resources held until then; None when they are new
    """
    judge = _Judge(lens, lens.get(written).record, refused, before or {})
    return tuple(judge.leaf(at, value) for at, value in _leaves(tidy(dict(record)) or {}, ()))


def writing_issues(
    lens: Lens,
    record: Mapping[str, Any],
    written: Mapping[str, Any],
    issues: tuple[Issue, ...],
    before: Mapping[str, Any] | None = None,
) -> tuple[Issue, ...]:
    """What a writing reported, and one finding for each field of the record that it did not write."""
    refused = [issue for issue in issues if issue.severity == "error"]
    return (*issues, *_issues(record_account(lens, record, written, refused, before)))


def _issues(leaves: tuple[RecordLeaf, ...]) -> Iterator[Issue]:
    said: set[RecordPath] = set()
    for leaf in leaves:
        place = leaf.unknown or leaf.at
        if leaf.told or leaf.fate in (Fate.WRITTEN, Fate.REFUSED) or place in said:
            continue
        said.add(place)
        quiet = leaf.fate in (Fate.READ_ONLY, Fate.DERIVED, Fate.CANNOT_HOLD)
        rule = f"rule {leaf.origin}" if leaf.origin else ""
        severity, code = ("information", "informational") if quiet else ("warning", "not-supported")
        yield Issue(severity, code, f"not written: {leaf.why}", shown_field(place), rule)


def _leaves(value: Any, at: RecordPath) -> Iterator[tuple[RecordPath, Any]]:
    if isinstance(value, dict):
        for name, child in value.items():
            yield from _leaves(child, (*at, name))
    elif isinstance(value, list):
        for index, child in enumerate(value):
            yield from _leaves(child, (*at, index))
    else:
        yield at, value


class _Judge:
    """Decides the fate of each leaf, once for one writing."""

    def __init__(
        self, lens: Lens, after: Mapping[str, Any], refused: Sequence[Issue], before: Mapping[str, Any]
    ) -> None:
        self._after, self._before = after, before
        self._refused = [issue.diagnostics.removeprefix("rule ").split(" @ ")[0] for issue in refused]
        self._cannot_hold = lens.rules.cannot_hold
        self._homes = index_of(lens.rules.root).fields
        kind = RECORDS.get(lens.rules.record)
        self._schema = kind.schema() if kind is not None else None

    def leaf(self, at: RecordPath, value: Any) -> RecordLeaf:
        """The leaf at a place with its fate."""
        home = self._home(at)
        if home is None:
            return self._without_rule(at, value)
        why = read_only_because(home)
        if why is not None:
            told = same(value, _at(self._before, at))
            return RecordLeaf(at, value, Fate.READ_ONLY, home.origin, f"it is only read: {why}", (), told)
        found = _at(self._after, at)
        if same(found, value):
            return RecordLeaf(at, value, Fate.WRITTEN, home.origin)
        if self._is_refused(home):
            return RecordLeaf(at, value, Fate.REFUSED, home.origin, "the value was refused")
        if is_hollow(found):
            why = "what is written does not read as this value; its rule has no place for it"
            return RecordLeaf(at, value, Fate.LOST, home.origin, why)
        return RecordLeaf(at, value, Fate.WRITTEN, home.origin)

    def _home(self, at: RecordPath) -> Home | None:
        names = names_in(at)
        for count in range(len(names), 0, -1):
            home = self._homes.get(names[:count])
            if home is not None:
                whole = count == len(names) or not isinstance(home.rule, _LISTS)
                return home if whole else None
        return None

    def _without_rule(self, at: RecordPath, value: Any) -> RecordLeaf:
        place = self._topmost(at)
        because = self._cannot_hold.get(".".join(names_in(place)))
        if because is not None:
            return RecordLeaf(
                at, value, Fate.CANNOT_HOLD, None, f"the partner cannot hold it: {because}", place
            )
        field, siblings = along(self._schema, names_in(place))
        if field is not None and field.dump_only:
            return RecordLeaf(at, value, Fate.DERIVED, None, "the gateway derives it itself", place)
        if field is not None or self._schema is None:
            return RecordLeaf(at, value, Fate.NO_RULE, None, "no rule of this map says where it lives", place)
        known = siblings or self._siblings(place)
        near = did_you_mean(str(names_in(place)[-1]), known)
        return RecordLeaf(at, value, Fate.NO_RULE, None, f"the record has no such field{near}", place)

    def _siblings(self, place: RecordPath) -> list[str]:
        above = names_in(place)[:-1]
        return [
            ours[len(above)] for ours in self._homes if len(ours) > len(above) and ours[: len(above)] == above
        ]

    def _topmost(self, at: RecordPath) -> RecordPath:
        for count in range(1, len(at) + 1):
            names = names_in(at[:count])
            if isinstance(at[count - 1], str) and not any(
                ours[: len(names)] == names for ours in self._homes
            ):
                return at[:count]
        return at

    def _is_refused(self, home: Home) -> bool:
        rules = [home.origin.rule, *(each.origin.rule for each in home.lists)]
        return any(rule == name or rule.startswith(f"{name}.") for rule in rules for name in self._refused)


def read_only_because(home: Home) -> str | None:
    """Why nobody writes what a rule reads; None when somebody does."""
    for rule in (*home.lists, home.rule):
        if getattr(rule, "read_only", False):
            return str(getattr(rule, "because", "")) or "its rule has no way back"
    return None


def _at(record: Any, at: RecordPath) -> Any:
    for step in at:
        if isinstance(step, int):
            record = record[step] if isinstance(record, list) and step < len(record) else None
        else:
            record = record.get(step) if isinstance(record, dict) else None
    return record
