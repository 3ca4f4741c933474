"""Which fields nobody writes, and what a client may say about them.

A client reads a record, changes a field and sends all of it back: so read-only fields come along. They may
come back as they were read, or be left out; they may not say something else.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from marshmallow import Schema

from gateway.errors import Issue
from gateway.records.kinds import RecordKind
from gateway.records.walking import by_name, inside, joined, schema_of


def changed_read_only(kind: RecordKind, before: Mapping[str, Any], record: Mapping[str, Any]) -> list[Issue]:
    """One issue for each read-only field that the record states differently from before.

    A read-only field that is left out is no change. An item of a list is compared with the item of the same
    id, one without an id with the old item it shares the most with.
    """
    return list(_changed(schema_of(kind.schema), before, record, ""))


def keep_read_only(kind: RecordKind, before: Mapping[str, Any], record: Mapping[str, Any]) -> dict[str, Any]:
    """The record with every read-only field as it was before, whatever the record says about it.

    The id of a list item is what items are matched by, so it stays as sent.
    """
    return _kept(schema_of(kind.schema), before, record)


def without_read_only(schema: Schema, record: Any) -> Any:
    """The record without its read-only fields, at every depth."""
    if not isinstance(record, Mapping):
        return record
    known = by_name(schema)
    return {
        key: _below(schema, key, value, without_read_only)
        for key, value in record.items()
        if key not in known or not known[key].dump_only
    }


def _below(schema: Schema, key: str, value: Any, step: Callable[[Schema, Any], Any]) -> Any:
    inner = inside(schema, key)
    if inner is None:
        return value
    return [step(inner, item) for item in value] if isinstance(value, list) else step(inner, value)


def _changed(schema: Schema, before: Any, record: Any, path: str) -> Iterator[Issue]:
    if not isinstance(before, Mapping) or not isinstance(record, Mapping):
        return
    for key, field in by_name(schema).items():
        if key not in record:
            continue
        here = joined(path, key)
        if field.dump_only:
            if record[key] != before.get(key):
                yield Issue(
                    "error", "business-rule", "is read-only: send it as it was read, or leave it out", here
                )
        elif (inner := inside(schema, key)) is not None:
            for was, now, item_path in _pairs(before.get(key), record[key], here):
                yield from _changed(inner, was, now, item_path)


def _pairs(before: Any, now: Any, path: str) -> Iterator[tuple[Any, Any, str]]:
    if not isinstance(now, list):
        yield before, now, path
        return
    known = _by_id(before)
    for index, item in enumerate(now):
        if isinstance(item, Mapping):
            yield known.get(str(item.get("id"))) or _likest(before, item), item, f"{path}[{index}]"


def _likest(before: Any, item: Mapping[str, Any]) -> Mapping[str, Any]:
    """The old item that shares the most values with this one; an item of one's own making when none does."""
    old = [was for was in before or () if isinstance(was, Mapping)] if isinstance(before, list) else []
    shared = [sum(was.get(key) == value for key, value in item.items()) for was in old]
    best = max(shared, default=0)
    return old[shared.index(best)] if best else {"id": item.get("id")}


def _by_id(items: Any) -> dict[str, Any]:
    return {
        item["id"]: item
        for item in (items if isinstance(items, list) else ())
        if isinstance(item, Mapping) and isinstance(item.get("id"), str)
    }


def _kept(schema: Schema, before: Mapping[str, Any], record: Mapping[str, Any]) -> dict[str, Any]:
    kept = dict(record)
    for key, field in by_name(schema).items():
        if field.dump_only:
            kept.pop(key, None)
            if key in before:
                kept[key] = before[key]
        elif (inner := inside(schema, key)) is not None and isinstance(record.get(key), list):
            known, unchanged = _by_id(before.get(key)), before.get(key) or ()
            # An item that came back as it was read may say nothing but what is read-only.
            kept[key] = [
                item if item in unchanged else _kept_item(inner, known, item) for item in record[key]
            ]
    return kept


def _kept_item(schema: Schema, known: Mapping[str, Any], item: Any) -> Any:
    if not isinstance(item, Mapping):
        return item
    kept = _kept(schema, known.get(str(item.get("id")), {}), item)
    return kept | ({"id": item["id"]} if "id" in item else {})
