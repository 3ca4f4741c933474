"""Reading fields whose word is more than one code: `joint` with its table of tuples, and `carry`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, TypeAlias

from gateway.mapping.code_tables import table_node, word_of
from gateway.mapping.conceptmap_reader import names_concept_map, read_translation
from gateway.mapping.list_options import is_read_only, reason
from gateway.mapping.paths import Each, Name, Select, Steps, show
from gateway.mapping.rules import Carried, Joint, Ours, Tuple, Word
from gateway.mapping.schema_fields import find, is_list
from gateway.mapping.scope import Scope
from gateway.mapping.yaml_lines import Node

_JOINT_KEYS: Final = ("joint", "codes", "back", "because")
Theirs: TypeAlias = dict[Word, tuple[str, ...]]

_CARRY_KEYS: Final = ("to", "codes", "carry", "prefer", "back", "because")


def read_joint(ours: Ours, node: Node, line: int, scope: Scope) -> Joint | None:
    """The rule for one field over several elements; the table needs a value, or ~, for each of them."""
    entries = scope.only_keys(node, _JOINT_KEYS)
    _check_single(ours, node, line, scope)
    paths = entries["joint"].value
    if not isinstance(paths, list) or len(paths) < 2:
        scope.wrong(entries["joint"], "M002", "joint is a list of two or more paths", line=line)
        return None
    steps = [found for child in paths if (found := _single_path(child, scope)) is not None]
    if "codes" not in entries:
        scope.wrong(node, "M004", "joint needs 'codes': {ours: [one value for each path]}", line=line)
        return None
    table = table_node(entries["codes"], scope)
    if table is None or len(steps) < len(paths):
        return None
    ours_of, theirs_of = _tuples(table, len(steps), scope)
    read_only = is_read_only(entries, node, scope)
    return Joint(
        ours,
        tuple(steps),
        ours_of,
        theirs_of,
        scope.origin(node, line),
        read_only=read_only,
        because=reason(entries),
    )


def _tuples(node: Node, count: int, scope: Scope) -> tuple[dict[Tuple, Word], dict[Word, Tuple]]:
    ours_of: dict[Tuple, Word] = {}
    theirs_of: dict[Word, Tuple] = {}
    if not isinstance(node.value, dict) or not node.value:
        scope.wrong(
            node, "M002", "a table of tuples belongs here: {ours: [a, b]} or {ours: [[a, b], [c, d]]}"
        )
        return ours_of, theirs_of
    for text, child in node.value.items():
        word = word_of(text)
        for row in _rows(child):
            values = _tuple(row, count, scope)
            if values is None:
                continue
            if values in ours_of:
                scope.wrong(
                    row,
                    "M140",
                    f"{list(values)} is listed under both {ours_of[values]!r} and {word!r}: "
                    "reading it back cannot tell them apart",
                )
                continue
            ours_of[values] = word
            theirs_of.setdefault(word, values)
    return ours_of, theirs_of


def _rows(node: Node) -> list[Node]:
    if isinstance(node.value, list) and any(isinstance(child.value, list) for child in node.value):
        return node.value
    return [node]


def _tuple(node: Node, count: int, scope: Scope) -> Tuple | None:
    children = node.value if isinstance(node.value, list) else []
    values = tuple(child.value for child in children)
    if len(values) != count or not all(value is None or isinstance(value, str | bool) for value in values):
        scope.wrong(node, "M142", f"a row holds {count} values, one for each path: text, true, false or ~")
        return None
    if all(value is None for value in values):
        scope.wrong(node, "M142", "a row of ~ alone would make a word of nothing; leave it out")
        return None
    return tuple(value for value in values if value is None or isinstance(value, str | bool))


def read_carried(ours: Ours, node: Node, line: int, scope: Scope) -> Carried | None:
    """The rule for a field whose exact word rides along beside its FHIR code."""
    entries = scope.only_keys(node, _CARRY_KEYS)
    _check_single(ours, node, line, scope)
    missing = [key for key in ("to", "codes") if key not in entries]
    if missing:
        scope.wrong(node, "M004", f"carry belongs to a table of codes: {missing[0]!r} is missing", line=line)
        return None
    steps = _single_path(entries["to"], scope)
    table = table_node(entries["codes"], scope)
    carry = None if steps is None else _carry(entries["carry"], steps, entries["codes"], scope)
    if steps is None or table is None or carry is None:
        return None
    found = _from_concept_map(table, steps, scope) if names_concept_map(table) else None
    if found is None:
        theirs_of = _codes(table, scope)
        found = theirs_of, _words(theirs_of, entries.get("prefer"), table, scope)
    theirs_of, ours_of = found
    read_only = is_read_only(entries, node, scope)
    return Carried(
        ours,
        steps,
        carry,
        theirs_of,
        ours_of,
        scope.origin(node, line),
        read_only=read_only,
        because=reason(entries),
    )


def _carry(node: Node, steps: Steps, codes: Node, scope: Scope) -> Steps | None:
    """Where the word rides: `coding` beside the coding of `to`, `ext(x)` as a code in it, or any path."""
    if node.value != "coding":
        found = _single_path(node, scope)
        ends_in_extension = found is not None and found[-2:-1] == (Name("extension"),)
        return (*found, Name("valueCode")) if found is not None and ends_in_extension else found
    beside = len(steps) > 2 and steps[-3] == Name("coding") and isinstance(steps[-2], Select)
    if not beside or not isinstance(codes.value, str):
        scope.wrong(
            node,
            "M105",
            "carry: coding needs a path such as x.coding[system=URL].code and a named table, whose name "
            "becomes our code system; or write the whole path: carry: x.coding[system=OURS].code",
        )
        return None
    ours = Select({"system": scope.code_system(codes.value)})
    return (*steps[:-2], ours, steps[-1])


def _from_concept_map(table: Node, steps: Steps, scope: Scope) -> tuple[Theirs, dict[str, Word]] | None:
    found = read_translation(table, steps, scope)
    if found is None:
        return {}, {}
    theirs_of: Theirs = {
        word: tuple(dict.fromkeys((first, *found.targets[word]))) for word, first in found.theirs_of.items()
    }
    return theirs_of, dict(found.ours_of)


def _codes(node: Node, scope: Scope) -> Theirs:
    if not isinstance(node.value, dict) or not node.value:
        scope.wrong(node, "M002", "carry needs a table of codes: {ours: theirs, …}")
        return {}
    return {word_of(text): tuple(scope.texts(child)) for text, child in node.value.items()}


def _words(
    theirs_of: Mapping[Word, tuple[str, ...]], prefer: Node | None, node: Node, scope: Scope
) -> dict[str, Word]:
    """The word of each code when nothing rides along; a code of several words needs `prefer`."""
    words: dict[str, list[Word]] = {}
    for word, codes in theirs_of.items():
        for code in codes:
            words.setdefault(code, []).append(word)
    preferred = prefer.value if prefer is not None and isinstance(prefer.value, dict) else {}
    chosen: dict[str, Word] = {}
    for code, several in words.items():
        wanted = word_of(str(preferred[code].value)) if code in preferred else None
        if len(several) == 1:
            chosen[code] = several[0]
        elif wanted in several and wanted is not None:
            chosen[code] = wanted
        else:
            names = " and ".join(repr(word) for word in several)
            text = (
                f"FHIR code {code!r} is listed under {names}; say how it reads alone: prefer: {{{code}: …}}"
            )
            scope.wrong(prefer or node, "M140", text)
    for code in preferred:
        if code not in words:
            scope.wrong(preferred[code], "M141", f"prefer: {code!r} is no code of the table")
    return chosen


def _single_path(node: Node, scope: Scope) -> Steps | None:
    steps = scope.path(node)
    if steps is not None and any(isinstance(step, Each) for step in steps):
        scope.wrong(node, "M103", f"{show(steps)} is a list; a single element is needed here")
        return None
    return steps


def _check_single(ours: Ours, node: Node, line: int, scope: Scope) -> None:
    field = find(scope.schema, ours)
    if field is not None and is_list(field):
        scope.wrong(node, "M102", f"the record's {'.'.join(ours)!r} is a list, not a single word", line=line)
