"""Reading `switch`: rules that hold only while a field of the record says a certain word.

A case is told by its guard in FHIR and by its word in the record. Both must exclude those of every other case
(M152), or reading and writing would not agree on which case it is.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import combinations
from typing import Any, Final, Protocol

from gateway.mapping.list_options import conditions_of
from gateway.mapping.ownership import case_writers, overlap
from gateway.mapping.paths import Each, Steps, show
from gateway.mapping.problems import Problem, did_you_mean
from gateway.mapping.rules import (
    BackLinkedParts,
    Block,
    Guard,
    LinkedParts,
    Ours,
    Rule,
    Switch,
    SwitchCase,
)
from gateway.mapping.schema_fields import find, is_list, names_near
from gateway.mapping.scope import Scope
from gateway.mapping.values import MISSING, same
from gateway.mapping.yaml_lines import Node

_CASE_KEYS: Final = ("when", "fields", "choices", "ignore")


class ReadCase(Protocol):
    """Reads the rules of one case."""

    def __call__(self, node: Node, scope: Scope) -> Block: ...


def is_switch(node: Node) -> bool:
    """Whether an entry under `fields` is a switch: it has cases and no path of its own."""
    return isinstance(node.value, dict) and "cases" in node.value and "to" not in node.value


def read_switch_field(name: str, node: Node, line: int, scope: Scope, read_case: ReadCase) -> list[Rule]:
    """The switch of an entry under `fields`: `kind: {cases: [...]}`."""
    entries = scope.only_keys(node, ("switch", "cases"))
    named = entries.get("switch")
    if named is not None and named.value != name:
        scope.wrong(named, "M106", f"the switch of {name!r} is the field {name!r} itself; leave 'switch' out")
    return _switch(name, entries["cases"], line, scope, read_case)


def read_switches(node: Node | None, cases: Node | None, scope: Scope, read_case: ReadCase) -> list[Rule]:
    """The switches of a block: `switch: {field: [case, …]}`, or `switch: field` with `cases` beside it."""
    if node is None:
        if cases is not None:
            scope.wrong(cases, "M004", "'cases' need to know their field: write switch: field beside them")
        return []
    if isinstance(node.value, dict) and cases is None:
        return [
            rule
            for name, child in node.value.items()
            for rule in _switch(name, child, node.key_lines[name], scope.inside(name), read_case)
        ]
    if isinstance(node.value, str) and cases is not None:
        return _switch(node.value, cases, node.line, scope.inside(node.value), read_case)
    scope.wrong(node, "M002", "a switch is {field: [case, …]}, or a field with 'cases' beside it")
    return []


def _switch(name: str, node: Node, line: int, scope: Scope, read_case: ReadCase) -> list[Rule]:
    ours = (*scope.prefix, *name.split("."))
    _check_field(ours, node, line, scope)
    if not isinstance(node.value, list) or not node.value:
        scope.wrong(
            node, "M002", "cases are a list of {when: {ours: word, theirs: {path: value}}, fields: …}"
        )
        return []
    cases = [case for child in node.value if (case := _case(child, scope, read_case)) is not None]
    rule = Switch(ours, tuple(cases), scope.origin(node, line))
    _check_disjoint(rule, scope)
    return [rule] if cases else []


def _check_field(ours: Ours, node: Node, line: int, scope: Scope) -> None:
    field = find(scope.schema, ours)
    name = ".".join(ours)
    if field is None and scope.schema is not None:
        near = did_you_mean(name, names_near(scope.schema, ours))
        scope.wrong(node, "M106", f"the record has no field {name!r}{near}", line=line)
    elif field is not None and is_list(field):
        scope.wrong(node, "M102", f"the record's {name!r} is a list; a switch needs a single word", line=line)


def _case(node: Node, scope: Scope, read_case: ReadCase) -> SwitchCase | None:
    entries = scope.only_keys(node, _CASE_KEYS)
    when = scope.only_keys(entries["when"], ("ours", "theirs")) if "when" in entries else {}
    if not {"ours", "theirs"} <= when.keys():
        scope.wrong(node, "M004", "a case says when it holds: when: {ours: word, theirs: {path: value}}")
        return None
    word = when["ours"].value
    if not isinstance(word, str | bool):
        scope.wrong(when["ours"], "M002", "a word belongs here, or true or false")
        return None
    inner = scope.inside(f"{word}")
    guard = _guard(when, inner)
    block = read_case(node, inner)
    for rule in block.rules:
        if isinstance(rule, LinkedParts | BackLinkedParts | Switch):
            text = "a case holds fields, lists and choices; split and a further switch stand outside of it"
            scope.problems.append(Problem(rule.origin.file, rule.origin.line, "M151", rule.origin.rule, text))
    block = Block(
        tuple(r for r in block.rules if not isinstance(r, LinkedParts | BackLinkedParts | Switch)),
        ignored=block.ignored,
    )
    return SwitchCase(word, guard, block, inner.origin(node))


def _guard(when: Mapping[str, Node], scope: Scope) -> Guard:
    conditions = conditions_of(when["theirs"], scope)
    for steps, value in conditions:
        if any(isinstance(step, Each) for step in steps):
            scope.wrong(when["theirs"], "M103", "a case is told by a single element; this path has []")
        elif isinstance(value, dict | list):
            scope.wrong(
                when["theirs"], "M002", "a case is told by a text, a number, true, false, or ~ (absent)"
            )
    return Guard(conditions)


def _check_disjoint(rule: Switch, scope: Scope) -> None:
    for one, two in combinations(rule.cases, 2):
        place = one.origin.seen_from(two.origin)
        if same(one.word, two.word):
            text = f"the word {two.word!r} has two cases; the other is on {place}"
            _wrong(two, "M152", text, scope)
        elif not _exclude(one.guard, two.guard):
            text = (
                f"this case and the one on {place} can both hold: give one element of their 'theirs' "
                "different values, or say that it is absent (path: ~)"
            )
            _wrong(two, "M152", text, scope)
    for case in rule.cases:
        for steps, value in case.guard.conditions:
            written = [other for _, other in case_writers(rule, case)]
            if value is MISSING and not any(other[: len(steps)] == steps for other in written):
                text = (
                    f"no rule of the case writes {show(steps)}, so a record could never be put into this case"
                )
                _wrong(case, "M130", text, scope)
            for writer, other in case_writers(rule, case):
                if value is not MISSING and writer is not rule and overlap(steps, other):
                    text = f"{show(other)} is written by this rule and by the case's 'theirs' ({show(steps)})"
                    origin = writer.origin
                    scope.problems.append(Problem(origin.file, origin.line, "M150", origin.rule, text))


def _exclude(a: Guard, b: Guard) -> bool:
    return any(_contradict(one, two) for one in a.conditions for two in b.conditions)


def _contradict(one: tuple[Steps, Any], two: tuple[Steps, Any]) -> bool:
    (steps, value), (other, expected) = one, two
    if value is None:
        return expected is not None and other[: len(steps)] == steps
    if expected is None:
        return steps[: len(other)] == other
    return steps == other and value is not MISSING and expected is not MISSING and not same(value, expected)


def _wrong(case: SwitchCase, code: str, text: str, scope: Scope) -> None:
    scope.problems.append(Problem(case.origin.file, case.origin.line, code, case.origin.rule, text))
