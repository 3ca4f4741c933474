"""Reading the rules of one FHIR object: `fields`, `choices`, `switch`, `fixed`, `narrative`, `ignore`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from gateway.mapping.ignored_reader import read_ignored
from gateway.mapping.list_options import siblings
from gateway.mapping.narrative import PLACEHOLDER
from gateway.mapping.ownership import settled
from gateway.mapping.paths import Each, Name
from gateway.mapping.problems import Problem, did_you_mean
from gateway.mapping.rule_reader import read_rule
from gateway.mapping.rules import (
    Alternative,
    Block,
    Choice,
    Field,
    Fixed,
    Origin,
    Ours,
    Rule,
    Switch,
    Values,
    fields_of,
)
from gateway.mapping.schema_fields import find, is_list, required
from gateway.mapping.scope import Scope
from gateway.mapping.switch_reader import is_switch, read_switch_field, read_switches
from gateway.mapping.yaml_lines import Node


def read_block(node: Node, scope: Scope, *, type_name: str | None = None) -> Block:
    """The block that a node describes; the keys that are not a block's are its rule's business."""
    entries = node.value if isinstance(node.value, dict) else {}
    rules = _rules(entries, scope)
    if not rules:
        scope.wrong(node, "M003", "there are no fields here")
    fixed = tuple(_fixed(entries["fixed"], scope)) if "fixed" in entries else ()
    always = tuple(_fixed(entries["always"], scope)) if "always" in entries else ()
    narrative = _narrative(entries["narrative"], scope) if "narrative" in entries else None
    ignored = read_ignored(entries["ignore"], scope) if "ignore" in entries else ()
    _check_record(rules, node, scope)
    block = Block(tuple(rules), fixed, type_name, narrative, ignored, scope.origin(node), always)
    return settled(block, scope)


def _rules(entries: Mapping[str, Node], scope: Scope) -> list[Rule]:
    return [
        *_fields(entries.get("fields"), scope),
        *_choices(entries.get("choices"), scope),
        *read_switches(entries.get("switch"), entries.get("cases"), scope, _case_block),
    ]


def _case_block(node: Node, scope: Scope) -> Block:
    """The rules of one case; which others they may meet is settled with the block around."""
    entries = node.value if isinstance(node.value, dict) else {}
    rules = _rules(entries, scope)
    ignored = read_ignored(entries["ignore"], scope) if "ignore" in entries else ()
    _check_twice(rules, scope)
    return settled(Block(tuple(rules), ignored=ignored), scope)


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
        if is_switch(child):
            rules += read_switch_field(name, child, line, inner, _case_block)
        elif _is_object(child):
            rules += _object(name, child, inner)
        else:
            rules += read_rule(name, child, line, inner, read_block)
    return rules


def _is_object(node: Node) -> bool:
    if not isinstance(node.value, dict) or "split" in node.value or "to" not in node.value:
        return False
    to = node.value["to"].value
    return not {"fields", "choices", "switch"}.isdisjoint(node.value) and "[]" not in str(to)


def _object(name: str, node: Node, scope: Scope) -> list[Rule]:
    """A single object with fields: the same as dotted fields."""
    entries = scope.only_keys(node, ("to", "fields", "choices", "switch", "cases"))
    steps = scope.path(entries["to"])
    ours = (*scope.prefix, *name.split("."))
    field = find(scope.schema, ours)
    if field is not None and is_list(field):
        text = f"the record's {'.'.join(ours)!r} is a list: the path needs [] where FHIR repeats"
        scope.wrong(entries["to"], "M102", text)
        return []
    if steps is None:
        return []
    return _rules(entries, replace(scope, base=steps, prefix=ours))


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
    return Choice(name, tuple(ways), scope.origin(node, line)) if ways else None


def _fixed(node: Node, scope: Scope) -> list[Fixed]:
    if not isinstance(node.value, dict):
        scope.wrong(node, "M002", "fixed values belong here, as path: value")
        return []
    fixed: list[Fixed] = []
    for text, child in node.value.items():
        steps = scope.path(Node(text, child.file, node.key_lines[text], {}))
        if steps is None:
            continue
        origin = scope.inside("fixed").origin(child, node.key_lines[text])
        if isinstance(steps[-1], Each) and isinstance(steps[-2], Name):
            patterns = child.plain if isinstance(child.value, list) else [child.plain]
            fixed += [Fixed(steps[:-2], steps[-2].name, pattern, origin) for pattern in patterns]
        elif any(isinstance(step, Each) for step in steps):
            scope.wrong(child, "M100", f"in fixed, [] can only end a path: {text!r}")
        else:
            fixed.append(Fixed(steps, None, child.plain, origin))
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
    homes = {ours[0] for ours in _check_twice(rules, scope)}
    for name in required(scope.schema):
        if name not in homes and scope.prefix == () and not _has_lost_a_rule(scope):
            scope.wrong(
                node, "M107", f"the record requires {name!r}, and no rule says where it lives in FHIR"
            )


def _has_lost_a_rule(scope: Scope) -> bool:
    """Whether a rule of this block was misnamed or could not be read: it may be the one that is missed."""
    lost = {problem.where for problem in scope.problems if problem.code in ("M004", "M100", "M106")}
    return any(where.startswith(f"{scope.rule}.") for where in lost)


def _check_twice(rules: list[Rule], scope: Scope) -> set[Ours]:
    """The record fields that the rules map; a field with two rules is reported."""
    seen: dict[Ours, tuple[Rule, Origin]] = {}
    for rule in rules:
        if isinstance(rule, Field) and rule.copied:
            continue
        for ours, origin in _mapped(rule):
            twin = next((seen[a] for a in seen if _overlap(a, ours) and seen[a][0] is not rule), None)
            if twin is not None:
                text = f"{'.'.join(ours)!r} is mapped twice; the other rule is on {twin[1].seen_from(origin)}"
                scope.problems.append(Problem(origin.file, origin.line, "M150", origin.rule, text))
            seen[ours] = (rule, origin)
    return set(seen)


def _mapped(rule: Rule) -> Iterator[tuple[Ours, Origin]]:
    """The record fields of a rule, each with the place that says so."""
    if not isinstance(rule, Switch):
        for ours in fields_of(rule):
            yield ours, rule.origin
        return
    yield rule.ours, rule.origin
    for case in rule.cases:
        for inner in case.block.rules:
            yield from _mapped(inner)


def _overlap(a: Ours, b: Ours) -> bool:
    return a[: len(b)] == b or b[: len(a)] == a
