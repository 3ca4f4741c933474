"""What list rules say besides their path: key, guard, siblings, and whether there is a way back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from gateway.mapping.codec_choice import value_x
from gateway.mapping.paths import Each, Name, Steps
from gateway.mapping.problems import did_you_mean
from gateway.mapping.rules import Block, Carried, FhirList, Field, Guard, Joint, Ours, Switch, Values
from gateway.mapping.scope import Scope
from gateway.mapping.values import MISSING
from gateway.mapping.yaml_lines import Node


def siblings(rules: list[Field | Values]) -> tuple[tuple[Steps, str, str], ...]:
    """The value[x] element that each rule's path runs through: (its holder, its stem, its own name)."""
    found: list[tuple[Steps, str, str]] = []
    for rule in rules:
        steps = rule.steps if isinstance(rule, Field) else (*rule.list.holder, Name(rule.list.name))
        for count, step in enumerate(steps):
            split = value_x(step.name) if isinstance(step, Name) else None
            if isinstance(step, Name) and split is not None:
                found.append((steps[:count], split[0], step.name))
                break
    return tuple(each for number, each in enumerate(found) if each not in found[:number])


def keys_of(entries: Mapping[str, Node], block: Block, scope: Scope) -> tuple[Ours, ...]:
    """The fields that `key:` names, each of which must be a single field of the items."""
    keys: list[Ours] = []
    known = [
        ".".join(rule.ours) for rule in block.rules if isinstance(rule, Field | Joint | Carried | Switch)
    ]
    for name in scope.texts(entries["key"]) if "key" in entries and not is_keyless(entries) else ():
        if name not in known:
            scope.wrong(
                entries["key"],
                "M106",
                f"key {name!r} is no single field of the items{did_you_mean(name, known)}",
            )
        keys.append(tuple(name.split(".")))
    return tuple(keys)


def is_keyless(entries: Mapping[str, Node]) -> bool:
    """Whether the rule says that its items have nothing to tell them apart by: `key: none`."""
    return "key" in entries and entries["key"].value == "none"


def is_read_only(entries: Mapping[str, Node], node: Node, scope: Scope) -> bool:
    """Whether the rule says `back: none`, with its reason."""
    if "back" not in entries:
        if "because" in entries:
            scope.wrong(entries["because"], "M160", "'because' explains 'back: none'; that is missing")
        return False
    if entries["back"].value != "none":
        scope.wrong(entries["back"], "M160", "the only thing to say here is back: none")
    if "because" not in entries:
        scope.wrong(entries["back"], "M160", "a rule without a way back says why: because: …")
    return True


def reason(entries: Mapping[str, Node]) -> str:
    """Why a rule has no way back, as it says itself."""
    return str(entries["because"].value or "") if "because" in entries else ""


def split_at_list(steps: Steps, where: Guard) -> tuple[FhirList | None, Steps]:
    """The list that a path walks and the path inside its items; no list when the path has no []."""
    for count, step in enumerate(steps):
        if isinstance(step, Each):
            name = steps[count - 1]
            assert isinstance(name, Name), "the grammar puts [] behind a name"
            return FhirList(steps[: count - 1], name.name, step.pattern, where), steps[count + 1 :]
    return None, steps


def guard_of(entries: Mapping[str, Any], scope: Scope) -> Guard:
    """The conditions of `where`; paths in it start at the item."""
    if "where" not in entries:
        return Guard()
    return Guard(conditions_of(entries["where"], replace(scope, base=())))


def conditions_of(node: Node, scope: Scope) -> tuple[tuple[Steps, Any], ...]:
    """What a guard asks for: paths that exist, `{path: value}`, `{path: ~}` (absent), or a list of these."""
    conditions: list[tuple[Steps, Any]] = []
    for child in node.value if isinstance(node.value, list) else [node]:
        pairs: list[tuple[Node, Any]] = [(child, MISSING)]
        if isinstance(child.value, dict):
            pairs = [
                (Node(text, child.file, child.key_lines[text], {}), value.plain)
                for text, value in child.value.items()
            ]
        for path_node, value in pairs:
            steps = scope.path(path_node)
            if steps is not None:
                conditions.append((steps, value))
    return tuple(conditions)
