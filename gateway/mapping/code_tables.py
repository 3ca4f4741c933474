"""Reading code tables: `{ours: theirs}`, `{ours: [written, also read]}`, or a list of shared words."""

from __future__ import annotations

from gateway.mapping.codecs import Codes, Unmatched
from gateway.mapping.conceptmap_reader import names_concept_map, read_translation, unmatched
from gateway.mapping.paths import Steps
from gateway.mapping.problems import did_you_mean
from gateway.mapping.rules import Word
from gateway.mapping.scope import Scope
from gateway.mapping.yaml_lines import Node


def codes_of(node: Node, scope: Scope, steps: Steps = ()) -> Codes | None:
    """The table that `codes:` of a rule gives or names."""
    table = table_node(node, scope)
    if table is None or not names_concept_map(table):
        return None if table is None else read_table(table, scope)
    if unmatched(table, scope) is not Unmatched.ERROR:
        text = (
            "a bare code has no place for a code without a partner; use as: concept, or carry: beside codes"
        )
        scope.wrong(table, "M143", text)
    found = read_translation(table, steps, scope)
    if found is None:
        return None
    return Codes(dict(found.ours_of), {ours: theirs for ours, theirs in found.theirs_of.items()}, found)


def table_node(node: Node, scope: Scope) -> Node | None:
    """The table itself, whether `codes:` gives it or names one of the file's."""
    if not isinstance(node.value, str):
        return node
    if node.value not in scope.tables:
        near = did_you_mean(node.value, scope.tables)
        scope.wrong(node, "M141", f"this file has no code table {node.value!r} under 'codes'{near}")
        return None
    scope.used.add(node.value)
    return scope.tables[node.value]


def says_more(table: Node) -> bool:
    """Whether a table holds tuples, or names a ConceptMap: what is wrong with it only a rule can tell."""
    rows = table.value.values() if isinstance(table.value, dict) else ()
    cells = [cell for row in rows if isinstance(row.value, list) for cell in row.value]
    return names_concept_map(table) or any(
        cell.value is None or isinstance(cell.value, list) for cell in cells
    )


def word_of(text: str) -> Word:
    """The record's word for a key of a table: `true` and `false` are yes and no."""
    return {"true": True, "false": False}.get(text, text)


def read_table(node: Node, scope: Scope) -> Codes | None:
    """The table; a FHIR code under two of our words is refused: reading could not tell them apart."""
    if isinstance(node.value, list):
        words = scope.texts(node)
        lines = {str(child.value): (child.file, child.line) for child in node.value}
        return Codes({word: word for word in words}, {word: word for word in words}, places=lines)
    if not isinstance(node.value, dict) or not node.value:
        scope.wrong(node, "M002", "a code table belongs here: {ours: theirs}, or a list of codes")
        return None
    ours_of: dict[str, str | bool] = {}
    theirs_of: dict[str | bool, str] = {}
    words_of: dict[str, str] = {}
    places: dict[str, tuple[str, int]] = {}
    for word, child in node.value.items():
        ours = word_of(word)
        for number, theirs in enumerate(scope.texts(child)):
            if theirs in ours_of:
                scope.wrong(
                    child,
                    "M140",
                    f"FHIR code {theirs!r} is listed under both {words_of[theirs]!r} and {word!r}: "
                    "reading it back cannot tell them apart; keep one, or carry: the exact word",
                )
                continue
            ours_of[theirs], words_of[theirs], places[theirs] = ours, word, (child.file, child.line)
            if number == 0:
                theirs_of[ours] = theirs
    return Codes(ours_of, theirs_of, places=places)
