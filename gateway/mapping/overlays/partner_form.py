"""One resource in our form and in a partner's: what leaves for it, and what comes back, read for merging.

Our form is what the plain map writes, the partner's what its overlays write. What no rule maps is the same in
both. What the partner cannot hold does not leave; in a body that the partner already has it stays as it is
there, and coming back it is filled in from what we hold, so that nobody's silence is taken for an edit.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, Literal

from gateway.errors import Issue
from gateway.fhir.json_codec import Resource
from gateway.mapping.alignment import align
from gateway.mapping.elements import locate
from gateway.mapping.elements import replace as with_element
from gateway.mapping.lens import Lens
from gateway.mapping.mappings import Mappings
from gateway.mapping.narrative import narrated
from gateway.mapping.overlays.always_values import block_of, without_always
from gateway.mapping.overlays.differences import Differences, differences, left_out
from gateway.mapping.paths import Name
from gateway.mapping.values import MISSING, contains, dig, is_hollow, plant
from gateway.mapping.write_lists import identity_by

Record = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Sent:
    """A resource as the partner takes it, and the values that its maps could not express."""

    resource: Resource
    refused: tuple[Issue, ...] = ()


@dataclass(frozen=True, slots=True)
class PartnerForm:
    """The two maps of one resource: ours, and the same with the partner's overlays in it."""

    ours: Lens
    theirs: Lens
    differ: Differences

    @classmethod
    def of(cls, maps: Mappings, overlays: Sequence[str], type: str) -> PartnerForm | None:
        """The forms of a type; None when these overlays leave it as it is."""
        if not overlays or type not in maps.types:
            return None
        ours, theirs = maps.for_type(type), maps.with_overlays(overlays).for_type(type)
        return None if ours is theirs else cls(ours, theirs, _differences(_Held(ours), _Held(theirs)))

    def sent(self, resource: Resource, held: Resource | None = None) -> Sent:
        """Our resource in the partner's form; `held` is what the partner holds, read in our ids.

        What the partner cannot hold is as it is in `held`, and absent without it.
        """
        record, at_partner = self._read(self.ours, resource), self._read(self.theirs, resource)
        kept = self._read(self.ours, held)
        bare = _without(record, self.differ)
        _fill(bare, self.differ, "dropped", [kept])
        lighter = self._put(self.ours, bare, self._with_left_out(resource, held)).resource
        lighter = self._without_our_marks(lighter)
        _fill(record, self.differ, "changed", [record, at_partner])
        sent = self._put(self.theirs, record, lighter)
        if held is not None or resource["resourceType"] != self.theirs.type:
            return sent
        # New to the partner: the generated words are written even when nothing else had to be.
        root, bare = self.theirs.rules.root, {"resourceType": self.theirs.type}
        return replace(sent, resource=narrated(root, bare, sent.resource, record))

    def read(self, resource: Resource, held: Resource) -> Resource:
        """What the partner holds (in our ids), in our form; `held` is what we hold.

        What the partner cannot hold, and what its overlays add of themselves, is as it is in `held`.
        """
        plain = self.theirs.without_always
        resource = without_always(self.theirs, resource, held)
        record = self._read(self.theirs, resource)
        lighter = self._put(plain, _without(record, self.differ), resource).resource
        # Read where nothing of theirs stands any more: what they keep in a place of ours is not ours.
        own, kept = self._read(self.ours, lighter), self._read(self.ours, held)
        _fill(record, self.differ, "dropped", [own, kept])
        return self._put(self.ours, record, self._with_left_out(lighter, held, {*lighter})).resource

    def finished(self, resource: Resource) -> Resource:
        """The partner's body with the values that its overlays write always."""
        return self._put(self.theirs, self._read(self.theirs, resource), resource).resource

    def _with_left_out(
        self, resource: Resource, held: Resource | None, but: Collection[str] = ()
    ) -> Resource:
        """With the elements that only our map writes as `held` has them: whole, with what no rule reads."""
        ours, theirs = block_of(self.ours, resource), block_of(self.theirs, resource)
        if ours is None or theirs is None:
            return resource
        names = {each for name in left_out(ours, theirs) if name not in but for each in (name, f"_{name}")}
        kept = {name: child for name, child in resource.items() if name not in names}
        return {**kept, **{name: child for name, child in (held or {}).items() if name in names}}

    def _read(self, lens: Lens, resource: Resource | None) -> Record:
        return {} if resource is None else lens.get({resource["resourceType"]: resource}).record

    def _put(self, lens: Lens, record: Record, resource: Resource) -> Sent:
        type = resource["resourceType"]
        put = lens.put(record, {type: resource})
        return Sent(put.resources[type], put.refused)

    def _without_our_marks(self, resource: Resource) -> Resource:
        """Without the items that our own map fixes and the partner's does not: its profile, not ours."""
        if resource["resourceType"] != self.ours.type:
            return resource
        left_over: Any = resource
        kept = [(fixed.steps, fixed.name, fixed.pattern) for fixed in self.theirs.rules.root.fixed]
        for fixed in self.ours.rules.root.fixed:
            if fixed.name is None or (fixed.steps, fixed.name, fixed.pattern) in kept:
                continue
            steps = (*fixed.steps, Name(fixed.name))
            items, _ = locate(left_over, steps)
            held = items if isinstance(items, list) else []
            left = [item for item in held if not contains(item, fixed.pattern)]
            if len(left) < len(held):
                left_over = with_element(left_over, steps, left or MISSING)
        lighter: Resource = left_over
        return lighter


class _Held:
    """A lens as a key, itself alone equal to itself: comparing two big maps takes long and is done once."""

    def __init__(self, lens: Lens) -> None:
        self.lens = lens

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Held) and self.lens is other.lens

    def __hash__(self) -> int:
        return id(self.lens)


@lru_cache(maxsize=256)
def _differences(ours: _Held, theirs: _Held) -> Differences:
    return differences(ours.lens.rules.root, theirs.lens.rules.root)


def _without(record: Record, differ: Differences) -> Record:
    """The record without the fields that one of two maps lacks or keeps elsewhere."""
    bare: Record = _copied(record)
    for ours in (*differ.dropped, *differ.changed):
        if not is_hollow(dig(bare, ours)):
            plant(bare, ours, None)
    for each in differ.lists:
        items = dig(bare, each.ours)
        if isinstance(items, list):
            plant(bare, each.ours, [_without(item, each.items) for item in items])
    return bare


def _fill(
    record: Record, differ: Differences, which: Literal["dropped", "changed"], sources: Sequence[Record]
) -> None:
    """The record gets these fields from the first source that has each; items are matched by their keys."""
    for ours in differ.dropped if which == "dropped" else differ.changed:
        value = next((found for each in sources if not is_hollow(found := dig(each, ours))), None)
        if value is not None:
            plant(record, ours, value)
    for each in differ.lists:
        items = dig(record, each.ours)
        if not isinstance(items, list):
            continue
        matched = [_matched(items, dig(source, each.ours) or [], each.key) for source in sources]
        for number, item in enumerate(items):
            _fill(item, each.items, which, [found[number] for found in matched])


def _matched(items: list[Record], others: list[Record], key: Any) -> list[Record]:
    """For each item the one of the others that it is, or nothing."""
    matches = align(others, items, identity=identity_by(key), by_position=True).matches
    return [{} if match is None else others[match] for match in matches]


def _copied(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _copied(child) for name, child in value.items()}
    return [_copied(child) for child in value] if isinstance(value, list) else value
