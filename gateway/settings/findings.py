"""Values checked by a marshmallow schema, every problem told with the file and line where it stands."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from marshmallow import Schema, ValidationError

from gateway.mapping.problems import did_you_mean
from gateway.mapping.yaml_lines import Node


def load_node(schema: Schema, node: Node, problems: list[str], prefix: str = "") -> Any:
    """What `schema` makes of the mapping at `node`; None, with `problems` longer, when something is wrong.

    A key with nothing after it counts as left out.
    """
    if not isinstance(node.value, dict):
        problems.append(
            f"{node.place}: {prefix or 'the file'} should be keys and values, as in `title: Elm Trust`"
        )
        return None
    given = {key: child.plain for key, child in node.value.items() if child.value is not None}
    try:
        return schema.load(given)
    except ValidationError as error:
        for path, text in flat(error.messages):
            at = _line_of(node, path)
            where = ".".join(str(step) for step in ((prefix, *path) if prefix else path) if step != "_schema")
            problems.append(f"{at}: {where}: {worded(text, path, schema)}")
        return None


def flat(messages: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """Each message of a ValidationError with the path of keys and positions that leads to it."""
    if isinstance(messages, Mapping):
        for key, below in messages.items():
            yield from flat(below, (*path, key))
    elif isinstance(messages, list):
        for message in messages:
            yield from flat(message, path)
    else:
        yield path, str(messages)


def worded(text: str, path: tuple[str | int, ...], schema: Schema) -> str:
    """marshmallow's message in the gateway's words, with the likeliest known key for an unknown one."""
    match text:
        case "Unknown field.":
            known = sorted(schema.fields)
            near = did_you_mean(str(path[-1]), known)
            return f"is no setting{near or '; known are ' + ', '.join(known)}"
        case "Missing data for required field.":
            return "is missing"
        case "Not a valid string.":
            return 'must be text; put it in quotes ("…") if it looks like a number'
        case _:
            return text[:1].lower() + text[1:].rstrip(".")


def _line_of(node: Node, path: tuple[str | int, ...]) -> str:
    """`file:line` of the key at the path's end, or of the nearest thing above it that exists."""
    holder, place = node, node.place
    for step in path:
        if isinstance(holder.value, dict) and step in holder.key_lines:
            place = f"{holder.file}:{holder.key_lines[str(step)]}"
            holder = holder.value[str(step)]
        elif isinstance(holder.value, list) and isinstance(step, int) and step < len(holder.value):
            holder = holder.value[step]
            place = holder.place
        else:
            break
    return place
