"""The laws themselves, on one generated case.

No hypothesis here: the engine is on trial, not the generator.
"""

from __future__ import annotations

from dataclasses import dataclass
from random import Random
from typing import Any, NoReturn

from gateway.errors import MappingError
from gateway.fhir.json_codec import write
from gateway.mapping.answers import Put
from gateway.mapping.laws.edits import Record, copied, mixed, with_value, written
from gateway.mapping.laws.footprints import foreign_items, outlived, outside
from gateway.mapping.laws.words import difference, worded
from gateway.mapping.lens import Lens
from gateway.mapping.read_context import Found, Parts, Reading
from gateway.mapping.reading import items_of, read_items, read_links, read_values
from gateway.mapping.rules import (
    BackLinkedParts,
    Block,
    Field,
    Items,
    LinkedParts,
    Origin,
    Rule,
    Values,
    walk,
)
from gateway.mapping.values import dig, plant, same

Resources = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Case:
    """One lens on trial."""

    lens: Lens

    @property
    def root(self) -> Block:
        """The rules of the root resource."""
        return self.lens.rules.root

    def record(self, resources: Resources) -> Record:
        """What the lens shows of the resources."""
        return self.lens.get(resources).record

    def create_get(self, record: Record) -> Resources:
        """CreateGet: what was created reads as the record; fixed values may fill what it left out."""
        created = self.lens.create(record)
        if created.refused:
            self._broken("CreateGet", None, record, {}, created.resources, created.refused[0].text)
        got = self.record(created.resources)
        defaults = self.record(self.lens.create({"id": record.get("id")}).resources)
        shown = {name: value for name, value in got.items() if name in record or name not in defaults}
        wanted, made = written(self.root, record), written(self.root, shown)
        if not same(made, wanted):
            self._broken("CreateGet", None, record, {}, created.resources, difference(wanted, made))
        return created.resources

    def get_put(self, source: Resources) -> None:
        """GetPut: what was read, put back, changes not a byte."""
        record = self.record(source)
        put = self.lens.put(record, source)
        if put.refused or write(put.resources) != write(source):
            self._broken(
                "GetPut", None, record, source, put.resources, "the unchanged record changed its source"
            )

    def put_get(self, record: Record, source: Resources) -> None:
        """PutGet: what was put reads back; and Stale: nothing that described a changed value is left."""
        put = self.lens.put(record, source)
        if self._refused(put):
            return
        got, wanted = written(self.root, self.record(put.resources)), written(self.root, record)
        if not same(got, wanted):
            self._broken("PutGet", None, record, source, put.resources, difference(wanted, got))
        old, new = source[self.lens.type], put.resources[self.lens.type]
        for rule in self.root.rules:
            if isinstance(rule, Field):
                self._stale(rule, self.root, old, new, (record, source, put.resources))

    def frame(self, source: Resources, rule: Rule, value: Any) -> None:
        """Frame: with one field changed, everything outside that rule's elements is as it was."""
        record = with_value(self.record(source), rule, value)
        put = self.lens.put(record, source)
        if self._refused(put):
            return
        old, new = source[self.lens.type], put.resources[self.lens.type]
        if worded(outside(rule, old)) != worded(outside(rule, new)):
            self._broken("Frame", rule.origin, record, source, put.resources, "another element changed too")
        if not isinstance(rule, LinkedParts | BackLinkedParts) and not self._is_copied(rule):
            for name in self.lens.part_types:
                if write(put.resources.get(name, [])) != write(source.get(name, [])):
                    self._broken("Frame", rule.origin, record, source, put.resources, f"a {name} changed too")

    def nested_frame(self, source: Resources, other: Record, random: Random) -> None:
        """Frame inside a list: with one field of one item changed, only that element of that item changes."""
        record, root = self.record(source), source[self.lens.type]
        for rule in self.root.rules:
            if not isinstance(rule, Items) or rule.read_only:
                continue
            found = self._found(rule, source)
            inner = [r for r in rule.block.rules if isinstance(r, Field) and _is_free(r, rule)]
            if not found or not inner:
                continue
            number, changed = random.randrange(len(found)), random.choice(inner)
            items = list(dig(record, rule.ours))
            items[number] = with_value(
                items[number], changed, dig((dig(other, rule.ours) or [{}])[0], changed.ours)
            )
            if not written(rule.block, items[number]) or any(
                same(items[number], each.view) for each in found
            ):
                continue  # an item of which nothing is left to write, or one that is now like another
            wanted = copied(record)
            plant(wanted, rule.ours, items)
            put = self.lens.put(wanted, source)
            if self._refused(put):
                continue
            before, _, _ = items_of(rule.list, root, ())
            after, _, _ = items_of(rule.list, put.resources[self.lens.type], ())
            index = found[number].index
            unchanged = len(before) == len(after) and all(
                worded(before[i]) == worded(after[i]) for i in range(len(before)) if i != index
            )
            if not unchanged or worded(outside(changed, before[index])) != worded(
                outside(changed, after[index])
            ):
                self._broken(
                    "Frame", changed.origin, wanted, source, put.resources, "more than its element changed"
                )
            self._stale(changed, rule.block, before[index], after[index], (wanted, source, put.resources))

    def residue(self, source: Resources, random: Random) -> None:
        """Residue: with items taken away or put in another order, the others and the foreign ones stay."""
        record = self.record(source)
        for rule in self.root.rules:
            if not isinstance(rule, Items | Values | LinkedParts | BackLinkedParts) or _shows_one(rule):
                continue
            shown = dig(record, rule.ours) or []
            kept = random.sample(shown, random.randrange(len(shown) + 1)) if shown else []
            wanted = copied(record)
            plant(wanted, rule.ours, kept)
            put = self.lens.put(wanted, source)
            if self._refused(put):
                continue
            if isinstance(rule, BackLinkedParts):
                self._residue_of_parts(rule, kept, wanted, source, put)
                continue
            before, after = self._entries(rule, source), self._entries(rule, put.resources)
            readable = [self._found(rule, each) for each in (source, put.resources)]
            old, new = ({each.index for each in found} for found in readable)
            strangers = worded(foreign_items(before, old)) == worded(foreign_items(after, new))
            pool = [worded(before[index]) for index in old]
            survivors = [worded(after[index]) for index in sorted(new)]
            if not strangers or len(new) != len(kept) or not _is_within(survivors, pool):
                self._broken(
                    "Residue", rule.origin, wanted, source, put.resources, "an item lost or gained content"
                )
            if isinstance(rule, LinkedParts) and write(put.resources.get(rule.type, [])) != write(
                source.get(rule.type, [])
            ):
                self._broken(
                    "Residue", rule.origin, wanted, source, put.resources, "unlinking changed a part"
                )

    def _residue_of_parts(
        self, rule: BackLinkedParts, kept: list[Any], record: Record, source: Resources, put: Put
    ) -> None:
        before = {part.get("id"): worded(part) for part in source.get(rule.type, [])}
        after = {part.get("id"): worded(part) for part in put.resources.get(rule.type, [])}
        gone = {view["id"] for view in dig(self.record(source), rule.ours) or []} - {
            view["id"] for view in kept
        }
        same_parts = before.keys() == after.keys() and all(
            before[name] == after[name] for name in before if name not in gone
        )
        if not same_parts:
            self._broken("Residue", rule.origin, record, source, put.resources, "a part was lost or changed")

    def mixed(self, source: Resources, other: Record, random: Random) -> Record:
        """A record between what the source shows and another one."""
        return mixed(self.root, self.record(source), other, random)

    def _found(self, rule: Any, resources: Resources) -> list[Found]:
        parts: Parts = {name: resources.get(name, []) for name in self.lens.part_types}
        root, reading = resources[self.lens.type], Reading(parts)
        match rule:
            case Items():
                return read_items(rule, root, (), reading)
            case Values():
                return read_values(rule, root, (), reading)
            case LinkedParts():
                return read_links(rule, root, (), reading)
        raise AssertionError("only lists inside the root have items here")

    def _entries(self, rule: Items | Values | LinkedParts, resources: Resources) -> list[Any]:
        items, siblings, _ = items_of(rule.list, resources[self.lens.type], ())
        return [list(pair) for pair in zip(items, siblings, strict=True)]

    def _stale(
        self, rule: Field, block: Block, old: Any, new: Any, case: tuple[Record, Resources, Resources]
    ) -> None:
        left = [] if rule.read_only or rule.copied else outlived(rule, block, old, new)
        if left:
            record, before, after = case
            self._broken(
                "Stale", rule.origin, record, before, after, f"{', '.join(left)} outlived the old value"
            )

    def _is_copied(self, rule: Rule) -> bool:
        copied = {each.ours for _, each in walk(self.root) if isinstance(each, Field) and each.copied}
        return isinstance(rule, Field) and rule.ours in copied

    def _refused(self, put: Put) -> bool:
        """Whether the engine refused, and was right to: only the first of several items cannot be cleared."""
        wrong = [issue for issue in put.refused if "first of several" not in issue.text]
        if wrong:
            self._broken("PutGet", None, {}, {}, put.resources, f"{wrong[0].text} ({wrong[0].diagnostics})")
        return bool(put.refused)

    def _broken(
        self, law: str, origin: Origin | None, record: Record, before: Resources, after: Resources, why: str
    ) -> NoReturn:
        where = (
            f"{origin.file}:{origin.line}: {origin.rule}"
            if origin
            else f"{self.lens.rules.file}: {self.lens.rules.name}"
        )
        raise MappingError(
            f"{where}: breaks the law {law}: {why}\n"
            f"record: {worded(record)}\nbefore: {worded(before)}\nafter:  {worded(after)}"
        )


def _is_free(rule: Field, items: Items) -> bool:
    return not rule.read_only and not rule.copied and rule.ours not in items.key


def _shows_one(rule: Rule) -> bool:
    return isinstance(rule, Values | Items) and (getattr(rule, "one", False) or rule.read_only)


def _is_within(some: list[str], pool: list[str]) -> bool:
    left = list(pool)
    for text in some:
        if text not in left:
            return False
        left.remove(text)
    return True
