"""Reading one rule: `field: path`, or its long form."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final, Protocol

from gateway.mapping.codec_choice import codec_for
from gateway.mapping.list_options import (
    guard_of,
    is_keyless,
    is_read_only,
    keys_of,
    reason,
    siblings,
    split_at_list,
)
from gateway.mapping.part_reader import read_part_rule
from gateway.mapping.paths import Steps
from gateway.mapping.problems import did_you_mean
from gateway.mapping.rules import (
    Alternative,
    Block,
    Choice,
    Field,
    Items,
    Ours,
    Rule,
    Values,
)
from gateway.mapping.schema_fields import find, is_list, item_schema, names_near
from gateway.mapping.scope import Scope
from gateway.mapping.words_reader import read_carried, read_joint
from gateway.mapping.yaml_lines import Node

FIELD_KEYS: Final = ("to", "as", "ref", "codes", "py", "back", "because", "also", "one", "where")
LIST_KEYS: Final = (
    "to",
    "fields",
    "choices",
    "switch",
    "cases",
    "fixed",
    "always",
    "ignore",
    "key",
    "where",
    "back",
    "because",
)


class ReadBlock(Protocol):
    """Reads the block inside a list rule."""

    def __call__(self, node: Node, scope: Scope, *, type_name: str | None = None) -> Block: ...


def read_rule(
    name: str, node: Node, line: int, scope: Scope, read_block: ReadBlock, *, choice: bool = False
) -> list[Rule]:
    """The rule for a field, as a list of one; an empty list when it could not be understood."""
    copied = name.startswith("^")
    ours = (*scope.prefix, *name.removeprefix("^").split("."))
    if not copied and not _known(ours, node, line, scope):
        scope = replace(scope, schema=None)
    if not isinstance(node.value, dict):
        node = Node({"to": node}, node.file, node.line, {"to": line})
    assert isinstance(node.value, dict)
    rule: Rule | None
    if "split" in node.value:
        rule = read_part_rule(ours, node, line, scope, read_block)
    elif "choice" in node.value:
        rule = _choice(ours, node, line, scope)
    elif "joint" in node.value:
        rule = read_joint(ours, node, line, scope)
    elif "carry" in node.value:
        rule = read_carried(ours, node, line, scope)
    elif not {"fields", "choices", "switch"}.isdisjoint(node.value):
        rule = _items(ours, node, line, scope, read_block)
    else:
        rule = _field(ours, node, line, scope, choice=choice, copied=copied)
    return [] if rule is None else [rule]


def _known(ours: Ours, node: Node, line: int, scope: Scope) -> bool:
    if scope.schema is None:
        return True  # the field above is unknown already: reported there
    if find(scope.schema, ours) is not None:
        return True
    name = ".".join(ours)
    near = did_you_mean(name, names_near(scope.schema, ours))
    scope.wrong(node, "M106", f"the record has no field {name!r}{near}", line=line)
    return False


def _field(
    ours: Ours, node: Node, line: int, scope: Scope, *, choice: bool, copied: bool
) -> Field | Values | None:
    entries = scope.only_keys(node, FIELD_KEYS)
    steps = _to(entries, node, scope)
    if steps is None:
        return None
    codec = codec_for(entries, node, steps, scope, choice=choice)
    read_only = is_read_only(entries, node, scope)
    origin = scope.origin(node, line)
    fhir_list, item = split_at_list(steps, guard_of(entries, scope))
    one = "one" in entries and _is_true(entries["one"], scope)
    _check_shape(ours, fhir_list is not None and not one, node, line, scope, copied=copied)
    if fhir_list is None:
        for key in ("one", "where"):
            if key in entries:
                scope.wrong(entries[key], "M103", f"{key!r} belongs to a list; this path has no []")
        also = tuple(path for path in _also(entries, scope) if path is not None)
        return Field(
            ours, steps, codec, origin, read_only=read_only, copied=copied, also=also, because=reason(entries)
        )
    if copied or "also" in entries:
        scope.wrong(node, "M103", "^ and 'also' are for single values; this path has []")
    return Values(ours, fhir_list, item, codec, origin, one=one, read_only=read_only, because=reason(entries))


def _is_true(node: Node, scope: Scope) -> bool:
    if not isinstance(node.value, bool):
        scope.wrong(node, "M002", "write true or false, in small letters")
    return node.value is True


def _also(entries: Mapping[str, Node], scope: Scope) -> list[Steps | None]:
    if "also" not in entries:
        return []
    node = entries["also"]
    return [scope.path(child) for child in (node.value if isinstance(node.value, list) else [node])]


def _check_shape(ours: Ours, listed: bool, node: Node, line: int, scope: Scope, *, copied: bool) -> None:
    field = None if copied or scope.schema is None else find(scope.schema, ours)
    if field is None or is_list(field) == listed:
        return
    name = ".".join(ours)
    if listed:
        scope.wrong(
            node,
            "M103",
            f"the path has [] and the record's {name!r} is a single value (or say one: true)",
            line=line,
        )
    else:
        scope.wrong(
            node, "M102", f"the record's {name!r} is a list: the path needs [] where FHIR repeats", line=line
        )


def _choice(ours: Ours, node: Node, line: int, scope: Scope) -> Choice | None:
    entries = scope.only_keys(node, ("choice",))
    ways = entries["choice"].value
    if not isinstance(ways, list) or not ways:
        scope.wrong(node, "M002", "choice is a list of paths or long forms", line=line)
        return None
    alternatives: list[Alternative] = []
    for child in ways:
        long = (
            child
            if isinstance(child.value, dict)
            else Node({"to": child}, child.file, child.line, {"to": child.line})
        )
        rule = _field(ours, long, child.line, scope, choice=True, copied=False)
        if rule is not None:
            alternatives.append(Alternative((rule,), siblings([rule])))
    return Choice(".".join(ours), tuple(alternatives), scope.origin(node, line)) if alternatives else None


def _items(ours: Ours, node: Node, line: int, scope: Scope, read_block: ReadBlock) -> Items | None:
    entries = scope.only_keys(node, LIST_KEYS)
    steps = _to(entries, node, scope)
    if steps is None:
        return None
    fhir_list, item = split_at_list(steps, guard_of(entries, scope))
    if fhir_list is None or item:
        scope.wrong(node, "M102", "'fields' of a list need a path that ends in []", line=line)
        return None
    _check_shape(ours, True, node, line, scope, copied=False)
    field = None if scope.schema is None else find(scope.schema, ours)
    inner = replace(
        scope,
        schema=item_schema(field),
        base=(),
        prefix=(),
        in_extension=fhir_list.name == "extension",
    )
    block = read_block(node, inner)
    key = keys_of(entries, block, scope)
    read_only = is_read_only(entries, node, scope)
    origin = scope.origin(node, line)
    return Items(ours, fhir_list, block, origin, key, read_only, reason(entries), is_keyless(entries))


def _to(entries: Mapping[str, Node], node: Node, scope: Scope) -> Steps | None:
    if "to" not in entries:
        scope.wrong(node, "M004", "the rule does not say where the value lives: 'to' is missing")
        return None
    return scope.path(entries["to"])
