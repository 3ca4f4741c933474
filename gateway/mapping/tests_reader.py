"""Reading `tests:`: the cases that an analyst writes beside the rules."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from gateway.mapping.inline_case import InlineCase
from gateway.mapping.scope import Scope
from gateway.mapping.yaml_lines import Node

_KEYS: Final = ("name", "fhir", "expect", "record", "then_put_unchanged", "put", "gives", "refuses", "issues")


def read_tests(node: Node | None, scope: Scope) -> tuple[InlineCase, ...]:
    """The cases of a file, or of a block of it; one that asks nothing is reported."""
    if node is None:
        return ()
    inner = scope.inside("tests")
    if not isinstance(node.value, list):
        inner.wrong(node, "M002", "tests are a list of cases: - name: … with fhir, expect, put, gives")
        return ()
    return tuple(case for child in node.value if (case := _case(child, inner)) is not None)


def _case(node: Node, scope: Scope) -> InlineCase | None:
    entries = scope.only_keys(node, _KEYS)
    if "name" not in entries:
        scope.wrong(node, "M004", "a case has a name: what it shows")
        return None
    if {"expect", "record"} <= entries.keys():
        scope.wrong(entries["record"], "M004", "'record' and 'expect' say the same; keep one")
    case = InlineCase(
        name=scope.text(entries["name"]),
        file=node.file,
        line=node.line,
        fhir=_mapping(entries.get("fhir"), scope),
        expect=_mapping(entries.get("expect", entries.get("record")), scope),
        identical=_is_identical(entries.get("then_put_unchanged"), scope),
        put=_mapping(entries.get("put"), scope),
        gives=_mapping(entries.get("gives"), scope),
        refuses=scope.text(entries["refuses"]) if "refuses" in entries else None,
        issues=tuple(scope.texts(entries["issues"])) if "issues" in entries else (),
    )
    asks = case.expect is not None or case.identical or case.gives or case.refuses or case.issues
    if not asks:
        scope.wrong(
            node, "M004", "a case asks something: expect, then_put_unchanged, gives, refuses or issues"
        )
    elif case.fhir is None and case.put is None:
        scope.wrong(node, "M004", "a case starts from something: fhir, or put (which then creates)")
    elif (case.gives or case.refuses) and case.put is None:
        scope.wrong(node, "M004", "'gives' and 'refuses' are about what was put: 'put' is missing")
    else:
        return case
    return None


def _mapping(node: Node | None, scope: Scope) -> Mapping[str, Any] | None:
    if node is None:
        return None
    if not isinstance(node.value, dict):
        scope.wrong(node, "M002", "a mapping (key: value) belongs here")
        return None
    plain: dict[str, Any] = node.plain
    return plain


def _is_identical(node: Node | None, scope: Scope) -> bool:
    if node is not None and node.value != "identical":
        scope.wrong(node, "M002", "the only thing to say here is then_put_unchanged: identical")
    return node is not None


def of_file(root: Node, block: Node, scope: Scope) -> tuple[InlineCase, ...]:
    """The cases of a rule file, then those of its block, which is where an overlay has its own."""
    outer = replace(scope, schema=None)
    parts = [part.value.get("tests") for part in (root, block) if isinstance(part.value, dict)]
    return tuple(case for part in parts for case in read_tests(part, outer))
