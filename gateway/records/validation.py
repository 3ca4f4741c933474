"""What is wrong with a record, field by field, in words that say what would be right.

A client reads a record, changes a field and sends all of it back: so read-only fields may come along. That
they come back unchanged is a question of its own (`changed_read_only`), for it needs the record as it was.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from marshmallow import Schema, fields

from gateway.errors import Issue
from gateway.records.kinds import RecordKind

_INDEX = re.compile(r"\[\d+\]")
_UNKNOWN = "unknown field"


def validate(
    kind: RecordKind,
    record: Mapping[str, Any],
    *,
    partial: bool = False,
    before: Mapping[str, Any] | None = None,
) -> list[Issue]:
    """Every problem of the record; empty when it is acceptable.

    partial  required fields may be missing (the record is a fragment)
    before   the record as it was read: what its source left out is not held against who writes now

    `Issue.expression` is the path of the field, such as ``activities[0].status``.
    """
    found = _problems(kind.schema(), record, partial=partial)
    if before is None:
        return found
    gaps = {_place(issue) for issue in _problems(kind.schema(), before) if issue.code == "required"}
    return [issue for issue in found if issue.code != "required" or _place(issue) not in gaps]


def changed_read_only(kind: RecordKind, before: Mapping[str, Any], record: Mapping[str, Any]) -> list[Issue]:
    """One issue for each read-only field that the record states differently from before.

    A read-only field that is left out is no change. Items of lists are compared with the item of the same id.
    """
    return list(_changed(kind.schema(), before, record, ""))


def keep_read_only(kind: RecordKind, before: Mapping[str, Any], record: Mapping[str, Any]) -> dict[str, Any]:
    """The record with every read-only field as it was before, whatever the record says about it.

    The id of a list item is what items are matched by, so it stays as sent.
    """
    return _kept(kind.schema(), before, record)


def _problems(schema: Schema, record: Mapping[str, Any], *, partial: bool = False) -> list[Issue]:
    writable = _without_read_only(schema, record)
    messages = schema.validate(writable, partial=partial)
    return list(_issues(schema, messages, ""))


def _issues(schema: Schema | None, messages: Any, path: str) -> Iterator[Issue]:
    """Marshmallow's nested messages as one issue each, with the path of the field."""
    if isinstance(messages, Sequence) and not isinstance(messages, str):
        for message in messages:
            yield _issue(str(message), path)
        return
    for key, below in messages.items():
        if key == "_schema":
            yield from _issues(schema, below, path)
        elif isinstance(key, int):
            yield from _issues(schema, below, f"{path}[{key}]")
        elif schema is not None and key not in _by_name(schema):
            yield Issue("error", "invalid", _unknown(key, schema), _joined(path, key))
        else:
            yield from _issues(_inside(schema, key), below, _joined(path, key))


def _issue(message: str, path: str) -> Issue:
    if message == fields.Field.default_error_messages["required"]:
        return Issue("error", "required", "is required", path)
    code = "value" if message.startswith("must be one of") else "invalid"
    return Issue("error", code, message[:1].lower() + message[1:].rstrip("."), path)


def _unknown(key: str, schema: Schema) -> str:
    near = difflib.get_close_matches(key, _by_name(schema), n=1)
    return (
        f"{_UNKNOWN}; did you mean {near[0]!r}?"
        if near
        else f"{_UNKNOWN} (known: {', '.join(_by_name(schema))})"
    )


def _place(issue: Issue) -> str:
    return _INDEX.sub("[]", issue.expression)


def _joined(path: str, key: str) -> str:
    return f"{path}.{key}" if path else key


def _by_name(schema: Schema) -> dict[str, fields.Field[Any]]:
    return {field.data_key or name: field for name, field in schema.fields.items()}


def _inside(schema: Schema | None, key: str) -> Schema | None:
    """The schema of the object or of the list items in this field; None when it holds single values."""
    field = None if schema is None else _by_name(schema).get(key)
    if isinstance(field, fields.List):
        field = field.inner
    return field.schema if isinstance(field, fields.Nested) else None


def _without_read_only(schema: Schema, record: Any) -> Any:
    if not isinstance(record, Mapping):
        return record
    return {
        key: _below(schema, key, value, _without_read_only)
        for key, value in record.items()
        if key not in (by_name := _by_name(schema)) or not by_name[key].dump_only
    }


def _below(schema: Schema, key: str, value: Any, step: Any) -> Any:
    inner = _inside(schema, key)
    if inner is None:
        return value
    return [step(inner, item) for item in value] if isinstance(value, list) else step(inner, value)


def _changed(schema: Schema, before: Any, record: Any, path: str) -> Iterator[Issue]:
    if not isinstance(before, Mapping) or not isinstance(record, Mapping):
        return
    for key, field in _by_name(schema).items():
        if key not in record:
            continue
        here = _joined(path, key)
        if field.dump_only:
            if record[key] != before.get(key):
                yield Issue(
                    "error", "business-rule", "is read-only: leave it as it was read, or leave it out", here
                )
        elif (inner := _inside(schema, key)) is not None:
            for was, now, item_path in _pairs(before.get(key), record[key], here):
                yield from _changed(inner, was, now, item_path)


def _pairs(before: Any, now: Any, path: str) -> Iterator[tuple[Any, Any, str]]:
    if not isinstance(now, list):
        yield before, now, path
        return
    known = _by_id(before)
    for index, item in enumerate(now):
        if isinstance(item, Mapping) and isinstance(item.get("id"), str) and item["id"] in known:
            yield known[item["id"]], item, f"{path}[{index}]"


def _by_id(items: Any) -> dict[str, Any]:
    return {
        item["id"]: item
        for item in (items if isinstance(items, list) else ())
        if isinstance(item, Mapping) and isinstance(item.get("id"), str)
    }


def _kept(schema: Schema, before: Mapping[str, Any], record: Mapping[str, Any]) -> dict[str, Any]:
    kept = dict(record)
    for key, field in _by_name(schema).items():
        if field.dump_only:
            kept.pop(key, None)
            if key in before:
                kept[key] = before[key]
        elif (inner := _inside(schema, key)) is not None and isinstance(record.get(key), list):
            known = _by_id(before.get(key))
            kept[key] = [_kept_item(inner, known, item) for item in record[key]]
    return kept


def _kept_item(schema: Schema, known: Mapping[str, Any], item: Any) -> Any:
    if not isinstance(item, Mapping):
        return item
    kept = _kept(schema, known.get(str(item.get("id")), {}), item)
    return kept | ({"id": item["id"]} if "id" in item else {})
