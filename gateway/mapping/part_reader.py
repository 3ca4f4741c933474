"""Reading `split`: lists whose items live in resources of their own."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from gateway.fhir.resource_types import R4_TYPES
from gateway.mapping.list_options import guard_of, is_keyless, keys_of, split_at_list
from gateway.mapping.ownership import stale_around
from gateway.mapping.paths import Steps
from gateway.mapping.problems import did_you_mean
from gateway.mapping.rules import BackLinkedParts, Block, Field, Guard, LinkedParts, Ours, Rule
from gateway.mapping.schema_fields import find, item_schema
from gateway.mapping.scope import Scope
from gateway.mapping.yaml_lines import Node

if TYPE_CHECKING:
    from gateway.mapping.rule_reader import ReadBlock


def read_part_rule(
    ours: Ours, node: Node, line: int, scope: Scope, read_block: ReadBlock
) -> LinkedParts | BackLinkedParts | None:
    """The rule for a split list: `split: goal` by links to the parts, `split: Task` with `by`, links back."""
    assert isinstance(node.value, dict)
    target = scope.text(node.value["split"])
    if target[:1].isupper():
        return _back_linked(ours, target, node, line, scope, read_block)
    return _linked(ours, target, node, line, scope)


def _linked(ours: Ours, target: str, node: Node, line: int, scope: Scope) -> LinkedParts | None:
    entries = scope.only_keys(node, ("to", "split", "copies"))
    if target not in scope.kinds:
        near = did_you_mean(target, scope.kinds)
        scope.wrong(entries["split"], "M170", f"split: {target!r} is no record with a map of its own{near}")
        return None
    steps = scope.path(entries["to"]) if "to" in entries else None
    fhir_list, item = split_at_list(steps or (), Guard())
    if fhir_list is None or not item:
        scope.wrong(
            node, "M102", 'split needs the path of the links, such as to: "goal[].reference"', line=line
        )
        return None
    part = scope.map_of(target, entries["split"], scope.rule)
    if part is None:
        return None
    block = replace(
        part.root, rules=_with_copies(part.root, _copies(entries.get("copies"), scope), entries, scope)
    )
    return LinkedParts(ours, fhir_list, item, part.type, block, scope.origin(node, line))


def _copies(node: Node | None, scope: Scope) -> dict[str, str]:
    """What `copies` says, as their field: our field."""
    if node is None:
        return {}
    if isinstance(node.value, dict):
        return {theirs: scope.text(child) for theirs, child in node.value.items()}
    return {name: name for name in scope.texts(node)}


def _with_copies(
    block: Block, copies: dict[str, str], entries: dict[str, Node], scope: Scope
) -> tuple[Rule, ...]:
    rules: list[Rule] = []
    left = dict(copies)
    for rule in block.rules:
        name = ".".join(rule.ours) if isinstance(rule, Field) else ""
        if isinstance(rule, Field) and name in left:
            rules.append(replace(rule, ours=tuple(left.pop(name).split(".")), copied=True))
        else:
            rules.append(rule)
    known = [".".join(rule.ours) for rule in block.rules if isinstance(rule, Field)]
    for name in left:
        scope.wrong(
            entries["copies"], "M111", f"the items have no single field {name!r}{did_you_mean(name, known)}"
        )
    for name in copies.values():
        if scope.schema is not None and find(scope.schema, tuple(name.split("."))) is None:
            near = did_you_mean(name, scope.schema.fields)
            scope.wrong(entries["copies"], "M111", f"the record has no field {name!r} to copy from{near}")
    return tuple(rules)


def _back_linked(
    ours: Ours, target: str, node: Node, line: int, scope: Scope, read_block: ReadBlock
) -> BackLinkedParts | None:
    block_keys = ("fields", "choices", "switch", "cases", "fixed", "always", "ignore")
    entries = scope.only_keys(node, ("split", "by", "key", "where", *block_keys))
    if target not in R4_TYPES:
        scope.wrong(
            entries["split"], "M170", f"{target!r} is no FHIR R4 type{did_you_mean(target, R4_TYPES)}"
        )
        return None
    by: Steps | None = scope.path(entries["by"]) if "by" in entries else None
    if by is None:
        text = (
            f"split: {target} needs 'by': the link that each {target} carries back, such as focus.reference"
        )
        scope.wrong(node, "M004", text, line=line)
        return None
    field = None if scope.schema is None else find(scope.schema, ours)
    block = read_block(node, replace(scope, schema=item_schema(field), base=(), prefix=()), type_name=target)
    if not any(isinstance(rule, Field) and rule.ours == ("id",) for rule in block.rules):
        scope.wrong(node, "M107", "the items of a split list need their id: write id: id", line=line)
    _check_copies(block, scope)
    if is_keyless(entries):
        scope.wrong(entries["key"], "M002", "resources are told apart by their id: leave 'key: none' out")
    keys = keys_of(entries, block, scope) or (("id",),)
    stale = stale_around(by, block)
    return BackLinkedParts(
        ours, target, by, stale, block, scope.origin(node, line), keys, guard_of(entries, scope)
    )


def _check_copies(block: Block, scope: Scope) -> None:
    for rule in block.rules:
        if not isinstance(rule, Field) or not rule.copied or scope.schema is None:
            continue
        if find(scope.schema, rule.ours) is None:
            name = ".".join(rule.ours)
            near = did_you_mean(name, scope.schema.fields)
            text = f"the record has no field {name!r} to copy from{near}"
            scope.wrong(Node(name, rule.origin.file, rule.origin.line, {}), "M111", text)
