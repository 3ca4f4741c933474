"""Reading the rules of one FHIR object: `fields`, `choices`, `fixed`, `narrative`."""

from __future__ import annotations

from dataclasses import replace

from gateway.mapping.list_options import siblings
from gateway.mapping.narrative import PLACEHOLDER
from gateway.mapping.ownership import settled
from gateway.mapping.paths import Each, Name
from gateway.mapping.problems import Problem, did_you_mean
from gateway.mapping.rule_reader import read_rule
from gateway.mapping.rules import Alternative, Block, Choice, Field, Fixed, Ours, Rule, Values
from gateway.mapping.schema_fields import find, is_list, required
from gateway.mapping.scope import Scope
from gateway.mapping.yaml_lines import Node


def read_block(node: Node, scope: Scope, *, type_name: str | None = None) -> Block:
    """The block that a node describes; the keys that are not a block's are its rule's business."""
    entries = node.value if isinstance(node.value, dict) else {}
    rules = [*_fields(entries.get("fields"), scope), *_choices(entries.get("choices"), scope)]
    if not rules:
        scope.wrong(node, "M003", "there are no fields here")
    fixed = tuple(_fixed(entries["fixed"], scope)) if "fixed" in entries else ()
    narrative = _narrative(entries["narrative"], scope) if "narrative" in entries else None
    _check_record(rules, node, scope)
    return settled(Block(tuple(rules), fixed, type_name, narrative), scope)


def _fields(node: Node | None, scope: Scope) -> list[Rule]:
    if node is None:
        return []
    if not isinstance(node.value, dict):
        scope.wrong(node, "M002", "fields belong here, as ours: theirs")
        return []
    rules: list[Rule] = []
    for name, child in node.value.items():
        inner = scope.inside(name)
        line = node.key_lines[name]
        if _is_object(child):
            rules += _object(name, child, inner)
        else:
            rules += read_rule(name, child, line, inner, read_block)
    return rules


def _is_object(node: Node) -> bool:
    if not isinstance(node.value, dict) or "split" in node.value or "to" not in node.value:
        return False
    to = node.value["to"].value
    return ("fields" in node.value or "choices" in node.value) and "[]" not in str(to)


def _object(name: str, node: Node, scope: Scope) -> list[Rule]:
    """A single object with fields: the same as dotted fields."""
    entries = scope.only_keys(node, ("to", "fields", "choices"))
    steps = scope.path(entries["to"])
    ours = (*scope.prefix, *name.split("."))
    field = find(scope.schema, ours)
    if field is not None and is_list(field):
        text = f"the record's {'.'.join(ours)!r} is a list: the path needs [] where FHIR repeats"
        scope.wrong(entries["to"], "M102", text)
        return []
    if steps is None:
        return []
    inner = replace(scope, base=steps, prefix=ours)
    return [*_fields(entries.get("fields"), inner), *_choices(entries.get("choices"), inner)]


def _choices(node: Node | None, scope: Scope) -> list[Rule]:
    if node is None:
        return []
    if not isinstance(node.value, dict):
        scope.wrong(node, "M002", "choices belong here, as name: [{field: path}, …]")
        return []
    return [
        choice
        for name, child in node.value.items()
        if (choice := _choice(name, child, node.key_lines[name], scope.inside(name))) is not None
    ]


def _choice(name: str, node: Node, line: int, scope: Scope) -> Choice | None:
    if not isinstance(node.value, list) or not node.value:
        scope.wrong(node, "M002", "a choice is a list of alternatives, each as {field: path, …}", line=line)
        return None
    ways: list[Alternative] = []
    for child in node.value:
        rules: list[Field | Values] = []
        fields = child.value if isinstance(child.value, dict) else {}
        if not fields:
            scope.wrong(child, "M002", "an alternative is {field: path, …}")
        for field_name, field_node in fields.items():
            for rule in read_rule(
                field_name,
                field_node,
                child.key_lines[field_name],
                scope.inside(field_name),
                read_block,
                choice=True,
            ):
                if isinstance(rule, Field | Values):
                    rules.append(rule)
                else:
                    scope.wrong(
                        field_node, "M151", "an alternative holds single fields and lists of values only"
                    )
        if rules:
            ways.append(Alternative(tuple(rules), siblings(rules)))
    return Choice(name, tuple(ways), scope.origin(line)) if ways else None


def _fixed(node: Node, scope: Scope) -> list[Fixed]:
    if not isinstance(node.value, dict):
        scope.wrong(node, "M002", "fixed values belong here, as path: value")
        return []
    fixed: list[Fixed] = []
    for text, child in node.value.items():
        steps = scope.path(Node(text, child.file, node.key_lines[text], {}))
        if steps is None:
            continue
        if isinstance(steps[-1], Each) and isinstance(steps[-2], Name):
            fixed.append(Fixed(steps[:-2], steps[-2].name, child.plain))
        elif any(isinstance(step, Each) for step in steps):
            scope.wrong(child, "M100", f"in fixed, [] can only end a path: {text!r}")
        else:
            fixed.append(Fixed(steps, None, child.plain))
    return fixed


def _narrative(node: Node, scope: Scope) -> str | None:
    template = scope.text(node)
    for found in PLACEHOLDER.finditer(template):
        ours = tuple(found[1].split("."))
        if scope.schema is not None and find(scope.schema, ours) is None:
            near = did_you_mean(found[1], scope.schema.fields)
            scope.wrong(node, "M106", f"the record has no field {found[1]!r}{near}")
    return template or None


def _check_record(rules: list[Rule], node: Node, scope: Scope) -> None:
    seen: dict[Ours, Rule] = {}
    for rule in rules:
        if isinstance(rule, Field) and rule.copied:
            continue
        for ours in rule.fields if isinstance(rule, Choice) else (rule.ours,):
            twin = next((other for other in seen if _overlap(other, ours)), None)
            if twin is not None:
                text = (
                    f"{'.'.join(ours)!r} is mapped twice; the other rule is on line {seen[twin].origin.line}"
                )
                origin = rule.origin
                scope.problems.append(Problem(origin.file, origin.line, "M150", origin.rule, text))
            seen[ours] = rule
    homes = {ours[0] for ours in seen}
    for name in required(scope.schema):
        if name not in homes and scope.prefix == ():
            scope.wrong(
                node, "M107", f"the record requires {name!r}, and no rule says where it lives in FHIR"
            )


def _overlap(a: Ours, b: Ours) -> bool:
    return a[: len(b)] == b or b[: len(a)] == a
