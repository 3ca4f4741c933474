"""What is wrong with a record, field by field, in words that say what would be right.

Read-only fields may come along and are not looked at here: whether they were changed needs the record as it
was (`read_only.py`).
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from marshmallow import Schema, fields

from gateway.errors import Issue
from gateway.records.kinds import RecordKind
from gateway.records.read_only import without_read_only
from gateway.records.walking import by_name, inside, joined, schema_of

_INDEX = re.compile(r"\[\d+\]")
# Any other text in the place of a field's name may be what somebody is called, or their number.
_FIELD_NAME = re.compile(r"[a-z][a-z_]{0,39}")


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
    found = _problems(schema_of(kind.schema), record, partial=partial)
    if before is None:
        return found
    gaps = {_place(issue) for issue in _problems(schema_of(kind.schema), before) if issue.code == "required"}
    return [issue for issue in found if issue.code != "required" or _place(issue) not in gaps]


def _problems(schema: Schema, record: Mapping[str, Any], *, partial: bool = False) -> list[Issue]:
    writable = without_read_only(schema, record)
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
        elif schema is not None and key not in by_name(schema):
            place = joined(path, key) if _FIELD_NAME.fullmatch(str(key)) else path
            yield Issue("error", "invalid", _unknown(key, schema), place)
        else:
            yield from _issues(inside(schema, key), below, joined(path, key))


def _issue(message: str, path: str) -> Issue:
    if message == fields.Field.default_error_messages["required"]:
        return Issue("error", "required", "is required", path)
    code = "value" if message.startswith("must be one of") else "invalid"
    return Issue("error", code, message[:1].lower() + message[1:].rstrip("."), path)


def _unknown(key: str, schema: Schema) -> str:
    near = difflib.get_close_matches(key, by_name(schema), n=1)
    hint = f"did you mean {near[0]!r}?" if near else f"known here: {', '.join(by_name(schema))}"
    return f"unknown field; {hint}"


def _place(issue: Issue) -> str:
    return _INDEX.sub("[]", issue.expression)
